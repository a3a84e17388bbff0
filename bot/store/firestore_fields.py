"""Records as fields of documents: one field of JSON, and beside it what is looked for.

``ended_at`` is a time on what retention may delete one day, and ``STILL_OPEN`` on what it may not.
"""

from __future__ import annotations

import zlib

from bot.store import transitions
from bot.store.budget import PLAIN
from bot.store.codec import Record, decode, encode, head, moment_text
from bot.store.firestore_documents import Fields, StoredDocument
from bot.store.model import Alert, AlertState, AuditEntry, Delivery, ReportHead, StoredReport, StoreError

STILL_OPEN = "open"
"""Sorts after every time, so that one question finds what is open or ended since."""

_SEPARATOR = "\x1f"


def record(kind: type[Record], document: StoredDocument) -> Record:
    """Return the record of a document. Raises StoreError for what is none."""
    packed = document.fields.get("record")
    try:
        text = zlib.decompress(packed).decode() if isinstance(packed, bytes) else str(packed)
    except (zlib.error, UnicodeDecodeError) as error:
        raise StoreError(f"the store holds a {kind.__name__} that cannot be read: {error}", retryable=False) from error
    return decode(kind, text)


def alert_fields(alert: Alert) -> Fields:
    """Return the fields of an alert that is to be stored."""
    ended = (alert.resolved_at or alert.changed_at) if alert.state is AlertState.RESOLVED else None
    return {
        "pipeline": alert.pipeline,
        "version": alert.version,
        "thread": alert.thread,
        "ended_at": STILL_OPEN if ended is None else moment_text(ended),
        "record": _packed(alert),
    }


def delivery_fields(delivery: Delivery) -> Fields:
    """Return the fields of a delivery that may change."""
    ended = transitions.ended_at(delivery)
    return {
        "state": delivery.state.value,
        "ended_at": STILL_OPEN if ended is None else moment_text(ended),
        "record": _packed(delivery),
    }


def report_fields(report: StoredReport) -> Fields:
    """Return the fields of a report; two of them sort by pipeline, or pipeline and job, and then by time."""
    at = moment_text(report.at)
    return {
        "by_pipeline": f"{line(report.pipeline)}{at}",
        "by_job": f"{line(report.pipeline, report.job)}{at}",
        "ended_at": at,
        "key": report.key,
        "previous": report.previous,
        "verdict": report.verdict,
        "record": _packed(report),
    }


HEAD = ("key", "ended_at", "previous", "verdict")
"""The fields of a report that are read for a list of many."""


def report_head(document: StoredDocument) -> ReportHead:
    """Return the head of a report of which the fields above were read."""
    key, at, previous, verdict = (document.fields.get(name) for name in HEAD)
    return head(str(key), str(at), previous, verdict)


def entry_fields(entry: AuditEntry) -> Fields:
    """Return the fields of an entry of the audit."""
    return {"ended_at": moment_text(entry.at), "record": _packed(entry)}


def line(*names: str) -> str:
    """Return what the reports of one pipeline, or of one job of it, begin with."""
    return "".join(f"{name}{_SEPARATOR}" for name in names)


def _packed(what: Record) -> str | bytes:
    text = encode(what)
    return text if len(text) <= PLAIN else zlib.compress(text.encode())
