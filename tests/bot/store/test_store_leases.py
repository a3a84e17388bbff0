"""What both stores promise of leases, action keys, reports and the audit."""

from __future__ import annotations

import pytest

from bot.store.model import (
    Changes,
    Lease,
    StateStore,
)
from tests.bot.store.asking import LEASE
from tests.bot.store.conftest import Opener
from tests.bot.store.records import NOW, PIPELINE, a_report, an_entry, later


def test_a_lease_belongs_to_one_owner_who_may_renew_it(store: StateStore) -> None:
    assert store.acquire("watch", "one", NOW, LEASE)

    assert not store.acquire("watch", "two", later(seconds=29.999), later(minutes=5))
    assert store.acquire("watch", "one", later(seconds=29), later(seconds=60))
    assert not store.acquire("watch", "two", later(seconds=31), later(minutes=5))
    assert store.acquire("digest", "two", NOW, LEASE)


def test_a_lease_of_a_dead_owner_is_free_when_it_is_over(store: StateStore) -> None:
    store.acquire("watch", "dead", NOW, LEASE)

    assert store.acquire("watch", "two", LEASE, later(minutes=5))
    assert not store.acquire("watch", "dead", LEASE, later(minutes=5))


def test_only_its_owner_releases_a_lease(store: StateStore) -> None:
    store.acquire("watch", "one", NOW, LEASE)

    store.release("watch", "two")
    assert not store.acquire("watch", "two", NOW, LEASE)
    store.release("watch", "one")
    store.release("watch", "one")
    assert store.acquire("watch", "two", NOW, LEASE)


def test_who_has_a_lease_is_known_until_it_is_over(store: StateStore) -> None:
    store.acquire("watch", "one", NOW, LEASE)

    assert store.lease("watch", later(seconds=29)) == Lease("one", LEASE)
    assert store.lease("watch", LEASE) is None
    assert store.lease("digest", NOW) is None


def test_a_key_is_new_once(another: Opener) -> None:
    assert another().first_time("click:1", NOW)
    assert not another().first_time("click:1", later(hours=1))
    assert another().first_time("click:2", NOW)


# Reports and the audit


def test_reports_are_those_of_a_pipeline_and_job_since_newest_first(store: StateStore) -> None:
    store.commit(
        Changes(
            reports=[
                a_report("at the limit", at=later(days=-14)),
                a_report("just before it", at=later(days=-14, microseconds=-1)),
                a_report("yesterday", at=later(days=-1)),
                a_report("watch", at=later(hours=-1), job="watch"),
                a_report("other job", job="digest-other"),
                a_report("other pipeline", pipeline="nba-2"),
            ]
        )
    )

    def found(job: str | None) -> list[str]:
        return [each.key for each in store.reports(PIPELINE, job, later(days=-14))]

    assert found("digest") == ["yesterday", "at the limit"]
    assert found("watch") == ["watch"]
    assert found("none") == []
    assert found(None) == ["other job", "watch", "yesterday", "at the limit"]


@pytest.mark.parametrize("limit", [0, 1, 2, 9])
def test_so_many_of_the_newest_reports_are_read_and_no_more(store: StateStore, limit: int) -> None:
    digests = [a_report(f"digest-{day}", at=later(days=-day), verdict=f"verdict {day}") for day in range(3)]
    store.commit(Changes(reports=[*digests, a_report("watch", at=later(hours=-1), job="watch")]))

    newest = list(store.reports(PIPELINE, "digest", later(days=-14), limit=limit))

    assert newest == digests[:limit]
    assert list(store.report_heads(PIPELINE, "digest", later(days=-14), limit)) == [each.head for each in newest]


def test_of_any_job_the_newest_are_read_as_well(store: StateStore) -> None:
    store.commit(Changes(reports=[a_report("digest"), a_report("watch", at=later(hours=1), job="watch")]))

    assert [each.key for each in store.reports(PIPELINE, None, later(days=-14), limit=1)] == ["watch"]


def test_the_audit_is_read_newest_first_since_a_time_and_up_to_a_limit(store: StateStore) -> None:
    store.commit(Changes(audit=[an_entry(f"entry-{number}", at=later(minutes=number)) for number in range(5)]))

    assert [each.key for each in store.audit(later(minutes=1), 2)] == ["entry-4", "entry-3"]
    assert [each.key for each in store.audit(later(minutes=3), 10)] == ["entry-4", "entry-3"]
    assert list(store.audit(NOW, 0)) == []


def test_a_record_of_the_audit_is_read_by_its_key(store: StateStore) -> None:
    store.commit(Changes(audit=[an_entry("one"), an_entry("two")]))

    assert store.audit_entry("two") == an_entry("two")
    assert store.audit_entry("three") is None
