"""How the tests of every day are dealt out to the workers of a run, and what a worker tells of them."""

from __future__ import annotations

import pytest
from _pytest.runner import runtestprotocol
from xdist.remote import Producer  # type: ignore[import-untyped]
from xdist.scheduler import LoadGroupScheduling  # type: ignore[import-untyped]


class ByFile(LoadGroupScheduling):  # type: ignore[misc]
    """One worker takes a file: what its tests share is made once. Tests of a group stay with their group."""

    def _split_scope(self, nodeid: str) -> str:
        scope = super()._split_scope(nodeid)
        return nodeid.partition("::")[0] if scope == nodeid else scope


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile | None:
    """Deal out the tests of every day by file; each of the slow ones is long enough to go alone."""
    return ByFile(config, log) if config.option.markexpr == "not slow" else None


def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Of a test tell what it came to, and of its set-up and end only what is not well: most tests are shorter than
    the six messages about each."""
    if not hasattr(item.config, "workerinput"):
        return None
    for report in runtestprotocol(item, log=False, nextitem=nextitem):
        if report.when == "call" or not report.passed:
            item.ihook.pytest_runtest_logreport(report=report)
    return True
