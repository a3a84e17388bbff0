"""How large a record may be, and what goes from one that is larger: the least important first, and said.

Firestore takes 1 MiB a document. The worst incident is the longest, and must get through: so a record is never refused
for its length, unless a part of it must be whole to be of use. Both stores keep to the same budgets, so that what one
keeps, the other keeps.
"""

from __future__ import annotations

import zlib
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from bot.store.cuts import cut_lists, cut_texts
from bot.store.model import Alert, AuditEntry, Delivery, StoredReport, StoreError
from bot.store.report_cuts import LEVELS, shortened
from checks.amounts import size_words

Kind = TypeVar("Kind", Alert, Delivery, StoredReport, AuditEntry)

BUDGETS: Mapping[type[Any], int] = {
    StoredReport: 900_000,
    AuditEntry: 900_000,
    Alert: 100_000,
    Delivery: 90_000,
}
"""Bytes of the record's JSON, which is ASCII; of a long report or a long record of the audit, compressed. A document of
Firestore has at most 1,048,576 (https://firebase.google.com/docs/firestore/quotas). Alerts and deliveries are written
many at once, and a message to Slack is much shorter."""

PLAIN = 100_000
"""Bytes of JSON that are kept as they are; Firestore keeps longer ones compressed."""

LONGEST = 4_000_000
"""Bytes of JSON, however well they compress: whoever reads the record holds all of it."""

WHOLE = ("plan", "snapshot", "seal", "request")
"""Details of the audit that are read back and acted on: half of one would do something else."""

ALERT_STEPS = ((16_000, 100), (4_000, 100), (1_000, 100), (1_000, 20), (250, 20), (250, 5), (50, 1))
"""Characters of a text, and findings, that an alert keeps."""

AUDIT_STEPS = ((16_000, 1_000), (4_000, 200), (1_000, 50), (250, 10), (50, 3))
"""Characters of a text, and parts of a list or an object, that a record of the audit keeps."""

DELIVERY_STEPS = (40, 20, 10, 5, 2, 0)
"""Parts that a message keeps."""

LONGEST_ERROR = 1_000
LONGEST_LINK = 2_000


def weight_of(text: str, budget: int) -> int:
    """Return the bytes that a record takes whose JSON this is, as its budget counts them."""
    is_compressed = budget > PLAIN and PLAIN < len(text) <= LONGEST
    return len(zlib.compress(text.encode())) if is_compressed else len(text)


def within_budget(record: Kind, text_of: Callable[[Kind], str]) -> Kind:
    """Return a record that is as long as it may be at most; ``text_of`` returns its JSON.

    Keys, verdict, states, severities and counts stay as they are. Raises StoreError for a record whose whole parts
    are too long.
    """
    budget = BUDGETS[type(record)]
    text = text_of(record)
    if weight_of(text, budget) <= budget:
        return record
    size = len(text)
    cut, steps = _cutter(record, size)
    # Each step is shorter than the one before it, so the first that fits is found without trying all.
    first = bisect_left(range(steps), 1, key=lambda step: int(weight_of(text_of(cut(step)), budget) <= budget))
    if first < steps:
        shortest: Kind = cut(first)
        return shortest
    raise StoreError(
        f"A record of {record.key[:200]!r} has {size_words(size)}, and the store keeps at most {size_words(budget)} of "
        "one. It is of use only as a whole, so it was not stored.",
        retryable=False,
    )


def _cutter(record: Any, size: int) -> tuple[Callable[[int], Any], int]:
    """Return what cuts a record as far as a step says, and how many steps there are."""
    match record:
        case StoredReport(document=document):
            return lambda step: replace(record, document=shortened(document, step + 1, size)), LEVELS
        case Alert(details=details):
            return lambda step: replace(record, details=_details(details, *ALERT_STEPS[step])), len(ALERT_STEPS)
        case AuditEntry(details=details):
            return lambda step: replace(record, details=_audited(details, *AUDIT_STEPS[step])), len(AUDIT_STEPS)
        case Delivery(body=body, error=error):
            short = cut_texts(error, LONGEST_ERROR)
            return (
                lambda step: replace(record, body=_body(body, DELIVERY_STEPS[step]), error=short),
                len(DELIVERY_STEPS),
            )
        case _:
            raise TypeError(type(record))


def _details(details: Mapping[str, Any], longest: int, kept: int) -> Mapping[str, Any]:
    """An alert keeps its findings longer than long texts: the lead, which is the first, and then the gravest."""
    findings = list(details.get("findings") or ())
    others = {name: each for name, each in details.items() if name not in ("findings", "repairs", "link")}
    cut: dict[str, Any] = dict(cut_lists(cut_texts(others, longest), max(kept, len(others))))
    if "findings" in details:
        left_out = sum(each.get("count", 1) for each in findings[kept:])
        cut["findings"] = [{**each, **_short_sentences(each, longest)} for each in findings[:kept]]
        cut["more"] = int(details.get("more") or 0) + left_out
    if "repairs" in details:
        cut["repairs"] = _whole_words(str(details["repairs"]), longest)
    if "link" in details:
        cut["link"] = details["link"] if len(details["link"] or "") <= LONGEST_LINK else None
    return cut


def _short_sentences(finding: Mapping[str, Any], longest: int) -> Mapping[str, Any]:
    """The rest of a finding is its key, and words that other code compares."""
    return {name: cut_texts(finding[name], longest) for name in ("title", "summary") if name in finding}


def _whole_words(text: str, longest: int) -> str:
    """Return as many keys of repairs as fit: half a key is none."""
    if len(text) <= longest:
        return text
    return text[: longest + 1].rpartition(" ")[0]


def _body(body: Mapping[str, Any], kept: int) -> Mapping[str, Any]:
    """A message loses its pictures, and then its last parts, and says so in one of its own; what a former version
    stored keeps them all."""
    parts = list(body.get("parts") or ())
    told = {name: each for name, each in body.items() if name != "pictures"}
    short = {**told, **{name: cut_texts(body[name], LONGEST_ERROR) for name in ("notice", "text") if name in body}}
    if kept >= len(parts):
        return short
    note = f"… cut here: {len(parts) - kept} more parts are too long to keep."
    return {**short, "parts": [*parts[:kept], {"is": "aside", "text": [note]}]}


def _audited(details: Mapping[str, Any], longest: int, parts: int) -> Mapping[str, Any]:
    whole = {name: each for name, each in details.items() if name in WHOLE}
    others = {name: each for name, each in details.items() if name not in WHOLE}
    return {**cut_lists(cut_texts(others, longest), parts), **whole}
