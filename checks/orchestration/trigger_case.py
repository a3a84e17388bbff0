"""One transition on one date, as the trigger check found it: the facts, and the situation they make."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from checks.context import Context
from checks.facts.orchestration import TriggerFacts
from checks.model import Interval
from checks.orchestration.completion import Completion, Flag, Progress, progress_of
from checks.orchestration.gathering import DayLog, JudgedRun, Logged, Rows, completion_of, log_of, rows_of
from checks.orchestration.trigger_verdict import Situation
from checks.pipeline import Transition
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
            expired=(self.context.today - self.interval.day).days > self.transition.retention_days,
        )

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


def in_window(log: Logged, opens: datetime) -> bool:
    """Whether the log has a row that no earlier run can have written."""
    return log.rows > 0 and (log.last_at is None or log.last_at >= opens)


def case_of(context: Context, transition: Transition, interval: Interval, run: JudgedRun) -> Case:
    """Gather the facts. Raises SourceError for those without which nothing can be said."""
    completion = progress = source_rows = None
    if transition.state is None:
        source_rows = rows_of(context, transition.source, interval)
    else:
        completion = completion_of(context, transition, interval)
        progress = progress_of(completion, run.spec, context.now.astimezone(UTC))
    target_rows = rows_of(context, transition.target, interval)
    day, log_error = _day_log(context, transition, interval)
    if target_rows is None and log_error is not None:
        raise log_error
    log = None if day is None else day.of(transition)
    if target_rows is None:
        effect = _effect_in_log(day, log, run.opens)
    else:
        effect = _effect_in_rows(target_rows, run.opens, past_due=context.now > run.due)
    return Case(
        context=context,
        transition=transition,
        interval=interval,
        run=run,
        completion=completion,
        progress=progress,
        source_rows=source_rows,
        target_rows=target_rows,
        log=log,
        log_empty=day is not None and day.empty,
        log_error=log_error,
        effect=effect,
    )


def _day_log(context: Context, transition: Transition, interval: Interval) -> tuple[DayLog | None, SourceError | None]:
    """Read the log where it says something about the transition; its failure alone decides nothing yet."""
    if not transition.logged:
        return None, None
    try:
        return log_of(context, interval), None
    except SourceError as error:
        return None, error


def _effect_in_rows(rows: Rows, opens: datetime, *, past_due: bool) -> bool:
    """Return whether the next phase wrote for the date.

    Before the run is due, rows from before its window are those of an earlier run of the date, and say nothing
    about this one. Afterwards they count, because not every run writes every row again.
    """
    earlier = not past_due and rows.last_at is not None and rows.last_at < opens
    return rows.count > 0 and not earlier


def _effect_in_log(day: DayLog | None, log: Logged | None, opens: datetime) -> bool | None:
    """Return whether the log shows the trigger; a log that is empty for the whole date proves nothing."""
    if day is None or log is None or day.empty:
        return None
    return in_window(log, opens)
