"""A fault that a drill puts into a world: what breaks, where, and the world that comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.scenarios.world import Change, World
from checks.model import Interval
from checks.pipeline import Pipeline
from checks.places import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class PutFault:
    """One thing that is broken. ``kind`` is the sort of place, ``name`` what happens to it, ``detail`` which part.

    ``loud`` is false for what is worth a note (P3) and no more. ``awaited`` is the date of what is looked at only once
    it is due, ``column`` the one whose values are broken.
    """

    kind: str
    name: str
    place: Place
    detail: str = ""
    change: Change
    loud: bool = True
    awaited: str | None = None
    column: str = ""

    @property
    def key(self) -> str:
        """What names it, in lists and in the file of accepted blind spots."""
        return " ".join(filter(None, (self.kind, self.name, self.place.name, self.detail)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Healthy:
    """What faults are put into. ``asked`` are the sources that a validation asks, ``tables`` those of
    BigQuery that it reads; ``cascade`` empties also what is made of an emptied table."""

    pipeline: Pipeline
    world: World
    previous: Interval
    current: Interval
    asked: frozenset[str] = frozenset()
    tables: frozenset[str] = frozenset()
    cascade: bool = True

    @property
    def now(self) -> datetime:
        """The clock of the world, as the pipeline's people read it."""
        return self.world.now.astimezone(self.pipeline.zone)

    @property
    def days(self) -> tuple[str, ...]:
        """The dates that a validation judges, as rows have them."""
        return tuple(dict.fromkeys((self.previous.day.isoformat(), self.current.day.isoformat())))


Faults = Iterator[PutFault]
