"""What could not be checked, where an open incident covers it already: one page for it is enough. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cached_property

from bot.alerting.incident import Incident, Member
from checks.expansion.data_checks import data_checks
from checks.model import Cause, FindingKey, Severity
from checks.pipeline import Pipeline
from checks.places import PlaceKind

_TABLE = re.compile(r"\{(\w+)\}\.(\w+)")
"""How a query of the pipeline file names a table: ``{raw}.games``."""


class Cover(StrEnum):
    """Why an incident covers what could not be checked."""

    CAUSE = "cause"
    """It follows from the incident's cause, which is as loud; of the others only a P0 covers anything."""
    CHECK = "check"
    """It is about the same check on the same date: it would say the same, or nothing."""
    SUBJECT = "subject"
    """It is about the same service, table or transition."""
    TABLE = "table"
    """A check of it reads the same table."""


class Covers:
    """The incidents that are open, and what each of them covers; ``causes`` are those of the report."""

    def __init__(self, incidents: Iterable[Incident], causes: Iterable[Cause], pipeline: Pipeline) -> None:
        self._incidents = tuple(incidents)
        self._graves = tuple(each for each in self._incidents if each.severity is Severity.P0)
        self._causes = tuple(causes)
        self._pipeline = pipeline

    def of(self, member: Member) -> tuple[Incident, Cover] | None:
        """Return the incident that covers a finding, and why; None where it has to be told by itself."""
        behind = self._behind.get(member.key)
        if behind is not None and behind.severity <= max(Severity.P1, member.severity):
            return behind, Cover.CAUSE
        for each in self._graves:
            if (why := self._why(each, member)) is not None:
                return each, why
        return None

    def _why(self, grave: Incident, member: Member) -> Cover | None:
        if any(each.check == member.check and member.interval in (None, each.interval) for each in grave.members):
            return Cover.CHECK
        is_whole = member.about.kind is PlaceKind.SOURCE
        if not is_whole and any(each.about.name == member.about.name for each in grave.members):
            return Cover.SUBJECT
        read = self._tables.get(member.check, frozenset())
        told = (self._tables.get(each.check, frozenset()) for each in grave.members)
        return Cover.TABLE if any(not read.isdisjoint(each) for each in told) else None

    @cached_property
    def _behind(self) -> Mapping[FindingKey, Incident]:
        """The incident of the cause that explains a finding."""
        found: dict[FindingKey, Incident] = {}
        for cause in self._causes:
            incident = next((each for each in self._incidents if not each.keys.isdisjoint(cause.explains)), None)
            if incident is not None:
                found.update(dict.fromkeys(cause.explains, incident))
        return found

    @cached_property
    def _tables(self) -> Mapping[str, frozenset[tuple[str, ...]]]:
        """The tables that each check of the pipeline file reads."""
        return {spec.id: frozenset(_TABLE.findall(spec.query)) for spec in data_checks(self._pipeline)}
