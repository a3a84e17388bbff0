"""Two unrelated faults in one world: each must be a cause of its own, with nothing of what follows from the other.

Unrelated are faults in different places with no path between them in the graph of causes, neither of which keeps the
other from being seen. What is a fact of which is known from the two worlds with one fault each.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from bot.drill.columns import checks_of_tables
from bot.drill.fault import PutFault
from bot.drill.scoring import is_at, names, places_at
from bot.scenarios.world import World
from checks.diagnosis.lineage import graph_of
from checks.model import Cause, FindingKey, Outcome, Report
from checks.pipeline import Pipeline
from checks.places import Place, PlaceKind

Nodes = frozenset[tuple[PlaceKind, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alone:
    """A fault, and what is said of it where it is the only one. ``at`` are the places at which it is named, ``cause``
    is the first, None where that does not name it; ``facts`` failed, ``unread`` are the checks that could not judge."""

    fault: PutFault
    at: frozenset[Place]
    cause: Cause | None
    facts: frozenset[FindingKey]
    unread: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class PairScore:
    """What a report says of two faults. ``is_named``: both have a cause; ``is_one``: it is one and the same, as of two
    failed builds. ``facts`` counts what failed with one of them only and is behind a cause, ``stolen`` is what of
    it is behind the other's cause."""

    key: str
    kinds: tuple[str, str]
    is_named: bool
    is_one: bool
    facts: int
    stolen: tuple[FindingKey, ...]
    causes: tuple[str, ...]


def alone(fault: PutFault, report: Report, healthy: Report, pipeline: Pipeline, world: World) -> Alone:
    """Return what a report of the world with one fault says of it."""
    at = places_at(fault.place, pipeline, world)
    first = next(iter(report.causes), None)
    return Alone(
        fault=fault,
        at=at,
        cause=first if first is not None and names(first, at, pipeline) else None,
        facts=_failed(report) - _failed(healthy),
        unread=_unread(report) - _unread(healthy),
    )


def _failed(report: Report) -> frozenset[FindingKey]:
    found = report.findings()
    return frozenset(each.key(result.check) for result, each in found if each.outcome is Outcome.FAILED)


def _unread(report: Report) -> frozenset[str]:
    return frozenset(result.check for result, each in report.findings() if each.outcome is Outcome.UNKNOWN)


def unrelated(every: Iterable[Alone], count: int, seed: int, pipeline: Pipeline) -> Sequence[tuple[Alone, Alone]]:
    """Draw so many pairs of unrelated faults that are named where they are alone, fewer where there are no more."""
    apart = _apart(pipeline)
    named = [(each, _nodes(each, pipeline)) for each in every if each.cause is not None]
    pairs = [
        (one, other)
        for (one, here), (other, there) in combinations(named, 2)
        if not any(is_at(each, other.at) for each in one.at)
        if apart(here, there) and not _hides(one, other) and not _hides(other, one)
    ]
    draw = random.Random(seed)  # noqa: S311 - a sample, not a secret
    return draw.sample(pairs, min(count, len(pairs)))


def _nodes(each: Alone, pipeline: Pipeline) -> Nodes:
    """Return where a fault is in the graph: at its place, what works there, and whom a topic is for; of a table not at
    the services that write it."""
    targets = pipeline.messaging.targets if pipeline.messaging is not None else {}
    listening = [name for at in each.at if at.kind is PlaceKind.TOPIC for name in targets.get(at.name, ())]
    is_table = each.fault.place.kind is PlaceKind.TABLE
    here = [(at.kind, at.name) for at in each.at if not is_table or at.service is None]
    return frozenset([*here, *((PlaceKind.SERVICE, name) for name in listening)])


def _hides(one: Alone, other: Alone) -> bool:
    return any(each.check in one.unread for each in other.facts)


def _apart(pipeline: Pipeline) -> Callable[[Nodes, Nodes], bool]:
    """Return what tells whether no path leads from some nodes to others, in either direction."""
    graph = graph_of(pipeline, checks_of_tables(pipeline))
    before: dict[tuple[PlaceKind, str], set[tuple[PlaceKind, str]]] = {}
    for place in graph.order:
        upstream = graph.upstream(place, lambda _: True)
        before.setdefault((place.kind, place.name), set()).update((each.kind, each.name) for each, _ in upstream)

    def leads(from_: Nodes, to: Nodes) -> bool:
        return not from_.isdisjoint(to.union(*(before.get(each, ()) for each in to)))

    return lambda one, other: not leads(one, other) and not leads(other, one)


def pair_score(one: Alone, other: Alone, report: Report, pipeline: Pipeline) -> PairScore:
    """Say what a report of the world with two faults makes of them."""
    causes = list(enumerate(report.causes))
    mine, theirs = ({number for number, each in causes if names(each, of.at, pipeline)} for of in (one, other))
    sorts = {each.cause.code for each in (one, other) if each.cause is not None}
    shared = {number for number, each in causes if number in mine & theirs and {each.code} == sorts}
    owner = {key: number for number, each in causes for key in each.explains}
    facts = [(key, mine, theirs) for key in owner if key in one.facts - other.facts]
    facts += [(key, theirs, mine) for key in owner if key in other.facts - one.facts]
    return PairScore(
        key=f"{one.fault.key} + {other.fault.key}",
        kinds=(one.fault.kind, other.fault.kind),
        is_named=bool(shared) or (bool(mine and theirs) and len(mine | theirs) > 1),
        is_one=bool(shared),
        facts=len(facts),
        stolen=tuple(key for key, own, another in facts if owner[key] in another - own),
        causes=tuple(f"{each.code} {each.place or each.subject}" for each in report.causes),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PairTally:
    """Pairs of which a fault is of a kind: of how many both are named, with one cause or two, and how many facts of one
    are behind the other."""

    kind: str
    pairs: int
    named: int
    one_cause: int
    facts: int
    stolen: int

    @property
    def named_percent(self) -> float:
        """The share of which both are named; 100 of none."""
        return 100 * self.named / self.pairs if self.pairs else 100.0

    @property
    def stolen_percent(self) -> float:
        """The share of facts behind the other's cause."""
        return 100 * self.stolen / self.facts if self.facts else 0.0


def pair_tally(kind: str, scores: Iterable[PairScore]) -> PairTally:
    """Count pairs."""
    every = tuple(scores)
    return PairTally(
        kind=kind,
        pairs=len(every),
        named=sum(each.is_named for each in every),
        one_cause=sum(each.is_one for each in every),
        facts=sum(each.facts for each in every),
        stolen=sum(len(each.stolen) for each in every),
    )
