"""The engine behind what a pipeline file expects of tables: figures of an interval, of those before it, and rules.

Reading and judging are apart: everything here is pure, total over whatever rows there are, and told the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property, partial
from math import isfinite
from typing import Any

from checks.actions import Action
from checks.cells import exact, in_words, number_words
from checks.context import Context
from checks.data.bounds import FEWEST_USED, MOST_USED, Usual, UsualRange, at_size, is_alike, limits_of
from checks.data.sql import Answers, Setting, codes_of, decide, early, run_sql_check
from checks.expansion import CODES, Expansion
from checks.expansion.figures import Figure
from checks.expansion.query import history_days
from checks.expansion.rules import volume_name
from checks.expansion.words import span_words
from checks.expectations_spec import Exposure, Freshness, Learning, Mean, Volume
from checks.facts.expectations import ExpectationFacts
from checks.intervals import Timeline
from checks.model import Finding, Interval, Outcome
from checks.pipeline import Pipeline, SqlCheck
from checks.places import Place, PlaceKind
from checks.ports.warehouse import Row
from checks.registry import Check
from checks.source import Problem, SourceError

Group = tuple[str, ...]


def expectation_check(expansion: Expansion) -> Check:
    """Make a check of what is expected of a table."""
    spec = expansion.spec
    return Check(
        id=spec.id,
        title=spec.title,
        rationale=spec.rationale,
        worst=spec.worst,
        run=lambda context: run_sql_check(spec, context, partial(judge, expansion, context), expansion.queries),
        codes=expectation_codes(spec),
        phase=spec.phase,
        quick=spec.quick,
        expected=spec.expected,
        runbook=spec.runbook,
        spec=spec,
        place=PlaceKind.TABLE,
        facts=ExpectationFacts,
    )


def expectation_codes(spec: SqlCheck) -> Mapping[str, str]:
    """Return the codes of a check of expectations."""
    return {code: meaning for code, meaning in {**codes_of(spec), **CODES}.items() if code != "absent"}


def judge(
    expansion: Expansion, context: Context, rows: Sequence[Row], answers: Answers, setting: Setting
) -> Iterator[Finding]:
    """Yield a finding for each thing that is expected, of each group."""
    return _Judgement(expansion, context.pipeline, context.now, rows, answers, setting).findings()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Count:
    """Rows of a group, of ``whole`` in the interval, and those of comparable ones, the newest first, each with what
    there was to have them for; in this one that is ``due``, where it is counted."""

    volume: Volume
    group: Group = ()
    number: int
    whole: int
    past: Sequence[tuple[int, float]] = ()
    due: float | None

    @property
    def measured(self) -> float:
        """The rows, or the rows a unit."""
        return self.number / (1.0 if self.due is None else self.due)

    @property
    def limits(self) -> UsualRange | None:
        """What is usual."""
        volume, due = self.volume, 1.0 if self.due is None else self.due
        past = at_size([(number, units) for number, units in self.past if is_alike(units, due)], due)
        return limits_of([each / due for each in past], z=volume.z, floor=volume.floor, margin=volume.margin / due)

    @property
    def is_missed(self) -> bool:
        """Whether a group was there in most of the intervals since its first, and those are enough to tell."""
        used = self.past[:MOST_USED]
        return len(used) >= FEWEST_USED and 2 * sum(count > 0 for count, _ in used) > len(used)


class _Judgement:
    """One set of expectations on one interval."""

    def __init__(
        self,
        expansion: Expansion,
        pipeline: Pipeline,
        now: datetime,
        rows: Sequence[Row],
        answers: Answers,
        setting: Setting,
    ) -> None:
        self._expansion = expansion
        self._expect = expansion.expect
        self._pipeline = pipeline
        self._timeline = pipeline.timeline
        self._now = now
        self._setting = setting
        self._interval = setting.interval
        self._history = [row for row in rows if row.get("part") == "history"]
        self._judged = next((row for row in rows if row.get("part") == "judged"), {})
        self._answers = answers

    def findings(self) -> Iterator[Finding]:
        """Yield a finding for each thing that is expected, of each group."""
        if self._expect.freshness is not None:
            yield self._freshness(self._expect.freshness)
        for volume in self._expect.volume:
            yield from self._volume(volume)
        for figure in self._expansion.figures:
            yield self._figure(figure)
        for column, mean in self._expect.mean.items():
            yield self._mean(column, mean)

    # --- freshness

    def _freshness(self, freshness: Freshness) -> Finding:
        loads = [row["newest"] for row in self._history if isinstance(row.get("newest"), datetime)]
        if not loads:
            return self._quiet("freshness", "not-enough-history", f"{self._expansion.table} has no rows that say when.")
        newest = max(loads)
        age = age_of(newest, self._now, self._timeline, self._is_off)
        when = in_words(newest, self._setting.zone, self._setting.year)
        said = f"The newest row was loaded {when}, {span_words(_rounded(age))} ago; expected at most "
        hours = age / _HOUR
        return self._decided(
            "freshness",
            {"age_hours": hours},
            f"{said}{span_words(freshness.at_most)}.",
            ExpectationFacts(expectation="freshness", measured=hours, high=freshness.at_most / _HOUR),
        )

    # --- volume

    def _volume(self, volume: Volume) -> Iterator[Finding]:
        name = volume_name(volume)
        exposure = self._exposures(volume)
        due = None if exposure is None else exposure.get(self._interval, 0)
        if due is not None and due <= 0:
            yield self._quiet(name, "no-exposure", f"There are no {_unit(volume)} to have {self._expect.noun} for.")
            return
        counts = self._counts(volume.by)
        here = counts.get(self._interval, {})
        past = [
            (counts[each], 1.0 if exposure is None else exposure[each])
            for each in self._comparable(counts, volume)
            if exposure is None or exposure.get(each, 0) > 0
        ]
        whole = _Count(volume=volume, number=sum(here.values()), whole=sum(here.values()), due=due)
        if volume.by and here:
            yield from self._groups(whole, here, past)
        elif volume.by and self._counts_all:
            yield self._quiet(name, "no-rows", f"There are no {self._expect.noun}: no group of them to judge.")
        else:
            yield self._counted(replace(whole, past=[(sum(groups.values()), units) for groups, units in past]))

    @property
    def _counts_all(self) -> bool:
        """Whether rows are counted without groups, too: then that says it where there are none at all."""
        return any(not each.by for each in self._expect.volume)

    def _groups(
        self, whole: _Count, here: Mapping[Group, int], past: Sequence[tuple[Mapping[Group, int], float]]
    ) -> Iterator[Finding]:
        """Judge each group by the intervals since its first; one that most of them have is missed."""
        for group in sorted({*here, *(group for groups, _ in past for group in groups)}):
            first = max((index for index, (groups, _) in enumerate(past) if group in groups), default=-1)
            count = replace(
                whole,
                group=group,
                number=here.get(group, 0),
                past=[(groups.get(group, 0), units) for groups, units in past[: first + 1]],
            )
            if group in here or count.is_missed:
                yield self._counted(count)

    def _counted(self, count: _Count) -> Finding:
        volume, limits = count.volume, count.limits
        name = volume_name(volume)
        facts = ExpectationFacts(
            expectation=name,
            measured=count.measured,
            rows=None if count.due is None else count.number,
            exposure=count.due,
            **_learned_facts(limits, two_sided=volume.both_sides),
        )
        said = self._count_words(count)
        if limits is not None:
            each = "" if count.due is None else f" for each of the {_unit(volume)}"
            said += f"; usual are {number_words(limits.median)}{each} (median of {limits.used})"
        elif not self._is_decided_by_fixed_limits(count):
            nothing = f"there were none in the {history_days(self._pipeline, volume)} days before"
            why = "too few comparable intervals to tell what is usual" if count.past or count.number else nothing
            return self._quiet(name, "not-enough-history", f"{said}; {why}.", facts, count.group)
        tests = {
            "measured": count.measured,
            "all_rows": count.whole,
            "of_median": 1.0 if limits is None or limits.median <= 0 else count.measured / limits.median,
            "usual": Usual.UNKNOWN if limits is None else limits.compare(count.measured, above=volume.both_sides),
        }
        return self._decided(name, tests, f"{said}.", facts, count.group)

    @staticmethod
    def _is_decided_by_fixed_limits(count: _Count) -> bool:
        """Whether fixed limits decide without history: what never had a row is not in use yet."""
        volume = count.volume
        if volume.at_least is None and volume.at_most is None:
            return False
        return volume.learned is None or bool(count.number or count.past)

    def _count_words(self, count: _Count) -> str:
        of = f" of {', '.join(count.group)}" if count.group else ""
        said = f"{f'{count.number:,}' if count.number else 'No'} {self._expect.noun}{of}"
        if count.due is None:
            return said
        each = f", {number_words(count.measured)} each" if count.number else ""
        return f"{said} for {number_words(count.due)} {_unit(count.volume)}{each}"

    # --- values

    def _figure(self, figure: Figure) -> Finding:
        rows, measured = (_number(self._judged.get(column)) for column in (figure.of, figure.column))
        if rows is None or measured is None or rows < figure.fewest:
            total = _number(self._judged.get("judged_rows")) or 0
            what = f"no {self._expect.noun}" if not total else f"{rows or 0:,} values of {figure.facet}"
            return self._quiet(
                figure.expectation, "no-rows", f"There are {what}: nothing to judge.", facet=figure.facet
            )
        share = measured / rows
        facts = ExpectationFacts(expectation=figure.expectation, measured=measured, rows=int(rows), share=share)
        tests = {"measured": measured, "share": share, "rows": rows}
        others = f"{int(rows - measured):,}"
        words = {
            "others": others,
            "measured": f"{int(measured):,}",
            "rows": f"{int(rows):,}",
            "share": f"{number_words(share * 100)} %",
        }
        good, bad = (_filled(text, words) for text in (figure.good, figure.said))
        return self._decided(figure.expectation, tests, good, facts, facet=figure.facet, failed=bad)

    def _mean(self, column: str, mean: Mean) -> Finding:
        name = f"mean {column}"
        means: dict[Interval, float] = {}
        sums: dict[Interval, tuple[float, float]] = {}
        for interval, row in self._periods():
            total, count = sums.get(interval, (0.0, 0.0))
            sums[interval] = (
                total + (_number(row.get(f"sum_{column}")) or 0.0),
                count + (_number(row.get(f"count_{column}")) or 0.0),
            )
        means = {interval: total / count for interval, (total, count) in sums.items() if count}
        measured = means.get(self._interval)
        if measured is None:
            return self._quiet(name, "no-rows", f"There are no values of {column}: nothing to judge.", facet=column)
        past = [means[each] for each in self._comparable(means, mean)]
        limits = limits_of(past, z=mean.z, floor=mean.floor, margin=mean.margin)
        facts = ExpectationFacts(expectation=name, measured=measured, **_learned_facts(limits, two_sided=True))
        said = f"The mean of {column} is {number_words(measured)}"
        if limits is None:
            return self._quiet(
                name, "not-enough-history", f"{said}; not enough comparable intervals.", facts, facet=column
            )
        usual = limits.compare(measured, above=True)
        said += f"; usual is {number_words(limits.median)} (median of {limits.used})."
        tests = {"usual": Usual.BELOW if usual is Usual.NONE else usual}
        return self._decided(name, tests, said, facts, facet=column)

    # --- the past

    def _periods(self) -> Iterator[tuple[Interval, Row]]:
        for row in self._history:
            if isinstance(row.get("period"), date):
                yield interval_of(row["period"], self._timeline), row

    def _counts(self, by: Sequence[str]) -> Mapping[Interval, Mapping[Group, int]]:
        counts: dict[Interval, dict[Group, int]] = {}
        for interval, row in self._periods():
            group = tuple(exact(row.get(f"by_{column}")) for column in by)
            groups = counts.setdefault(interval, {})
            groups[group] = groups.get(group, 0) + int(_number(row.get("row_count")) or 0)
        return counts

    def _comparable(self, known: Iterable[Interval], learning: Learning) -> list[Interval]:
        """Return the intervals before the one that is judged that it can be compared with, the newest first."""
        alike = learning.alike or ("any" if self._pipeline.cadence.has_dates else "hour")
        mine = _ALIKE[alike](self._interval)
        earliest = self._interval.start - timedelta(days=history_days(self._pipeline, learning) + 1)
        return sorted(
            (
                each
                for each in known
                if earliest <= each.start < self._interval.start
                and _ALIKE[alike](each) == mine
                and not self._is_off(each)
            ),
            reverse=True,
        )

    def _exposures(self, volume: Volume) -> Mapping[Interval, float] | None:
        if volume.per is None:
            return None
        return self._numbers(volume.per if isinstance(volume.per, str) else volume_name(volume))

    def _numbers(self, name: str) -> Mapping[Interval, float]:
        """Return the numbers of a query by interval. Raises SourceError where it gives none."""
        numbers: dict[Interval, float] = {}
        for row in self._answers[name]:
            period, number = row.get("period"), _number(row.get("number"))
            if not isinstance(period, date) or number is None:
                raise SourceError(
                    "BigQuery",
                    Problem.INVALID,
                    f"the history of '{name}' gave a row without a period or a number",
                    advice="Correct its query in the pipeline file.",
                )
            interval = interval_of(period, self._timeline)
            numbers[interval] = numbers.get(interval, 0) + number
        return numbers

    @cached_property
    def _due(self) -> Mapping[Interval, float] | None:
        """How much there was to do in each interval, where the condition has a history."""
        when = self._expansion.spec.when
        return None if when is None or when not in self._answers else self._numbers(when)

    def _is_off(self, interval: Interval) -> bool:
        """Whether an interval had nothing to do."""
        if not self._timeline.has_run(interval):
            return True
        # A history ends with the interval that is judged: of what comes after, it says nothing.
        is_told = interval.start <= self._interval.start
        return self._due is not None and is_told and self._due.get(interval, 0) <= 0

    # --- findings

    def _decided(
        self,
        name: str,
        tests: Row,
        said: str,
        facts: ExpectationFacts,
        group: Group = (),
        *,
        facet: str = "",
        failed: str = "",
    ) -> Finding:
        decision = decide(self._expansion.spec, {"expectation": name, **tests})
        is_failed = decision.outcome is Outcome.FAILED
        told = (failed or said) + early(self._setting) if is_failed else said
        finding = self._quiet(name, decision.code, told, facts, group, facet=facet)
        kind = name.partition(" ")[0]
        return replace(
            finding,
            outcome=decision.outcome,
            severity=None if decision.severity is None else self._setting.capped(decision.severity),
            impact=self._words(self._expect.impact or _IMPACTS[kind], facet) if is_failed else "",
            action=Action(text=self._words(self._expect.action or _ACTIONS[kind], facet)) if is_failed else None,
            read=True,
        )

    def _words(self, template: str, facet: str) -> str:
        return _filled(template, {"table": self._expansion.table, "interval": self._interval.name, "columns": facet})

    def _quiet(
        self,
        name: str,
        code: str,
        said: str,
        facts: ExpectationFacts | None = None,
        group: Group = (),
        facet: str = "",
    ) -> Finding:
        table, spec = self._expansion.table, self._expansion.spec
        part = ", ".join(group) or facet
        return Finding(
            outcome=Outcome.SKIPPED,
            code=code,
            subject=" ".join([table, name, *([", ".join(group)] if group else [])]),
            summary=said,
            phase=spec.phase,
            interval=self._interval,
            place=Place(PlaceKind.TABLE, table, part),
            facts=ExpectationFacts(expectation=name) if facts is None else facts,
            link=spec.runbook,
            read=True,
        )


def interval_of(period: date, timeline: Timeline) -> Interval:
    """Return the interval in which a date or an instant lies."""
    return timeline.at(period) if isinstance(period, datetime) else timeline.on(period)


def age_of(loaded: datetime, now: datetime, timeline: Timeline, is_off: Callable[[Interval], bool]) -> timedelta:
    """Return how old something is, without the intervals in which nothing was to be done."""
    age = max(timedelta(), now - loaded)
    each = timeline.at(loaded)
    while each.start < now:
        if is_off(each):
            age -= min(each.end, now) - max(each.start, loaded)
        each = timeline.next(each)
    return max(timedelta(), age)


def _rounded(age: timedelta) -> timedelta:
    unit = _HOUR if age >= _HOUR else timedelta(minutes=1)
    return round(age / unit) * unit


def _learned_facts(limits: UsualRange | None, *, two_sided: bool) -> dict[str, Any]:
    if limits is None:
        return {}
    return {
        "median": limits.median,
        "low": limits.low,
        "high": limits.high if two_sided else None,
        "history": limits.used,
    }


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    return float(value) if isfinite(value) else None


def _filled(template: str, words: Mapping[str, str]) -> str:
    for name, word in words.items():
        template = template.replace(f"{{{name}}}", word)
    return template


def _unit(volume: Volume) -> str:
    return volume.per.name if isinstance(volume.per, Exposure) else str(volume.per)


_HOUR = timedelta(hours=1)

_ALIKE: Mapping[str, Callable[[Interval], int]] = {
    "any": lambda _: 0,
    "weekday": lambda interval: interval.day.weekday(),
    "hour": lambda interval: interval.start.hour,
}

_TOO_FEW = "What reads {table} has too little to work with."
_WRONG = "What reads {table} works with wrong values of {columns}."

_IMPACTS: Mapping[str, str] = {
    "freshness": "What reads {table} works with old data.",
    "volume": _TOO_FEW,
    "unique": "What sums or joins {table} counts rows twice.",
    "not_null": "What reads {table} leaves out the rows without {columns}, or takes them for nothing.",
    "references": "What joins {table} by {columns} loses these rows.",
    **dict.fromkeys(("values", "not_constant", "not_one_sided", "mean"), _WRONG),
}
_WRITER = "Look at what writes {table}"
_ACTIONS: Mapping[str, str] = {
    "freshness": f"{_WRITER}: it has not run, or wrote nothing.",
    "volume": f"{_WRITER}, and load {{interval}} again.",
    "unique": f"{_WRITER}: a load that is repeated must replace its rows. Then remove those that are there twice.",
    "references": f"{_WRITER} and what it gets {{columns}} from.",
    **dict.fromkeys(
        ("not_null", "values", "not_constant", "not_one_sided", "mean"),
        f"{_WRITER} and where it gets {{columns}} from, then load {{interval}} again.",
    ),
}
