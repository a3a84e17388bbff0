"""What is new and what recovered between two reports: pure, on the documents that the store keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from checks.model import Outcome, Severity

Document = Mapping[str, Any]
"""A report as ``bot.render.json`` writes it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A failed finding as far as a comparison needs it."""

    check: str
    subject: str
    severity: Severity
    phase: str | None = None
    count: int = 1
    """How many findings it stands for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What differs from a report of an earlier time."""

    since: datetime
    new: tuple[Problem, ...] = ()
    worse: tuple[Problem, ...] = ()
    recovered: tuple[Problem, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.new or self.worse or self.recovered)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a finding stands. Its date is told by its part in the report, so that what fails in every run is the same
    problem each morning, and not a new one."""

    check: str
    subject: str
    part: str


def changes(before: Document, after: Document) -> Changes:
    """Compare two reports. What could not be checked, or is not due yet, is neither new nor recovered.

    A note (P3) is no problem here. What the earlier report cannot tell, because its shape is older, counts as absent.
    A row that fails today may have been one of those that the earlier report only counted: it is not new.
    """
    then, now = _problems(before), _problems(after)
    counted = {_crowd(place, finding) for place, finding in _findings(before, _is_crowd)}
    cut_then, cut_now = _cut(before), _cut(after)
    listed = {place: _crowd(place, finding) for place, finding in _findings(after, _is_problem)}
    passed = frozenset(place for place, _ in _findings(after, lambda finding: not _not_passed(finding)))
    # Where the check looked at the same part of the report and all that it tells of passed, what is gone recovered.
    failing = {(place.check, place.part) for place, _ in _findings(after, _not_passed)}
    clear = {(place.check, place.part) for place in passed if place.check not in cut_now} - failing
    return Changes(
        since=datetime.fromisoformat(str(before["now"])),
        new=tuple(
            problem
            for place, problem in now.items()
            if place not in then and listed[place] not in counted and place.check not in cut_then
        ),
        worse=tuple(
            problem for place, problem in now.items() if place in then and problem.severity < then[place].severity
        ),
        recovered=tuple(
            problem for place, problem in then.items() if place in passed or (place.check, place.part) in clear
        ),
    )


def _problems(document: Document) -> dict[_Place, Problem]:
    found: dict[_Place, Problem] = {}
    for place, finding in _findings(document, _is_problem):
        severity, count = Severity[finding["severity"]], finding.get("count", 1)
        problem = Problem(place.check, place.subject, severity, finding.get("phase"), count)
        known = found.get(place)
        if known is None or problem.severity < known.severity:
            found[place] = problem
    return found


def _is_problem(finding: Document) -> bool:
    return finding.get("outcome") == Outcome.FAILED and finding.get("severity") in ("P0", "P1", "P2")


def _cut(document: Document) -> frozenset[str]:
    """The checks of which the store could not keep every finding: what it lacks may have failed."""
    return frozenset(str(result.get("check")) for result in _list(document.get("results")) if result.get("left_out"))


def _is_crowd(finding: Document) -> bool:
    return _is_problem(finding) and finding.get("count", 1) > 1


def _crowd(place: _Place, finding: Document) -> tuple[str, str, str]:
    """What has in common what is counted together."""
    return place.check, place.part, str(finding.get("code"))


def _not_passed(finding: Document) -> bool:
    return finding.get("outcome") != Outcome.PASSED


def _findings(document: Document, wanted: Callable[[Document], bool]) -> Iterator[tuple[_Place, Document]]:
    for result in _list(document.get("results")):
        for finding in _list(result.get("findings")):
            if wanted(finding):
                place = _Place(str(result.get("check")), str(finding.get("subject")), _part(document, finding))
                yield place, {**finding, "phase": finding.get("phase") or result.get("phase")}


def _part(document: Document, finding: Document) -> str:
    interval = finding.get("interval")
    if interval is None:
        return ""
    return {document.get("current"): "current", document.get("previous"): "previous"}.get(interval, str(interval))


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()
