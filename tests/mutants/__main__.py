"""Sample small changes of the code and see which the tests notice: ``python -m tests.mutants --seed SEED``."""

from __future__ import annotations

import argparse
import random
import secrets
import signal
import sys
import tempfile
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from tests.mutants.changes import Change, changes
from tests.mutants.trial import Ground, GroundError, Verdict
from tests.sections import ROOT

PACKAGES = ("bot", "checks", "handlers")
_say = partial(print, flush=True)
SHOWN = 100
"""Letters of a change that a line shows."""


def options_of(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse words, or else the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutants", description="See which small changes tests notice."
    )
    parser.add_argument("--seed", default=secrets.token_hex(4), help="the same seed samples the same changes")
    parser.add_argument("--count", type=int, default=20, help="changes (default: 20)")
    parser.add_argument("--seconds", type=float, default=300, help="for one change at most (default: 300)")
    parser.add_argument("only", nargs="*", default=PACKAGES, help="folders or files (default: bot checks handlers)")
    options = parser.parse_args(words)
    for each in options.only:
        if not (ROOT / each).exists():
            parser.error(f"there is no {each}; name folders or files below {', '.join(PACKAGES)}")
    return options


def sampled(tree: Path, only: Iterable[str], seed: str, count: int) -> list[tuple[str, Change]]:
    """Return as many changes of a tree as wanted, with the files that they are in; the seed decides which."""
    files = sorted({file for each in only for file in _sources(tree / each)})
    known = [
        (file.relative_to(tree).as_posix(), change) for file in files for change in changes(file.read_text("utf-8"))
    ]
    return random.Random(seed).sample(known, min(count, len(known)))


def line(path: str, change: Change, verdict: Verdict) -> str:
    """Say of a change whether, and by what, it was noticed."""
    heading = "noticed    " if verdict.noticed else "not noticed"
    ending = (
        f"  [{'slow: ' if verdict.slow else ''}{verdict.by}]"
        if verdict.noticed
        else ""
        if verdict.in_time
        else "  [the time ran out]"
    )
    # An entry is shown alone: the table around it is as long as it likes.
    becomes = "" if change.kind in ("entry dropped", "statement dropped") else f" -> {_short(change.becomes)}"
    return f"{heading}  {path}:{change.line}  {change.kind}: {_short(change.was)}{becomes}{ending}"


def share(verdicts: Sequence[Verdict]) -> str:
    """Say how many changes were noticed, and how many of them only by a slow test."""
    noticed, of = sum(each.noticed for each in verdicts), len(verdicts)
    if not of:
        return "no change was tried"
    slow = sum(each.slow for each in verdicts)
    late = f", {slow} of them by slow tests alone" if slow else ""
    return f"{noticed} of {of} changes noticed ({100 * noticed / of:.0f} %){late}"


def main(words: Sequence[str] | None = None) -> int:
    """Try the changes one after another; Ctrl-C ends the run with the share so far."""
    options = options_of(words)
    verdicts: list[Verdict] = []
    # The tests of a trial run in a session of their own: whoever is told to end has to end them, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _say(f"seed {options.seed}")
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        ground = Ground(ROOT, Path(folder))
        try:
            for path, change in sampled(ROOT, options.only, options.seed, options.count):
                verdicts.append(ground.judge(path, change, options.seconds))
                _say(line(path, change, verdicts[-1]))
        except KeyboardInterrupt:
            _say("interrupted")
        except GroundError as error:
            print(error, file=sys.stderr)  # noqa: T201 - this is a command
            return 2
        for test in sorted(ground.failing):
            _say(f"left out, because it fails without a change: {test}")
    _say(share(verdicts))
    return 0


def _sources(path: Path) -> Iterable[Path]:
    return path.rglob("*.py") if path.is_dir() else (path,)


def _short(text: str) -> str:
    joined = " ".join(text.split())
    return joined if len(joined) <= SHOWN else f"{joined[: SHOWN - 1]}…"


if __name__ == "__main__":
    sys.exit(main())
