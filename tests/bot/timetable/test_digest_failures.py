from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.store.model import DeliveryKind, StoreError
from bot.store.sqlite import SqliteStore
from bot.timetable.digest import LEASE
from bot.timetable.done import Done
from tests.bot.timetable.mornings import EIGHT, POSTING, Morning
from tests.bot.timetable.written import (
    BrokenStore,
    a_loud_one,
    text_of,
)


class TestFailures:
    def test_alerts_that_cannot_be_decided_do_not_stop_the_digest_and_are_heard_of(self, morning: Morning) -> None:
        morning.desk.failure = RuntimeError("broken")

        with pytest.raises(RuntimeError, match="broken"):
            morning.instance().run_owed()

        assert "The alerts could not be brought up to date" in text_of(morning, POSTING)

    def test_a_store_that_fails_at_the_commit_leaves_the_slot_to_the_next_try(self, morning: Morning) -> None:
        store = BrokenStore("commit")
        morning.store = store
        with pytest.raises(StoreError):
            morning.instance().run_owed()
        store.broken.clear()

        assert morning.instance("two").run_owed() is Done.POSTED

    def test_with_the_store_down_what_is_loud_goes_straight_to_slack_once(self, morning: Morning) -> None:
        morning.desk.failure = StoreError("down")
        morning.desk.loud = (a_loud_one(),)
        instance = morning.instance()

        for _ in range(2):
            with pytest.raises(StoreError):
                instance.watch()

        assert [each.key for each in morning.past_store] == ["alert:a:0"]

    def test_a_lease_holder_that_died_keeps_the_slot_for_five_minutes(self, morning: Morning) -> None:
        morning.store.acquire("digest:tiny", "dead", morning.now, morning.now + LEASE)

        assert morning.instance().run_owed() is Done.BUSY
        assert morning.later(seconds=LEASE.total_seconds() - 1).instance().run_owed() is Done.BUSY
        assert morning.runs == 0, "who has to wait asks nothing"
        assert morning.later(seconds=1).instance().run_owed() is Done.POSTED

    def test_the_digest_of_an_instance_that_died_is_another_ones_after_five_minutes(self, morning: Morning) -> None:
        store = BrokenStore("commit", "release")
        morning.store = store
        with pytest.raises(StoreError):
            morning.instance("dead").run_owed()
        store.broken.clear()

        assert morning.later(seconds=299).instance("alive").run_owed() is Done.BUSY
        assert morning.later(seconds=1).instance("alive").run_owed() is Done.POSTED

    def test_a_slot_that_is_done_takes_no_lease(self, morning: Morning) -> None:
        store = BrokenStore()
        morning.store = store
        morning.instance().run_owed()
        store.broken = {"acquire"}

        assert morning.instance().run_owed() is Done.NOT_OWED

    def test_who_was_slower_than_its_lease_writes_nothing(self, morning: Morning) -> None:
        slow, fast = morning.instance("slow"), morning.instance("fast")

        def fast_takes_over() -> None:
            morning.later(seconds=LEASE.total_seconds())
            morning.store.acquire("digest:tiny", "fast", morning.now, morning.now + LEASE)

        morning.desk.meanwhile = [fast_takes_over]

        assert slow.run_owed() is Done.BUSY
        assert morning.waiting() == []
        assert fast.run_owed() is Done.POSTED

    @pytest.mark.parametrize("step", [timedelta(hours=-3), timedelta(minutes=-1)])
    def test_a_clock_that_steps_back_posts_nothing_again(self, morning: Morning, step: timedelta) -> None:
        morning.instance().run_owed()
        before = len(morning.waiting())
        morning.now += step

        again = [morning.instance("two").run_owed()]
        morning.now -= step
        again.append(morning.instance("two").run_owed())

        assert again == [Done.NOT_OWED, Done.NOT_OWED]
        assert len(morning.waiting()) == before


class Overtaken:
    """A store through which another instance writes the digest just before this one asks for the lease."""

    def __init__(self, morning: Morning) -> None:
        self._morning = morning
        self._others = [morning.instance("faster")]

    def __getattr__(self, name: str) -> Any:
        if name == "acquire" and self._others:
            self._others.pop().run_owed()
        return getattr(self._morning.store, name)


def test_what_another_instance_finished_before_the_lease_was_ours_is_left_alone(morning: Morning) -> None:
    slower = morning.instance("slower", store=Overtaken(morning))

    assert slower.run_owed() is Done.NOT_OWED
    assert morning.runs == 1


KILL_POINTS = ["report_heads", "acquire", "commit", "release"]


@pytest.mark.parametrize("point", KILL_POINTS)
@pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])
def test_an_instance_that_dies_at_any_step_loses_nothing_and_doubles_nothing(point: str, after: bool) -> None:
    class Killed(BaseException):
        pass

    class DyingStore(SqliteStore):
        dying = True

        def __getattribute__(self, name: str) -> Any:
            method = super().__getattribute__(name)
            return dies(method) if name == point and object.__getattribute__(self, "dying") else method

    def dies(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> None:
            if after:
                method(*arguments, **named)
            raise Killed

        return call

    store = DyingStore(":memory:")
    morning = Morning(store=store)
    with pytest.raises(Killed):
        morning.instance("dead").run_owed()
    store.dying = False

    morning.later(seconds=LEASE.total_seconds()).instance("alive").run_owed()

    assert morning.waiting(DeliveryKind.POST) == [POSTING]
    assert len(store.reports("tiny", "digest", EIGHT - timedelta(days=1))) == 1
