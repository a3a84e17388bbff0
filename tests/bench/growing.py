"""The shipped pipeline several times over: its checks and services, each copy with a name of its own.

Runs in the measured interpreter as well, so it imports nothing but the product and the standard library.
"""

from __future__ import annotations

from collections.abc import Iterator

from checks.control_plane_spec import Messaging
from checks.pipeline import Pipeline
from checks.services_spec import ServiceSpec
from checks.sql_check_spec import SqlCheck


def copies(name: str, times: int) -> Iterator[str]:
    """Yield a name and those of its copies."""
    yield name
    yield from (f"{name}-{number}" for number in range(2, times + 1))


def grown(pipeline: Pipeline, times: int) -> Pipeline:
    """Return a pipeline with so many times its checks and services. Each copy of a check asks a question of its own."""
    return pipeline.model_copy(
        update={
            "services": tuple(each for spec in pipeline.services for each in _services(spec, times)),
            "checks": tuple(each for spec in pipeline.checks for each in _checks(spec, times)),
            "messaging": _messaging(pipeline.messaging, times),
        }
    )


def _services(spec: ServiceSpec, times: int) -> Iterator[ServiceSpec]:
    return (spec.model_copy(update={"name": name}) for name in copies(spec.name, times))


def _checks(spec: SqlCheck, times: int) -> Iterator[SqlCheck]:
    return (
        spec.model_copy(update={"id": name, "query": copied(spec.query, number)})
        for number, name in enumerate(copies(spec.id, times))
    )


def copied(query: str, number: int) -> str:
    """Return a query that is another question with the same answer; the first is the query itself."""
    return f"{query} -- {number}" if number else query


def _messaging(messaging: Messaging | None, times: int) -> Messaging | None:
    if messaging is None:
        return None
    targets = {
        topic: tuple(each for name in services for each in copies(name, times))
        for topic, services in messaging.targets.items()
    }
    return messaging.model_copy(update={"targets": targets})
