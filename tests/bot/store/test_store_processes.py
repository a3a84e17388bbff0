"""Several real processes at one store, some of which are killed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from bot.store.model import Changes, StateStore
from tests.bot.store.places import sqlite_place
from tests.bot.store.records import NOW, PIPELINE, a_post, later
from tests.servers import forked


class Client:
    """A process of ``tests.bot.store.client``."""

    def __init__(self, what: str, place: str, owner: str) -> None:
        (heard, told), (said, says) = os.pipe(), os.pipe()
        self._told, self._said = os.fdopen(told, "w"), os.fdopen(said)
        try:
            module = "tests.bot.store.client"
            self._process = forked.start(module, what, place, owner, env=os.environ, stdin=heard, stdout=says, stderr=2)
        finally:
            os.close(heard)
            os.close(says)

    def begin(self) -> None:
        self._told.write("begin\n")
        self._told.flush()

    def line(self) -> str:
        return self._said.readline().strip()

    def lines(self) -> list[str]:
        """Return what it says until it is done."""
        return list(iter(self.line, "done"))

    def kill(self) -> list[str]:
        """End it as a machine that loses power would; return what it had still said, whole lines only."""
        self._process.kill()
        rest = self._said.read()
        self._process.wait()
        return rest.split("\n")[:-1]

    def end(self) -> None:
        self.kill()
        self._told.close()
        self._said.close()


@contextmanager
def clients(what: str, place: str, count: int) -> Iterator[list[Client]]:
    """Start processes that all wait to begin."""
    with ExitStack() as stack:
        started = []
        for number in range(count):
            started.append(Client(what, place, f"owner-{number}"))
            stack.callback(started[-1].end)
        assert [each.line() for each in started] == ["ready"] * count
        yield started


def keys(store: StateStore, owner: str, **when: float) -> dict[str, int]:
    """Claim everything; return the attempts by key."""
    found = store.claim(owner, later(**when), later(hours=1), 1000)
    return {each.key: each.attempts for each in found}


def test_processes_that_claim_at_once_share_the_queue(place: str, store: StateStore) -> None:
    posts = [a_post(f"post-{number:02}") for number in range(40)]
    store.commit(Changes(deliveries=posts))

    with clients("claim", place, 3) as started:
        for each in started:
            each.begin()
        went = [key for each in started for key in each.lines()]

    went += keys(store, "late")
    assert sorted(went) == [each.key for each in posts]


def test_of_processes_that_want_a_lease_at_once_one_gets_it(place: str) -> None:
    with clients("lead", place, 3) as started:
        for each in started:
            each.begin()
        won = [slot for each in started for slot in each.lines()]

    assert sorted(won) == sorted(f"slot-{number}" for number in range(50))


def test_what_a_killed_process_had_claimed_goes_to_another_when_its_lease_is_over(
    place: str, store: StateStore
) -> None:
    store.commit(Changes(deliveries=[a_post("post")]))
    with clients("claim", place, 1) as (client,):
        client.begin()
        assert client.lines() == ["post"]
        client.kill()

    assert keys(store, "two", seconds=29) == {}
    assert keys(store, "two", seconds=30) == {"post": 1}


@pytest.mark.parametrize("after", [1, 3, 8])
def test_what_a_killed_process_had_committed_is_there_and_nothing_is_there_by_halves(
    place: str, store: StateStore, after: int
) -> None:
    with clients("write", place, 1) as (client,):
        client.begin()
        said = [client.line() for _ in range(after)]
        said += client.kill()

    alerts = {each.key: each.thread for each in store.open_alerts(PIPELINE)}
    assert set(said) <= set(alerts)
    assert len(alerts) - len(said) in (0, 1)
    assert {each.key for each in store.pending()} == set(alerts.values())


def test_processes_that_open_a_new_file_at_once_all_can(tmp_path: Path) -> None:
    place = sqlite_place(tmp_path / "new" / "reveille.db")

    with clients("lead", place, 4) as started:
        for each in started:
            each.begin()

        assert sum(len(each.lines()) for each in started) == 50


def test_a_lease_of_a_killed_process_is_free_when_it_is_over(place: str, store: StateStore) -> None:
    with clients("lead", place, 1) as (client,):
        client.begin()
        assert len(client.lines()) == 50
        client.kill()

    assert not store.acquire("slot-1", "two", later(seconds=29), later(minutes=5))
    assert store.acquire("slot-1", "two", later(seconds=30), later(minutes=5))
    assert not store.acquire("slot-1", "three", NOW, later(minutes=9))
