"""What README and docs/drill.md say of the verdict holds: a sample of each figure, with the floor that it must reach.

The seed is another than those with which the checks and the rules were made.
"""

from __future__ import annotations

from pathlib import Path
from statistics import median

import pytest

from bot.render.problems import lines_to_repair
from bot.render.reading import Reading
from bot.scenarios.scenario import shipped_scenarios
from tests.bot.in_process import run
from tests.pipelines.nba_world import NBA
from tests.replayed import replayed

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


@pytest.mark.slow
def test_an_incident_is_one_thread_and_few_lines() -> None:
    every_third = [replayed(name) for name in shipped_scenarios()[::3]]
    incidents = [each for each in every_third if each.report.causes]

    assert median(each.outside for each in incidents) == 0
    assert median(lines_to_repair(Reading(report=each.report, pipeline=NBA, checks=())) for each in incidents) <= 3
