"""The checks on data that a pipeline file states, however it states them."""

from __future__ import annotations

from checks.expansion import expansions
from checks.expansion.reconcile import reconciliations
from checks.pipeline import Pipeline
from checks.sql_check_spec import SqlCheck


def stated_checks(pipeline: Pipeline) -> tuple[SqlCheck, ...]:
    """Return the queries of a pipeline file, the expectations of its tables, and what it reconciles."""
    expected = (each.spec for each in expansions(pipeline))
    return (*pipeline.checks, *expected, *(each.spec for each in reconciliations(pipeline)))
