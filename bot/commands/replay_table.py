"""Replayed scenarios as people read them: what was stated beside what was found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from bot.render.message import Cell, Heading, Line, Mark, Part, SmallPrint, Table
from bot.render.problems import lines_to_repair
from bot.render.reading import Reading
from bot.replay import Comparison, Listed, Replay


def scenario_list(scenarios: Sequence[Listed]) -> Iterator[Part]:
    """Yield the table of scenarios."""
    rows = tuple(
        (Cell(text=each.name), Cell(text=str(each.verdict)), Cell(text=each.when), Cell(text=each.title))
        for each in scenarios
    )
    yield Table(columns=("Scenario", "Verdict", "When", "What it is"), rows=rows)
    yield SmallPrint(text="'reveille validate --scenario NAME' shows one; a file of your own works the same way.")


def replay_table(replays: Sequence[Replay]) -> Iterator[Part]:
    """Yield every comparison of a single replay; of several a line each, and in full only what differs."""
    alone = len(replays) == 1
    if not alone:
        columns = ("Scenario", "Verdict", "Cause", "As stated")
        yield Table(columns=columns, rows=tuple(_summary(each) for each in replays))
    for each in replays:
        told = [one for one in each.comparisons if alone or not one.agrees]
        if told:
            yield Heading(text=f"{each.scenario.file.name}: {each.scenario.file.title}")
            yield Table(columns=("What", "Stated", "Actual"), rows=tuple(_row(one) for one in told))
    agreed = sum(each.agrees for each in replays)
    mark = Mark.PASSED if agreed == len(replays) else Mark.DIFFERS
    yield Line(mark=mark, text=f"{agreed} of {len(replays)} say what they must.")
    incidents = [each for each in replays if each.report.causes]
    if not alone and incidents:
        yield SmallPrint(text=_read(incidents))


def _read(incidents: Sequence[Replay]) -> str:
    """Say how much of a report somebody has to read, by the medians of those that have a cause."""
    outside = median(each.outside for each in incidents)
    lines = median(
        lines_to_repair(Reading(report=each.report, pipeline=each.pipeline, checks=())) for each in incidents
    )
    said = f"{outside:g} findings outside it, {lines:g} lines from it to what to do"
    return f"Medians of the {len(incidents)} with a cause: {said}."


def _summary(one: Replay) -> tuple[Cell, ...]:
    verdict = next(each for each in one.comparisons if each.kind == "verdict")
    causes = dict.fromkeys(each.actual for each in one.comparisons if each.kind == "cause" and each.actual)
    return (
        Cell(text=one.scenario.file.name, mark=Mark.PASSED if one.agrees else Mark.DIFFERS),
        Cell(text=verdict.actual or "-"),
        Cell(text=", ".join(causes) or "-"),
        Cell(text="yes" if one.agrees else "no"),
    )


def _row(one: Comparison) -> tuple[Cell, ...]:
    return (
        Cell(text=one.kind, mark=Mark.PASSED if one.agrees else Mark.DIFFERS),
        Cell(text=one.stated or "(not stated)"),
        Cell(text=one.actual or "(not found)"),
    )
