"""What ``reveille drill --pairs`` says of pairs of faults."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import islice

from bot.drill.pairs import PairScore, PairTally, pair_tally
from bot.render.message import Cell, Heading, Line, Part, SmallPrint, Table

LISTED = 40
"""Pairs of a list that are shown; JSON has them all."""


def tallies(kinds: Sequence[str], scores: Sequence[PairScore]) -> Sequence[PairTally]:
    """Count the pairs of each kind that was drawn, and all."""
    drawn = [kind for kind in kinds if any(kind in each.kinds for each in scores)]
    return [
        *(pair_tally(kind, [each for each in scores if kind in each.kinds]) for kind in drawn),
        pair_tally("all", scores),
    ]


def parts(where: str, counted: Sequence[PairTally], scores: Sequence[PairScore]) -> Iterator[Part]:
    """Yield the table, then the pairs of which one was not named or has what belongs to the other."""
    yield Heading(text=f"{len(scores)} pairs of unrelated faults, {where}")
    yield Table(
        columns=("One is of", "Pairs", "Both named", "As one cause", "Facts", "Behind the other"),
        rows=tuple(
            (
                Cell(text=each.kind),
                Cell(text=str(each.pairs)),
                Cell(text=f"{each.named} ({each.named_percent:.0f} %)"),
                Cell(text=str(each.one_cause)),
                Cell(text=str(each.facts)),
                Cell(text=f"{each.stolen} ({each.stolen_percent:.1f} %)"),
            )
            for each in counted
        ),
    )
    yield from _list("One of them not named", [(each, ", ".join(each.causes)) for each in scores if not each.is_named])
    stolen = [(each, ", ".join(f"{key.check} {key.subject}" for key in each.stolen)) for each in scores if each.stolen]
    yield from _list("Facts of one behind the other", stolen)
    yield SmallPrint(text="Each fault is named where it is the only one. docs/drill.md says more.")


def _list(title: str, told: Sequence[tuple[PairScore, str]]) -> Iterator[Part]:
    if told:
        yield Heading(text=f"{title}: {len(told)}")
    yield from (Line(label=each.key, text=text) for each, text in islice(told, LISTED))
    if len(told) > LISTED:
        yield Line(text=f"{len(told) - LISTED} more; --json lists them.")


def document(seed: int, counted: Sequence[PairTally], scores: Sequence[PairScore]) -> dict[str, object]:
    """Return the same for programs."""

    def told(each: PairTally) -> dict[str, object]:
        shares = {"named_percent": round(each.named_percent, 1), "stolen_percent": round(each.stolen_percent, 1)}
        return {**asdict(each), **shares}

    *kinds, total = map(told, counted)
    pairs = [
        {
            "pair": each.key,
            "kinds": list(each.kinds),
            "named": each.is_named,
            "one_cause": each.is_one,
            "facts": each.facts,
            "stolen": [key._asdict() for key in each.stolen],
            "causes": list(each.causes),
        }
        for each in scores
    ]
    return {"schema_version": 1, "seed": seed, "total": total, "kinds": kinds, "pairs": pairs}
