"""What README and docs/drill.md say of the verdict holds: a sample of each figure, with the floor that it must reach.

The seed is another than those with which the checks and the rules were made.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bot.in_process import run

SEED = ("--pipeline", "nba", "--seed", "23")
FIGURES = {
    "faults are noticed and named": ("--count", "48", "--floor", "95", "--named", "85"),
    "healthy days are quiet": ("--quiet", "--count", "50"),
    "two faults are two causes": ("--pairs", "25", "--floor", "95", "--stolen", "3"),
}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("figure", FIGURES)
def test_the_drill_reaches_what_is_said_of_it(figure: str, tmp_path: Path) -> None:
    done = run(("drill", *SEED, *FIGURES[figure]), tmp_path, {})

    assert done.returncode == 0, done.stdout + done.stderr
