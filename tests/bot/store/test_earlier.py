"""What the version before has stored is read as this one names it."""

from __future__ import annotations

from bot.store.earlier import upgraded, upgraded_report
from bot.store.model import Alert, Delivery, StoredReport

FINDING = {"check": "trigger", "date": "2026-02-10", "code": "bypassed"}
BEFORE = {
    "schema_version": 1,
    "night": "2026-02-10",
    "slate": "2026-02-11",
    "causes": [{"code": "x", "explains": [{"check": "trigger", "subject": "a", "date": None}]}],
    "results": [{"check": "trigger", "findings": [FINDING]}],
    "sources": [{"source": "BigQuery", "looks": 3}],
}
AFTER = {
    "schema_version": 2,
    "previous": "2026-02-10",
    "current": "2026-02-11",
    "causes": [{"code": "x", "explains": [{"check": "trigger", "subject": "a", "interval": None}]}],
    "results": [{"check": "trigger", "findings": [{"check": "trigger", "interval": "2026-02-10", "code": "bypassed"}]}],
    "sources": [{"source": "BigQuery", "reads": 3}],
}


def test_a_report_is_told_in_intervals() -> None:
    assert upgraded_report(BEFORE) == AFTER


def test_a_report_without_its_findings_stays_without() -> None:
    assert upgraded_report({"schema_version": 1, "night": "2026-02-10"}) == {
        "schema_version": 2,
        "previous": "2026-02-10",
    }


def test_what_is_up_to_date_stays_as_it_is() -> None:
    assert upgraded_report(AFTER) == AFTER
    assert upgraded(StoredReport, {"previous": "2026-02-10", "document": AFTER})["document"] == AFTER


def test_records_are_upgraded_by_their_kind() -> None:
    assert upgraded(Alert, {"key": "a", "date": "2026-02-10"}) == {"key": "a", "interval": "2026-02-10"}
    assert upgraded(StoredReport, {"night": "2026-02-10", "document": BEFORE}) == {
        "previous": "2026-02-10",
        "document": AFTER,
    }
    assert upgraded(Delivery, {"key": "d", "date": "kept"}) == {"key": "d", "date": "kept"}
