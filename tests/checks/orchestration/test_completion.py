from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.facts.orchestration import Flag
from checks.intervals import Offset
from checks.orchestration.completion import (
    NO_DOCUMENT,
    ProcessorReport,
    described,
    moment_of,
    past_moment_of,
    progress_of,
    read_completion,
)
from checks.orchestration_spec import Run
from tests.checks.orchestration.previous import CRITICAL, FIVE, OVERNIGHT, SAME_DAY, TIERED, document, entry, local

NOW = local("08:00")
SIX_TEN = datetime(2026, 2, 11, 11, 10, tzinfo=UTC)

FOREIGN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=3)
    | st.datetimes(timezones=st.none() | st.just(UTC)),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from([*FIVE, "_triggered", "_triggered_at", "_trigger_reason", "_first_completion_at"])
ENTRIES = st.fixed_dictionaries({}, optional={"status": st.just("success") | FOREIGN, "completed_at": FOREIGN})
ANY_DOCUMENT = st.dictionaries(KEYS | st.text(max_size=8), FOREIGN | ENTRIES | st.booleans(), max_size=9)
RUNS = st.sampled_from([OVERNIGHT, SAME_DAY, TIERED, Run(opens=Offset("00:00"), due=Offset("01:00"))])


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(SIX_TEN, id="an aware datetime"),
        pytest.param(SIX_TEN.replace(tzinfo=None), id="a datetime without a zone is UTC"),
        pytest.param(SIX_TEN.astimezone(timezone(timedelta(hours=-5))), id="a datetime in another zone"),
        pytest.param("2026-02-11T11:10:00+00:00", id="ISO text"),
        pytest.param("2026-02-11T06:10:00-05:00", id="ISO text in another zone"),
        pytest.param("2026-02-11T11:10:00Z", id="ISO text with Z"),
        pytest.param(" 2026-02-11T11:10:00 ", id="ISO text without a zone, with spaces"),
        pytest.param(SIX_TEN.timestamp(), id="seconds"),
        pytest.param(int(SIX_TEN.timestamp()), id="whole seconds"),
        pytest.param(SIX_TEN.timestamp() * 1000, id="milliseconds"),
    ],
)
def test_a_time_is_read_in_every_form_that_writers_use(value: Any) -> None:
    assert moment_of(value) == SIX_TEN


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        "yesterday",
        "",
        "9999-12-31T23:59:59+00:00",
        0,
        -1,
        10**30,
        math.nan,
        math.inf,
        {"seconds": 1},
        [],
        b"2026",
        datetime(1, 1, 1, tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
    ],
    ids=repr,
)
def test_nonsense_is_no_time(value: Any) -> None:
    assert moment_of(value) is None


@pytest.mark.parametrize(
    ("data", "flag"),
    [
        pytest.param(None, Flag.ABSENT, id="no document"),
        pytest.param({}, Flag.FALSE, id="an empty document"),
        pytest.param({"_triggered": True}, Flag.TRUE, id="true"),
        pytest.param({"_triggered": False}, Flag.FALSE, id="false"),
        pytest.param({"_triggered": "yes"}, Flag.UNREADABLE, id="text"),
        pytest.param({"_triggered": "true"}, Flag.UNREADABLE, id="the text true"),
        pytest.param({"_triggered": 1}, Flag.UNREADABLE, id="a number"),
        pytest.param({"_triggered": None}, Flag.UNREADABLE, id="null"),
        pytest.param({"_triggered": {}}, Flag.UNREADABLE, id="a map"),
    ],
)
def test_the_flag_is_true_false_absent_or_unreadable(data: dict[str, Any] | None, flag: Flag) -> None:
    assert read_completion(data, NOW).flag is flag


def test_an_unreadable_flag_names_field_type_and_value() -> None:
    assert read_completion({"_triggered": "yes"}, NOW).flag_oddity == "_triggered is 'yes' (str)"
    assert read_completion({"_triggered": None}, NOW).flag_oddity == "_triggered is null"


def test_a_long_foreign_value_is_cut() -> None:
    assert len(described("x" * 10_000)) < 100


