"""The engine behind what a pipeline file expects of tables: figures of an interval, of those before it, and rules.

Reading and judging are apart: everything here is pure, total over whatever rows there are, and told the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from math import inf
from typing import Any

from checks.agreement import agreeing, counted
from checks.cells import exact, in_words, number_words
from checks.column_types import ColumnState, differences
from checks.context import Context
from checks.data.bounds import FEWEST_USED, MOST_USED, Usual, UsualRange, at_size, is_alike, limits_of
from checks.data.decision import Setting
from checks.data.expected import Findings, filled
from checks.data.past import Group, Past, age_of, number_of
from checks.data.sql import Judging, codes_of, run_sql_check, sql_check
from checks.expansion import CODES, Expansion
from checks.expansion.figure import Figure, words_of
from checks.expansion.query import history_days
from checks.expansion.rules import volume_name
from checks.expansion.words import per_name, span_words
from checks.expectations_spec import Freshness, Mean, Renewed, Schema, Volume
from checks.facts.expectations import ExpectationFacts
from checks.model import Finding, Interval
from checks.pipeline import Pipeline
from checks.places import PlaceKind
from checks.ports.warehouse import Answers, Row
from checks.registry import Check
from checks.sql_check_spec import SqlCheck


def expectation_check(expansion: Expansion) -> Check:
    """Make a check of what is expected of a table."""
    spec = expansion.spec
    return replace(
        sql_check(spec),
        run=lambda context: run_sql_check(spec, context, _judging(expansion, context)),
        codes=expectation_codes(spec),
        place=PlaceKind.TABLE,
        facts=ExpectationFacts,
    )


def expectation_codes(spec: SqlCheck) -> Mapping[str, str]:
    """Return the codes of a check of expectations."""
    return {code: meaning for code, meaning in {**codes_of(spec), **CODES}.items() if code != "absent"}


def _judging(expansion: Expansion, context: Context) -> Judging:
    columns = partial(judge_columns, expansion) if expansion.expect.shape is not None else None
    return Judging(rows=partial(judge, expansion, context), queries=expansion.queries, columns=columns)


def judge_columns(expansion: Expansion, real: Mapping[str, str], setting: Setting) -> Iterator[Finding]:
    """Yield a finding for each column that is not as it should be, one where all are."""
    schema = expansion.expect.shape or Schema()
    declared = schema.columns or expansion.declared.columns
    said = Findings(expansion, setting)
    facts = ExpectationFacts(expectation="schema")
    told = [each for each in differences(declared, real) if schema.strict or each.state is not ColumnState.NEW]
    for each in told:
        group = (each.column,)
        sentence = each.sentence(expansion.table)
        yield said.decided("schema", {"column": each.state}, sentence, facts, group, facet=each.column)
    if not told:
        whole = f"All {len(declared)} columns are there with their types."
        yield said.decided("schema", {"column": ColumnState.SAME}, whole, facts)


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
        self._past = Past(expansion, pipeline, setting.interval, rows, answers)
        self._said = Findings(expansion, setting)
        self._judged = next((row for row in rows if row.get("part") == "judged"), {})

    def findings(self) -> Iterator[Finding]:
        """Yield a finding for each thing that is expected, of each group."""
        if self._expect.freshness is not None:
            yield self._freshness(self._expect.freshness)
        if self._expect.renewed is not None:
            yield self._renewed(self._expect.renewed)
        for volume in self._expect.volume:
            yield from self._volume(volume)
        for figure in self._expansion.figures:
            yield self._figure(figure)
        for column, mean in self._expect.mean.items():
            yield self._mean(column, mean)

    # --- freshness

    def _freshness(self, freshness: Freshness) -> Finding:
        newest = self._past.newest
        if newest is None:
            told = f"{self._expansion.table} has no rows with a load time."
            return self._said.quiet("freshness", "not-enough-history", told)
        age = age_of(newest, self._now, self._timeline, self._past.is_off)
        when = in_words(newest, self._setting.zone, self._setting.year)
        said = f"The newest row was loaded {when}, {span_words(_rounded(age))} ago; expected at most "
        hours = age / _HOUR
        return self._said.decided(
            "freshness",
            {"age_hours": hours},
            f"{said}{span_words(freshness.at_most)}.",
            ExpectationFacts(expectation="freshness", measured=hours, high=freshness.at_most / _HOUR),
        )

    def _renewed(self, renewed: Renewed) -> Finding:
        newest, after = self._judged.get("renewed"), renewed.after.of(self._interval, self._timeline)
        if not isinstance(newest, datetime):
            return self._said.quiet("renewed", "no-rows", f"There are no {self._expect.noun} with a load time.")
        when, least = (in_words(each, self._setting.zone, self._setting.year) for each in (newest, after))
        said = f"The newest {self._expect.noun} were loaded {when}; expected {least} or later."
        return self._said.decided("renewed", {"old": newest < after}, said, ExpectationFacts(expectation="renewed"))

    # --- volume

    def _volume(self, volume: Volume) -> Iterator[Finding]:
        name = volume_name(volume)
        exposure = self._past.exposures(volume)
        due = None if exposure is None else exposure.get(self._interval, 0)
        if due is not None and due <= 0:
            yield self._said.quiet(
                name, "no-exposure", f"There are no {_unit(volume)} to have {self._expect.noun} for."
            )
            return
        counts = self._past.counts(volume.by)
        here = counts.get(self._interval, {})
        past = [
            (counts[each], 1.0 if exposure is None else exposure[each])
            for each in self._past.comparable(counts, volume)
            if exposure is None or exposure.get(each, 0) > 0
        ]
        whole = _Count(volume=volume, number=sum(here.values()), whole=sum(here.values()), due=due)
        if volume.by and here:
            yield from self._groups(whole, here, past)
        elif volume.by and self._counts_all:
            yield self._said.quiet(name, "no-rows", f"There are no {self._expect.noun} to judge by group.")
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
        said = self._count_words(count) + _missed_limit(count)
        if limits is not None:
            each = "" if count.due is None else " each"
            said += f"; usually {number_words(limits.median)}{each} (median of {limits.used})"
            said += _missed_parts(volume, count.measured, limits.median)
        elif not self._is_decided_by_fixed_limits(count):
            nothing = f"there were none in the {history_days(self._pipeline, volume)} days before"
            why = "too few comparable intervals to tell what is usual" if count.past or count.number else nothing
            return self._said.quiet(name, "not-enough-history", f"{said}; {why}.", facts, count.group)
        tests = {
            "measured": count.measured,
            "all_rows": count.whole,
            "of_median": 1.0 if limits is None or limits.median <= 0 else count.measured / limits.median,
            "usual": Usual.UNKNOWN if limits is None else limits.compare(count.measured, above=volume.both_sides),
        }
        return self._said.decided(name, tests, f"{said}.", facts, count.group)

    def _is_decided_by_fixed_limits(self, count: _Count) -> bool:
        """Whether fixed limits decide without history. A table that never had a row is not in use yet; where rows are
        asked for, it has lost them."""
        volume = count.volume
        if volume.at_least:
            return True
        return volume.at_most is not None and bool(count.number or count.past or self._past.periods)

    def _count_words(self, count: _Count) -> str:
        of = f" of {', '.join(count.group)}" if count.group else ""
        said = f"{counted(count.number) if count.number else 'No'} {self._expect.noun}{of}"
        if count.due is None:
            return agreeing(said)
        each = f", {number_words(count.measured)} each" if count.number else ""
        return agreeing(f"{said} for {counted(count.due, number_words(count.due))} {_unit(count.volume)}{each}")

    # --- values

    def _figure(self, figure: Figure) -> Finding:
        rows, measured = (number_of(self._judged.get(column)) for column in (figure.of, figure.column))
        if rows is None or measured is None or rows < figure.fewest:
            total = number_of(self._judged.get("judged_rows")) or 0
            what = f"values of {figure.facet}" if total else self._expect.noun
            told = f"{counted(rows)} {what} are too few to judge." if rows else f"There are no {what} to judge."
            return self._said.quiet(figure.expectation, "no-rows", agreeing(told), facet=figure.facet)
        share = measured / rows
        facts = ExpectationFacts(expectation=figure.expectation, measured=measured, rows=int(rows), share=share)
        tests = {"measured": measured, "share": share, "rows": rows}
        words = {
            "others": counted(int(rows - measured)),
            "measured": counted(int(measured)),
            "rows": counted(int(rows)),
            "share": f"{number_words(share * 100)} %",
        }
        bad = agreeing(filled(_with_limit(figure, share), words))
        good = bad if figure.allowed and measured else agreeing(filled(figure.good, words))
        return self._said.decided(figure.expectation, tests, good, facts, facet=figure.facet, failed=bad)

    def _mean(self, column: str, mean: Mean) -> Finding:
        name = f"mean {column}"
        sums: dict[Interval, tuple[float, float]] = {}
        for interval, row in self._past.periods:
            total, count = sums.get(interval, (0.0, 0.0))
            sums[interval] = (
                total + (number_of(row.get(f"sum_{column}")) or 0.0),
                count + (number_of(row.get(f"count_{column}")) or 0.0),
            )
        means = {interval: total / count for interval, (total, count) in sums.items() if count}
        measured = means.get(self._interval)
        if measured is None:
            told = f"There are no values of {column} to judge."
            return self._said.quiet(name, "no-rows", told, facet=column)
        past = [means[each] for each in self._past.comparable(means, mean)]
        limits = limits_of(past, z=mean.z, floor=mean.floor, margin=mean.margin)
        facts = ExpectationFacts(expectation=name, measured=measured, **_learned_facts(limits, two_sided=True))
        said = f"The mean of {column} is {number_words(measured)}"
        rows = sums[self._interval][1]
        is_fixed = mean.between is not None and rows >= mean.rows
        if limits is None and not is_fixed:
            told = f"{said}; not enough comparable intervals."
            return self._said.quiet(name, "not-enough-history", told, facts, facet=column)
        if mean.between is not None:
            said += f"; expected {words_of((), *mean.between)}"
        if limits is not None:
            said += f"; usually {number_words(limits.median)} (median of {limits.used})"
        usual = Usual.UNKNOWN if limits is None else limits.compare(measured, above=True)
        tests = {"measured": measured, "rows": rows, "usual": Usual.BELOW if usual is Usual.NONE else usual}
        return self._said.decided(name, tests, f"{said}.", facts, facet=column)


def _with_limit(figure: Figure, share: float) -> str:
    """Return the sentence of a figure; where a share is allowed, with what it is and what it may be. A share that reads
    like the one allowed, and is above it, is said to be more."""
    if not figure.allowed:
        return figure.said
    most = f"{figure.allowed * 100:g} %"
    alike = share > figure.allowed and number_words(share * 100) == number_words(figure.allowed * 100)
    told = f"(more than the {most} allowed)" if alike else f"({{share}}; {most} allowed)"
    return f"{figure.said.removesuffix('.').removesuffix(' ({share})')} {told}."


def _missed_limit(count: _Count) -> str:
    """The fixed limit that a count is beyond, which is what tells its reader why it is a finding."""
    volume, each = count.volume, "" if count.due is None else " each"
    if volume.at_least is not None and count.measured < volume.at_least:
        return f"; expected at least {exact(volume.at_least)}{each}"
    if volume.at_most is not None and count.measured > volume.at_most:
        return f"; expected at most {exact(volume.at_most)}{each}"
    return ""


def _missed_parts(volume: Volume, measured: float, median: float) -> str:
    """The parts of the median that a count is beyond."""
    low, high = volume.between or (0.0, inf)
    return "" if low * median <= measured <= high * median else f", expected {exact(low)} to {exact(high)} times that"


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


def _unit(volume: Volume) -> str:
    return per_name(volume.per)


_HOUR = timedelta(hours=1)
