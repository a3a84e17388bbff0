"""The engine that runs SQL checks: a query, its rows, the first rule that holds.

Asking and judging are apart: ``judge_row`` is pure and decides about one row, the rest brings it the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from checks.actions import Action, RepairKey
from checks.cells import SqlInterval, exact, in_words, span_words, type_name
from checks.changed_columns import ChangedColumnsError, explained
from checks.conditions import Standing
from checks.conditions import standing as standing_of
from checks.context import Context
from checks.data.decision import Decision, Setting, decide, early
from checks.facts import Scalar, Values, within
from checks.intervals import interval_words
from checks.model import Finding, Interval, Outcome, Severity
from checks.ports.warehouse import Answers, Row, read_columns, read_rows
from checks.reads import Read
from checks.registry import Check
from checks.source import Problem, SourceError
from checks.sql_check_spec import Rule, SqlCheck, Subjects
from checks.stated_commands import stated
from checks.templates import MissingColumnError, columns_in, fill, fill_command, fill_name
from checks.unanswered import Reader, attempt, failures, not_asked

ENGINE_CODES: Mapping[str, str] = {
    "as-expected": "No rule speaks against it.",
    "off-day": "Its condition does not hold on that date: there is nothing to check.",
    "not-due": "It is not due yet.",
    "absent": "A subject that the check names has no row.",
}
"""What every SQL check may say beside the codes of its rules."""

Judge = Callable[[Sequence[Row], Answers, Setting], Iterator[Finding]]
"""Makes findings of the rows of a check's query, and of the answers to its other queries, by name."""
ColumnJudge = Callable[[Mapping[str, str], Setting], Iterator[Finding]]
"""Makes findings of the columns of the table that a check is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """What makes the findings of a check in place of its rules: ``rows`` of its query and the answers to ``queries``,
    ``columns`` of those of its table."""

    rows: Judge | None = None
    queries: Mapping[str, str] = field(default_factory=dict)
    columns: ColumnJudge | None = None


BY_RULES = Judging()


def sql_check(spec: SqlCheck) -> Check:
    """Make a check of its description in the pipeline file."""
    return Check(
        id=spec.id,
        title=spec.title,
        rationale=spec.rationale,
        worst=spec.worst,
        run=lambda context: run_sql_check(spec, context),
        codes=codes_of(spec),
        phase=spec.phase,
        quick=spec.quick,
        expected=spec.expected,
        unwanted=spec.unwanted,
        runbook=spec.runbook,
        spec=spec,
        facts=Values,
    )


def codes_of(spec: SqlCheck) -> Mapping[str, str]:
    """Return the codes of a check; those of its rules are explained by the rules."""
    codes: dict[str, str] = {}
    for rule in spec.rules:
        meaning = f"{rule.test} ({rule.consequence})"
        codes[rule.code] = f"{codes[rule.code]}; or {meaning}" if rule.code in codes else meaning
    return {**ENGINE_CODES, **codes}


def judge_row(spec: SqlCheck, row: Row, setting: Setting) -> Finding:
    """Return the finding of one row: pure, and total over whatever the row holds."""
    decision = decide(spec, {**row, **setting.parameters})
    try:
        return _decided(spec, row, setting, decision)
    except MissingColumnError as error:
        summary = f"The query gave no column '{error.column}', which a sentence of this check names."
        severity = spec.worst if decision.severity is None else decision.severity
        return _undecided(spec, row, setting, summary, severity)


def _decided(spec: SqlCheck, row: Row, setting: Setting, decision: Decision) -> Finding:
    values, words = {**setting.names, **row}, {**setting.words, **row}
    if decision.rule is not None and decision.lacking is not None and decision.severity is not None:
        return _undecided(spec, row, setting, _lack(decision.rule, decision.lacking, row), decision.severity)
    template = decision.rule.summary if decision.rule is not None and decision.rule.summary else spec.summary
    missing = next((each for each in columns_in(template) if values.get(each, "") is None), None)
    if not spec.rules and missing is not None:
        # A check without rules only reports: where it has nothing to report, it passed by nothing.
        return _undecided(
            spec, row, setting, f"The column '{missing}' is NULL: there is nothing to report.", spec.worst
        )
    failed = decision.outcome is Outcome.FAILED
    return Finding(
        outcome=decision.outcome,
        code=decision.code,
        subject=fill_name(spec.subject, values),
        summary=fill(template, words, setting.zone, setting.year) + (early(setting) if failed else ""),
        severity=None if decision.severity is None else setting.capped(decision.severity),
        phase=spec.phase,
        interval=setting.interval,
        facts=_facts(row),
        impact=fill(spec.impact, words, setting.zone, setting.year) if failed else "",
        action=_action(spec, values, words, setting) if failed else None,
        link=spec.runbook,
        read=True,
    )


def _undecided(spec: SqlCheck, row: Row, setting: Setting, summary: str, severity: Severity) -> Finding:
    return Finding(
        outcome=Outcome.UNKNOWN,
        code="no-value",
        subject=_subject(spec, {**setting.names, **row}),
        summary=summary,
        severity=setting.capped(severity),
        phase=spec.phase,
        interval=setting.interval,
        facts=_facts(row),
        action=Action(text=f"Correct the query of the check '{spec.id}' in the pipeline file."),
        link=spec.runbook,
    )


def _lack(rule: Rule, column: str, row: Row) -> str:
    if column not in row:
        what = "is missing"
    elif row[column] is None:
        what = "is NULL"
    else:
        what = f"holds the {type_name(row[column])} {exact(row[column]):.60}"
    return f"The column '{column}' {what}, so '{rule.test}' cannot be judged."


def _action(spec: SqlCheck, values: Mapping[str, Any], words: Mapping[str, Any], setting: Setting) -> Action | None:
    advice = spec.action
    if advice is None:
        return None
    command = fill_command(advice.command, values) if advice.command is not None else None
    repairs = tuple(map(RepairKey.read, (advice.repair or "").split()))
    text = fill(advice.text, words, setting.zone, setting.year)
    return Action(text=text, commands=stated(command), repairs=repairs)


def _subject(spec: SqlCheck, values: Mapping[str, Any]) -> str:
    """Name what a finding is about; the check itself where no row can say it."""
    return fill_name(spec.subject, values) if set(columns_in(spec.subject)) <= values.keys() else spec.id


def _facts(row: Row) -> Values:
    return Values(values=within({column: _scalar(value) for column, value in row.items()}))


def _scalar(value: Any) -> Scalar:
    if isinstance(value, SqlInterval):
        return span_words(value)
    return value if isinstance(value, Scalar) else exact(value)


def run_sql_check(spec: SqlCheck, context: Context, judging: Judging = BY_RULES) -> Iterator[Finding]:
    """Yield the findings of every interval. All questions are asked before the first answer is read."""
    judged = [_Judged(spec, context, interval, judging) for interval in intervals_of(spec, context)]
    for each in judged:
        each.ask()
    for each in judged:
        yield from attempt(
            each.findings, subject=each.subject, severity=each.worst, phase=spec.phase, interval=each.interval
        )


def intervals_of(spec: SqlCheck, context: Context) -> tuple[Interval, ...]:
    """Return the intervals that a check judges, each once, earliest first."""
    if spec.interval == "both":
        return context.intervals
    return (context.previous if spec.interval == "previous" else context.current,)


class _Judged:
    """One check on one interval."""

    def __init__(self, spec: SqlCheck, context: Context, interval: Interval, judging: Judging) -> None:
        self.interval = interval
        self._spec = spec
        self._judging = judging
        self._answers: dict[str, Read[Any]] = {}
        self._context = context
        pipeline = context.pipeline
        due = context.at(spec.due, interval) if spec.due is not None else None
        early = due is not None and context.now < due
        self._waits = early and spec.before_due == "wait"
        self._setting = Setting(
            interval=interval,
            zone=pipeline.zone,
            year=context.today.year,
            due=due if early else None,
            names={
                "date": interval.day,
                "interval": interval.name,
                "project": pipeline.project,
                "region": pipeline.region,
            },
            parameters={f"@{name}": each.value for name, each in pipeline.parameters.items()},
        )
        self._rows: Read[Any] | None = None
        self._columns: Read[Any] | None = None
        self._subjects: Read[Any] | None = None

    @property
    def subject(self) -> str:
        """What a finding without a row is about."""
        return _subject(self._spec, self._setting.names)

    @property
    def worst(self) -> Severity:
        """How bad the truth could be."""
        return self._setting.capped(self._spec.worst)

    def ask(self) -> None:
        """Start the looks. The query does not wait for its condition: on most days that holds, and waiting
        would double the time of every check; on the others its answer is not read."""
        if self._spec.when is not None:
            condition = self._context.pipeline.conditions[self._spec.when]
            read_rows(self._context.reads, self._context.query(condition.query, self._spec.when, self.interval))
        if self._waits:
            return
        if self._judging.columns is not None and self._spec.place is not None:
            self._columns = read_columns(self._context.reads, self._spec.place)
        if self._spec.query:
            self._rows = self._ask(self._spec.query, self._spec.id)
        queries = self._judging.queries
        self._answers = {name: self._ask(sql, f"{self._spec.id}-{name}") for name, sql in queries.items()}
        if self._spec.subjects is not None and self._spec.subjects.query is not None:
            self._subjects = self._ask(self._spec.subjects.query, f"{self._spec.id}-subjects")

    def _ask(self, sql: str, label: str) -> Read[Any]:
        return read_rows(self._context.reads, self._context.query(sql, label, self.interval))

    def findings(self) -> Iterator[Finding]:
        """Judge the interval. Raises SourceError."""
        standing = self._standing()
        if not standing.applies:
            reason = self._context.why_off(self._spec.when, self.interval)
            said = f"{interval_words(self.interval.name, self._context.today.year)}: {reason}."
            yield self._quiet(Outcome.SKIPPED, "off-day", said, read=True)
            return
        if self._waits:
            yield self._quiet(
                Outcome.WAITING,
                "not-due",
                f"Due {in_words(self._setting.due, self._setting.zone, self._setting.year)}.",
            )
            return
        shape = tuple(map(standing.tempered, self._shape()))
        yield from shape
        if self._rows is None:
            return
        try:
            yield from map(standing.tempered, self._found(self._rows, standing))
        except SourceError as error:
            why = self._explained(error)
            if not isinstance(why, ChangedColumnsError):
                raise
            reader = Reader(
                self.subject, self.worst, self._spec.phase, self.interval, self._spec.runbook, early(self._setting)
            )
            if not any(each.outcome is Outcome.FAILED for each in shape):
                yield from map(standing.tempered, failures(why, reader))
            yield not_asked(why, reader)

    def _explained(self, error: SourceError) -> SourceError:
        subjects = self._spec.subjects.query if self._spec.subjects is not None else None
        statements = (self._spec.query, *self._judging.queries.values(), subjects or "")
        asker = f"The check '{self._spec.id}'"
        return explained(error, asker, self._context.pipeline.tables, self._context.reads, statements)

    def _found(self, read: Read[Any], standing: Standing) -> Iterator[Finding]:
        """Wait for the rows and judge them. Raises SourceError."""
        rows = read.result()
        if self._judging.rows is None:
            return self._judged(rows, standing)
        answers = {name: read.result() for name, read in self._answers.items()}
        return self._judging.rows(rows, answers, self._setting)

    def _shape(self) -> Iterator[Finding]:
        """Judge the columns, where they are asked for; without them the rows are judged all the same."""
        judge, read = self._judging.columns, self._columns
        if judge is not None and read is not None:
            yield from attempt(
                lambda: judge(read.result(), self._setting),
                subject=f"{self._spec.place} schema",
                severity=self.worst,
                phase=self._spec.phase,
                interval=self.interval,
            )

    def _standing(self) -> Standing:
        """Return what the condition comes to. Before its time a check waits even if nobody can tell."""
        try:
            return standing_of(self._context, self._spec.when, self.interval)
        except SourceError:
            if self._waits:
                return Standing.HOLDS
            raise

    def _judged(self, rows: Sequence[Row], standing: Standing) -> Iterator[Finding]:
        there: set[str] = set()
        for row in rows:
            finding = judge_row(self._spec, row, self._setting)
            if self._spec.subjects is not None:
                there.add(finding.subject)
            yield finding
        if self._spec.subjects is not None:
            yield from (
                self._absent(name, self._spec.subjects.severity)
                for name in self._named(self._spec.subjects)
                if name not in there
            )
        elif not rows:
            yield self._nothing(standing)

    def _named(self, subjects: Subjects) -> Sequence[str]:
        """Return the subjects that must have a row, each once. Raises SourceError."""
        if self._subjects is None:
            return tuple(dict.fromkeys(subjects.names))
        rows = self._subjects.result()
        names = [row.get("subject") for row in rows]
        if not names or None in names:
            raise SourceError(
                "BigQuery",
                Problem.INVALID,
                f"the subjects of the check '{self._spec.id}' gave no name in the column 'subject'",
                advice="Correct its query in the pipeline file.",
            )
        return tuple(dict.fromkeys(map(exact, names)))

    def _absent(self, name: str, severity: Severity) -> Finding:
        return Finding(
            outcome=Outcome.FAILED,
            code="absent",
            subject=name,
            summary=f"{name} is gone: the check expects it, and the query gave no row about it.{early(self._setting)}",
            severity=self._setting.capped(severity),
            phase=self._spec.phase,
            interval=self.interval,
            action=Action(
                text=f"Find out why {name} has no data; if it is gone for good, take it out of the subjects of "
                f"'{self._spec.id}' in the pipeline file."
            ),
            link=self._spec.runbook,
        )

    def _nothing(self, standing: Standing) -> Finding:
        said = f"The query gave no row where one is expected: {self._spec.empty_summary.rstrip('.')}."
        if self._spec.empty == "passed":
            if standing is Standing.HOLDS:
                return self._quiet(Outcome.PASSED, "as-expected", f"{self._spec.empty_summary.rstrip('.')}.")
            said = f"The query gave no row, and the condition '{self._spec.when}' is in doubt: nothing to judge."
        return Finding(
            outcome=Outcome.UNKNOWN,
            code="no-evidence",
            subject=self.subject,
            summary=said,
            severity=self.worst,
            phase=self._spec.phase,
            interval=self.interval,
            link=self._spec.runbook,
        )

    def _quiet(self, outcome: Outcome, code: str, summary: str, *, read: bool | None = None) -> Finding:
        return Finding(
            outcome=outcome,
            code=code,
            subject=self.subject,
            summary=summary,
            phase=self._spec.phase,
            interval=self.interval,
            link=self._spec.runbook,
            read=read,
        )
