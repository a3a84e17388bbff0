"""What services logged, as alerts and reports keep it: as JSON, with as many lines as are shown."""

from __future__ import annotations

from typing import Any

from checks.facts.logs import LoggedEvidence

LINES_AT_MOST = 3
"""Distinct lines of a service that a thread and a report show, the newest."""


def document_of(logged: LoggedEvidence) -> dict[str, Any]:
    """Return what a service logged as JSON."""
    errors, change = logged.errors, logged.change
    return {
        "service": logged.service,
        "errors": errors.count,
        "complete": errors.complete,
        "since": None if errors.since is None else errors.since.isoformat(),
        "change": None
        if change is None
        else {"at": change.at.isoformat(), "kind": change.kind, "actor": change.actor, "what": change.what},
        "lines": [
            {
                "text": each.text,
                "count": each.count,
                "first": each.first.isoformat(),
                "last": each.last.isoformat(),
            }
            for each in errors.logged[:LINES_AT_MOST]
        ],
    }
