from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.delivery.drain import Drain
from bot.store.model import Changes
from bot.store.sqlite import SqliteStore
from tests.bot.store.records import NOW, a_post


def clock() -> datetime:
    return NOW


def test_it_wakes_the_outbox_and_is_done_when_all_has_left() -> None:
    store = SqliteStore(":memory:")
    store.commit(Changes(deliveries=[a_post()]))

    def send() -> None:
        (claimed,) = store.claim("outbox", NOW, NOW + timedelta(minutes=1), 1)
        store.record_sent(claimed.key, "outbox", ts="1.0", channel=claimed.channel, now=NOW)

    assert Drain(store, send, clock)() is True


def test_it_does_not_wait_for_ever() -> None:
    store = SqliteStore(":memory:")
    store.commit(Changes(deliveries=[a_post()]))

    assert Drain(store, lambda: None, clock, seconds=0.05)() is False


@pytest.mark.parametrize(
    ("seconds", "settled"), [(0, False), (1, True)], ids=["may be sent now", "waits for Slack's leave"]
)
def test_what_slack_wants_later_is_not_waited_for(seconds: float, settled: bool) -> None:
    store = SqliteStore(":memory:")
    store.commit(Changes(deliveries=[a_post(not_before=NOW + timedelta(seconds=seconds))]))

    assert Drain(store, lambda: None, clock, seconds=0.05)() is settled


def test_what_waits_for_a_channel_is_not_waited_for() -> None:
    store = SqliteStore(":memory:")
    store.commit(Changes(deliveries=[a_post("held"), a_post("other")]))

    def send() -> None:
        for each in store.claim("outbox", NOW, NOW + timedelta(minutes=1), 9):
            if each.key == "other":
                store.record_sent(each.key, "outbox", ts="1.0", channel=each.channel, now=NOW)

    assert Drain(store, send, clock, lambda delivery: delivery.key == "held", seconds=0.05)() is True
