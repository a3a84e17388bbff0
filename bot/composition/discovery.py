"""What ``reveille init`` reads: tables of this machine or of BigQuery, what runs in a project, dbt's artifacts."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.composition.extras import embedded_engine
from bot.definition.sources import SOURCES
from bot.discovery.discover import Discoverer, FoundTable, FoundTables, as_instants, why_not
from bot.discovery.estate import FoundEstate, drafted
from bot.discovery.found import FoundPlace, together
from bot.discovery.guesses import Calculated, Guess, TableGuess
from bot.render.words import number
from bot.settings import Settings, SettingsError
from checks.intervals import Cadence
from checks.pipeline import Pipeline, Table
from checks.ports.builds import CLOUD_BUILD
from checks.ports.messaging import PUBSUB
from checks.ports.run_jobs import CLOUD_RUN_JOBS
from checks.ports.scheduler import SCHEDULER
from checks.ports.services import CLOUD_RUN
from checks.source import Problem, Source, SourceError

Tell = Callable[[int, int], None]

HISTORY = timedelta(days=60)
"""How far back rows and jobs of BigQuery are read: enough to learn limits from, and no more is billed."""

_PLACE = re.compile(r"(?P<project>[a-z0-9][a-z0-9.:-]*)\.(?P<dataset>[A-Za-z_][A-Za-z0-9_]*)")
_PROJECT = re.compile(r"[a-z0-9][a-z0-9.:-]*[a-z0-9]")


def discover(sources: Sequence[str], region: str, zone: ZoneInfo, today: date, tell: Tell, beside: Path) -> FoundPlace:
    """Read what each source names, as one file. ``beside`` is the folder of the file that is to be written.

    Raises SettingsError, SourceError, DemoExtraMissing.
    """
    named = _by_kind(sources)
    own = named.get("gcp", "")
    readers: Mapping[str, Callable[[str], FoundPlace]] = {
        "gcp": lambda project: discover_project(project, region, zone),
        "bigquery": lambda places: discover_bigquery(places, zone, today, tell, own),
        "data": lambda path: _of_tables(
            discover_local(Path(path), zone, today, tell), called=Path(path).resolve().name, data=Path(path)
        ),
        "dbt": lambda folder: discover_dbt(folder, zone, beside),
    }
    return together([read(named[kind]) for kind, read in readers.items() if kind in named])


def _by_kind(sources: Sequence[str]) -> Mapping[str, str]:
    """Return what is named of each kind. Datasets may be named several times. Raises SettingsError."""
    named: dict[str, str] = {}
    for source in sources:
        kind, colon, rest = source.partition(":")
        kind, rest = (kind, rest) if colon and kind in ("bigquery", "gcp", "dbt") else ("data", source)
        if kind in named and kind != "bigquery":
            raise SettingsError(
                f"--from {source} is the second of its kind: one file has one project, one folder of dbt, and data of "
                "one place; write a file for each."
            )
        named[kind] = f"{named[kind]},{rest}" if kind in named else rest
    if {"bigquery", "data"} <= named.keys():
        raise SettingsError(
            f"--from {named['data']} and bigquery:{named['bigquery']} both name tables: one file has those of this "
            "machine or those of BigQuery; write a file for each."
        )
    return named


def _of_tables(found: FoundTables, *, called: str, **more: Any) -> FoundPlace:
    return FoundPlace(
        called=called,
        read=f"{called}: {number(len(found.tables), 'table')}, {found.rows:,} rows",
        common=found.common,
        tables=found.tables,
        empty=found.empty,
        left_out=found.left_out,
        **more,
    )


def discover_local(path: Path, zone: ZoneInfo, today: date, tell: Tell) -> FoundTables:
    """Read the tables that lie at a path. Raises SettingsError for what cannot be read, DemoExtraMissing."""
    embedded_engine("Tables of this machine")
    from bot.sources.warehouse.local import LocalData, LocalWarehouse  # noqa: PLC0415 - production does without

    data = LocalData(path)
    found = {name: FoundTable(columns=as_instants(table.columns)) for name, table in data.tables.items()}
    declared = {
        name: Table.model_construct(columns=each.columns)
        for name, each in found.items()
        if not why_not(name, each.columns)
    }
    pipeline = Pipeline(name="init", timezone=zone.key).model_copy(update={"tables": declared})
    with closing(LocalWarehouse(data, pipeline)) as warehouse:
        told = Discoverer(warehouse, zone, today, tell=tell).discover(found)
    return replace(told, left_out={**data.unreadable, **told.left_out})


def discover_bigquery(places: str, zone: ZoneInfo, today: date, tell: Tell, own: str = "") -> FoundPlace:
    """Read the tables of datasets, ``PROJECT.DATASET,…``; ``own`` is the project of the file, else the first named.

    Raises SettingsError, SourceError.
    """
    from bot.google_cloud.clients import GoogleAccess  # noqa: PLC0415 - Google's clients take a second to import
    from bot.sources.warehouse.listing import lineage_of, tables_of  # noqa: PLC0415 - likewise
    from bot.sources.warehouse.live import connect  # noqa: PLC0415 - likewise

    project, datasets = _datasets(places, own)
    pipeline = Pipeline(name="init", timezone=zone.key, project=project)
    settings = replace(Settings.from_environment(), project=project, dataset_prefix="")
    with closing(connect(GoogleAccess(pipeline=pipeline, settings=settings))) as warehouse:
        listing = tables_of(warehouse, datasets)
        since = today - HISTORY
        found = Discoverer(warehouse, zone, today, since=since, tell=tell).discover(listing.tables)
        problems = []
        lineage: Mapping[str, Sequence[str]] = {}
        try:
            start = datetime.combine(since, time(), tzinfo=UTC)
            lineage = lineage_of(warehouse, start, [each.name for each in found.tables])
        except SourceError as error:
            role = _grant(project, "roles/bigquery.resourceViewer")
            problems.append(
                f"What tables are made of could not be read from the history of jobs ({error.detail}): {role}"
            )
    why = f"query jobs of the last {HISTORY.days} days"
    tables = [
        replace(each, reads=Guess(list(lineage[each.name]), why, "observed")) if each.name in lineage else each
        for each in found.tables
    ]
    told = _of_tables(
        found, called=f"{project}.{','.join(datasets)}", top={"project": Guess(project, "--from", "observed")}
    )
    return replace(told, tables=tables, left_out={**listing.left_out, **found.left_out}, problems=problems)


def _datasets(places: str, own: str = "") -> tuple[str, Sequence[str]]:
    """Return the project of the file, ``own`` or the first named, and the datasets, those of others with theirs.

    One without a project is of the one before.
    """
    found: list[tuple[str, str]] = []
    for place in filter(None, (each.strip() for each in places.split(","))):
        match = _PLACE.fullmatch(place if "." in place or not found else f"{found[-1][0]}.{place}")
        if match is None:
            raise SettingsError(
                f"--from bigquery:{places} does not name datasets: write bigquery:PROJECT.DATASET, and further "
                "datasets after commas, those of other projects with theirs."
            )
        found.append((match["project"], match["dataset"]))
    if not found:
        raise SettingsError("--from bigquery: names no dataset: write bigquery:PROJECT.DATASET.")
    own = own or found[0][0]
    names = (dataset if project == own else f"{project}.{dataset}" for project, dataset in found)
    return own, tuple(dict.fromkeys(names))


def _grant(project: str, role: str) -> str:
    return f"gcloud projects add-iam-policy-binding {project} --member=user:YOU@example.com --role={role}"


_ASKED: Mapping[str, tuple[Source[Any], str, str]] = {
    "services": (CLOUD_RUN, "services", "roles/run.viewer"),
    "subscriptions": (PUBSUB, "subscriptions", "roles/pubsub.viewer"),
    "jobs": (SCHEDULER, "jobs", "roles/cloudscheduler.viewer"),
    "run_jobs": (CLOUD_RUN_JOBS, "run_jobs", "roles/run.viewer"),
    "triggers": (CLOUD_BUILD, "triggers", "roles/cloudbuild.builds.viewer"),
}
"""What is asked of a project: the source, its question, and the role that it takes."""


def discover_project(project: str, region: str, zone: ZoneInfo) -> FoundPlace:
    """Read what runs in a region of a project, all at once. Raises SettingsError.

    What cannot be read is left out, with the command that permits it; where nothing can, that is a SettingsError.
    """
    from bot.google_cloud.clients import GoogleAccess  # noqa: PLC0415 - Google's clients take a second to import

    if not _PROJECT.fullmatch(project):
        raise SettingsError(f"--from gcp:{project} names no project: write gcp:PROJECT, with --region REGION.")
    if not region:
        raise SettingsError(
            f"--from gcp:{project} needs the region of its services: add for example --region us-west2."
        )
    pipeline = Pipeline(name="init", timezone=zone.key, project=project, region=region)
    access = GoogleAccess(pipeline=pipeline, settings=replace(Settings.from_environment(), project=project))
    lines = {line.source: line for line in SOURCES}

    # One after the other: Google's modules cannot be imported by several threads at once.
    ports = {name: lines[source].live(access) for name, (source, _, _) in _ASKED.items()}

    def ask(name: str) -> Sequence[Any] | SourceError:
        try:
            answer: Sequence[Any] = getattr(ports[name], _ASKED[name][1])()
        except SourceError as error:
            return error
        finally:
            ports[name].close()
        return answer

    with ThreadPoolExecutor(len(_ASKED)) as pool:
        answers = dict(zip(_ASKED, pool.map(ask, _ASKED), strict=True))
    problems = [_told(project, name, each) for name, each in answers.items() if isinstance(each, SourceError)]
    if len(problems) == len(_ASKED):
        raise SettingsError(f"Nothing of the project {project} can be read. {problems[0]}")
    read: dict[str, Any] = {name: each for name, each in answers.items() if not isinstance(each, SourceError)}
    estate = FoundEstate(**read)
    draft = drafted(estate, project, region)
    return FoundPlace(
        called=project,
        read=f"{project} in {region}: {estate.counted}",
        common=_daily(zone),
        top=draft.top,
        sections=draft.sections,
        remarks=draft.remarks,
        problems=problems,
    )


def _told(project: str, name: str, error: SourceError) -> str:
    """Say what could not be read, and the command that permits it."""
    what = name.replace("_", " ")
    if error.problem is Problem.DENIED:
        return f"The {what} could not be read: {error.detail}. {_grant(project, _ASKED[name][2])}"
    return f"The {what} could not be read: {error.detail}. {error.advice}"


def _daily(zone: ZoneInfo) -> Calculated:
    return Calculated(zone=zone, cadence=Guess(Cadence(), "nothing says how often it runs"))


def discover_dbt(place: str, zone: ZoneInfo, beside: Path) -> FoundPlace:
    """Read the artifacts of a folder. Raises SourceError."""
    from bot.sources.dbt.artifacts import columns_of, database_of, project_of  # noqa: PLC0415 - as the others
    from bot.sources.dbt.folder import FolderArtifacts  # noqa: PLC0415 - likewise

    folder = Path(place or "target")
    artifacts = FolderArtifacts(folder).artifacts()
    project = project_of(artifacts)
    adapter, database = database_of(artifacts.manifest)
    built_in = {"project": Guess(database, "most models are built there", "observed")} if adapter == "bigquery" else {}
    where = Guess(
        {"artifacts": os.path.relpath(folder, beside)}, f"{len(project.nodes):,} models, tests and sources", "observed"
    )
    described = {
        name: columns for name, columns in columns_of(artifacts.manifest).items() if not why_not(name, columns)
    }
    tables = [
        TableGuess(name=name, columns=columns, about="columns as dbt describes them")
        for name, columns in described.items()
    ]
    return FoundPlace(
        called=project.name,
        read=f"dbt's artifacts of {project.name}: {len(project.nodes):,} models, tests and sources",
        common=_daily(zone),
        tables=tables,
        top={**built_in, "dbt": where},
        remarks=("In production dbt's artifacts lie in a bucket: artifacts: gs://BUCKET/FOLDER.",),
    )
