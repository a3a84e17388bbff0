"""``reveille drill``: what would the monitoring miss?"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import click

from bot.commands.display import show_parts
from bot.commands.errors import said_plainly
from bot.commands.exits import FAILED, FINE
from bot.commands.options import PIPELINE_OPTION
from bot.commands.output import emit, progress
from bot.render.message import Cell, Heading, Line, Part, SmallPrint, Table
from bot.render.words import number as number_of

if TYPE_CHECKING:
    from bot.drill.days import Day
    from bot.drill.fault import PutFault
    from bot.drill.quiet import FalseAlarm
    from bot.drill.run import Ground
    from bot.drill.scoring import Score, Tally

KIND_NAMES = ("rows", "values", "documents", "jobs", "services", "subscriptions", "builds", "sources")
Early: TypeAlias = "Sequence[tuple[Ground, PutFault]]"
LISTED = 40
"""Faults of a list that are shown; JSON has them all."""


@click.command()
@PIPELINE_OPTION
@click.option(
    "--scenario",
    metavar="NAME|FILE",
    help="The healthy scenario that is broken; by default those of the pipeline that come with the product.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Which faults are drawn; the same draw the same.")
@click.option(
    "--count", type=click.IntRange(1, 100_000), default=300, show_default=True, help="How many faults, or days."
)
@click.option(
    "--only", type=click.Choice(KIND_NAMES), multiple=True, metavar="KIND", help="Only this kind; repeatable."
)
@click.option("--cascade/--no-cascade", default=True, show_default=True, help="Empty what is made of an empty table.")
@click.option(
    "--accept",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Blind spots that may be, with reasons; by default those beside the pipeline file.",
)
@click.option("--floor", type=click.FloatRange(0, 100), metavar="PERCENT", help="Exit with 1 if fewer are noticed.")
@click.option("--named", type=click.FloatRange(0, 100), metavar="PERCENT", help="Exit with 1 if fewer are named.")
@click.option(
    "--pairs", type=click.IntRange(1, 100_000), metavar="N", help="Instead put two unrelated faults into one world."
)
@click.option("--stolen", type=click.FloatRange(0, 100), metavar="PERCENT", help="Exit with 1 if more is mixed up.")
@click.option("--quiet", is_flag=True, help="Instead validate healthy days of every sort; exit with 1 on an alarm.")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
def drill(  # noqa: PLR0913 - a command has its options
    *,
    pipeline_file: Path | None,
    scenario: str | None,
    seed: int,
    count: int,
    only: tuple[str, ...],
    cascade: bool,
    accept: Path | None,
    floor: float | None,
    named: float | None,
    pairs: int | None,
    stolen: float | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Break a healthy world, one thing at a time, and list what no check notices.

    Each fault is put at one place; what comes after it stays as it was, except that a table which is made of an emptied
    one ('reads' in the pipeline file) is empty too. Noticed is an alarm of P2 or worse. Nothing outside this machine is
    asked or written.

    With --pairs two faults are put into one world, in places of which neither leads to the other: both must be named
    as causes (--floor), and what follows from one must not be put behind the other (--stolen).

    With --quiet nothing is broken: the healthy worlds are moved to other dates (clocks that change, ends of months and
    of the year, each day of a week, others by chance) and to other hours, from five in the morning on.

    \b
    Examples:
      reveille drill
      reveille drill --scenario yesterday.yaml --only rows --only values
      reveille drill --floor 95 --named 85 --accept blind-spots.yaml
      reveille drill --pairs 500 --floor 95 --stolen 3
      reveille drill --quiet --count 400
    """  # noqa: D301 - click reads the backspace
    if pairs is not None and (quiet or accept is not None or named is not None):
        message = "--pairs breaks two things and counts both: leave out --quiet, --accept and --named."
        raise click.UsageError(message)
    with said_plainly():
        from bot.composition.validation import source_of  # noqa: PLC0415 - likewise
        from bot.drill.accepted import accepted_beside, read_accepted, reasons_for  # noqa: PLC0415 - an extra that production lacks
        from bot.drill.grounds import faults_of, grounds_of  # noqa: PLC0415 - likewise
        from bot.drill.run import drilled  # noqa: PLC0415 - likewise
        from bot.drill.scoring import tally  # noqa: PLC0415 - likewise

        named_spots = read_accepted(accept) if accept is not None else None
        grounds = grounds_of(pipeline_file, scenario, cascade=cascade, whole=not quiet)
        if quiet:
            return _quiet(grounds, count, seed, as_json=as_json)
        if pairs is not None:
            return _pairs(grounds, pairs, seed, only, floor, stolen, as_json=as_json)
        beside = accepted_beside(source_of(pipeline_file, None, grounds[0].scenario))
        accepted = beside if named_spots is None else named_spots
        chosen = faults_of(grounds, count, seed, only)
        scores = []
        for number, (ground, fault) in enumerate(chosen, 1):
            progress(f"{number} of {len(chosen)}", last=number == len(chosen))
            scores.append(drilled(ground, fault))
    reasons = reasons_for(scores, accepted)
    early = [(ground, each) for ground in grounds for each in ground.early if not only or each.kind in only]
    kinds = [
        tally(kind, [each for each in scores if each.kind == kind], reasons)
        for kind in KIND_NAMES
        if any(each.kind == kind for each in scores)
    ]
    total = tally("all", scores, reasons)
    if as_json:
        emit(json.dumps(_as_json(seed, kinds, total, scores, reasons, early), indent=2, ensure_ascii=False))
    else:
        names = ", ".join(each.scenario.file.name for each in grounds)
        show_parts(_parts(f"{len(scores)} faults, seed {seed}, in {names}", [*kinds, total], scores, reasons, early))
    return FAILED if total.is_below(floor, named) else FINE


