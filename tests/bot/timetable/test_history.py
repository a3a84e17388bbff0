from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta

import pytest

from bot.store.model import Changes, StoredReport
from bot.store.sqlite import SqliteStore
from bot.timetable.history import newest_report
from checks.notifications import Permissions as Rules
from tests.handlers.rig import NOW, described

TODAY, YESTERDAY = "2026-02-11", "2026-02-10"


def report(key: str, judged: str, at: datetime) -> StoredReport:
    return StoredReport(
        key=key, pipeline="tiny", job=key.partition(":")[0], previous=judged, at=at, verdict="WATCH", document={}
    )


def digest(of: str, judged: str, minutes: int) -> StoredReport:
    return report(f"digest:tiny:{of}:{minutes}", judged, NOW + timedelta(minutes=minutes))


def command(judged: str, minutes: int) -> StoredReport:
    return report(f"command:tiny:{judged}:{minutes}", judged, NOW + timedelta(minutes=minutes))


MORNING = digest(TODAY, YESTERDAY, 0)
THE_DAY_BEFORE = digest(YESTERDAY, "2026-02-09", -24 * 60)


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        pytest.param([], None, id="nothing"),
        pytest.param([MORNING, THE_DAY_BEFORE], MORNING, id="the digest of today"),
        pytest.param([MORNING, command("2026-02-09", 5)], MORNING, id="an answer about an earlier date"),
        pytest.param([MORNING, command(TODAY, 5)], MORNING, id="an answer about the date that is prepared"),
        pytest.param([MORNING, command("2026-02-12", 5)], MORNING, id="an answer about tomorrow"),
        pytest.param([MORNING, command(YESTERDAY, 5)], command(YESTERDAY, 5), id="a newer answer about the same date"),
        pytest.param([MORNING, command(YESTERDAY, -5)], MORNING, id="an older answer about the same date"),
        pytest.param([MORNING, digest(YESTERDAY, "2026-02-09", 5)], MORNING, id="a digest of yesterday, posted again"),
        pytest.param([MORNING, digest(TODAY, YESTERDAY, 5)], digest(TODAY, YESTERDAY, 5), id="a refresh"),
        pytest.param([THE_DAY_BEFORE], THE_DAY_BEFORE, id="the digest of today is missing"),
        pytest.param([THE_DAY_BEFORE, command("2026-02-09", 5)], command("2026-02-09", 5), id="yesterday once more"),
        pytest.param([THE_DAY_BEFORE, command(YESTERDAY, -60)], command(YESTERDAY, -60), id="asked before the digest"),
        pytest.param([command("2026-02-09", -5)], None, id="only an answer about another date"),
        pytest.param([command(YESTERDAY, -5)], command(YESTERDAY, -5), id="no digest yet"),
    ],
)
def test_the_newest_report_is_of_the_newest_interval_that_is_due(
    stored: Sequence[StoredReport], expected: StoredReport | None
) -> None:
    with closing(SqliteStore(":memory:")) as store:
        store.commit(Changes(reports=stored))

        assert newest_report(store, described(Rules()), NOW - timedelta(days=14), NOW) == expected
