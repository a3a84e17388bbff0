"""The scheduler jobs of an earlier day: kept with a digest, and known to a later run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from bot.store.model import ReportHead, StoredReport, StoreError
from bot.timetable.jobs_before import EARLIER, jobs_before, kept
from checks.control_plane.missed_jobs import missed_jobs
from checks.services_spec import ServiceSpec
from tests import fakes
from tests.checks.control_plane.estate import job, pipeline, service

NOW = fakes.MORNING


class Reports:
    """Digests by their age."""

    def __init__(self, **documents: tuple[timedelta, dict[str, Any]]) -> None:
        self._stored = {
            key: StoredReport(
                key=key, pipeline="p", job="digest", previous="x", at=NOW - age, verdict="ACT", document=document
            )
            for key, (age, document) in documents.items()
        }

    def report_heads(self, pipeline: str, job: str, since: Any, limit: int) -> Sequence[ReportHead]:
        assert (pipeline, job) == ("p", "digest")
        newest = sorted(self._stored.values(), key=lambda each: each.at, reverse=True)
        return [each.head for each in newest if each.at >= since][:limit]

    def report(self, key: str) -> StoredReport | None:
        return self._stored[key]


class BrokenReports(Reports):
    def report_heads(self, pipeline: str, job: str, since: Any, limit: int) -> Sequence[ReportHead]:
        raise StoreError("the disk is gone", retryable=True)


def names(reports: Reports) -> list[str]:
    return [each.name for each in jobs_before(reports, "p", NOW)]


def test_what_is_kept_comes_back_with_the_time_of_the_report_and_without_secrets() -> None:
    known = job("load", url="https://example.com/run?key=abc", schedule="0 6 * * *", zone="Europe/Berlin")

    (found,) = jobs_before(Reports(a=(EARLIER, {"jobs": kept([known])})), "p", NOW)

    assert (found.name, found.schedule, found.zone) == ("load", "0 6 * * *", "Europe/Berlin")
    assert found.url == "https://example.com/run"
    assert (found.enabled, found.last_attempt) == (True, NOW - EARLIER)


def test_a_job_that_is_missed_is_handed_on_with_the_time_at_which_it_was_seen() -> None:
    seen = NOW - timedelta(days=40)
    document = {"jobs": kept([job("there")], [job("gone", last_attempt=seen)])}

    found = jobs_before(Reports(a=(EARLIER, document)), "p", NOW)

    assert {each.name: each.last_attempt for each in found} == {"there": NOW - EARLIER, "gone": seen}


def test_a_missed_job_is_known_from_digest_to_digest_until_it_is_back() -> None:
    needing = pipeline(services=(ServiceSpec(name="worker", phase="phase3", optional=True),))
    known = [job("daily"), job("fine")]
    digests: dict[str, tuple[timedelta, dict[str, Any]]] = {"first": (timedelta(days=30), {"jobs": kept(known)})}
    for age in range(29, 0, -1):
        before = jobs_before(Reports(**digests), "p", NOW - timedelta(days=age))
        there = known if age == 1 else known[1:]
        missed = missed_jobs(needing, before, there, [service("worker")])
        assert [each.name for each in missed] == ([] if age == 1 else ["daily"])
        digests[f"day-{age}"] = (timedelta(days=age), {"jobs": kept(there, missed)})


def test_the_newest_digest_that_is_old_enough_counts() -> None:
    reports = Reports(
        now=(EARLIER - timedelta(seconds=1), {"jobs": kept([job("today")])}),
        before=(EARLIER, {"jobs": kept([job("yesterday")])}),
        older=(timedelta(days=2), {"jobs": kept([job("older")])}),
    )

    assert names(reports) == ["yesterday"]


@pytest.mark.parametrize("document", [{}, {"jobs": None}], ids=["of an older release", "cut to fit the store"])
def test_a_report_without_jobs_knows_none(document: dict[str, Any]) -> None:
    assert names(Reports(a=(EARLIER, document))) == []


def test_a_store_that_is_down_costs_the_memory_alone() -> None:
    assert names(BrokenReports()) == []
