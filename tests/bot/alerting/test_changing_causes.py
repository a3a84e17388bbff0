"""One incident, one thread, while what is known of its cause comes and goes from run to run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.alerting.alerts import Observed, decide
from bot.alerting.observations import observe
from bot.store.model import Alert
from checks.model import CheckResult
from tests.bot.alerting.incident_reports import NOTIFICATIONS, report_of
from tests.checks.causes.test_signs import BROKEN as DEPLOYED_AT
from tests.checks.causes.test_signs import GOOD, crashes, errors, no_predictions, refuses
from tests.checks.diagnosed import PIPELINE, SLATE, all_causes, complete, data, deployed
from tests.fakes import MORNING

WATCHED = PIPELINE.model_copy(update={"notifications": NOTIFICATIONS})
BROKEN = (no_predictions(GOOD), data("predictions", day=SLATE), deployed("worker", DEPLOYED_AT))
UNREASONED = (no_predictions(), data("predictions", day=SLATE))


def told(runs: Sequence[Sequence[CheckResult]]) -> tuple[list[Alert], list[tuple[str, ...]]]:
    """The alerts after these runs, and the codes of the incidents of each."""
    alerts: dict[str, Alert] = {}
    codes = []
    for results in runs:
        report = replace(report_of({}, all_causes(*results)), pipeline=PIPELINE.name, results=tuple(complete(results)))
        seen = observe(report, WATCHED, list(alerts.values()))
        codes.append(tuple(each.failure.code for each in seen if each.failure is not None))
        for each in seen:
            if each.observed is Observed.FAILING or each.key in alerts:
                alert = decide(alerts.get(each.key), each, MORNING, NOTIFICATIONS.alerts).alert
                assert alert is not None
                alerts[each.key] = replace(alert, version=1)
    return list(alerts.values()), codes


def test_logs_that_are_read_later_stay_in_the_thread_of_the_deploy() -> None:
    alerts, codes = told([BROKEN, (*BROKEN, errors()), BROKEN])

    assert codes == [("broken-by-deploy",)] * 3
    assert len(alerts) == 1


@pytest.mark.parametrize("sign", [crashes(), refuses(), errors()], ids=["answers", "delivery", "logs"])
def test_a_sign_that_comes_and_goes_stays_in_the_thread_of_what_it_explains(sign: CheckResult) -> None:
    alerts, codes = told([UNREASONED, (*UNREASONED, sign), UNREASONED, (sign, *UNREASONED), (sign,)])

    assert {len(each) for each in codes} == {1}
    assert len(alerts) == 1


def test_a_sign_before_the_failure_opens_the_thread_that_the_failure_joins() -> None:
    alerts, codes = told([(errors(),), (*BROKEN, errors()), BROKEN])

    assert codes == [("service-failing",), ("broken-by-deploy",), ("broken-by-deploy",)]
    assert len(alerts) == 1
