"""What the sections about services, staging and repairs say of the rest of a pipeline file, and whether it is so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.definition.known_names import Fault, collections_of, misspelled, unknown_tables, unless_known
from bot.nearest import nearest
from bot.staging.prefix import StagingError, read_prefix
from bot.yaml_tree import Path
from checks.expansion.data_checks import data_checks
from checks.pipeline import Pipeline
from checks.repairs_spec import Repairs
from checks.services_spec import ServiceSpec
from checks.staging_spec import Seed, Staging
from checks.table_names import is_foreign, is_sharded, own_dataset

DAY_TYPES = ("DATE", "TIMESTAMP")
_MEMBER = re.compile(r"(user|serviceAccount|group|domain|principal|principalSet):\S+")


def section_problems(pipeline: Pipeline) -> Iterator[Fault]:
    """Yield what does not fit together."""
    yield from _messaging(pipeline)
    yield from _scheduler(pipeline)
    yield from _invocations(pipeline)
    yield from _deployment(pipeline)
    yield from _tasks(pipeline)
    if pipeline.staging is not None:
        yield from _staging(pipeline, pipeline.staging)
    if pipeline.repairs is not None:
        yield from _repairs(pipeline, pipeline.repairs)


def _tasks(pipeline: Pipeline) -> Iterator[Fault]:
    """What dbt and tasks belong to, wait for, read and write."""
    phases = [phase.id for phase in pipeline.phases]
    if pipeline.dbt is not None and pipeline.dbt.phase is not None:
        yield from unless_known(("dbt", "phase"), "phase", pipeline.dbt.phase, phases)
    tasks = pipeline.task_runs.tasks if pipeline.task_runs is not None else {}
    for name, task in tasks.items():
        here: Path = ("task_runs", "tasks", name)
        if task.phase is not None:
            yield from unless_known((*here, "phase"), "phase", task.phase, phases)
        for position, each in enumerate(task.after):
            yield from unless_known((*here, "after", position), "task", each, tasks)
        for key, named in (("reads", task.reads), ("writes", task.writes)):
            yield from unknown_tables((*here, key), named, pipeline)


def _twice(names: Sequence[str], *here: str | int, key: tuple[str, ...] = ()) -> Iterator[Fault]:
    for position, name in enumerate(names):
        if name in names[:position]:
            yield (*here, position, *key), f"'{name}' is there twice; once is enough"


def _messaging(pipeline: Pipeline) -> Iterator[Fault]:
    messaging = pipeline.messaging
    if messaging is None:
        return
    for topic, services in messaging.targets.items():
        here: Path = ("messaging", "targets", topic)
        yield from unless_known(here, "topic", topic, messaging.topics)
        if len(services) > messaging.topics.get(topic, len(services)):
            yield here, f"names {len(services)} services, and 'topics' expects {messaging.topics[topic]} subscriptions"
        yield from _twice(services, *here)
        for position, name in enumerate(services):
            yield from misspelled((*here, position), "service", name, [each.name for each in pipeline.services])


def _scheduler(pipeline: Pipeline) -> Iterator[Fault]:
    if pipeline.scheduler is None:
        return
    known = [*(check.id for check in data_checks(pipeline)), *(phase.id for phase in pipeline.phases)]
    for pattern, explained in pipeline.scheduler.explains.items():
        for position, name in enumerate(explained):
            here: Path = ("scheduler", "explains", pattern, position)
            yield from unless_known(here, "check on data and no phase", name, known)
    yield from _twice(pipeline.scheduler.expected, "scheduler", "expected")
    if pipeline.scheduler.rests is not None:
        yield from unless_known(
            ("scheduler", "rests", "when"), "condition", pipeline.scheduler.rests.when, pipeline.conditions
        )


def _invocations(pipeline: Pipeline) -> Iterator[Fault]:
    when = pipeline.invocations.when if pipeline.invocations is not None else None
    if when is not None:
        yield from unless_known(("invocations", "when"), "condition", when, pipeline.conditions)


def _deployment(pipeline: Pipeline) -> Iterator[Fault]:
    if pipeline.deployment is None:
        return
    # The name of a service is put into the pattern, so no other brace may stand in it.
    around = pipeline.deployment.trigger.replace("{service}", "")
    if "{" in around or "}" in around:
        yield ("deployment", "trigger"), "expected a name with {service} in it, such as deploy-{service}"


def _staging(pipeline: Pipeline, staging: Staging) -> Iterator[Fault]:
    collections = collections_of(pipeline)
    try:
        read_prefix(staging.prefix, {*pipeline.datasets, *staging.datasets, *staging.collections, *collections})
    except StagingError as error:
        yield ("staging", "prefix"), f"the {str(error).removeprefix('The ').rstrip('.')}"
    for index, collection in enumerate(staging.collections):
        yield from misspelled(("staging", "collections", index), "collection", collection, collections)
    for index, dataset in enumerate(staging.datasets):
        yield from unless_known(("staging", "datasets", index), "dataset", dataset, pipeline.datasets)
    for index, seed in enumerate(staging.seed):
        yield from _seed(pipeline, staging, seed, ("staging", "seed", index))
    yield from _twice([seed.table for seed in staging.seed], "staging", "seed", key=("table",))
    known = [service.name for service in pipeline.services]
    for index, service in enumerate(staging.services):
        yield from unless_known(("staging", "services", index, "name"), "service", service.name, known)
    yield from _twice([service.name for service in staging.services], "staging", "services", key=("name",))


def _seed(pipeline: Pipeline, staging: Staging, seed: Seed, here: Path) -> Iterator[Fault]:
    table = pipeline.tables.get(seed.table)
    if table is None:
        yield from unless_known((*here, "table"), "table", seed.table, pipeline.tables)
        return
    if is_foreign(seed.table) or is_sharded(seed.table):
        what = "in another project" if is_foreign(seed.table) else "split into shards"
        yield (*here, "table"), f"'{seed.table}' is {what}; staging copies tables of this project alone, one by one"
        return
    if own_dataset(seed.table) not in (staging.datasets or pipeline.datasets):
        yield (*here, "table"), f"the dataset of '{seed.table}' is not one of 'datasets' of staging"
    column = seed.date or table.partition
    if column is None:
        yield here, f"'{seed.table}' has no partition; add 'date', the column that says which date a row belongs to"
    elif table.columns.get(column) not in DAY_TYPES:
        days = [name for name, kind in table.columns.items() if kind in DAY_TYPES]
        yield (
            (*here, "date"),
            f"'{column}' is no DATE or TIMESTAMP column of '{seed.table}'; {nearest(column, days)}",
        )


def _repairs(pipeline: Pipeline, repairs: Repairs) -> Iterator[Fault]:
    services = {service.name: service for service in pipeline.services}
    for section, names in (("invoker", repairs.invoker), ("traffic", repairs.traffic)):
        for index, name in enumerate(names):
            yield from unless_known(("repairs", section, index), "service", name, services)
        yield from _twice(names, "repairs", section)
    yield from _twice(repairs.jobs, "repairs", "jobs")
    yield from _members(repairs, services)
    for name, variables in repairs.variables.items():
        here: Path = ("repairs", "variables", name)
        yield from unless_known(here, "service", name, services)
        for index, variable in enumerate(variables if name in services else ()):
            if variable not in services[name].secrets:
                yield (*here, index), f"'{variable}' has no secret; name it under 'secrets' of the service '{name}'"


def _members(repairs: Repairs, services: dict[str, ServiceSpec]) -> Iterator[Fault]:
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
