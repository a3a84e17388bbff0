"""The trigger verdict: flag and data judged together, as one pure function.

| flag | enough | effect | time | judgement |
| --- | --- | --- | --- | --- |
| true | any | yes | any | passed `triggered` |
| true | any | no | before due, or within grace | waiting `effect-pending` |
| true | any | no | past due and grace | P0 `triggered-without-effect` |
| false | yes | any | within grace | waiting `trigger-pending` |
| false | yes | no | past grace | P0 `not-triggered` |
| false | yes | yes, not logged | past grace | P2 `bypassed` |
| false | yes | yes, logged | past grace | P3 `flag-not-set` |
| false | no | no | before due | waiting `processors-running` |
| false | no | no | past due | P1 `processors-missing`, P0 when a critical one is |
| false | no | yes | any | P3 `untracked` |
| no document | any | yes | any | P3 `no-record` |
| no document | any | no | past due | P0 `not-started` |
| no document | any | no | before due | waiting `not-started-yet` |
| false | too few rows | no | past due | skipped `too-few-rows` |
| neither true nor false | any | yes | any | P3 `flag-unreadable` |
| any | any | any | no games | skipped `off-day` |

Grace ends some minutes after the processors were enough, or after the trigger where the flag is true, and
never before the due time: what is not due yet is no alarm, and a run that is late gets the time to write. The
limit itself still belongs to the time before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from checks.facts.orchestration import Flag
from checks.model import Judgement, Outcome, Severity

CODES: Mapping[str, str] = {
    "triggered": "The next phase was triggered, and its rows or its log row are there.",
    "effect-pending": "Triggered; the next phase's rows are not due yet.",
    "triggered-without-effect": "The flag says triggered, and the next phase has no data: an outage that nobody sees.",
    "trigger-pending": "Enough processors have reported; the trigger still has time.",
    "not-triggered": "Enough processors have reported, nothing was triggered, no data came: the pipeline is blocked.",
    "bypassed": "Another path moved the data; the orchestrator is not working.",
    "flag-not-set": "The trigger was logged and the data arrived; only the flag is wrong.",
    "processors-running": "Processors are still expected.",
    "processors-missing": "Past due, and processors have not reported.",
    "too-few-rows": "The phase before wrote fewer rows than this one starts from: nothing is expected of it.",
    "untracked": "The data is there although not enough processors reported, as after a backfill.",
    "no-record": "The data is there and the completion document is not.",
    "not-started": "Past due on a day with games, and neither a completion document nor data exists.",
    "not-started-yet": "Nothing has started, and nothing is due yet.",
    "off-day": "The date has nothing to run for.",
    "flag-unreadable": "The flag is neither true nor false.",
    "expired": "The completion document is older than its retention and gone.",
    "no-run": "No run of this transition has opened for the interval yet.",
    "monitoring-only": "The orchestrator of this transition only watches; it is never judged.",
    "data-present": "A phase that no orchestrator triggers has its rows.",
    "data-pending": "The rows of a phase that no orchestrator triggers are not due yet.",
    "data-missing": "Past due, a phase that no orchestrator triggers has no rows.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Everything that decides about a trigger. Times are aware.

    ``flag`` is that of the window judged: a trigger before it counts as false. ``since`` is when the
    processors were enough, ``triggered_at`` when the flag was set; None when unknown. ``effect`` is None when
    nothing can prove or disprove it, ``logged`` is None when the log could not be read.
    """

    applies: bool
    flag: Flag
    enough: bool
    since: datetime | None
    triggered_at: datetime | None
    critical_missing: bool
    effect: bool | None
    logged: bool | None
    now: datetime
    due: datetime
    grace: timedelta
    expired: bool = False
    too_few: bool = False
    """Whether the phase before has rows, and fewer than this one starts from."""

    @property
    def past_due(self) -> bool:
        return self.now > self.due

    def past_grace(self, since: datetime | None) -> bool:
        """Whether what happened at ``since`` has had its time; a time that is not known grants none."""
        return self.past_due and (since is None or self.now > since + self.grace)


