"""Fingerprints: what stays the same of a violation when the lines above it change."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from bot.audit.model import SourceFile, Violation

LENGTH = 24
"""Hexadecimal digits; 96 bits are far more than any repository needs."""


def fingerprint(violation: Violation, sources: Mapping[str, SourceFile]) -> str:
    """Return a digest of rule, path and the text of the line.

    Neither the line's number nor its indentation counts, nor the message, which may read otherwise in a later version.
    Violations of one rule on lines that read the same share a fingerprint: whoever compares must count.
    """
    source = sources.get(violation.path)
    line = violation.span.start.line
    if source is None or line > len(source.lines):
        return _digest(violation, "")
    known = source.fingerprints
    if (violation.rule, line) not in known:
        known[violation.rule, line] = _digest(violation, " ".join(source.lines[line - 1].split()))
    return known[violation.rule, line]


def _digest(violation: Violation, text: str) -> str:
    parts = (violation.rule, violation.path, text)
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:LENGTH]