@pytest.mark.parametrize(
    ("value", "counts"),
    [
        pytest.param(entry(), True, id="success"),
        pytest.param(entry(status="partial"), True, id="partial"),
        pytest.param(entry(completed_at="nonsense"), True, id="success at a time that cannot be read"),
        pytest.param(entry(status="failed"), False, id="failed"),
        pytest.param(entry(status=3), False, id="a number as status"),
        pytest.param(entry(status=["success"]), False, id="a list as status"),
        pytest.param({"completed_at": NOW}, False, id="no status"),
        pytest.param("success", False, id="text"),
        pytest.param(None, False, id="null"),
        pytest.param([], False, id="a list"),
    ],
)
def test_a_processor_counts_when_its_status_is_success_or_partial(value: Any, counts: bool) -> None:
    completion = read_completion({"players": value}, NOW)

    assert ("players" in completion.finished) is counts
    assert bool(completion.oddities) is not counts


@pytest.mark.parametrize(
    ("triggered_at", "flag"),
    [
        pytest.param(local("00:00") - timedelta(seconds=1), Flag.FALSE, id="just before the window"),
        pytest.param(local("00:00"), Flag.TRUE, id="as the window opens"),
        pytest.param(local("06:00"), Flag.TRUE, id="inside"),
        pytest.param("nonsense", Flag.TRUE, id="a time that cannot be read"),
        pytest.param(None, Flag.TRUE, id="no time"),
    ],
)
def test_a_trigger_before_the_window_counts_as_false(triggered_at: Any, flag: Flag) -> None:
    completion = read_completion({"_triggered": True, "_triggered_at": triggered_at}, NOW)

    assert completion.flag_in(local("00:00")) is flag


@pytest.mark.parametrize(
    ("processors", "run", "enough"),
    [
        pytest.param(FIVE, OVERNIGHT, True, id="all five"),
        pytest.param((*CRITICAL, "offense"), OVERNIGHT, True, id="critical ones and exactly 60 %"),
        pytest.param(CRITICAL, OVERNIGHT, False, id="critical ones and only 40 %"),
        pytest.param(FIVE[1:], OVERNIGHT, False, id="four, but a critical one is missing"),
        pytest.param((), OVERNIGHT, False, id="none"),
        pytest.param(("upcoming_players",), SAME_DAY, True, id="the one that a same-day run expects"),
        pytest.param(("players", "offense"), SAME_DAY, False, id="only processors that the run does not know"),
    ],
)
def test_enough_follows_the_rule_of_the_run(processors: tuple[str, ...], run: Run, enough: bool) -> None:
    assert progress_of(read_completion(document(*processors), NOW), run, NOW).enough is enough


@pytest.mark.parametrize(
    ("count", "waited", "enough"),
    [
        pytest.param(5, 0, True, id="all at once"),
        pytest.param(4, 59, False, id="four, just before the hour"),
        pytest.param(4, 60, True, id="four, on the hour"),
        pytest.param(3, 119, False, id="three, just before two hours"),
        pytest.param(3, 120, True, id="three, at two hours"),
        pytest.param(2, 1000, False, id="two are never enough"),
    ],
)
def test_a_tier_is_enough_after_its_wait(count: int, waited: int, enough: bool) -> None:
    completed_at = NOW - timedelta(minutes=waited)
    completion = read_completion(document(*FIVE[:count], completed_at=completed_at), NOW)

    assert progress_of(completion, TIERED, NOW).enough is enough


def test_the_wait_counts_from_the_documents_own_first_completion() -> None:
    data = document(*FIVE[:4], completed_at=NOW, first_completion_at=(NOW - timedelta(hours=1)).isoformat())

    progress = progress_of(read_completion(data, NOW), TIERED, NOW)

    assert progress.enough
    assert progress.since == NOW


def test_a_wait_without_any_readable_time_never_ends() -> None:
    completion = read_completion(document(*FIVE[:4], completed_at="nonsense"), NOW)

    assert not progress_of(completion, TIERED, NOW).enough


def test_enough_holds_since_the_arrival_that_completed_the_rule() -> None:
    minutes = dict(zip((*CRITICAL, "offense", "defense"), (1, 30, 10, 50), strict=True))
    data = {name: entry(local("06:00") + timedelta(minutes=after)) for name, after in minutes.items()}

    assert progress_of(read_completion(data, NOW), OVERNIGHT, NOW).since == local("06:30")


def test_since_is_unknown_where_a_time_that_decides_cannot_be_read() -> None:
    progress = progress_of(read_completion(document(*FIVE, completed_at="nonsense"), NOW), OVERNIGHT, NOW)

    assert progress.enough
    assert progress.since is None


