"""Records as JSON text and back.

Fields that a reader does not know are ignored and fields that a writer did not know take their defaults,
so that two versions of this program can share a store while one replaces the other. The text is ASCII and
its times are in UTC with all their digits: they sort as text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from bot.store.budget import within_budget
from bot.store.migrations import FORMAT, NEWEST, migrated
from bot.store.model import (
    Alert,
    AlertState,
    AuditEntry,
    Delivery,
    DeliveryKind,
    DeliveryState,
    ReportHead,
    SnoozeUntil,
    StoredReport,
    StoreError,
)
from checks.model import Severity

Record = TypeVar("Record", Alert, Delivery, StoredReport, AuditEntry)
Conversions = Mapping[str, Callable[[Any], Any]]


def moment_text(moment: datetime) -> str:
    """Return an aware time in UTC as text that sorts as time does. Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone, and what is stored must have one")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def encode(record: Record) -> str:
    """Return a record as JSON, cut to the size that the stores keep.

    Raises ValueError and TypeError for what JSON cannot say, StoreError for what can be neither cut nor kept.
    """
    return _text(within_budget(record, _text))


def head(key: str, at: str, previous: object, verdict: object) -> ReportHead:
    """Return the head of a report from its texts. Raises StoreError, not retryable, for what is none."""
    try:
        return ReportHead(key=key, at=datetime.fromisoformat(at), previous=str(previous), verdict=str(verdict))
    except ValueError as error:
        raise StoreError(f"the store holds a report that cannot be read: {error}", retryable=False) from error


def _text(record: Alert | Delivery | StoredReport | AuditEntry) -> str:
    document = {each.name: _plain(getattr(record, each.name)) for each in fields(record)}
    return json.dumps({FORMAT: NEWEST, **document}, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def rewritten(kind: type[Record], text: str) -> str:
    """Return the text of a record as this version writes it. Raises StoreError for what is none."""
    return encode(decode(kind, text))


def decode(kind: type[Record], text: str) -> Record:
    """Return the record that was encoded, by this version or a former one. Raises StoreError, not retryable, for what
    is none."""
    try:
        document = migrated(kind.__name__, json.loads(text))
        names = {each.name for each in fields(kind)}
        known = {name: _read(kind, name, value) for name, value in document.items() if name in names}
        return kind(**known)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StoreError(
            f"the store holds something that is no {kind.__name__}: {error}. "
            "A newer version of this program may have written it.",
            retryable=False,
        ) from error


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return moment_text(value)
        case date():
            return value.isoformat()
        case Severity():
            return value.name
        case StrEnum():
            return value.value
        case Mapping():
            return dict(value)
        case _:
            return value


def _read(kind: type[Any], name: str, value: Any) -> Any:
    conversion = _CONVERSIONS[kind].get(name)
    return value if conversion is None or value is None else conversion(value)


_CONVERSIONS: Mapping[type[Any], Conversions] = {
    Alert: {
        "severity": Severity.__getitem__,
        "state": AlertState,
        "opened_at": datetime.fromisoformat,
        "changed_at": datetime.fromisoformat,
        "notified_at": datetime.fromisoformat,
        "resolved_at": datetime.fromisoformat,
        "snoozed_until": datetime.fromisoformat,
        "snooze_ends_on": SnoozeUntil,
        "answered": Severity.__getitem__,
        "counted_at": datetime.fromisoformat,
        "escalated_at": datetime.fromisoformat,
        "waits_since": datetime.fromisoformat,
    },
    Delivery: {
        "kind": DeliveryKind,
        "created_at": datetime.fromisoformat,
        "state": DeliveryState,
        "not_before": datetime.fromisoformat,
        "waits_since": datetime.fromisoformat,
        "lease_until": datetime.fromisoformat,
        "sent_at": datetime.fromisoformat,
    },
    StoredReport: {"at": datetime.fromisoformat},
    AuditEntry: {"at": datetime.fromisoformat},
}
