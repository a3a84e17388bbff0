"""The table of docs/scenarios.md is what the scenarios state; tests/bot/test_replay.py shows that each is so.

``UPDATE_MANUAL=1 pytest -n0`` on this file writes the table again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bot.commands.replay_table import replay_table
from bot.definition.pipeline_file import shipped_pipeline
from bot.render.message import Table
from bot.replay import Comparison, replay
from bot.scenarios.scenario import Expectation, load_scenario, shipped_scenarios
from tests.sections import ROOT, cell, section

PAGE = ROOT / "docs" / "scenarios.md"
EXAMPLE = "an example"
HEAD = "| when | what happened | verdict | cause | `--scenario` |\n| --- | --- | --- | --- | --- |\n"


def replays() -> str:
    return "\n" + HEAD + "\n".join(rows()) + "\n\n"


def rows() -> Iterator[str]:
    """Incidents in the order in which they happened, then examples, then mornings on which nothing was wrong."""
    files = (load_scenario(name).file for name in shipped_scenarios())
    for file in sorted(files, key=lambda each: (not each.expect.causes, each.when == EXAMPLE, each.now)):
        when, what, causes = cell(file.when), cell(file.title), named(file.expect)
        yield f"| {when} | {what} | `{file.expect.verdict}` | {causes} | `{file.name}` |"


def named(expect: Expectation) -> str:
    """The codes of the causes, each with what it is about."""
    words = (cause.split(" ", 1) for cause in dict.fromkeys(expect.causes))
    return ", ".join(f"`{code}` ({subject})" for code, subject in words) or "none"


def test_the_page_has_every_scenario_with_its_verdict_and_cause() -> None:
    written = replays()

    assert section(PAGE, "replays", written) == written


def test_every_replay_is_printed_with_its_verdict_and_cause() -> None:
    one = replay(load_scenario("off-day"), shipped_pipeline())
    another = replay(load_scenario("tracker-race"), shipped_pipeline())
    stated = next(each for each in another.comparisons if each.kind == "cause")
    wrong = replace(another, comparisons=(*another.comparisons, Comparison("cause", "stale-build nobody", None)))

    (table,) = (part for part in replay_table((one, another)) if isinstance(part, Table))
    differing = next(part for part in replay_table((one, wrong)) if isinstance(part, Table))

    assert [[each.text for each in row] for row in table.rows] == [
        ["off-day", "ALL CLEAR", "-", "yes"],
        ["tracker-race", "ALL CLEAR", stated.actual, "yes"],
    ]
    assert differing.rows[1][3].text == "no"
