"""From failures to their roots.

What a failure may explain:

- What stops explains an absence and damage; what harms explains damage only. Notes and risks explain nothing.
- An absence follows along every edge until a place that did its work; damage follows along data only. A table that was
  made although one that it is made of is absent is damaged by that.
- Along a path the first failure is the root, and everything after it is behind it. Of several roots: the graver, then
  the nearer, then the pipeline's order.
- What did its work and is not found all the same follows from what it was compared with, where that is absent or has
  other keys.
- In one place, what stops comes before what harms, the graver before the lesser; the first is the root of the others.
- Only a root looks for a mechanism, among what makes or starts its place. A mechanism that began after the effect was
  due, or before the place last worked, explains nothing.
- A root without a mechanism suspects changes of what makes its place, none of them later than the effect was due. One
  is established when the place worked before it, and never since.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from checks.causes.graph import Carries, Graph
from checks.changes import Change
from checks.effects import FailureEffect
from checks.places import Place, PlaceKind
from checks.severity import Severity
from checks.span import Interval

Named = TypeVar("Named", bound=Hashable)

STRENGTH = {FailureEffect.STOPS: 0, FailureEffect.HARMS: 1, FailureEffect.NOTE: 2, FailureEffect.RISK: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that failed. ``interval`` is None for what belongs to none, and so to all.

    ``rank`` is its position in the pipeline's order, unique. ``due`` is when the place had to have done its work,
    ``last_good`` when it last did, ``since`` when a mechanism began; each is None where that is not known. A
    ``mechanism`` is no failing place itself, it is why one fails. ``of`` are further places at which a mechanism is one
    of this failure, ``joined`` what the place was compared with when it failed. ``ahead`` was to be there before its
    interval began, as the rows of a calendar: what is only less grave in the interval does not explain that it is not.
    """

    place: Place
    effect: FailureEffect
    severity: Severity
    rank: int
    interval: Interval | None = None
    mechanism: bool = False
    since: datetime | None = None
    due: datetime | None = None
    last_good: datetime | None = None
    of: tuple[Place, ...] = ()
    joined: tuple[Place, ...] = ()
    ahead: bool = False

    @property
    def order(self) -> tuple[int, int, int]:
        return STRENGTH[self.effect], self.severity, self.rank


@dataclass(frozen=True, slots=True)
class Health:
    """Evidence that a place did its work for an interval. What judged no row is none."""

    place: Place
    interval: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A root, why it failed, and what follows from it. ``suspects`` are changes, each with whether it is established:
    why it failed where there is no mechanism, and why the mechanism did where it is at the same place.
    ``unread`` are places that lead to the root and could not be read: with any, the root is not certain."""

    root: Fact
    behind: tuple[Fact, ...] = ()
    mechanism: Fact | None = None
    suspects: tuple[tuple[Change, bool], ...] = ()
    makers: tuple[Place, ...] = ()
    unread: tuple[Place, ...] = ()


def diagnose(
    graph: Graph,
    facts: Iterable[Fact],
    health: Iterable[Health] = (),
    unread: Iterable[Place] = (),
    changes: Iterable[Change] = (),
) -> tuple[Explanation, ...]:
    """Return the roots of what failed, in the pipeline's order. The order of the facts does not matter."""
    ordered = sorted(facts, key=lambda each: each.order)
    failing = [each for each in ordered if not each.mechanism and each.effect is not FailureEffect.RISK]
    healthy: dict[Interval | None, set[Place]] = {}
    for each in health:
        healthy.setdefault(each.interval, set()).add(each.place)
    explained: dict[Fact, tuple[Fact, Interval | None]] = {}
    for interval in sorted({each.interval for each in failing}, key=lambda each: "" if each is None else each.name):
        here = [each for each in failing if each.interval in (interval, None)]
        for fact, root in _Spread(
            graph, here, healthy.get(interval, set()), healthy.get(None, set())
        ).explained.items():
            explained.setdefault(fact, (root, interval))
    behind: dict[Fact, list[Fact]] = {}
    roots: list[Fact] = []
    for fact in failing:
        root = _root(fact, explained)
        if root is fact:
            roots.append(fact)
        else:
            behind.setdefault(root, []).append(fact)
    roots.sort(key=lambda each: each.rank)
    look = _Look(graph, healthy, [each for each in ordered if each.mechanism], unread, changes)
    found = (look.explanation(root, tuple(behind.get(root, ()))) for root in roots)
    return tuple(each for each in found if each.root.effect is not FailureEffect.NOTE or each.mechanism or each.behind)


