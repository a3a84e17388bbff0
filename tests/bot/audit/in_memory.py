"""The audit of one file that is on no disk."""

from __future__ import annotations

from bot.audit.engine import judged, read
from bot.audit.model import SourceFile, Violation


def audit_text(path: str, text: str) -> list[Violation]:
    """Audit one file that is in memory, by itself."""
    deployment, violations = read(SourceFile(path, text.replace("\r\n", "\n")))
    if deployment is not None:
        violations += judged(deployment)
    return sorted(violations, key=lambda one: (one.span, one.rule, one.message))
