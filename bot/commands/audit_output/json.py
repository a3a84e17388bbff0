"""What an audit found, for programs. docs/audit.md describes the document; ``version`` changes when a field goes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.audit.baseline import fingerprint
from bot.audit.model import RuleSeverity, Span, Violation
from bot.audit.review import Review

VERSION = 1


def review_json(review: Review) -> str:
    counts = review.counts()
    document = {
        "version": VERSION,
        "summary": {
            "files": len(review.files),
            "violations": len(review.violations),
            **{f"{severity.value}s": counts.get(severity, 0) for severity in RuleSeverity},
            "ignored": len(review.ignored),
            "in_baseline": len(review.known),
            "stale": len(review.stale),
            "skipped": len(review.skipped),
        },
        "violations": [_violation(violation, review) for violation in review.violations],
        "ignored": [{**_violation(each.violation, review), "reason": each.reason} for each in review.ignored],
        "in_baseline": [_violation(violation, review) for violation in review.known],
        "stale": [
            {
                "rule": entry.rule,
                "path": entry.path,
                "line": entry.line,
                "count": entry.count,
                "fingerprint": entry.fingerprint,
            }
            for entry in review.stale
        ],
        "skipped": [{"path": path, "reason": reason} for path, reason in review.skipped],
        "files": list(review.files),
    }
    # Paths can hold bytes that are no text; escaped, they survive every encoding.
    return json.dumps(document, indent=2, ensure_ascii=True)


def _violation(violation: Violation, review: Review) -> Mapping[str, Any]:
    return {
        "rule": violation.rule,
        "severity": violation.severity.value,
        "path": violation.path,
        **_span(violation.span),
        "message": violation.message,
        "fix": violation.fix_text,
        "edits": [{**_span(edit.span), "replacement": edit.replacement} for edit in violation.edits],
        "fingerprint": fingerprint(violation, review.sources),
    }


def _span(span: Span) -> Mapping[str, int]:
    return {
        "line": span.start.line,
        "column": span.start.column,
        "end_line": span.end.line,
        "end_column": span.end.column,
    }
