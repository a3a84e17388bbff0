"""The emulators, each started at most once in a run; tests that use them belong to one group."""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager

import pytest
from hypothesis import settings

from tests.of_the_process import kept
from tests.servers.emulator import EmulatorUnavailable, required

pytest_plugins = ("tests.workers",)

# No pipeline is the default: what tests run is about the example, unless they name another.
os.environ.setdefault("REVEILLE_PIPELINE", "nba")

# The tests run make and git themselves. What make, or a hook of git, that may have started the tests says of itself is
# not meant for those: a make inside make prints more lines, a git inside a hook works on another repository.
for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
    os.environ.pop(name, None)

# What is collected, nine thousand tests and all that they import, stays until the end: to look through it again and
# again for garbage costs a tenth of a run. Neither while it is made, nor once it is there.
gc.disable()

# How long an example takes says how busy the machine is; examples are bounded by their number. Every day a third
# of them do; ``make test-all`` takes the thorough profile. Both draw the same examples each time, so that a run turns
# red for a change and never for a draw; ``make explore`` draws new ones.
settings.register_profile("patient", deadline=None, max_examples=30, derandomize=True)
settings.register_profile("thorough", deadline=None, derandomize=True)
settings.register_profile("exploring", deadline=None, max_examples=1000)
settings.load_profile("patient")


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are cores: many tests wait for processes and emulators."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    with kept():
        return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave to the slow run what a test that is ``sampled`` is not tried with every day."""
    seen: Counter[str] = Counter()
    for item in items:
        sample = item.get_closest_marker("sampled")
        if sample is not None:
            test = item.nodeid.partition("[")[0]
            if seen[test] % sample.args[0]:
                item.add_marker(pytest.mark.slow)
            seen[test] += 1


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def _running(emulator: AbstractContextManager[str]) -> Iterator[str]:
    """Yield the address of an emulator; skip where it cannot run, unless this run requires it."""
    try:
        address = emulator.__enter__()
    except EmulatorUnavailable as reason:
        if required():
            pytest.fail(f"REVEILLE_REQUIRE_EMULATORS is set, but {reason}")
        pytest.skip(str(reason))
    try:
        yield address
    finally:
        emulator.__exit__(None, None, None)


@pytest.fixture(scope="session")
def firestore_address() -> Iterator[str]:
    """``host:port`` of Google's Firestore emulator."""
    from tests.servers.firestore_emulator import firestore_emulator  # noqa: PLC0415 - heavy, and few tests need it

    yield from _running(firestore_emulator())


@pytest.fixture(scope="session")
def bigquery_address() -> Iterator[str]:
    """``host:port`` of the BigQuery emulator."""
    from tests.servers.bigquery_emulator import bigquery_emulator  # noqa: PLC0415 - likewise

    yield from _running(bigquery_emulator())


@pytest.fixture(scope="session")
def pubsub_address() -> Iterator[str]:
    """``host:port`` of Google's Pub/Sub emulator."""
    from tests.servers.pubsub_emulator import pubsub_emulator  # noqa: PLC0415 - likewise

    yield from _running(pubsub_emulator())


@pytest.fixture(scope="session")
def googlesql_compiled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let the analyser be compiled once in many runs: it lies in pytest's cache, unless there is none."""
    from tests.googlesql import keep_compiled  # noqa: PLC0415 - heavy, and few tests need it

    cache: pytest.Cache | None = getattr(request.config, "cache", None)
    keep_compiled(cache.mkdir("googlesql") if cache is not None else tmp_path_factory.mktemp("googlesql"))
