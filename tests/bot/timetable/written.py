"""What digests leave in the store, as tests read it, and a store that fails."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.sinks.slack.format import formatted
from bot.store.model import Changes, Delivery, DeliveryKind, StoreError
from bot.store.sqlite import SqliteStore
from tests.bot.store.records import a_report
from tests.bot.timetable.mornings import CHANNEL, EIGHT, Morning, pipeline
from tests.fakes import day

LATE = "digest-late:tiny:2026-02-11"
OTHER_DAY = day("2026-02-10")


class BrokenStore(SqliteStore):
    """A store in memory of which named methods fail as long as a test says so."""

    def __init__(self, *broken: str) -> None:
        super().__init__(":memory:")
        self.broken = set(broken)

    def __getattribute__(self, name: str) -> Any:
        if name in object.__getattribute__(self, "__dict__").get("broken", ()):
            raise StoreError("the store does not answer")
        return super().__getattribute__(name)


EVERYTHING = ("report", "reports", "delivery", "commit", "acquire", "release", "pending")


def watches_until(morning: Morning, text: str) -> None:
    """Keep a report of a watch every quarter of an hour from now until a local time."""
    begin, end = morning.now, morning.at(text).now
    times = [begin + timedelta(minutes=15) * number for number in range((end - begin) // timedelta(minutes=15) + 1)]
    reports = [a_report(f"watch-{time}", pipeline="tiny", job="watch", at=time) for time in times]
    morning.store.commit(Changes(reports=reports))


def delivery(morning: Morning, key: str) -> Delivery:
    found = morning.store.delivery(key)
    assert found is not None
    return found


def text_of(morning: Morning, key: str) -> str:
    """Everything that a message says."""
    body = formatted(delivery(morning, key).body)
    return f"{body['text']}\n{body['blocks']}"


def a_loud_one() -> Delivery:
    return Delivery(
        key="alert:a:0", kind=DeliveryKind.POST, channel=CHANNEL, body={"text": "Act.", "blocks": []}, created_at=EIGHT
    )


def many_checks() -> Any:
    described = pipeline()
    (check,) = described.checks
    checks = tuple(
        check.model_copy(
            update={
                "id": f"players-{number}",
                "title": f"{number} " + "long title " * 30,
                "place": f"tiny.table_{number}",  # a cause of its own each
            }
        )
        for number in range(60)
    )
    return described.model_copy(update={"checks": checks})
