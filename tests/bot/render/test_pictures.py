"""Pictures for people: what they draw stands in their words, and whatever they are made of they are sound SVG."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from bot.render.message import Mark
from bot.render.post import Post, post_of
from bot.render.webpage.diagram import diagram_html, sheet
from bot.render.webpage.pictures import pictures_of
from bot.render.webpage.timeline import LATE, ExpectedRun, expected_runs, timeline_figure
from tests.bot.render.test_webpage import ATTACK, NOW, JsonDict, document, finding
from tests.pipelines.nba_world import NBA

DUE = datetime(2026, 2, 11, 12, tzinfo=UTC)


def evidence(**changed: Any) -> JsonDict:
    known = {"run": "overnight", "due": DUE.isoformat(), "enough_since": "2026-02-11T11:38:00+00:00"}
    times = {"triggered_at": "2026-02-11T11:39:00+00:00", "effect_last_at": "2026-02-11T11:54:00+00:00"}
    return {**known, **times, **changed}


def night(**changed: Any) -> JsonDict:
    return document(10, finding(10, evidence=evidence(**changed)))


def run(**changed: Any) -> ExpectedRun:
    times: dict[str, Any] = {"due": DUE, "ready": None, "started": None, "wrote": None}
    return ExpectedRun(label="Predictions", mark=Mark.PASSED, **{**times, **changed})


def sentences(*runs: ExpectedRun) -> Sequence[str]:
    return timeline_figure(runs, NBA.zone, NOW).words


def test_a_run_is_told_with_what_was_planned_and_what_happened() -> None:
    (found,) = expected_runs(night(), NBA)

    (line,) = sentences(found)

    assert line == (
        "Predictions overnight: OK; expected by 07:00 EST, input there at 06:38 EST, started at 06:39 EST, "
        "last wrote at 06:54 EST."
    )


def test_what_a_report_does_not_know_is_not_drawn() -> None:
    assert expected_runs(document(10, finding(10)), NBA) == []
    assert expected_runs(night(due=None), NBA) == []
    assert expected_runs(night(due="2026-02-11T12:00:00"), NBA) == []
    assert expected_runs(document(9, finding(10, evidence=evidence())), NBA) == []


def test_rows_at_the_time_are_in_time_and_just_past_it_late() -> None:
    on_time, late = run(wrote=DUE), run(wrote=DUE + timedelta(seconds=1))

    assert LATE not in timeline_figure([on_time], NBA.zone, NOW).inside
    assert LATE in timeline_figure([late], NBA.zone, NOW).inside
    assert sentences(late)[0].endswith("07:00 EST, late.")


def test_what_happened_days_before_is_told_and_does_not_squeeze_the_night() -> None:
    stale = run(wrote=DUE - timedelta(days=6))

    assert "5 Feb" in sentences(stale)[0]
    assert "5 Feb" not in timeline_figure([stale], NBA.zone, NOW).inside


INSTANTS = st.none() | st.datetimes(datetime(2026, 1, 1), datetime(2026, 3, 31)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001 - the zone is added


@given(
    st.lists(st.builds(run, due=INSTANTS.filter(bool), ready=INSTANTS, started=INSTANTS, wrote=INSTANTS), min_size=1)
)
def test_whenever_runs_happen_the_night_is_drawn_within_its_width(runs: list[ExpectedRun]) -> None:
    drawn = timeline_figure(runs, NBA.zone, NOW)

    root = ET.fromstring(sheet(drawn))
    places = [each.get("transform", "") for each in root.iter() if each.get("transform", "").startswith("matrix(")]
    assert all(0 <= float(each.split()[4]) <= drawn.width + 20 for each in places)
    assert len(drawn.words) == len(runs)


def test_the_times_below_are_full_hours_of_the_local_day() -> None:
    inside = timeline_figure([run(ready=DUE - timedelta(hours=5), wrote=DUE)], NBA.zone, NOW).inside

    hours = re.findall(r">(\d\d:\d\d)<", inside)
    assert len(hours) >= 2
    assert {each[3:] for each in hours} == {"00"}


@given(st.text())
def test_a_label_of_any_text_leaves_a_sound_picture(text: str) -> None:
    drawn = timeline_figure([run(), replace(run(), label=f"{text}{ATTACK}")], NBA.zone, NOW)

    root = ET.fromstring(sheet(drawn))
    assert not [each for each in root.iter() if each.tag.endswith(("script", "image", "foreignObject"))]
    assert "<script" not in diagram_html(drawn)


VOLUME = {"expectation": "volume", "measured": 57.5, "exposure": 4.0, "median": 50.0, "low": 30.0}


def days(newest: int = 10, count: int = 4) -> list[JsonDict]:
    return [
        document(day, finding(day, evidence=evidence()), finding(day, evidence=VOLUME))
        for day in range(newest, newest - count, -1)
    ]


def test_a_digest_gets_every_picture_with_its_words_and_they_are_stored_with_it() -> None:
    drawn = pictures_of(days(), NBA, NOW)

    assert [each.name for each in drawn] == ["phases", "volume", "timeline"]
    assert [bool(each.shown_by) for each in drawn] == [False, True, False]
    assert all(each.words and each.title for each in drawn)
    post = Post(("A digest",), (), drawn)
    assert post_of(post.document) == post
    assert "pictures" not in Post(("A digest",)).document


def test_of_nothing_there_is_no_picture() -> None:
    assert pictures_of([], NBA, NOW) == ()
