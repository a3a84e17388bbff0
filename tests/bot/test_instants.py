"""Instants that other programs write never stop anything, whatever their year and zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from bot.google_cloud.answers import time_of
from bot.instants import EARLIEST, LATEST, of_iso, of_seconds

ZONES = [ZoneInfo(name) for name in ("UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago")]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        pytest.param("2026-02-01T12:00:00Z", datetime(2026, 2, 1, 12, tzinfo=UTC), id="as GitHub writes it"),
        pytest.param("2026-02-01T12:00:00-05:00", datetime(2026, 2, 1, 17, tzinfo=UTC), id="with a zone"),
        pytest.param("2026-02-01T12:00:00+99:59", datetime(2026, 2, 1, 12, tzinfo=UTC), id="with an impossible zone"),
        pytest.param("9999-12-31T23:59:59-12:00", LATEST, id="the end of the calendar"),
        pytest.param("0001-01-01T00:00:00+12:00", EARLIEST, id="its beginning"),
        pytest.param("10000-01-01T00:00:00Z", LATEST, id="year 10000"),
        pytest.param("+292277026596-12-04T15:30:08Z", LATEST, id="a year beyond counting"),
    ],
)
def test_a_written_instant_is_read(text: str, at: datetime) -> None:
    assert of_iso(text) == at


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00Z", "T+99:59"])
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        of_iso(text)


@given(st.integers())
def test_seconds_of_any_size_can_be_shown_in_any_zone(seconds: int) -> None:
    at = of_seconds(str(seconds))

    assert EARLIEST <= at <= LATEST
    assert all(at.astimezone(zone) == at for zone in ZONES)


@pytest.mark.parametrize(
    ("seconds", "at"),
    [
        pytest.param(1769947200, datetime(2026, 2, 1, 12, tzinfo=UTC), id="an ordinary time"),
        pytest.param(253402300799, LATEST, id="the end of the calendar"),
        pytest.param(253402300800, LATEST, id="just past it"),
        pytest.param(-62135596801, EARLIEST, id="just before its beginning"),
        pytest.param(2**62, LATEST, id="beyond counting"),
    ],
)
def test_a_time_of_google_never_stops_a_check(seconds: int, at: datetime) -> None:
    class Build:
        create_time = Timestamp(seconds=seconds)

        def HasField(self, name: str) -> bool:  # noqa: N802 - as protobuf names it
            return True

    assert time_of(Build(), "create_time") == at
