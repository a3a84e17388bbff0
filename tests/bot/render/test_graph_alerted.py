"""What alerts say of the places of a graph: the cause, what is not certain, what follows, and what has no box."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.alerting.chronicle import Chronicle
from bot.definition.files import file_of
from bot.definition.pipeline_file import load_pipeline
from bot.render.graph.alerted import alerted
from bot.render.graph.drawing import BoxMark, drawing_of, is_marked
from bot.render.markdown import graph_lines, report_file
from bot.store.model import Alert
from checks.catalog import checks_of
from checks.expansion.stated import stated_checks
from tests.bot.render.alert_states import alert_of, follow, hostile, lost
from tests.bot.render.reports import ORCHESTRATORS

NBA = load_pipeline(file_of(Path("nba")))
CHECKS = stated_checks(NBA)
PLAIN = drawing_of(NBA, CHECKS)
LOST = alert_of(follow(lost(*ORCHESTRATORS)))
CALLERS = {f"service:{name}" for name in ORCHESTRATORS}


def finding(place: tuple[str, str, str] | None, code: str = "any", **more: Any) -> Mapping[str, Any]:
    kept = {
        "check": "any",
        "title": "",
        "subject": "it",
        "interval": None,
        "phase": None,
        "severity": "P0",
        "summary": "",
    }
    return {**kept, "code": code, "place": place, **more}


def about(*findings: Mapping[str, Any], **details: Any) -> Alert:
    return replace(LOST, details={"findings": findings, **details})


def marks(*alerts: Alert) -> dict[str, BoxMark]:
    boxes = alerted(PLAIN, NBA, CHECKS, alerts).boxes
    return {str(each.place): each.mark for each in boxes if each.mark is not BoxMark.NONE}


def test_the_same_of_several_services_is_one_cause() -> None:
    assert {place for place, mark in marks(LOST).items() if mark is BoxMark.CAUSE} == CALLERS


@pytest.mark.parametrize(
    ("details", "mark", "after"),
    [
        ({"found": True}, BoxMark.CAUSE, BoxMark.AFFECTED),
        ({"found": False}, BoxMark.SUSPECT, BoxMark.FAILED),
        ({}, BoxMark.FAILED, BoxMark.FAILED),
    ],
    ids=["cause found", "cause not found", "of its own"],
)
def test_how_certain_the_cause_is_is_how_the_findings_are_marked(
    details: dict[str, bool], mark: BoxMark, after: BoxMark
) -> None:
    first = finding(("table", "nba_raw.odds_api_game_lines", ""))
    behind = finding(("table", "nba_predictions.player_prop_predictions", ""))

    assert marks(about(first, behind, **details)) == {
        "table:nba_raw.odds_api_game_lines": mark,
        "table:nba_predictions.player_prop_predictions": after,
    }


@pytest.mark.parametrize(
    ("found", "place"),
    [
        (finding(("revision", "prediction-worker", "00042")), "service:prediction-worker"),
        (finding(("transition", "phase4_to_phase5", ""), "not-triggered"), "transition:phase4_to_phase5"),
        (finding(("transition", "phase4_to_phase5", ""), "triggered-without-effect"), "phase:phase5"),
        (finding(("job", "of-nobody", ""), phase="phase5"), "phase:phase5"),
        (
            finding(None, check="predictions-exist", subject="player_prop_predictions"),
            "table:nba_predictions.player_prop_predictions",
        ),
    ],
    ids=["what a service runs", "a start", "a start without effect", "without a box", "a row of a table"],
)
def test_each_kind_of_finding_has_its_box(found: Mapping[str, Any], place: str) -> None:
    assert marks(about(found)) == {place: BoxMark.FAILED}


def test_what_is_nowhere_in_the_graph_marks_nothing() -> None:
    lost_place = about(finding(("source", "of-nobody", "")))

    assert marks(lost_place) == marks() == {}
    assert not is_marked(alerted(PLAIN, NBA, CHECKS, [lost_place]))
    assert list(graph_lines(lost_place, NBA)) == []


def test_of_two_alerts_the_graver_mark_stays() -> None:
    place = ("service", "prediction-worker", "")
    grave, mild = about(finding(place), found=True), about(finding(place))

    assert marks(grave, mild) == marks(mild, grave) == {"service:prediction-worker": BoxMark.CAUSE}


def test_the_file_of_an_incident_ends_with_its_part_of_the_graph() -> None:
    text = report_file(Chronicle(alert=LOST, events=(), now=LOST.opened_at), NBA)
    words, _, graph = text.partition("\n## Graph\n\n")

    assert words.endswith("\n")
    assert all(name in graph.partition("```mermaid\n")[0] for name in ORCHESTRATORS)
    assert graph.count(":::cause") == len(ORCHESTRATORS)
    assert graph.count("```") == 2


def test_what_hostile_alerts_say_is_not_in_the_graph() -> None:
    graph = "\n".join(graph_lines(alert_of(follow(hostile())), NBA))

    assert "<" not in graph
    assert "@" not in graph


def test_the_checks_that_a_file_states_are_those_that_run() -> None:
    assert tuple(each.spec for each in checks_of(NBA) if each.spec is not None) == CHECKS
