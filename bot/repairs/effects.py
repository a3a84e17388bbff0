"""Whether a repair has its effect, and when to look again: decided from what a check or the thing itself says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from checks.model import Finding, Outcome, Report, Severity

PATIENCE = timedelta(minutes=7)
"""How long a grant may take until every front end of Google knows it."""

PAUSES = tuple(timedelta(seconds=each) for each in (5, 15, 30, 60, 120, 180, 240, 300, 360, 420))
"""When to look again, counted from the write; the first look is at once."""


class Effect(StrEnum):
    THERE = "there"
    NOT_YET = "not-yet"
    NEVER = "never"
    """Waiting does not help."""


@dataclass(frozen=True, slots=True)
class EffectSeen:
    """What one look found, with a sentence for people."""

    effect: Effect
    words: str


def seen_in(report: Report, checks: Sequence[str], subject: str) -> EffectSeen:
    """Judge by the findings of the checks about a subject, and by what could not be checked where one says nothing of
    it. What still fails is said first, then what is not due, then what could not be checked."""
    asked = [(result.check, each) for result, each in report.findings() if result.check in checks]
    found = [each for _, each in asked if each.subject == subject]
    heard = {check for check, each in asked if each.subject == subject}
    unknown = [(check, each) for check, each in asked if each.outcome is Outcome.UNKNOWN]
    # A source that fails for all subjects at once has a finding of its own, about the check.
    blind = [
        each
        for check, each in unknown
        if each.subject == subject or (check not in heard and (each.subject == check or not found))
    ]
    failing = [each for each in found if _is_failing(each)]
    waiting = [each for each in found if each.outcome is Outcome.WAITING]
    if failing or waiting or blind:
        said = dict.fromkeys(each.summary for each in (*failing, *waiting, *blind))
        return EffectSeen(Effect.NOT_YET, " ".join(said))
    if not found:
        others = [each.summary for _, each in asked if _is_failing(each)]
        return EffectSeen(Effect.NOT_YET, others[0] if others else f"The check says nothing of {subject}.")
    return EffectSeen(Effect.THERE, " ".join(each.summary for each in found))


def _is_failing(finding: Finding) -> bool:
    """Whether a finding is trouble; a note, such as a service that is open to everyone, is not."""
    return finding.outcome is Outcome.FAILED and finding.severity is not None and finding.severity < Severity.P3


def next_look(written_at: datetime, now: datetime) -> datetime | None:
    """Return when to look again, None when patience is over."""
    if now >= written_at + PATIENCE:
        return None
    return next((at for pause in PAUSES if (at := written_at + pause) > now), None)