def _root(fact: Fact, explained: Mapping[Fact, tuple[Fact, Interval | None]]) -> Fact:
    """Return what a failure follows from, itself for a root. What belongs to no interval may follow from one interval
    and lead to another: no failure follows from one of another interval by way of it."""
    root = fact
    while root in explained:
        root, interval = explained[root]
        if fact.interval is not None and interval not in (None, fact.interval):
            return fact
    return root


Arrived = tuple[Fact, int]
"""A root that can be felt at a place, and from how far."""


class _Spread:
    """One interval: what each root makes of the places after it. ``always`` did their work as far as it belongs to no
    interval: no absence explains what failed there and belongs to none."""

    def __init__(self, graph: Graph, facts: Iterable[Fact], healthy: set[Place], always: set[Place]) -> None:
        self._graph = graph
        self._healthy = healthy
        self._always = always
        self.explained: dict[Fact, Fact] = {}
        self._stops: dict[Place, Arrived] = {}
        self._harms: dict[Place, Arrived] = {}
        at: dict[Place, list[Fact]] = {}
        for each in facts:
            at.setdefault(each.place, []).append(each)
        beside = [place for place in at if place not in graph.number]
        for place in (*graph.order, *beside):
            self._at(place, at.get(place, ()))

    def _at(self, place: Place, facts: Sequence[Fact]) -> None:
        stop, harm = self._arriving(place)
        if place in self._healthy:
            stop, harm = None, harm or self._without_input(place)
        local: Fact | None = None
        for fact in facts:
            felt = None if fact.interval is None and place in self._always else stop
            felt = felt or self._joined(fact, place)
            ways = (felt,) if fact.effect is FailureEffect.STOPS else (felt, harm)
            root = next((each[0] for each in ways if each is not None and _explains(each[0], fact)), None)
            if root is None and local is not None and local.effect is not FailureEffect.NOTE:
                root = local
            if root is not None:
                self.explained[fact] = root
            else:
                local = local or fact
        if local is not None and local.effect is FailureEffect.STOPS:
            stop = (local, 0) if stop is None or local.ahead else stop
        elif local is not None and local.effect is FailureEffect.HARMS:
            harm = harm or (local, 0)
        if stop is not None:
            self._stops[place] = stop
        if harm is not None:
            self._harms[place] = harm

    def _joined(self, fact: Fact, place: Place) -> Arrived | None:
        """Return why nothing of what is there was found: what it was compared with is absent, or has other keys."""
        if fact.effect is not FailureEffect.STOPS or place not in self._healthy:
            return None
        return _best(self._stops[each] for each in fact.joined if each in self._stops)

    def _without_input(self, place: Place) -> Arrived | None:
        """Return the root of a table that was not there when a table was made of it all the same, and of a task that
        failed although its table has rows."""
        if place.kind is not PlaceKind.TABLE:
            return None
        inputs = [each.before for each in self._graph.before(place) if each.carries is Carries.DATA]
        made_of = [each for each in inputs if each.kind in (PlaceKind.TABLE, PlaceKind.TASK)]
        return _best(self._stops[each] for each in made_of if each in self._stops)

    def _arriving(self, place: Place) -> tuple[Arrived | None, Arrived | None]:
        edges = self._graph.before(place)
        without = any(edge.alternative and edge.before not in self._stops for edge in edges)
        stops = [edge for edge in edges if not (edge.alternative and without)]
        return (
            _best(self._stops[edge.before] for edge in stops if edge.before in self._stops),
            _best(
                self._harms[edge.before]
                for edge in edges
                if edge.carries is Carries.DATA and edge.before in self._harms
            ),
        )


