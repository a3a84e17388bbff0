"""A report beside what it is about: the pipeline, its checks, and who asked for how much."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TypeVar
from zoneinfo import ZoneInfo

from bot.render.words import interval_title, moment, words_of_intervals
from checks.facts import Unread, known
from checks.model import Cause, Finding, FindingKey, Interval, Outcome, Report, badness
from checks.pipeline import Pipeline
from checks.registry import Check

Item = TypeVar("Item")
Name = TypeVar("Name", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A finding with the check that made it."""

    check: str
    title: str
    phase: str | None
    finding: Finding

    @property
    def key(self) -> FindingKey:
        return self.finding.key(self.check)

    @property
    def badness(self) -> int:
        return badness(self.finding.outcome, self.finding.severity)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the renderers read from. ``checks`` are those of the pipeline, in the catalogue's order."""

    report: Report
    pipeline: Pipeline
    checks: Sequence[Check]
    full: bool = False
    again: str = ""
    """The shell command that shows this report in full; left out, that of its previous interval."""

    @cached_property
    def found(self) -> tuple[Found, ...]:
        """Every finding, in the catalogue's order."""
        return tuple(
            Found(check=result.check, title=result.title, phase=finding.phase or result.phase, finding=finding)
            for result, finding in self.report.findings()
        )

    @cached_property
    def by_check(self) -> Mapping[str, Sequence[Found]]:
        """The findings of each check."""
        return grouped(self.found, lambda each: each.check)

    @cached_property
    def unused(self) -> frozenset[str]:
        """The checks that have nothing to check in this pipeline; none where no check had anything."""
        if not any(each.finding.checked for each in self.found):
            return frozenset()
        return frozenset(
            check
            for check, found in self.by_check.items()
            if all(each.finding.code == "not-configured" for each in found)
        )

    @cached_property
    def by_place(self) -> Mapping[tuple[str | None, Interval | None], Sequence[Found]]:
        """The findings of each phase and interval."""
        return grouped(self.found, lambda each: (each.phase, each.finding.interval))

    @cached_property
    def _by_key(self) -> Mapping[FindingKey, Sequence[int]]:
        return grouped(range(len(self.found)), lambda place: self.found[place].key)

    def explained_by(self, cause: Cause) -> tuple[Found, ...]:
        """The findings that a cause accounts for, in the catalogue's order."""
        places = {place for key in cause.explains for place in self._by_key.get(key, ())}
        return tuple(self.found[place] for place in sorted(places))

    def of(self, *outcomes: Outcome) -> tuple[Found, ...]:
        """The findings with one of these outcomes, the worst first, else in the catalogue's order."""
        return tuple(sorted((each for each in self.found if each.finding.outcome in outcomes), key=_badness))

    @cached_property
    def causes(self) -> tuple[Cause, ...]:
        """The causes, the gravest first."""
        return tuple(sorted(self.report.causes, key=lambda cause: cause.severity))

    @cached_property
    def explained(self) -> frozenset[FindingKey]:
        """The findings that a cause accounts for."""
        return frozenset(key for cause in self.report.causes for key in cause.explains)

    @cached_property
    def by_id(self) -> dict[str, Check]:
        return {check.id: check for check in self.checks}

    @cached_property
    def zone(self) -> ZoneInfo:
        return self.pipeline.zone

    @cached_property
    def today(self) -> date:
        return self.report.now.astimezone(self.zone).date()

    @cached_property
    def intervals(self) -> tuple[Interval, ...]:
        """The previous interval, then the current one where it is another: those that something was found about."""
        asked = tuple(dict.fromkeys((self.report.previous, self.report.current)))
        known = {each.finding.interval for each in self.found}
        return tuple(each for each in asked if each in known) or asked

    def is_data(self, check: str) -> bool:
        """Whether a check looks at what the pipeline wrote."""
        return check in self.by_id and self.by_id[check].is_data

    def only_reports(self, check: str) -> bool:
        """Whether a check has no rule that can fail: its findings are the figures of the day."""
        return check in self.by_id and self.by_id[check].only_reports

    def phase_title(self, phase: str) -> str:
        """The title of a phase in the pipeline file, or its id."""
        return self._phase_titles.get(phase, phase)

    @cached_property
    def _phase_titles(self) -> Mapping[str, str]:
        return {each.id: each.title for each in self.pipeline.phases}

    def title(self, interval: Interval) -> str:
        """An interval as people write it: ``Tue 10 Feb``."""
        return interval_title(interval.name, self.today)

    def word(self, interval: Interval) -> str:
        """The pipeline's own word for an interval, seen from the instant of the report; empty where it has none."""
        return self._words.get(interval.name, "")

    @cached_property
    def _words(self) -> Mapping[str, str]:
        timeline = self.pipeline.timeline
        tomorrow = timeline.next(timeline.at(self.report.now)).name
        known = words_of_intervals(self.pipeline, self.report.now)
        return known | ({tomorrow: "tomorrow"} if timeline.cadence.kind == "daily" else {})

    def when(self, interval: Interval) -> str:
        """The pipeline's word for an interval, else its title."""
        return self.word(interval) or self.title(interval)

    @property
    def clock(self) -> str:
        """The instant of the report in the pipeline's zone."""
        local = self.report.now.astimezone(self.zone)
        return f"{moment(self.report.now, self.zone, self.report.now)} {local:%Z}"

    @property
    def command(self) -> str:
        """The shell command that shows this report in full."""
        return self.again or f"reveille validate {self.report.previous} --full"


def total(found: Iterable[Found]) -> int:
    """Return how many findings these are, with those that one of them stands for."""
    return sum(each.finding.count for each in found)


def grouped(items: Iterable[Item], name: Callable[[Item], Name]) -> dict[Name, list[Item]]:
    """Return items by a name that each has, names and items in the order in which they come."""
    groups: dict[Name, list[Item]] = {}
    for each in items:
        groups.setdefault(name(each), []).append(each)
    return groups


def _badness(found: Found) -> int:
    return found.badness


def source_of(finding: Finding) -> tuple[str, str]:
    """Return the source that could not be asked and why; else empty texts."""
    unread = known(finding.facts, Unread)
    return ("", "") if unread is None else (unread.source, unread.problem)


def source_words(finding: Finding) -> str:
    """Return the source that could not be asked with what is the matter with it, ``Firestore (unavailable)``; else
    nothing."""
    unread = known(finding.facts, Unread)
    return "" if unread is None else unread.words