OFF_DAY = Judgement("off-day", Outcome.SKIPPED)
EXPIRED = Judgement("expired", Outcome.SKIPPED)
FLAG_UNREADABLE = Judgement("flag-unreadable", Outcome.UNKNOWN, Severity.P0)
FLAG_UNREADABLE_WITH_DATA = Judgement("flag-unreadable", Outcome.FAILED, Severity.P3)
NO_EVIDENCE = Judgement("no-evidence", Outcome.UNKNOWN, Severity.P0)
LOG_UNREADABLE = Judgement("source-unavailable", Outcome.UNKNOWN, Severity.P2)
TRIGGERED = Judgement("triggered", Outcome.PASSED)
EFFECT_PENDING = Judgement("effect-pending", Outcome.WAITING)
TRIGGERED_WITHOUT_EFFECT = Judgement("triggered-without-effect", Outcome.FAILED, Severity.P0)
TRIGGER_PENDING = Judgement("trigger-pending", Outcome.WAITING)
NOT_TRIGGERED = Judgement("not-triggered", Outcome.FAILED, Severity.P0)
BYPASSED = Judgement("bypassed", Outcome.FAILED, Severity.P2)
FLAG_NOT_SET = Judgement("flag-not-set", Outcome.FAILED, Severity.P3)
PROCESSORS_RUNNING = Judgement("processors-running", Outcome.WAITING)
PROCESSORS_MISSING = Judgement("processors-missing", Outcome.FAILED, Severity.P1)
TOO_FEW_ROWS = Judgement("too-few-rows", Outcome.SKIPPED)
CRITICAL_PROCESSORS_MISSING = Judgement("processors-missing", Outcome.FAILED, Severity.P0)
UNTRACKED = Judgement("untracked", Outcome.FAILED, Severity.P3)
NO_RECORD = Judgement("no-record", Outcome.FAILED, Severity.P3)
NOT_STARTED = Judgement("not-started", Outcome.FAILED, Severity.P0)
NOT_STARTED_YET = Judgement("not-started-yet", Outcome.WAITING)


def judge(situation: Situation) -> Judgement:
    """Judge a trigger. Total: every situation has a judgement, and none passes without an effect."""
    if not situation.applies:
        return OFF_DAY
    match situation.flag:
        case Flag.UNREADABLE:
            return FLAG_UNREADABLE_WITH_DATA if situation.effect else FLAG_UNREADABLE
        case Flag.TRUE:
            return _flag_true(situation)
        case Flag.FALSE:
            return _flag_false(situation)
        case Flag.ABSENT:
            return _no_document(situation)


def _flag_true(situation: Situation) -> Judgement:
    if situation.effect:
        return TRIGGERED
    if not situation.past_grace(situation.triggered_at):
        return EFFECT_PENDING
    return NO_EVIDENCE if situation.effect is None else TRIGGERED_WITHOUT_EFFECT


def _flag_false(situation: Situation) -> Judgement:
    if situation.enough:
        return _enough_without_flag(situation) if situation.past_grace(situation.since) else TRIGGER_PENDING
    if situation.effect:
        return UNTRACKED
    if not situation.past_due:
        return PROCESSORS_RUNNING
    if situation.too_few:
        return TOO_FEW_ROWS
    return CRITICAL_PROCESSORS_MISSING if situation.critical_missing else PROCESSORS_MISSING


def _enough_without_flag(situation: Situation) -> Judgement:
    match situation.effect, situation.logged:
        case True, True:
            return FLAG_NOT_SET
        case True, False:
            return BYPASSED
        case True, None:
            return LOG_UNREADABLE
        case False, _:
            return NOT_TRIGGERED
        case _:
            return NO_EVIDENCE


def _no_document(situation: Situation) -> Judgement:
    if situation.expired:
        return EXPIRED
    if situation.effect:
        return NO_RECORD
    if not situation.past_due:
        return NOT_STARTED_YET
    return NO_EVIDENCE if situation.effect is None else NOT_STARTED