def _best(arrived: Iterable[Arrived]) -> Arrived | None:
    found = min(arrived, key=lambda each: (each[0].severity, each[1], each[0].rank), default=None)
    return None if found is None else (found[0], found[1] + 1)


def _explains(reason: Fact, effect: Fact) -> bool:
    return not _too_late(reason, effect) and not (effect.ahead and reason.severity > effect.severity)


def _too_late(reason: Fact, effect: Fact) -> bool:
    """Whether a reason began after the effect was due, or had begun before the place last worked."""
    if reason.since is None:
        return False
    after = effect.due is not None and reason.since > effect.due
    return after or (effect.last_good is not None and reason.since < effect.last_good)


class _Look:
    """What makes a root's place: mechanisms, changes, and what could not be read."""

    def __init__(
        self,
        graph: Graph,
        healthy: Mapping[Interval | None, set[Place]],
        mechanisms: Iterable[Fact],
        unread: Iterable[Place],
        changes: Iterable[Change],
    ) -> None:
        self._graph = graph
        self._healthy = healthy
        self._mechanisms = _by_place((each.place, each) for each in mechanisms)
        self._unread = frozenset(unread)
        self._changes = _by_place((each.place, each) for each in changes)

    def explanation(self, root: Fact, behind: tuple[Fact, ...]) -> Explanation:
        healthy = self._healthy.get(root.interval, set())
        makers = [*((each, 0) for each in root.of), *self._graph.makers(root.place, healthy.__contains__)]
        mechanism = self._mechanism(root, makers)
        return Explanation(
            root=root,
            behind=behind,
            mechanism=mechanism,
            suspects=self._suspects(root, makers),
            makers=tuple(place for place, _ in makers),
            unread=self._unread_before(root, healthy),
        )

    def _mechanism(self, root: Fact, makers: Sequence[tuple[Place, int]]) -> Fact | None:
        found = [
            (STRENGTH[each.effect], distance, each.rank, each)
            for place, distance in makers
            for each in self._mechanisms.get(place, ())
            if each.interval in (None, root.interval) and _can_make(each, root)
        ]
        return min(found, key=lambda each: each[:3])[3] if found else None

    def _suspects(self, root: Fact, makers: Sequence[tuple[Place, int]]) -> tuple[tuple[Change, bool], ...]:
        stopped = root.effect is FailureEffect.STOPS
        found = [
            (each, each.takes and root.last_good is not None and root.due is not None and each.at > root.last_good)
            for place, distance in makers
            # What is damaged was written: only who writes the place itself is suspected, also after its last rows.
            if stopped or distance <= 1
            for each in self._changes.get(place, ())
            if root.due is None or each.at <= root.due
            if not stopped or root.last_good is None or each.at > root.last_good
        ]
        return tuple(sorted(dict.fromkeys(found), key=lambda each: (-each[0].at.timestamp(), str(each[0].place))))

    def _unread_before(self, root: Fact, healthy: set[Place]) -> tuple[Place, ...]:
        if not self._unread:
            return ()
        before = self._graph.upstream(root.place, lambda each: each not in healthy)
        return tuple(place for place in (*root.of, *(place for place, _ in before)) if place in self._unread)


def _can_make(mechanism: Fact, root: Fact) -> bool:
    if mechanism.effect in (FailureEffect.NOTE, FailureEffect.RISK) or _too_late(mechanism, root):
        return False
    return mechanism.effect is FailureEffect.STOPS or root.effect is not FailureEffect.STOPS


def _by_place(pairs: Iterable[tuple[Place, Named]]) -> dict[Place, list[Named]]:
    found: dict[Place, list[Named]] = {}
    for place, each in pairs:
        found.setdefault(place, []).append(each)
    return found
