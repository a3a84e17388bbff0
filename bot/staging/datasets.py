"""Setting up: a dataset beside each original, in the same location, whose tables expire."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from bot.staging.ports import Dataset, StagingTables
from bot.staging.prefix import LABEL, Prefix, StagingError
from bot.staging.steps import StagingStep, StepMark, Tell, at_once


def set_up(
    tables: StagingTables, prefix: Prefix, originals: Sequence[str], expiry_days: int, tell: Tell, *, dry_run: bool
) -> list[StagingStep]:
    """Create what is missing; what is there and right stays as it is."""
    work = partial(_one, tables, prefix, expiry_days, dry_run=dry_run)
    return at_once(originals, work, prefix.of, tell)


def _one(tables: StagingTables, prefix: Prefix, expiry_days: int, original: str, *, dry_run: bool) -> StagingStep:
    name = prefix.of(original)
    source = tables.dataset(original)
    if source is None:
        raise StagingError(f"there is no dataset {original!r} to take the location from; check 'datasets' of staging")
    wanted = wanted_dataset(prefix, source, expiry_days)
    place = f"in {wanted.location}, tables expire after {_days(expiry_days)}"
    existing = tables.dataset(name)
    if existing is not None:
        must_fit(prefix, existing, source)
        return StagingStep(mark=StepMark.SAME, subject=name, detail=f"is there, in {existing.location}")
    if dry_run:
        return StagingStep(mark=StepMark.WOULD, subject=name, detail=f"would be created {place}")
    tables.create_dataset(wanted)
    return StagingStep(mark=StepMark.DONE, subject=name, detail=f"created {place}")


def wanted_dataset(prefix: Prefix, original: Dataset, expiry_days: int) -> Dataset:
    """Return the staging dataset of an original."""
    return Dataset(
        name=prefix.of(original.name),
        location=original.location,
        labels={LABEL: prefix.label},
        expiry_days=expiry_days,
    )


def must_fit(prefix: Prefix, staged: Dataset, original: Dataset) -> None:
    """Raise StagingError for a dataset that is not ours, or that is not where its original is."""
    if not prefix.owns(staged.name, staged.labels):
        raise StagingError(f"does not carry the label {LABEL}={prefix.label}, so it belongs to somebody else")
    if staged.location.lower() != original.location.lower():
        raise StagingError(
            f"is in {staged.location}, but {original.name} is in {original.location}, and BigQuery copies nothing"
            " from one location to another; tear staging down and set it up again"
        )


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"
