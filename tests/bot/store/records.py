"""Records for tests: complete, and changed where a test says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.store.model import Alert, AlertState, AuditEntry, Delivery, DeliveryKind, StoredReport
from checks.model import Severity

NOW = datetime(2026, 2, 11, 13, 0, 0, 123456, tzinfo=UTC)
PIPELINE = "nba"


def later(**parts: float) -> datetime:
    """Return a time after NOW, or before it with negative parts."""
    return NOW + timedelta(**parts)


def an_alert(key: str = "nba:trigger:phase3_to_phase4:2026-02-10", **changes: Any) -> Alert:
    """Return an alert that was opened now and is not stored yet."""
    known: dict[str, Any] = {
        "pipeline": PIPELINE,
        "check": "trigger",
        "code": "not-triggered",
        "subject": "phase3_to_phase4",
        "interval": "2026-02-10",
        "phase": "phase4",
        "severity": Severity.P0,
        "title": "Phase 4 was not triggered",
        "state": AlertState.FIRING,
        "opened_at": NOW,
        "changed_at": NOW,
        "notified_at": NOW,
        "channel": "C0000001",
        "fingerprint": "not-triggered",
    }
    return Alert(key=key, **{**known, **changes})


def a_post(key: str = "digest:nba:2026-02-11", **changes: Any) -> Delivery:
    """Return a message that waits to be posted."""
    return _a_delivery(key, {"kind": DeliveryKind.POST, **changes})


def a_reply(key: str, target: str = "digest:nba:2026-02-11", **changes: Any) -> Delivery:
    """Return an answer that waits for its thread."""
    return _a_delivery(key, {"kind": DeliveryKind.REPLY, "target": target, **changes})


def an_update(key: str, target: str = "digest:nba:2026-02-11", **changes: Any) -> Delivery:
    """Return an edit that waits."""
    return _a_delivery(key, {"kind": DeliveryKind.UPDATE, "target": target, **changes})


def a_report(key: str = "report-1", **changes: Any) -> StoredReport:
    """Return a report of a digest."""
    known: dict[str, Any] = {
        "pipeline": PIPELINE,
        "job": "digest",
        "previous": "2026-02-10",
        "at": NOW,
        "verdict": "BLOCKED",
        "document": {"schema_version": 2, "results": [{"check": "trigger", "severity": "P0"}]},
    }
    return StoredReport(key=key, **{**known, **changes})


def an_entry(key: str = "entry-1", **changes: Any) -> AuditEntry:
    """Return what the audit says of an acknowledgement."""
    known: dict[str, Any] = {
        "at": NOW,
        "actor": "U0000001",
        "action": "acknowledge",
        "subject": "nba:trigger:phase3_to_phase4:2026-02-10",
        "outcome": "done",
        "details": {"version": 3},
    }
    return AuditEntry(key=key, **{**known, **changes})


def _a_delivery(key: str, changes: dict[str, Any]) -> Delivery:
    body = {"text": f"The message {key}", "blocks": [{"type": "divider"}]}
    return Delivery(key=key, **{"channel": "C0000001", "body": body, "created_at": NOW, **changes})
