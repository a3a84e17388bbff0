"""How far a run is, on the terminal of whoever waits for it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.render.progress import live_progress
from bot.request import Plan
from checks.model import CheckResult


@contextmanager
def run_progress(planned: Plan) -> Iterator[Callable[[CheckResult], None]]:
    """Show on a terminal's standard error how far the run is and what it waits for; elsewhere nothing."""
    stream = sys.stderr
    if not stream.isatty():
        yield lambda _: None
        return
    with live_progress(stream, {check.id: check.title for check in planned.selected}) as observe:
        yield observe
