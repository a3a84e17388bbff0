"""The text of a recording reads back as it was, whatever is in it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.recording.veil import stated
from bot.recording.writing import yaml_text
from bot.scenarios.template import Gaps
from bot.yaml_tree import read_yaml
from tests.fakes import day

GAPS = Gaps(
    interval=day("2026-03-08"),
    now=datetime(2026, 3, 9, 12, 10, tzinfo=UTC),
    zone=ZoneInfo("America/New_York"),
    invoker="serviceAccount:caller@example.com",
    lists={"team": ["IND", "LAC"]},
)
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    st.sampled_from(
        ["0022400561", "1e5", "yes", "null", "~", "<<", "2026-02-10", "2026-02-10 06:39", ".5", "-", "<n>"]
    ),
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        TEXTS,
        st.datetimes(timezones=st.just(UTC), min_value=datetime(1970, 1, 1)),  # noqa: DTZ001 - Hypothesis adds the zone
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(VALUES)
def test_every_value_reads_back_as_it_was(value: Any) -> None:
    read = read_yaml(yaml_text({"it": stated(value)}, ["A comment\nof two lines"]), "it.yaml").value["it"]

    assert GAPS.value(read) == value


@pytest.mark.parametrize("text", ["<date>", "<text>", "<text><date>", "<nobody>", "2026-02-11 06:39", "<team>", "<n>"])
def test_a_text_that_looks_like_a_gap_stays_a_text(text: str) -> None:
    written = stated(text)

    assert written != text
    assert GAPS.value(written) == text
    assert dict(GAPS.each(written)) == {text: 1}


def test_a_date_stays_a_date() -> None:
    read = read_yaml(yaml_text({"day": date(2026, 2, 10), "text": "2026-02-10"}, ()), "it.yaml").value

    assert read == {"day": date(2026, 2, 10), "text": "2026-02-10"}