def _pairs(
    grounds: Sequence[Ground],
    count: int,
    seed: int,
    only: Sequence[str],
    floor: float | None,
    stolen: float | None,
    *,
    as_json: bool,
) -> int:
    from bot.commands.drill_pairs import document, parts, tallies  # noqa: PLC0415 - an extra that production lacks
    from bot.drill.grounds import pairs_of  # noqa: PLC0415 - likewise

    scores = pairs_of(grounds, count, seed, only, progress)
    progress(f"{len(scores)} pairs", last=True)
    counted = tallies(KIND_NAMES, scores)
    if as_json:
        emit(json.dumps(document(seed, counted, scores), indent=2, ensure_ascii=False))
    else:
        names = ", ".join(each.scenario.file.name for each in grounds)
        show_parts(parts(f"seed {seed}, in {names}", counted, scores))
    total = counted[-1]
    is_low = floor is not None and total.named_percent < floor
    return FAILED if is_low or (stolen is not None and total.stolen_percent > stolen) else FINE


def _quiet(grounds: Sequence[Ground], count: int, seed: int, *, as_json: bool) -> int:
    from bot.drill.quiet import days_among, false_alarms  # noqa: PLC0415 - an extra that production lacks

    days = days_among(grounds, count, seed)
    found = false_alarms(days, lambda number: progress(f"{number} of {len(days)}", last=number == len(days)))
    if as_json:
        lines = [{**asdict(each), "now": each.now.isoformat()} for each in found]
        emit(json.dumps({"schema_version": 1, "seed": seed, "days": len(days), "alarms": lines}, indent=2))
    else:
        show_parts(_quiet_parts(grounds, days, found, seed))
    return FAILED if found else FINE


