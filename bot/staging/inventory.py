"""What stands of staging: the datasets with what was seeded, the services, the topics, the documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.staging.ports import StagingPorts, StoredTable
from bot.staging.prefix import LABEL, Prefix
from bot.staging.seeds import in_rows, seeded_days
from bot.staging.steps import StagingStep, StepMark, answers


def standing(
    ports: StagingPorts, prefix: Prefix, originals: Sequence[str], collections: Sequence[str]
) -> list[StagingStep]:
    """Look at everything under the prefix. Raises SourceError."""
    names = [prefix.of(original) for original in originals]
    found = answers(names, ports.tables.dataset)
    ours = [each.name for each in found if each is not None and prefix.owns(each.name, each.labels)]
    tables = dict(zip(ours, answers(ours, lambda name: _tables(ports, name)), strict=True))
    steps: list[StagingStep] = []
    for name, dataset in zip(names, found, strict=True):
        subject = f"dataset {name}"
        if dataset is None:
            steps.append(StagingStep(mark=StepMark.LEFT, subject=subject, detail="is not set up"))
        elif name not in tables:
            steps.append(
                StagingStep(
                    mark=StepMark.FAILED, subject=subject, detail=f"does not carry the label {LABEL}={prefix.label}"
                )
            )
        else:
            expiry = "never" if dataset.expiry_days is None else f"after {dataset.expiry_days:g} days"
            steps.append(
                StagingStep(
                    mark=StepMark.DONE, subject=subject, detail=f"in {dataset.location}, tables expire {expiry}"
                )
            )
            steps += _of_tables(prefix, tables[name])
    return [*steps, *_services(ports, prefix), *_topics(ports, prefix), *_documents(ports, prefix, collections)]


def _tables(ports: StagingPorts, dataset: str) -> list[StoredTable]:
    found = map(ports.tables.table, ports.tables.tables(dataset))
    return [table for table in found if table is not None]


def _of_tables(prefix: Prefix, tables: Sequence[StoredTable]) -> Iterator[StagingStep]:
    for table in tables:
        if not prefix.labelled(table.labels):
            yield StagingStep(mark=StepMark.LEFT, subject=f"  {table.id}", detail="was not made by staging")
            continue
        days = ", ".join(f"{in_rows(number)} of {day}" for day, number in seeded_days(table.labels).items())
        yield StagingStep(mark=StepMark.DONE, subject=f"  {table.id}", detail=days or "made, and not filled yet")


def _services(ports: StagingPorts, prefix: Prefix) -> Iterator[StagingStep]:
    for each in ports.services.copies():
        if prefix.labelled(each.labels):
            mark, state = (StepMark.DONE, "ready") if each.ready else (StepMark.FAILED, each.reason or "not ready")
            yield StagingStep(mark=mark, subject=f"service {each.name}", detail=f"{state} {each.uri}".rstrip())


def _topics(ports: StagingPorts, prefix: Prefix) -> Iterator[StagingStep]:
    for name, labels in sorted(ports.topics.labelled().items()):
        if prefix.owns(name, labels):
            yield StagingStep(mark=StepMark.DONE, subject=f"topic {name}", detail="is there")


def _documents(ports: StagingPorts, prefix: Prefix, collections: Sequence[str]) -> Iterator[StagingStep]:
    names = [prefix.of(collection) for collection in collections]
    for name, documents in zip(names, answers(names, ports.collections.documents), strict=True):
        if documents:
            number = "1 document" if len(documents) == 1 else f"{len(documents):,} documents"
            yield StagingStep(
                mark=StepMark.LEFT,
                subject=f"collection {name}",
                detail=f"{number}; Firestore has no labels, so a teardown leaves them:"
                f" gcloud firestore bulk-delete --collection-ids={name}",
            )
