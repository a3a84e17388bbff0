"""Hand-made violations in small files: what the outputs, ignores, baseline and repairs are tested with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.audit.baseline import BaselineEntry
from bot.audit.ignores import Ignored
from bot.audit.model import AuditRule, Edit, RuleSeverity, SourceFile, Span, Violation
from bot.audit.review import Review

SCRIPT = """\
#!/usr/bin/env bash
set -euo pipefail
gcloud run deploy live-export --source=. \\
  --set-env-vars=GCP_PROJECT=example-project \\
  --set-secrets=BDL_API_KEY=bdl:latest
"""


def rule(number: int, severity: RuleSeverity = RuleSeverity.ERROR, title: str = "") -> AuditRule:
    return AuditRule(
        id=f"REV{number:03}",
        title=title or f"Title {number}",
        rationale=f"Rationale {number}.",
        fix=f"Fix {number}.",
        severity=severity,
        example_bad="bad\n",
        example_good="good\n",
    )


WIPES = rule(3, title="Flags update, never set: 100 %")
VERIFIED = rule(2, RuleSeverity.WARNING)
BACKUPS = rule(12, RuleSeverity.NOTE)
UNREADABLE = rule(0)
RULES = (UNREADABLE, VERIFIED, WIPES, BACKUPS)
KNOWN = {each.id: each for each in RULES}


def span_of(source: SourceFile, words: str, occurrence: int = 0) -> Span:
    start = -1
    for _ in range(occurrence + 1):
        start = source.text.index(words, start + 1)
    return source.span(start, start + len(words))


def violation(
    source: SourceFile, words: str, of: AuditRule = WIPES, *, becomes: str | None = None, occurrence: int = 0
) -> Violation:
    """A violation at the words; with ``becomes`` it can be fixed automatically."""
    span = span_of(source, words, occurrence)
    edits = () if becomes is None else (Edit(span, becomes),)
    return of.violation(source.path, span, f"{words} is wrong here.", edits=edits)


def script(text: str = SCRIPT, path: str = "bin/deploy.sh") -> SourceFile:
    return SourceFile(path, text)


def by_path(*sources: SourceFile) -> Mapping[str, SourceFile]:
    return {source.path: source for source in sources}


def a_review(root: Path = Path("/tree")) -> Review:
    """Everything that an output can have to show."""
    first, second = script(), script("\tgcloud run deploy 日本語 --source=.\n", "jobs/cloud build, 1.yaml")
    third = script("gcloud functions deploy one\n" * 2, "bin/old.sh")
    return Review(
        root=root,
        rules=RULES,
        files=(first.path, third.path, second.path, "clean/deploy.sh"),
        skipped=(("link/deploy.sh", "is a link that leads out of the tree"),),
        violations=(
            violation(first, "--set-env-vars", becomes="--update-env-vars"),
            violation(first, "--set-secrets", becomes="--update-secrets"),
            violation(third, "gcloud functions deploy one", VERIFIED, occurrence=0),
            violation(third, "gcloud functions deploy one", VERIFIED, occurrence=1),
            violation(second, "日本語", BACKUPS),
            UNREADABLE.violation("broken/deploy.sh", SourceFile("", "").span(0, 0), "It is a binary file."),
        ),
        ignored=(Ignored(violation=violation(first, "gcloud run deploy", VERIFIED), reason="nothing calls it"),),
        known=(violation(first, "set -euo", BACKUPS),),
        stale=(BaselineEntry(path="gone/deploy.sh", line=7, rule="REV003", fingerprint="0" * 24, count=2),),
        sources=by_path(first, second, third),
    )
