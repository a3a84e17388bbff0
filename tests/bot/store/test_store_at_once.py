"""What both stores promise to many who ask at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from bot.store.model import (
    Changes,
    ConflictError,
    StateStore,
)
from tests.bot.store.asking import LEASE, POST, claimed, keys, send
from tests.bot.store.conftest import Opener
from tests.bot.store.records import NOW, PIPELINE, a_post, a_reply, an_alert, an_update


def _at_once(action: Callable[[int], object], times: int) -> list[object]:
    ready = threading.Barrier(times)

    def run(number: int) -> object:
        ready.wait()
        return action(number)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


def test_of_eight_who_claim_at_once_each_delivery_goes_to_one(another: Opener) -> None:
    stores = [another() for _ in range(8)]
    stores[0].commit(Changes(deliveries=[a_post(f"post-{number:02}") for number in range(24)]))

    def claim(number: int) -> list[str]:
        found: list[str] = []
        while mine := stores[number].claim(f"owner-{number}", NOW, LEASE, 2):
            found += keys(mine)
        return found

    went = [key for found in _at_once(claim, 8) for key in found]  # type: ignore[attr-defined]

    assert len(went) == len(set(went))
    went += claimed(stores[0])
    assert sorted(went) == [f"post-{number:02}" for number in range(24)]


def test_of_eight_who_claim_at_once_one_gets_the_thread(another: Opener) -> None:
    stores = [another() for _ in range(8)]
    stores[0].commit(Changes(deliveries=[a_post()]))
    send(stores[0], POST)
    stores[0].commit(
        Changes(deliveries=[an_update("edit 0", order=0), a_reply("reply", order=1), an_update("edit", order=2)])
    )

    _at_once(lambda number: stores[number].claim(f"owner-{number}", NOW, LEASE, 5), 8)

    stores[0].claim("late", NOW, LEASE, 5)
    assert {each.key: each.lease_owner is not None for each in stores[0].pending()} == {"reply": True, "edit": False}


def test_of_eight_who_change_an_alert_at_once_one_wins_each_time(another: Opener) -> None:
    stores = [another() for _ in range(8)]
    stores[0].commit(Changes(alerts=[an_alert("one", unknown_runs=0)]))

    def count(number: int) -> int:
        conflicts = 0
        while True:
            found = stores[number].alert("one")
            assert found is not None
            changed = replace(found, unknown_runs=found.unknown_runs + 1)
            reply = a_reply(f"reply:{changed.unknown_runs}", order=changed.unknown_runs)
            try:
                stores[number].commit(Changes(alerts=[changed], deliveries=[reply]))
            except ConflictError:
                conflicts += 1
            else:
                return conflicts

    _at_once(count, 8)

    found = stores[0].alert("one")
    assert found is not None
    assert (found.unknown_runs, found.version) == (8, 9)
    assert keys(stores[0].pending()) == [f"reply:{number}" for number in range(1, 9)]


def test_of_eight_who_post_the_same_digest_at_once_one_is_stored_and_nobody_fails(another: Opener) -> None:
    stores = [another() for _ in range(8)]

    _at_once(lambda number: stores[number].commit(Changes(deliveries=[a_post(channel=f"C000000{number}")])), 8)

    assert keys(stores[0].pending()) == [POST]


def test_of_eight_who_try_at_once_one_gets_the_lease_and_one_is_first(another: Opener) -> None:
    stores = [another() for _ in range(8)]

    leases = _at_once(lambda number: stores[number].acquire("digest", f"owner-{number}", NOW, LEASE), 8)
    firsts = _at_once(lambda number: stores[number].first_time("click", NOW), 8)

    assert leases.count(True) == 1
    assert firsts.count(True) == 1


def test_one_store_serves_many_threads(store: StateStore) -> None:
    _at_once(lambda number: store.commit(Changes(alerts=[an_alert(f"{number}")], deliveries=[a_post(f"{number}")])), 8)
    _at_once(lambda number: claimed(store, f"owner-{number}", limit=1), 8)
    while claimed(store, "last"):
        pass

    assert len(store.open_alerts(PIPELINE)) == 8
    assert all(each.lease_owner is not None for each in store.pending())
