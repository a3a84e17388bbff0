"""A report as people read it, before it is a terminal page or Slack blocks.

The parts are neutral: they say what a text is (a heading, a command to copy, a line with a severity), never
how it looks. Renderers clean and escape every text; here it stands as it came.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from checks.model import Finding, Outcome, Severity, Verdict


class Mark(StrEnum):
    """What stands before a line, so that the eye finds the worst first."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    UNKNOWN = "unknown"
    WAITING = "waiting"
    SKIPPED = "skipped"
    PASSED = "passed"
    DIFFERS = "differs"
    """Not what was stated; only replays say this."""

    @property
    def is_problem(self) -> bool:
        """Whether the line is something to act on or to find out."""
        return self not in (Mark.WAITING, Mark.SKIPPED, Mark.PASSED)


def mark_of_severity(severity: Severity) -> Mark:
    """Return the mark of a failure of this severity."""
    return Mark[severity.name]


def mark_of(finding: Finding) -> Mark:
    """Return the mark of a finding: its severity when it failed, else its outcome."""
    if finding.outcome is Outcome.FAILED and finding.severity is not None:
        return mark_of_severity(finding.severity)
    return Mark(finding.outcome.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """The title of a section."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A paragraph. ``label`` leads it in, ``mark`` says how grave it is, ``code`` names what to look up, ``person`` is
    how the text names somebody whom Slack may mention.

    ``inset`` lines belong to the line before them; one that ``sums_up`` says how many of them follow.
    """

    text: str
    label: str = ""
    mark: Mark | None = None
    code: str = ""
    person: str = ""
    link: str | None = None
    inset: bool = False
    sums_up: bool = False

    @property
    def lead(self) -> str:
        """The label as it leads in: with a colon, unless it ends as a sentence does."""
        label = self.label.rstrip()
        return label if not label or label[-1] in ".!?:" else f"{label}:"

    @property
    def is_entry(self) -> bool:
        """Whether the line tells one problem of its own."""
        return self.mark is not None and self.mark.is_problem and not self.sums_up


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Something to copy into a shell; may have several lines."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell of a table."""

    text: str
    mark: Mark | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table; every row has as many cells as there are columns, the first names the row."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallPrint:
    """What is good to know and never urgent."""

    text: str


@dataclass(frozen=True, slots=True)
class Divider:
    """A visible break."""


Part = Heading | Line | Command | Table | SmallPrint | Divider


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Everything to say about one report. ``again`` is the shell command that shows the whole of it; ``status`` stands
    in the place of the verdict where the report does not speak for the pipeline."""

    title: str
    verdict: Verdict
    sentence: str
    parts: tuple[Part, ...]
    again: str
    status: str = ""

    @property
    def result(self) -> str:
        """What stands behind the title."""
        return self.status or self.verdict.value
