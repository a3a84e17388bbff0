"""Deploys as causes: established between the last good and the first bad, else suspected, and never afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from checks.facts.control_plane import DeployedRevision, RevisionsFacts
from checks.model import CheckResult, Outcome
from checks.places import Place, PlaceKind
from tests.checks.diagnosed import SLATE, causes, data, deployed, finding, predicted, result, trigger

GOOD = datetime(2026, 2, 10, 16, 34, tzinfo=UTC)
DUE = datetime(2026, 2, 11, 16, 30, tzinfo=UTC)
BETWEEN = datetime(2026, 2, 11, 4, 10, tzinfo=UTC)
MOMENT = timedelta(seconds=1)


def verdicts(good: datetime | None = GOOD) -> CheckResult:
    """Predictions came the day before, and none today, although they were started."""
    return result("trigger", predicted(good), trigger("triggered-without-effect", 4, day=SLATE, due=DUE))


def test_the_deploy_since_which_a_service_does_nothing_is_the_cause() -> None:
    (cause,) = causes(verdicts(), data("predictions", day=SLATE), deployed("worker", BETWEEN))

    assert (cause.code, cause.subject, cause.broken_since) == ("broken-by-deploy", "worker", BETWEEN)
    assert cause.place == Place(PlaceKind.SERVICE, "worker")
    assert cause.evidence["deployed_by"] == "builder@example.com"
    assert cause.evidence["last_good"] == GOOD
    assert {key.check for key in cause.explains} == {"trigger", "predictions"}
    assert cause.action is not None
    assert "worker" in (cause.action.command or "")


@pytest.mark.parametrize(
    ("at", "code"),
    [
        pytest.param(GOOD, "trigger-without-effect", id="when it last worked"),
        pytest.param(GOOD + MOMENT, "broken-by-deploy", id="just after it last worked"),
        pytest.param(DUE, "broken-by-deploy", id="when it was due"),
        pytest.param(DUE + MOMENT, "trigger-without-effect", id="just after it was due"),
    ],
)
def test_only_a_deploy_between_the_last_good_and_the_first_bad_is_blamed(at: datetime, code: str) -> None:
    (cause,) = causes(verdicts(), deployed("worker", at))

    assert cause.code == code


@pytest.mark.parametrize(
    ("differences", "told"),
    [
        (RevisionsFacts(changed=("ADDRESS",)), ("ADDRESS",)),
        (RevisionsFacts(removed=("KEY",), added=("FLAG",)), ("KEY", "FLAG")),
        (RevisionsFacts(), ()),
    ],
)
def test_a_deploy_is_told_with_the_variables_that_it_changed(
    differences: RevisionsFacts, told: tuple[str, ...]
) -> None:
    revision = DeployedRevision(name="worker-00260", created_at=BETWEEN)
    facts = replace(differences, revisions=(revision,))
    known = finding("variables-changed", "worker", None, outcome=Outcome.PASSED, facts=facts)
    (cause,) = causes(verdicts(), result("environment-change", known))

    assert cause.code == "broken-by-deploy"
    assert [name for name in ("ADDRESS", "KEY", "FLAG") if name in cause.sentence] == list(told)


def test_of_two_deploys_the_nearest_to_the_failure_is_named() -> None:
    (cause,) = causes(verdicts(), deployed("worker", BETWEEN), deployed("four-to-five", BETWEEN + MOMENT))

    assert cause.subject == "worker"


def test_a_deploy_is_suspected_where_nobody_knows_when_the_place_last_worked() -> None:
    (cause,) = causes(verdicts(good=None), deployed("worker", BETWEEN))

    assert cause.code == "trigger-without-effect"
    assert "worker" in cause.evidence["suspects"]  # type: ignore[operator]
    assert "Nearest changes: worker deployed" in cause.doubt
