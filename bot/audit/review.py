"""What an audit comes to: violations after selection, ignores and baseline, and what was left out on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.audit.baseline import BaselineEntry, compare
from bot.audit.ignores import Ignored, judge
from bot.audit.model import Audit, AuditRule, RuleSeverity, SourceFile, Violation


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Everything that the outputs show. ``violations`` are those that count, in the order of path and place."""

    root: Path
    rules: tuple[AuditRule, ...]
    files: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    violations: tuple[Violation, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    known: tuple[Violation, ...] = ()
    stale: tuple[BaselineEntry, ...] = ()
    sources: Mapping[str, SourceFile] = field(default_factory=dict)

    def counts(self) -> Mapping[RuleSeverity, int]:
        """Return how many violations there are of each severity that occurs, the worst first."""
        counted = Counter(violation.severity for violation in self.violations)
        return {severity: counted[severity] for severity in RuleSeverity if counted[severity]}

    def fails(self, *, strict: bool) -> bool:
        """Tell whether the audit fails: on errors; with ``strict`` on warnings, notes and a stale baseline, too."""
        return bool(self.counts().get(RuleSeverity.ERROR) or (strict and (self.violations or self.stale)))

    def line(self, violation: Violation) -> str | None:
        """Return the line on which a violation begins; None when its file could not be read."""
        source, number = self.sources.get(violation.path), violation.span.start.line
        return source.lines[number - 1] if source is not None and number <= len(source.lines) else None


def review(
    audit: Audit,
    root: Path,
    rules: Sequence[AuditRule],
    *,
    selected: Collection[str],
    baseline: Sequence[BaselineEntry] = (),
    covers: Callable[[str], bool] = lambda _: True,
) -> Review:
    """Judge the result of an audit.

    ``selected`` are the ids of the rules asked for. ``covers`` tells whether this audit would have seen a path: only
    then can an entry of the baseline be stale.
    """
    asked = [violation for violation in audit.violations if violation.rule in selected]
    judged = judge(asked, audit.sources, {rule.id: rule for rule in rules}, selected)
    remaining = sorted((*judged.kept, *judged.problems), key=place)
    compared = compare(remaining, audit.sources, baseline, lambda entry: entry.rule in selected and covers(entry.path))
    return Review(
        root=root,
        rules=tuple(rules),
        files=audit.files,
        skipped=audit.skipped,
        violations=compared.new,
        ignored=judged.ignored,
        known=compared.known,
        stale=compared.stale,
        sources=audit.sources,
    )


def place(violation: Violation) -> tuple[str, int, int, str]:
    """Return where a violation stands, for sorting."""
    start = violation.span.start
    return violation.path, start.line, start.column, violation.rule
