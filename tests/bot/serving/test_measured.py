from datetime import UTC, datetime

from bot.composition.validation import on_scenario
from bot.definition.pipeline_file import shipped_pipeline
from bot.request import Request
from bot.scenarios.scenario import load_scenario
from bot.serving.measured import MeasuredValidation
from checks.model import CheckResult, Report


class Counted:
    def __init__(self) -> None:
        self.results: list[CheckResult] = []
        self.reports: list[Report] = []

    def check_finished(self, result: CheckResult) -> None:
        self.results.append(result)

    def run_finished(self, report: Report) -> None:
        self.reports.append(report)


def test_every_run_and_every_check_of_it_is_counted_and_still_observed() -> None:
    pipeline, counted, observed = shipped_pipeline(), Counted(), list[CheckResult]()
    with on_scenario(pipeline, load_scenario("healthy-morning")) as prepared:
        validation = MeasuredValidation(
            pipeline, prepared.validation._ports, lambda: datetime(2026, 2, 11, 13, tzinfo=UTC), counted
        )
        report = validation.run(validation.plan(Request(depth="quick", trigger="watch")), observed.append)

    assert counted.reports == [report]
    assert counted.results == observed
    assert {result.check for result in observed} == {result.check for result in report.results}