def _quiet_parts(
    grounds: Sequence[Ground], days: Sequence[tuple[Ground, Day]], found: Sequence[FalseAlarm], seed: int
) -> Iterator[Part]:
    zone = grounds[0].healthy.pipeline.zone
    sorts = Counter(day.sort for _, day in days)
    yield Heading(text=f"{len(days)} healthy days, seed {seed}: {number_of(len(found), 'false alarm')}")
    yield Table(
        columns=("Day", "Days", "False alarms"),
        rows=tuple(
            (Cell(text=sort), Cell(text=str(count)), Cell(text=str(sum(each.sort == sort for each in found))))
            for sort, count in sorts.most_common()
        ),
    )
    for each in found[:LISTED]:
        when = f"{each.now.astimezone(zone):%a %Y-%m-%d %H:%M}"
        label = f"{when} {each.scenario} {each.severity} {each.check} {each.code}"
        yield Line(label=label, text=f"{each.subject}: {each.summary}")
    if len(found) > LISTED:
        yield Line(text=f"{len(found) - LISTED} more; --json lists them.")
    yield SmallPrint(text=f"In {', '.join(each.scenario.file.name for each in grounds)}.")


def _parts(
    title: str, tallies: Sequence[Tally], scores: Sequence[Score], reasons: Mapping[str, str], early: Early
) -> Iterator[Part]:
    yield Heading(text=title)
    yield Table(
        columns=("Kind", "Faults", "Noticed", "Named first", "Accepted"),
        rows=tuple(
            (
                Cell(text=each.kind),
                Cell(text=str(each.put)),
                Cell(text=f"{each.noticed} ({each.noticed_percent:.0f} %)"),
                Cell(text=f"{each.named} ({each.named_percent:.0f} %)"),
                Cell(text=str(each.accepted)),
            )
            for each in tallies
        ),
    )
    missed = [each for each in scores if not each.is_caught]
    yield from _list("Nobody notices", [each for each in missed if each.key not in reasons], _loudness)
    wrong = [each for each in scores if each.is_caught and not each.is_named]
    yield from _list("Noticed, another place named first", wrong, lambda each: f"{each.first or '-'}: {each.sentence}")
    yield from _list("Accepted", [each for each in missed if each.key in reasons], lambda each: reasons[each.key])
    yield from _early_parts(early)
    yield SmallPrint(
        text="Noticed: an alarm of P2 or worse that the healthy world does not have. docs/drill.md says more."
    )


def _early_parts(early: Early) -> Iterator[Part]:
    """Say what was not drawn, because it is not due at the clock of its world."""
    if early:
        yield Heading(text=f"Not drawn, because what they break is not due yet: {len(early)}")
    places = Counter(
        (ground.scenario.file.name, ground.healthy.now, each.place.facet or f"{each.place.name} {each.awaited}")
        for ground, each in early
    )
    for (name, now, place), count in sorted(places.items()):
        yield Line(label=f"{name}, {now:%H:%M}", text=f"{place}: {number_of(count, 'fault')}")


def _loudness(each: Score) -> str:
    return f"only noted (P3) by {', '.join(each.checks)}" if each.checks else "no check"


def _list(title: str, scores: Sequence[Score], told: Callable[[Score], str]) -> Iterator[Part]:
    if scores:
        yield Heading(text=f"{title}: {len(scores)}")
    for each in scores[:LISTED]:
        yield Line(label=each.key, text=told(each))
    if len(scores) > LISTED:
        yield Line(text=f"{len(scores) - LISTED} more; --json lists them.")


def _as_json(
    seed: int, kinds: Sequence[Tally], total: Tally, scores: Sequence[Score], reasons: Mapping[str, str], early: Early
) -> dict[str, object]:
    def counted(each: Tally) -> dict[str, object]:
        return {
            **asdict(each),
            "noticed_percent": round(each.noticed_percent, 1),
            "named_percent": round(each.named_percent, 1),
        }

    return {
        "schema_version": 1,
        "seed": seed,
        "total": counted(total),
        "kinds": [counted(each) for each in kinds],
        "faults": [
            {
                "fault": each.key,
                "kind": each.kind,
                "name": each.name,
                "place": each.place,
                "notice": each.notice,
                "caught": each.is_caught,
                "named": each.is_named,
                "first": each.first,
                "sentence": each.sentence,
                "checks": list(each.checks),
                "accepted": reasons.get(each.key),
            }
            for each in scores
        ],
        "not_due": [{"fault": each.key, "scenario": ground.scenario.file.name} for ground, each in early],
    }
