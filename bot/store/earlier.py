"""Records of the version before, as this one names their fields. A record that is up to date stays as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.store.model import Alert, StoredReport
from bot.version_1 import TABLES

Document = Mapping[str, Any]

_FIELDS: Mapping[type[Any], Mapping[str, str]] = {
    Alert: TABLES["alert"],
    StoredReport: TABLES["stored_report"],
}


def upgraded(kind: type[Any], record: Document) -> Document:
    """Return a record with the names of today; the report in a stored one, too."""
    renamed = _renamed(record, _FIELDS.get(kind, {}))
    if kind is StoredReport and isinstance(renamed.get("document"), Mapping):
        return {**renamed, "document": upgraded_report(renamed["document"])}
    return renamed


def upgraded_report(report: Document) -> Document:
    """Return a report as ``bot.render.json`` writes it now. Version 1 had dates where 2 has intervals."""
    if report.get("schema_version") != 1:
        return report
    dates = TABLES["finding"]
    parts: dict[str, Any] = {"schema_version": 2}
    if "causes" in report:
        parts["causes"] = [
            {**cause, "explains": [_renamed(key, dates) for key in cause.get("explains", ())]}
            for cause in _list(report["causes"])
        ]
    if "results" in report:
        parts["results"] = [
            {**result, "findings": [_renamed(each, dates) for each in _list(result.get("findings"))]}
            for result in _list(report["results"])
        ]
    if "sources" in report:
        parts["sources"] = [_renamed(each, TABLES["source"]) for each in _list(report["sources"])]
    return {**_renamed(report, TABLES["report"]), **parts}


def _renamed(record: Document, names: Mapping[str, str]) -> Document:
    if not names.keys() & record.keys():
        return record
    return {names.get(name, name): value for name, value in record.items()}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()
