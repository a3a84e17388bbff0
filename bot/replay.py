"""Replaying scenarios: what a validation of them says, against what the scenario states it must say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.composition.scenario import scenario_ports
from bot.request import Request, intervals_of
from bot.scenarios.scenario import Expectation, Scenario, instant_of, load_scenario, shipped_scenarios
from bot.validation import Validation
from checks.model import CheckResult, Interval, Outcome, Report, Severity, Verdict
from checks.pipeline import Pipeline

Kind = Literal["verdict", "finding", "cause"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One thing stated against what was found; None where one side does not have it."""

    kind: Kind
    stated: str | None
    actual: str | None

    @property
    def agrees(self) -> bool:
        return self.stated == self.actual


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A scenario that was run."""

    scenario: Scenario
    pipeline: Pipeline
    report: Report
    comparisons: tuple[Comparison, ...]

    @property
    def agrees(self) -> bool:
        return not differences(self.comparisons)

    @property
    def outside(self) -> int:
        """How many failures above P3 no cause explains."""
        explained = {key for cause in self.report.causes for key in cause.explains}
        return sum(
            finding.outcome is Outcome.FAILED
            and finding.severity is not Severity.P3
            and finding.key(result.check) not in explained
            for result, finding in self.report.findings()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One line of the list of scenarios. ``previous`` is the interval that is judged."""

    name: str
    previous: Interval
    title: str
    verdict: Verdict
    when: str
    story: str


def scenarios(pipeline: Pipeline) -> tuple[Listed, ...]:
    """Return the scenarios that come with the product, by name. Raises PipelineFileError."""
    return tuple(listed(load_scenario(name), pipeline) for name in shipped_scenarios())


def listed(scenario: Scenario, pipeline: Pipeline) -> Listed:
    """Return what a list of scenarios shows of one."""
    file = scenario.file
    previous, _ = intervals_of(file.requested, pipeline, instant_of(scenario, pipeline))
    return Listed(
        name=file.name,
        previous=previous,
        title=file.title,
        verdict=file.expect.verdict,
        when=file.when,
        story=" ".join(file.story.split()),
    )


def replay(scenario: Scenario, pipeline: Pipeline, observe: Callable[[CheckResult], None] = lambda _: None) -> Replay:
    """Validate a scenario's world at its instant and compare. ``observe`` gets each result as it comes.

    Raises PipelineFileError for a scenario that does not fit the pipeline, DemoExtraMissing, RequestError.
    """
    ports = scenario_ports(pipeline, scenario)
    try:
        validation = Validation(pipeline, ports, lambda: ports.now, jobs_before=lambda _: ports.jobs_before)
        planned = validation.plan(Request(interval=scenario.file.requested, trigger="replay"))
        report = validation.run(planned, observe)
    finally:
        ports.close()
    return Replay(
        scenario=scenario, pipeline=pipeline, report=report, comparisons=compare(scenario.file.expect, report)
    )


def compare(expect: Expectation, report: Report) -> tuple[Comparison, ...]:
    """Put what was stated beside what the report says: the verdict, then the causes, then the findings.

    Failed and unknown findings must be exactly those stated, each as often; of the others only those that
    the scenario names must be there.
    """
    loud: list[str] = []
    quiet: list[str] = []
    for result, finding in report.findings():
        line = f"{result.check} {finding.code} {finding.subject}"
        (loud if finding.outcome in (Outcome.FAILED, Outcome.UNKNOWN) else quiet).append(line)
    causes = [f"{cause.code} {cause.subject}" for cause in report.causes]
    named = [line for line in expect.among if line not in loud]
    return (
        Comparison("verdict", str(expect.verdict), str(report.verdict)),
        *_beside("cause", expect.causes, causes),
        *_beside("finding", expect.findings, loud),
        *_beside("finding", named, [line for line in dict.fromkeys(quiet) if line in named]),
    )


def _beside(kind: Kind, stated: Sequence[str], actual: Iterable[str]) -> list[Comparison]:
    found = Counter(actual)
    lines = []
    for line in stated:
        there = found[line] > 0
        found[line] -= there
        lines.append(Comparison(kind, line, line if there else None))
    return lines + [Comparison(kind, None, line) for line in found.elements()]


def differences(comparisons: Iterable[Comparison]) -> tuple[Comparison, ...]:
    """Return those where stated and actual are not the same."""
    return tuple(each for each in comparisons if not each.agrees)
