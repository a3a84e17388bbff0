"""Alerts that were stored before findings had a place go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.alerting.incident import broken_since, members_of
from bot.alerting.recheck import rechecked_of
from bot.render.alert_links import service_of
from bot.store.model import Alert
from checks.model import Severity
from checks.places import Place, PlaceKind
from tests.bot.alerting.incident_reports import PIPELINE, failed, report_of, with_findings
from tests.bot.render.alert_states import alert_of, follow, many
from tests.bot.render.reports import NOW

ALERT: Alert = alert_of(follow(many(7)))


def without_places(alert: Alert) -> Alert:
    """The alert as it was stored before."""
    findings = [{name: value for name, value in each.items() if name != "place"} for each in alert.details["findings"]]
    return replace(alert, details={**alert.details, "findings": findings})


def test_members_are_kept_with_their_place() -> None:
    assert {each.place for each in members_of(ALERT)} != {None}
    assert {each.place for each in members_of(without_places(ALERT))} == {None}


def test_a_place_that_is_not_recorded_is_what_the_subject_names() -> None:
    first, *_ = members_of(without_places(ALERT))

    assert first.about == Place(PlaceKind.DATA, first.subject)


def test_what_still_fails_of_it_is_found_by_its_key() -> None:
    findings = with_findings("grading", failed("ungraded", "system_01", "No grades.", Severity.P1))

    assert rechecked_of(without_places(ALERT), report_of(findings)) == rechecked_of(ALERT, report_of(findings))


@pytest.mark.parametrize("place", [True, False], ids=["with a place", "without one"])
def test_the_service_whose_logs_tell_most_is_the_same(place: bool) -> None:
    name = PIPELINE.services[0].name
    member: dict[str, Any] = {**ALERT.details["findings"][0], "subject": name}
    member.pop("place", None)
    if place:
        member["place"] = ["permission", name, "someone@example.com"]

    assert service_of(replace(ALERT, details={**ALERT.details, "findings": [member]}), PIPELINE) == name


BEGAN = NOW - timedelta(days=2)


@pytest.mark.parametrize(
    "details",
    [
        pytest.param({"broken_since": BEGAN.isoformat()}, id="now"),
        pytest.param({"evidence": {"broken_since": {"at": BEGAN.isoformat()}}}, id="before"),
    ],
)
def test_since_when_it_is_broken_is_read_from_either_record(details: Mapping[str, Any]) -> None:
    assert broken_since(replace(ALERT, opened_at=NOW, details=details)) == BEGAN
