"""What a re-check saw of an alert: what still fails of it, and what could not be checked. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from bot.alerting.incident import Member, member_of, members_of
from bot.store.model import Alert
from checks.facts import Unread, known
from checks.model import Outcome, Report


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckResult:
    """``failing`` are the findings of the alert that still fail, the gravest first; ``blind`` names once each source
    that gave no answer, or the check that broke without one."""

    failing: tuple[Member, ...] = ()
    blind: tuple[str, ...] = ()


def rechecked_of(alert: Alert, report: Report) -> RecheckResult:
    """Return what a report shows of an alert as it was before or after that report."""
    keys = {each.key for each in members_of(alert)}
    failing: list[Member] = []
    blind: dict[str, None] = {}
    for result, finding in report.findings():
        if finding.outcome is Outcome.UNKNOWN:
            unread = known(finding.facts, Unread)
            blind[result.title if unread is None else unread.words] = None
        elif finding.outcome is Outcome.FAILED and finding.severity is not None:
            member = member_of(result.check, result.title, finding, finding.severity, finding.phase or result.phase)
            if member.key in keys:
                failing.append(member)
    return RecheckResult(failing=tuple(sorted(failing, key=lambda each: each.severity)), blind=tuple(blind))
