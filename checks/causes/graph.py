"""The places of a pipeline and what leads from one to the next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from checks.places import Place, PlaceKind

CONDUCTING = frozenset({PlaceKind.PHASE, PlaceKind.TRANSITION})
"""What has no data of its own and passes on that something is started."""

MAKING = frozenset(
    {
        PlaceKind.SERVICE,
        PlaceKind.PERMISSION,
        PlaceKind.REVISION,
        PlaceKind.BUILD,
        PlaceKind.COMMIT,
        PlaceKind.TOPIC,
        PlaceKind.SUBSCRIPTION,
        PlaceKind.JOB,
        PlaceKind.RUN_JOB,
    }
)
"""What makes data and is none: where a failing place looks for its mechanism."""


class Carries(Enum):
    """What an edge passes on."""

    CONTROL = "control"
    """That something is started: an absence follows, damage does not."""
    DATA = "data"
    """Rows: an absence follows, and so does damage."""


@dataclass(frozen=True, slots=True)
class Dependency:
    """``after`` depends on ``before``. With ``alternative``, one of several such edges into a place is enough for it:
    its absence follows only when all of them have failed."""

    before: Place
    after: Place
    carries: Carries = Carries.CONTROL
    alternative: bool = False


class Graph:
    """Edges by place. What is asked of it takes no longer than there are edges."""

    def __init__(self, edges: Iterable[Dependency]) -> None:
        self._before: dict[Place, list[Dependency]] = {}
        self._after: dict[Place, list[Dependency]] = {}
        for edge in dict.fromkeys(edges):
            self._before.setdefault(edge.after, []).append(edge)
            self._after.setdefault(edge.before, []).append(edge)
            self._before.setdefault(edge.before, [])
            self._after.setdefault(edge.after, [])
        self.order: Sequence[Place] = self._ordered()
        """Every place after those that it depends on; of a cycle, the edge that closes it does not count."""
        self.number = {place: number for number, place in enumerate(self.order)}

    def before(self, place: Place) -> Sequence[Dependency]:
        """Return the edges into a place from those that are before it in the order."""
        here = self.number.get(place, 0)
        return [edge for edge in self._before.get(place, ()) if self.number[edge.before] < here]

    def upstream(self, place: Place, passes: Callable[[Place], bool]) -> Iterator[tuple[Place, int]]:
        """Yield what leads to a place with its distance, the nearest first, through places that ``passes`` admits."""
        seen, layer, distance = {place}, [place], 0
        while layer:
            distance += 1
            found = list(dict.fromkeys(edge.before for each in layer for edge in self._before.get(each, ())))
            layer = [each for each in found if each not in seen]
            seen.update(layer)
            yield from ((each, distance) for each in layer)
            layer = [each for each in layer if passes(each)]

    def makers(self, place: Place, healthy: Callable[[Place], bool]) -> Iterator[tuple[Place, int]]:
        """Yield what makes a place or starts it: no other place with data, and nothing beyond what did its work."""

        def passes(each: Place) -> bool:
            return each.kind in MAKING or (each.kind in CONDUCTING and not each.facet and not healthy(each))

        for each, distance in self.upstream(place, passes):
            if each.kind in MAKING:
                yield each, distance

    def _ordered(self) -> Sequence[Place]:
        sources = [place for place, edges in self._before.items() if not edges]
        seen: set[Place] = set()
        done: list[Place] = []
        for start in (*sources, *self._before):
            if start in seen:
                continue
            seen.add(start)
            walk = [(start, iter(self._after[start]))]
            while walk:
                place, edges = walk[-1]
                following = next((edge.after for edge in edges if edge.after not in seen), None)
                if following is None:
                    done.append(place)
                    walk.pop()
                else:
                    seen.add(following)
                    walk.append((following, iter(self._after[following])))
        return done[::-1]