def test_missing_names_all_that_are_owed_and_only_those() -> None:
    overnight = progress_of(read_completion(document("players", "offense"), NOW), OVERNIGHT, NOW)
    same_day = progress_of(read_completion(document("upcoming_players"), NOW), SAME_DAY, NOW)

    assert overnight.missing == ("upcoming_players", "defense", "upcoming_teams")
    assert overnight.critical_missing == ("upcoming_players",)
    assert same_day.missing == ()


@pytest.mark.parametrize(
    ("processors", "run", "counted"),
    [
        pytest.param(("players",), OVERNIGHT, "1 of 5 processors has reported", id="some"),
        pytest.param(("upcoming_players",), SAME_DAY, "1 of 1 processor has reported", id="the only one"),
        pytest.param(SAME_DAY.processors, SAME_DAY, "2 processors have reported (1 needed)", id="more than needed"),
    ],
)
def test_the_count_reads_well(processors: tuple[str, ...], run: Run, counted: str) -> None:
    assert progress_of(read_completion(document(*processors), NOW), run, NOW).counted == counted


def test_a_processor_that_nobody_knows_is_named_and_not_counted() -> None:
    progress = progress_of(read_completion(document("players", "surprise"), NOW), OVERNIGHT, NOW)

    assert progress.arrived == ("players",)
    assert progress.unknown == ("surprise",)


def test_no_document_has_nothing_in_it() -> None:
    assert read_completion(None, NOW) == NO_DOCUMENT
    assert progress_of(NO_DOCUMENT, OVERNIGHT, NOW).arrived == ()


@given(ANY_DOCUMENT, RUNS)
def test_every_document_can_be_read(data: dict[str, Any], run: Run) -> None:
    completion = read_completion(data, NOW)
    progress = progress_of(completion, run, NOW)

    assert set(progress.arrived) | set(progress.unknown) == set(completion.finished)
    assert not set(progress.arrived) & set(progress.missing)
    assert progress.since is None or progress.enough
    assert len(progress.arrived) >= 1 or not progress.enough


@given(st.sets(st.sampled_from(FIVE)), st.sampled_from(FIVE), RUNS)
def test_one_more_processor_never_makes_it_less_than_enough(arrived: set[str], more: str, run: Run) -> None:
    before = progress_of(read_completion(document(*arrived), NOW), run, NOW)
    after = progress_of(read_completion(document(*arrived, more), NOW), run, NOW)

    assert after.enough or not before.enough


@pytest.mark.parametrize(
    ("ahead", "known"),
    [
        pytest.param(timedelta(minutes=5), True, id="as far as two clocks may differ"),
        pytest.param(timedelta(minutes=5, seconds=1), False, id="just past that"),
        pytest.param(timedelta(hours=5), False, id="local time called UTC"),
        pytest.param(timedelta(days=-30), True, id="long ago"),
    ],
)
def test_a_time_of_the_future_says_nothing_about_what_has_happened(ahead: timedelta, known: bool) -> None:
    moment = NOW + ahead

    completion = read_completion({**document(*FIVE, completed_at=moment), "_triggered_at": moment}, NOW)

    expected = past_moment_of(moment, NOW)
    assert (expected is not None) is known
    assert (completion.triggered_at, completion.last_at) == (expected, expected)
    assert progress_of(completion, OVERNIGHT, NOW).since == expected


@pytest.mark.parametrize(
    ("entry", "report"),
    [
        pytest.param({"status": "success", "record_count": 171}, ProcessorReport("success", 171), id="a number"),
        pytest.param({"status": "partial", "record_count": 0}, ProcessorReport("partial", 0), id="none"),
        pytest.param({"status": "failed"}, ProcessorReport("failed"), id="no number"),
        pytest.param({"status": "success", "record_count": None}, ProcessorReport("success"), id="null"),
        pytest.param({"status": "success", "record_count": True}, ProcessorReport("success"), id="a truth value"),
        pytest.param({"status": "success", "record_count": "171"}, ProcessorReport("success"), id="a text"),
        pytest.param({"record_count": 171}, None, id="no status"),
        pytest.param("done", None, id="no map"),
    ],
)
def test_what_a_processor_reports_is_read_as_far_as_it_says(entry: Any, report: ProcessorReport | None) -> None:
    completion = read_completion({"players": entry}, local("08:00"))

    assert completion.reports.get("players") == report
