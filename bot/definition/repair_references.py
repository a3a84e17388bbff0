"""What the section about repairs says of the rest of a pipeline file, and whether it is so."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.definition.model_errors import nearest
from bot.yaml_tree import Path
from checks.pipeline import Pipeline, ServiceSpec
from checks.repairs_spec import Repairs

_MEMBER = re.compile(r"(user|serviceAccount|group|domain|principal|principalSet):\S+")


def repair_problems(pipeline: Pipeline) -> Iterator[tuple[Path, str]]:
    """Yield what does not fit together."""
    repairs = pipeline.repairs
    if repairs is None:
        return
    services = {service.name: service for service in pipeline.services}
    for section in ("invoker", "traffic"):
        names: tuple[str, ...] = getattr(repairs, section)
        yield from _known(section, names, services)
        yield from _twice(section, names)
    yield from _twice("jobs", repairs.jobs)
    yield from _members(repairs, services)
    yield from _variables(repairs, services)


def _known(section: str, names: tuple[str, ...], services: dict[str, ServiceSpec]) -> Iterator[tuple[Path, str]]:
    for index, name in enumerate(names):
        if name not in services:
            yield ("repairs", section, index), f"there is no service '{name}'; {nearest(name, list(services))}"


def _twice(section: str, names: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    for index, name in enumerate(names):
        if name in names[:index]:
            yield ("repairs", section, index), f"'{name}' stands twice; once is enough"


def _members(repairs: Repairs, services: dict[str, ServiceSpec]) -> Iterator[tuple[Path, str]]:
    for name, members in repairs.members.items():
        here: Path = ("repairs", "members", name)
        if name not in repairs.invoker:
            yield here, f"'{name}' is not under 'invoker', so nobody may be granted anything on it"
        for index, member in enumerate(members):
            if _MEMBER.fullmatch(member) is None:
                yield (
                    (*here, index),
                    (
                        f"is {member!r}, expected a member such as serviceAccount:name@p.iam.gserviceaccount.com; "
                        "a service is never opened to everyone by a repair"
                    ),
                )
    for index, name in enumerate(repairs.invoker):
        spec = services.get(name)
        if spec is not None and spec.callers == () and not repairs.members.get(name):
            yield ("repairs", "invoker", index), f"'{name}' has no callers; name them under 'callers' or 'members'"


def _variables(repairs: Repairs, services: dict[str, ServiceSpec]) -> Iterator[tuple[Path, str]]:
    for name, variables in repairs.variables.items():
        here: Path = ("repairs", "variables", name)
        spec = services.get(name)
        if spec is None:
            yield here, f"there is no service '{name}'; {nearest(name, list(services))}"
            continue
        for index, variable in enumerate(variables):
            if variable not in spec.secrets:
                yield (*here, index), f"'{variable}' has no secret; name it under 'secrets' of the service '{name}'"
