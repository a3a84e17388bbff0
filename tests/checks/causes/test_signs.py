"""What a service shows when it fails: a cause of its own, why a table is empty, or what follows from a graver cause."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from checks.facts.control_plane import DeployFacts
from checks.facts.logs import ErrorsFacts, LoggedLine
from checks.model import CheckResult, Severity
from checks.places import Place, PlaceKind
from tests.checks.diagnosed import (
    SLATE,
    all_causes,
    causes,
    data,
    deployed,
    finding,
    predicted,
    refused,
    result,
    trigger,
)

GOOD = datetime(2026, 2, 10, 16, 34, tzinfo=UTC)
BROKEN = datetime(2026, 2, 11, 4, 10, tzinfo=UTC)
DUE = datetime(2026, 2, 11, 16, 30, tzinfo=UTC)
NO_PREDICTIONS = trigger("triggered-without-effect", 4, day=SLATE, due=DUE)


def crashes(service: str = "worker", code: str = "every-request-fails") -> CheckResult:
    return result("error-rate", finding(code, service, phase="phase5", requests=74, server_errors=74))


def refuses(service: str = "worker", code: str = "refused", **more: Any) -> CheckResult:
    return result("delivery", finding(code, f"push-to-{service}", phase="phase5", service=service, **more))


def errors(service: str = "worker", at: datetime = BROKEN) -> CheckResult:
    facts = ErrorsFacts(
        deploy=DeployFacts(revision=f"{service}-00260", deployed_at=at),
        logged=(LoggedLine(text="KeyError: 'line'", count=12, first=at, last=at),),
        count=12,
        since=at,
        only_since_deploy=True,
    )
    return result("service-errors", finding("errors-since-deploy", service, Severity.P2, phase="phase5", facts=facts))


def no_predictions(good: datetime | None = None) -> CheckResult:
    return result("trigger", *([predicted(good)] if good is not None else []), NO_PREDICTIONS)


@pytest.mark.parametrize(
    ("sign", "code"),
    [
        pytest.param(crashes(), "service-failing", id="crashes"),
        pytest.param(errors(), "service-failing", id="logs errors"),
        pytest.param(refuses(), "messages-not-taken", id="refuses messages"),
    ],
)
def test_a_sign_is_a_cause_before_anything_is_missing(sign: CheckResult, code: str) -> None:
    (cause,) = causes(sign)

    assert (cause.code, cause.subject) == (code, "worker")
    assert len(cause.explains) == 1


@pytest.mark.parametrize("sign", [crashes(), crashes(code="many-errors"), refuses(), refuses(code="backlog"), errors()])
def test_a_service_that_fails_is_why_its_table_is_empty(sign: CheckResult) -> None:
    (cause,) = causes(no_predictions(), data("predictions", day=SLATE), sign)

    assert cause.subject == "worker"
    assert {key.check for key in cause.explains} == {"trigger", "predictions", sign.check}
    assert cause.transitions == ("phase4_to_phase5",)


def test_a_few_errors_do_not_explain_that_nothing_came() -> None:
    found = causes(no_predictions(), crashes(code="some-errors"))

    assert {each.code for each in found} == {"trigger-without-effect", "service-failing"}


def test_all_signs_of_a_service_are_one_cause_in_any_order() -> None:
    told = {
        tuple((cause.code, cause.subject, len(cause.explains)) for cause in causes(*given))
        for given in permutations((crashes(), refuses(), errors()))
    }

    assert told == {(("service-failing", "worker", 3),)}


def test_services_that_fail_each_are_causes_of_their_own() -> None:
    found = causes(refuses("worker"), crashes("precompute"))

    assert {each.subject for each in found} == {"worker", "precompute"}


def test_what_a_service_shows_follows_from_the_permission_that_it_lost() -> None:
    (cause,) = causes(result("invoker", refused("worker")), refuses(), errors())

    assert cause.code == "invoker-missing"
    assert {key.check for key in cause.explains} == {"invoker", "delivery", "service-errors"}


def test_errors_that_began_after_the_rows_were_due_are_not_why_none_came() -> None:
    late = DUE + timedelta(seconds=1)
    found = causes(no_predictions(), errors(at=late))

    assert {each.code for each in found} == {"trigger-without-effect", "service-failing"}


def test_errors_of_a_time_without_a_zone_are_compared_with_nothing() -> None:
    (cause,) = causes(no_predictions(GOOD), errors(at=BROKEN.replace(tzinfo=None)))

    assert cause.code == "service-failing"


def test_a_deploy_since_which_a_place_fails_is_told_with_what_the_service_shows() -> None:
    (cause,) = causes(no_predictions(GOOD), deployed("worker", BROKEN), errors(), crashes())

    assert (cause.code, cause.subject, cause.broken_since) == ("broken-by-deploy", "worker", BROKEN)
    assert {key.check for key in cause.explains} == {"trigger", "service-errors", "error-rate"}
    assert cause.sentence.split(":")[0].endswith("wrote nothing for 11 Feb")


def test_mild_signs_stand_behind_the_deploy_too() -> None:
    (cause,) = causes(no_predictions(GOOD), deployed("worker", BROKEN), crashes(code="some-errors"))

    assert cause.code == "broken-by-deploy"
    assert {key.check for key in cause.explains} == {"trigger", "error-rate"}


@pytest.mark.parametrize("subject", ["four-to-five", "worker"])
def test_a_dead_address_of_an_orchestrator_is_why_nothing_began_although_its_flag_is_set(subject: str) -> None:
    dead = result("variable-addresses", finding("address-missing", subject, phase="phase5", targets=("worker-v2",)))
    (cause,) = causes(no_predictions(), dead)

    assert (cause.code, cause.place) == ("address-missing", Place(PlaceKind.SERVICE, subject))
    assert {key.check for key in cause.explains} == {"variable-addresses", "trigger"}


def test_a_dead_address_of_another_phase_explains_nothing_here() -> None:
    dead = result("variable-addresses", finding("address-missing", "three-to-four", targets=("precompute-v2",)))
    found = causes(no_predictions(), dead)

    assert {each.code for each in found} == {"address-missing", "trigger-without-effect"}


def test_a_subscription_that_calls_no_service_of_ours_stands_for_itself() -> None:
    (cause,) = causes(refuses(""))

    assert cause.subject == "push-to-"


def test_every_failure_is_explained_once() -> None:
    found = all_causes(
        no_predictions(GOOD), deployed("worker", BROKEN), errors(), crashes("precompute"), refuses("raw")
    )
    keys = [key for cause in found for key in cause.explains]

    assert len(keys) == len(set(keys))
