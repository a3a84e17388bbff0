"""The NBA pipeline as it is shipped, and its queries on a real database in memory."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import date, datetime

from bot.definition.pipeline_file import shipped_pipeline
from bot.scenarios.faults import Faults
from bot.sources.warehouse.duckdb.warehouse import DuckDbWarehouse
from checks.catalog import checks_of
from checks.context import query_of
from checks.model import Finding, Interval
from checks.ports.warehouse import Query, Row
from checks.registry import Check
from tests.fakes import ports, run_check
from tests.pipelines.nba_rows import EVENING, Case, Tables

NBA = shipped_pipeline()


def on(day: date) -> Interval:
    """Return the interval of a date."""
    return NBA.timeline.on(day)


def check_named(name: str) -> Check:
    """Return a check of the pipeline, of Python or of SQL."""
    (found,) = (each for each in checks_of(NBA) if each.id == name)
    return found


def findings_of(
    check: str, tables: Tables, *, now: datetime, night: date, slate: date | None = None
) -> tuple[Finding, ...]:
    """Run one check on rows, through the real runner."""
    with closing(DuckDbWarehouse(NBA, tables, Faults(()))) as warehouse:
        world = ports(warehouse=warehouse)
        return run_check(
            check_named(check), NBA, world, now=now, previous=on(night), current=None if slate is None else on(slate)
        ).findings


def verdicts_of(case: Case) -> Mapping[str, str]:
    """Return what a check says of a case, by subject."""
    found = findings_of(case.check, case.tables, now=case.now, night=case.night, slate=case.slate)
    assert len({finding.subject for finding in found}) == len(found), "two findings share a subject"
    return {finding.subject: verdict_of(finding) for finding in found}


def verdict_of(finding: Finding) -> str:
    """Return severity and code of a failure, outcome and code of anything else; an unknown shows both."""
    words = [] if finding.outcome == "failed" else [str(finding.outcome)]
    words += [finding.severity.name] if finding.severity is not None else []
    return " ".join([*words, finding.code])


def rows_of(sql: str, tables: Tables, game_date: date, now: datetime = EVENING) -> list[Row]:
    """Run one statement of the pipeline file on rows."""

    query: Query = query_of(NBA, sql, "test", interval=on(game_date), now=now)
    with closing(DuckDbWarehouse(NBA, tables, Faults(()))) as warehouse:
        return list(warehouse.query(query))
