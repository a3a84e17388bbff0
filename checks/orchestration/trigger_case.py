"""One transition on one date, as the trigger check found it: the facts, and the situation they make."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from checks.context import Context
from checks.facts.orchestration import Flag, TriggerFacts
from checks.model import Interval
from checks.orchestration.completion import Completion, Progress
from checks.orchestration.gathered import JudgedRun, Logged, Rows
from checks.orchestration.trigger_verdict import Situation
from checks.orchestration_spec import Transition
from checks.source import SourceError


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The facts about a transition on a date.

    ``completion`` and ``progress`` are None for a transition without completion documents; ``source_rows``
    then counts what it waits for. ``target_rows`` is None where the next phase cannot show its rows; the log
    row is the effect then. ``effect`` is None when nothing can prove or disprove it. ``log_empty`` says that
    no transition at all has a row for the date, ``log_error`` why ``log`` is not known.
    """

    context: Context
    transition: Transition
    interval: Interval
    run: JudgedRun
    completion: Completion | None = None
    progress: Progress | None = None
    source_rows: Rows | None = None
    target_rows: Rows | None = None
    log: Logged | None = None
    log_empty: bool = False
    log_error: SourceError | None = None
    effect: bool | None = None

    @property
    def logged(self) -> bool | None:
        """Whether the window judged has a log row; None when the log could not be read."""
        if self.log is None:
            return None if self.log_error is not None else False
        return in_window(self.log, self.run.opens)

    @property
    def stale(self) -> bool:
        return self.completion is not None and self.completion.is_stale(self.run.opens)

    def situation(self) -> Situation:
        """Reduce the facts to what decides."""
        return Situation(
            applies=True,
            flag=self._flag(),
            enough=self._enough(),
            since=self._since(),
            triggered_at=None if self.completion is None else self.completion.triggered_at,
            critical_missing=self.progress is not None and bool(self.progress.critical_missing),
            effect=self.effect,
            logged=self.logged,
            now=self.context.now.astimezone(UTC),
            due=self.run.due,
            grace=timedelta(minutes=self.transition.grace_minutes),
            too_few=self.too_few,
            expired=(self.context.today - self.interval.day).days > self.transition.retention_days,
        )

    @property
    def too_few(self) -> bool:
        return self.source_rows is not None and too_few(self.source_rows, self.transition)

    def _flag(self) -> Flag:
        if self.completion is not None:
            return self.completion.flag_in(self.run.opens)
        # Without a document the log row stands for the flag, unless the log has nothing to say.
        speaks = self.log is not None and not self.log_empty
        return Flag.TRUE if (self.logged if speaks else self.effect) else Flag.FALSE

    def _enough(self) -> bool:
        if self.progress is not None:
            return self.progress.enough
        return self.source_rows is not None and self.source_rows.count >= self.transition.minimum_rows

    def _since(self) -> datetime | None:
        if self.progress is not None:
            return self.progress.since
        return self.source_rows.last_at if self.source_rows is not None else None

    def facts(self) -> TriggerFacts:
        """What a reader, and the diagnosis, need to follow the judgement."""
        completion, progress = self.completion, self.progress
        flags = {Flag.TRUE: True, Flag.FALSE: False}
        return TriggerFacts(
            run=self.run.name,
            processors_in=None if progress is None else len(progress.arrived),
            expected=None if progress is None else progress.expected,
            missing=() if progress is None else tuple(progress.missing),
            critical_missing=() if progress is None else tuple(progress.critical_missing),
            enough_since=self._since(),
            triggered=None if completion is None else flags.get(completion.flag),
            triggered_at=None if completion is None else completion.triggered_at,
            trigger_reason=None if completion is None else completion.reason,
            stale_trigger=self.stale,
            source_rows=None if self.source_rows is None else self.source_rows.count,
            effect_rows=None if self.target_rows is None else self.target_rows.count,
            effect_last_at=None if self.target_rows is None else self.target_rows.last_at,
            log_row=self.logged,
            last_good_trigger=None if self.log is None else self.log.last_ever_at,
            window_opens=self.run.opens,
            due=self.run.due,
            not_counted=self.not_counted(),
        )

    def not_counted(self) -> tuple[str, ...]:
        """Clauses about entries of the document that count for nothing."""
        if self.completion is None or self.progress is None:
            return ()
        return (*self.completion.oddities, *(f"{name} is not part of this run" for name in self.progress.unknown))


def too_few(rows: Rows, transition: Transition) -> bool:
    """Whether a phase has rows, and fewer than the next one starts from; others say whether more were expected."""
    return 0 < rows.count < transition.minimum_rows


def in_window(log: Logged, opens: datetime) -> bool:
    """Whether the log has a row that no earlier run can have written."""
    return log.rows > 0 and (log.last_at is None or log.last_at >= opens)
