"""The checks on data of a pipeline file: those that it writes out, and those that its expectations make."""

from __future__ import annotations

from checks.expansion import expansions
from checks.expansion.reconcile import reconciliations
from checks.pipeline import Pipeline
from checks.sql_check_spec import SqlCheck


def data_checks(pipeline: Pipeline) -> tuple[SqlCheck, ...]:
    """Return every check on data: those that the file writes out, then those that it expects."""
    return pipeline.checks + expected_checks(pipeline)


def expected_checks(pipeline: Pipeline) -> tuple[SqlCheck, ...]:
    """Return the checks that are made of what the file expects: of each table, then of tables that must agree."""
    of_tables = tuple(each.spec for each in expansions(pipeline))
    return of_tables + tuple(each.spec for each in reconciliations(pipeline))
