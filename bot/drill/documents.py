"""Faults of documents: what tasks report of themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.drill.fault import Faults, Healthy, PutFault
from bot.scenarios.world import Change, World
from checks.places import Place, PlaceKind

Data = dict[str, Any]

TRIGGERED = "_triggered"
"""The field of a transition's document that says whether the next phase was started."""


def documents_faults(healthy: Healthy) -> Faults:
    """Documents: absent, a task missing, failed or with 0 records, text for a boolean, a time to come.

    The data that they report of is there, so a note is enough; a critical task that failed or that reports of no record
    is worth an alarm.
    """
    critical = {name for each in healthy.pipeline.transitions for run in each.runs.values() for name in run.critical}
    ahead = healthy.world.now + timedelta(days=1)
    for path, data in _judged(healthy):
        collection, _, day = path.rpartition("/")
        place = Place(PlaceKind.TABLE, collection)

        def fault(
            name: str,
            change: Change,
            place: Place = place,
            detail: str = day,
            *,
            loud: bool = False,
            awaited: str | None = day,
        ) -> PutFault:
            return PutFault(
                kind="documents", name=name, place=place, detail=detail, change=change, loud=loud, awaited=awaited
            )

        yield fault("absent", without(path))
        for task, state in data.items():
            if task == TRIGGERED and state is True:
                yield fault("text for boolean", on(path, _set(task, "True")))
            if not isinstance(state, Mapping):
                continue
            of_task = Place(PlaceKind.TASK, task, path)
            yield fault("task missing", on(path, _less(task)), of_task, path)
            for name, field, value in (
                ("task failed", "status", "failed"),
                ("0 records", "record_count", 0),
                ("time to come", "completed_at", ahead),
            ):
                is_loud = task in critical and field != "completed_at"
                if field in state:
                    yield fault(name, on(path, _field(task, field, value)), of_task, path, loud=is_loud, awaited=None)


def _judged(healthy: Healthy) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the documents of transitions that are judged; who left out an interval says nothing of it."""
    states = {each.state for each in healthy.pipeline.transitions if each.state and not each.monitoring_only}
    for path, data in healthy.world.documents.items():
        collection, _, name = path.rpartition("/")
        if collection in states and name in healthy.days:
            yield path, data


def without(path: str) -> Change:
    """Return the change that takes a document away."""

    def change(world: World) -> World:
        return replace(world, documents={key: data for key, data in world.documents.items() if key != path})

    return change


def on(path: str, breaks: Callable[[Data], Data]) -> Change:
    """Return the change that breaks a document."""

    def change(world: World) -> World:
        return replace(world, documents={**world.documents, path: breaks(dict(world.documents[path]))})

    return change


def _less(name: str) -> Callable[[Data], Data]:
    return lambda data: {key: value for key, value in data.items() if key != name}


def _set(name: str, value: Any) -> Callable[[Data], Data]:
    return lambda data: {**data, name: value}


def _field(task: str, name: str, value: Any) -> Callable[[Data], Data]:
    return lambda data: {**data, task: {**data[task], name: value}}
