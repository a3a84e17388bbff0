"""What the audit says: rules, violations with their exact place, and the edits that fix it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property


class RuleSeverity(StrEnum):
    """How much a violation weighs: an error has stopped a pipeline before, a warning makes that likelier."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file. Lines and columns count from 1; columns count characters, not bytes."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of a file, from ``start`` up to but not including ``end``."""

    start: Position
    end: Position


@dataclass(frozen=True, slots=True)
class Edit:
    """An automatic fix: what stands in ``span``, in the file as it was read, becomes ``replacement``."""

    span: Span
    replacement: str


@dataclass(frozen=True, slots=True)
class Violation:
    """One place where a file breaks a rule. ``path`` is relative to the root of the audit, with ``/``."""

    rule: str
    path: str
    span: Span
    message: str
    severity: RuleSeverity
    fix_text: str
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRule:
    """One thing that every deploy must do. The id is permanent: ignores and baselines name it."""

    id: str
    title: str
    rationale: str
    fix: str
    severity: RuleSeverity
    example_bad: str
    example_good: str

    def violation(self, path: str, span: Span, message: str, *, edits: tuple[Edit, ...] = ()) -> Violation:
        """Say that this rule is broken at ``span`` of the file."""
        return Violation(self.id, path, span, message, self.severity, self.fix, edits)


@dataclass(frozen=True)
class SourceFile:
    """A file in memory. Its lines end with a line feed alone, whatever ends them on disk."""

    path: str
    text: str

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines without their ends; line N of the file is ``lines[N - 1]``."""
        return tuple(self.text.split("\n"))

    @cached_property
    def fingerprints(self) -> dict[tuple[str, int], str]:
        """The fingerprints that were computed, by rule and line: many violations may share a long line."""
        return {}

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        for line in self.lines[:-1]:
            starts.append(starts[-1] + len(line) + 1)
        return starts

    def position(self, offset: int) -> Position:
        """Return the place of a character, counted from 0 in ``text``."""
        line = bisect_right(self._line_starts, offset)
        return Position(line, offset - self._line_starts[line - 1] + 1)

    def span(self, start: int, end: int) -> Span:
        """Return the span between two offsets, ``end`` exclusive."""
        return Span(self.position(start), self.position(end))


@dataclass(frozen=True, slots=True)
class Audit:
    """The result: violations in the order of path and place, the files that were read, and those left out."""

    violations: tuple[Violation, ...] = ()
    files: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    sources: dict[str, SourceFile] = field(default_factory=dict)
    neither: tuple[str, ...] = ()
    """Files that were named, and are in no language that the audit reads."""
