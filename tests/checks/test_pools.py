from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

import pytest

from checks.pools import RESERVE, BoundedPool, Reserve

SOON = 5.0


def thread_of(reserve: Reserve, name: str = "test-1") -> threading.Thread:
    """Return the thread that does work of a pool, once the pool has let it go."""
    found: list[threading.Thread] = []
    done = threading.Event()

    def tell() -> None:
        found.append(threading.current_thread())
        done.set()

    reserve.run(name, tell)
    assert done.wait(SOON)
    return found[0]


def until(holds: Callable[[], bool]) -> bool:
    """Wait until something holds; False when it does not in time."""
    patience = time.monotonic() + SOON
    while not holds() and time.monotonic() < patience:
        time.sleep(0.001)
    return holds()


def test_a_thread_whose_pool_is_closed_works_for_the_next_pool_under_its_name() -> None:
    reserve = Reserve()
    workers: list[tuple[threading.Thread, str]] = []
    for name in ("first", "second"):
        done = threading.Event()

        def tell(done: threading.Event = done) -> None:
            workers.append((threading.current_thread(), threading.current_thread().name))
            done.set()

        pool = BoundedPool(name, 1, reserve)
        pool.submit(tell)
        assert done.wait(SOON)
        pool.close()
        assert until(lambda: reserve.idle == 1)

    (first, its_name), (second, its_next_name) = workers
    assert first is second
    assert (its_name, its_next_name) == ("first-1", "second-1")


def test_a_thread_that_hangs_is_not_asked_again() -> None:
    reserve, release, started = Reserve(), threading.Event(), threading.Event()

    def hang() -> None:
        started.set()
        release.wait(SOON)

    reserve.run("hangs-1", hang)
    assert started.wait(SOON)
    other = thread_of(reserve)
    release.set()

    assert other.name == "test-1"


@pytest.mark.parametrize(("most", "kept"), [(0, False), (1, True)])
def test_no_more_threads_are_kept_than_a_reserve_may_have(most: int, kept: bool) -> None:
    reserve = Reserve(most=most)

    thread = thread_of(reserve)
    settled = until(lambda: reserve.idle == most and thread.is_alive() is kept)

    assert settled


def test_a_thread_without_work_ends_and_another_one_does_what_comes_then() -> None:
    reserve = Reserve(seconds=0.01)
    first = thread_of(reserve)
    first.join(SOON)

    second = thread_of(reserve)

    assert not first.is_alive()
    assert second is not first


def test_work_that_comes_as_the_patience_ends_is_done_every_time() -> None:
    reserve = Reserve(seconds=0.0005)
    asked = [threading.Event() for _ in range(300)]

    for each in asked:
        reserve.run("test-1", each.set)
        time.sleep(0.0005)

    assert all(each.wait(SOON) for each in asked)


def test_a_process_that_was_forked_starts_threads_of_its_own() -> None:
    before = BoundedPool("before", 1)
    before.submit(lambda: None)
    before.close()
    assert until(lambda: RESERVE.idle > 0)

    child = os.fork()
    if not child:
        answered = threading.Event()
        BoundedPool("after", 1).submit(answered.set)
        os._exit(0 if answered.wait(SOON) else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_closed_pool_drops_what_has_not_started() -> None:
    pool = BoundedPool("test", 1)
    started, release, ran = threading.Event(), threading.Event(), threading.Event()

    def hold() -> None:
        started.set()
        release.wait(SOON)

    pool.submit(hold)
    started.wait(SOON)
    pool.submit(ran.set)
    pool.close()
    release.set()

    assert not ran.wait(0.05)


@pytest.mark.parametrize("bound", [1, 2])
def test_a_pool_at_its_bound_asks_again_whenever_a_thread_is_idle(bound: int) -> None:
    pool = BoundedPool("test", bound)
    asked = [threading.Event() for _ in range(20)]

    answered = []
    for each in asked:
        pool.submit(each.set)
        answered.append(each.wait(SOON))
        if not answered[-1]:
            break
    pool.close()

    assert answered == [True] * len(asked)


def test_an_idle_thread_is_asked_while_another_one_works() -> None:
    pool = BoundedPool("test", 2)
    started, release, asked = threading.Event(), threading.Event(), [threading.Event() for _ in range(20)]

    def hold() -> None:
        started.set()
        release.wait(SOON)

    pool.submit(hold)
    assert started.wait(SOON)
    for each in asked:
        pool.submit(each.set)
        assert each.wait(SOON)
    release.set()
    pool.close()
