"""What an audit found as SARIF 2.1.0, which code scanning and editors read."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import quote

from bot.audit.baseline import fingerprint
from bot.audit.model import AuditRule, RuleSeverity, Span, Violation
from bot.audit.review import Review
from bot.render.words import clean

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
FINGERPRINT = "reveilleLine/v1"
"""The name of our fingerprint. GitHub computes its own from the lines around, under another name."""


def review_sarif(review: Review) -> str:
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(review)]}
    return json.dumps(log, indent=2, ensure_ascii=True)


def _run(review: Review) -> Mapping[str, Any]:
    indexes = {rule.id: index for index, rule in enumerate(review.rules)}
    seen: Counter[str] = Counter()
    return {
        "tool": {"driver": _driver(review.rules)},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [_notification(path, reason) for path, reason in review.skipped],
            }
        ],
        "results": [_result(violation, review, indexes, seen) for violation in review.violations],
        "properties": {
            "files": len(review.files),
            "ignored": len(review.ignored),
            "inBaseline": len(review.known),
            "staleInBaseline": len(review.stale),
        },
    }


def _driver(rules: Sequence[AuditRule]) -> Mapping[str, Any]:
    try:
        number = {"version": version("reveille")}
    except PackageNotFoundError:  # run from a copy that was never installed
        number = {}
    return {"name": "Reveille", **number, "rules": [_rule(rule) for rule in rules]}


def _rule(rule: AuditRule) -> Mapping[str, Any]:
    text = f"{rule.rationale}\n\n{rule.fix}\n\nWrong:\n\n{rule.example_bad}\n\nRight:\n\n{rule.example_good}"
    markdown = (
        f"{rule.rationale}\n\n**What to do.** {rule.fix}\n\nWrong:\n\n```sh\n{rule.example_bad.rstrip()}\n```\n\n"
        f"Right:\n\n```sh\n{rule.example_good.rstrip()}\n```\n"
    )
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in re.findall(r"[A-Za-z0-9]+", rule.title)),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.rationale},
        "help": {"text": text, "markdown": markdown},
        "defaultConfiguration": {"level": rule.severity.value},
        "properties": {"tags": ["deployment", "google-cloud"], "problem.severity": _problem_severity(rule.severity)},
    }


def _problem_severity(severity: RuleSeverity) -> str:
    return "recommendation" if severity is RuleSeverity.NOTE else severity.value


def _result(violation: Violation, review: Review, indexes: Mapping[str, int], seen: Counter[str]) -> Mapping[str, Any]:
    digest = fingerprint(violation, review.sources)
    seen[digest] += 1
    result: dict[str, Any] = {
        "ruleId": violation.rule,
        "level": violation.severity.value,
        "message": {"text": f"{violation.message.rstrip('.')}. {violation.fix_text}"},
        "locations": [{"physicalLocation": _location(violation.path, violation.span)}],
        "partialFingerprints": {FINGERPRINT: f"{digest}:{seen[digest]}"},
    }
    if violation.rule in indexes:
        result["ruleIndex"] = indexes[violation.rule]
    if violation.edits:
        result["fixes"] = [_fix(violation)]
    return result


def _fix(violation: Violation) -> Mapping[str, Any]:
    replacements = [
        {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.replacement}} for edit in violation.edits
    ]
    change = {"artifactLocation": _artifact(violation.path), "replacements": replacements}
    return {"description": {"text": violation.fix_text}, "artifactChanges": [change]}


def _notification(path: str, reason: str) -> Mapping[str, Any]:
    return {
        "level": "warning",
        "message": {"text": clean(f"Skipped: {path} {reason.rstrip('.')}.")},
        "locations": [{"physicalLocation": {"artifactLocation": _artifact(path)}}],
    }


def _location(path: str, span: Span) -> Mapping[str, Any]:
    return {"artifactLocation": _artifact(path), "region": _region(span)}


def _artifact(path: str) -> Mapping[str, str]:
    # A path can hold bytes that are no text; as a URI each byte is escaped.
    return {"uri": quote(path.encode("utf-8", "surrogateescape"), safe="/"), "uriBaseId": ROOT}


def _region(span: Span) -> Mapping[str, int]:
    return {
        "startLine": span.start.line,
        "startColumn": span.start.column,
        "endLine": span.end.line,
        "endColumn": span.end.column,
    }
