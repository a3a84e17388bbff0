"""How far a run is, on a terminal, while it lasts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from bot.render.words import clean
from checks.model import CheckResult


@contextmanager
def live_progress(stream: IO[str], titles: Mapping[str, str]) -> Iterator[Callable[[CheckResult], None]]:
    """Show done and total, and a check that is still awaited; everything is wiped away at the end.

    ``titles`` maps the ids of the checks that will run to what people call them.
    """
    waiting = dict(titles)
    columns = (SpinnerColumn(), BarColumn(bar_width=24), MofNCompleteColumn(), TextColumn("{task.description}"))
    console = Console(file=stream, highlight=False, emoji=False, markup=False)
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(_awaited(waiting), total=len(waiting))

        def observe(result: CheckResult) -> None:
            waiting.pop(result.check, None)
            bar.update(task, advance=1, description=_awaited(waiting))

        yield observe


def _awaited(waiting: Mapping[str, str]) -> str:
    """Name the first check that has not come back; rich reads markup in it, so brackets are taken out."""
    if not waiting:
        return "judging"
    title = clean(next(iter(waiting.values()))).replace("[", "(").replace("]", ")")
    return f"waiting for: {title}"
