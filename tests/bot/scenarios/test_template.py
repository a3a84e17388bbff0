from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.scenarios.template import GapError, Gaps
from tests.fakes import day

GAPS = Gaps(
    interval=day("2026-03-08"),
    now=datetime(2026, 3, 9, 12, 10, tzinfo=UTC),
    zone=ZoneInfo("America/New_York"),
    invoker="serviceAccount:caller@example.com",
    lists={"team": ["IND", "LAC"], "count": [3, 4, 5]},
)


@pytest.mark.parametrize(
    ("text", "number", "expected"),
    [
        pytest.param("as it is", 1, "as it is", id="no gap"),
        pytest.param("<date>", 1, "2026-03-08", id="the game date"),
        pytest.param("<date+1>", 1, "2026-03-09", id="the day after"),
        pytest.param("<date-8>", 1, "2026-02-28", id="a month before"),
        pytest.param("<yyyymmdd>_<team>", 2, "20260308_LAC", id="a compact date and an item"),
        pytest.param("<yyyymmdd+1>", 1, "20260309", id="the compact day after"),
        pytest.param("player<n>", 12, "player12", id="the number of the row"),
        pytest.param("<n>", 12, 12, id="the number alone stays a number"),
        pytest.param("<count>", 3, 5, id="an item alone keeps its type"),
        pytest.param("<team>", 3, "IND", id="lists begin again at their end"),
        pytest.param("<secret>", 1, "<secret>", id="the mark of a secret stays"),
        pytest.param("1 < 2 > 0", 1, "1 < 2 > 0", id="signs that are no gap"),
    ],
)
def test_gaps_are_filled(text: str, number: int, expected: object) -> None:
    assert GAPS.fill(GAPS.settle(text), number) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("<date> 08:00", datetime(2026, 3, 8, 12, tzinfo=UTC), id="summer time"),
        pytest.param("<date-1> 08:00", datetime(2026, 3, 7, 13, tzinfo=UTC), id="winter time"),
        pytest.param("<date> 08:00:30", datetime(2026, 3, 8, 12, 0, 30, tzinfo=UTC), id="with seconds"),
        pytest.param("<now>", datetime(2026, 3, 9, 12, 10, tzinfo=UTC), id="now"),
        pytest.param("<now-3m>", datetime(2026, 3, 9, 12, 7, tzinfo=UTC), id="minutes ago"),
        pytest.param("<now-45h>", datetime(2026, 3, 7, 15, 10, tzinfo=UTC), id="hours ago"),
        pytest.param("2026-03-08T08:00:00", "2026-03-08T08:00:00", id="ISO text stays text"),
        pytest.param("2026-03-08", "2026-03-08", id="a date stays text"),
    ],
)
def test_a_local_time_in_a_document_becomes_an_instant(text: str, expected: object) -> None:
    assert GAPS.value(text) == expected


def test_keys_that_name_a_list_stand_once_for_each_item() -> None:
    value = GAPS.value({"<team>": {"rank": "<count>"}, "_triggered": True})

    assert value == {"IND": {"rank": 3}, "LAC": {"rank": 4}, "_triggered": True}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("<tomorrow>", id="an unknown name"),
        pytest.param("<now-3>", id="an offset of now without a unit"),
        pytest.param("<date+1h>", id="a date plus hours"),
        pytest.param("<team+1>", id="an offset of a list"),
        pytest.param("<invoker-1>", id="an offset of the invoker"),
    ],
)
def test_a_gap_that_nothing_fills_is_refused(text: str) -> None:
    with pytest.raises(GapError):
        GAPS.value(text)


def test_the_nearest_name_is_suggested() -> None:
    with pytest.raises(GapError, match="did you mean <team>"):
        GAPS.settle("<teem>")


def test_a_time_that_does_not_exist_is_refused() -> None:
    with pytest.raises(GapError, match="25:00"):
        GAPS.value("2026-03-08 25:00")


DATA: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(alphabet="abc _-:.", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet="abc_", max_size=4), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(DATA)
def test_data_without_gaps_comes_out_as_it_went_in(data: Any) -> None:
    assert GAPS.value(data) == data
