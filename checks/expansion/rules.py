"""The rules of a set of expectations: fixed limits first, then those that are learned."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from checks.column_types import ColumnState
from checks.effects import COLUMN_FAILURES, FailureEffect
from checks.expectations_spec import Expect, Schema, Volume
from checks.severity import Severity
from checks.sql_check_spec import Rule
from checks.values import Comparison

_EFFECTS = dict.fromkeys(("no-volume", "stale", "not-renewed", *COLUMN_FAILURES), FailureEffect.STOPS)
"""What is there harms at most; without a column the queries that read it stop."""

_SOME = Comparison(at_least=10)
"""Rows; of fewer, all may well lack a value."""


def rules_of(expect: Expect) -> Iterator[Rule]:
    """Yield every rule, in the order in which they decide."""
    if expect.shape is not None:
        yield from _schema_rules(expect.shape)
    if expect.freshness is not None:
        hours = expect.freshness.at_most / timedelta(hours=1)
        age = Comparison(above=hours)
        yield _rule("freshness", "stale", expect.freshness.severity, age_hours=age)
    if expect.renewed is not None:
        yield _rule("renewed", "not-renewed", expect.renewed.severity, old=Comparison(equals=True))
    for volume in expect.volume:
        yield from _volume_rules(volume)
    for unique in expect.unique:
        repeated = Comparison(above=unique.at_most)
        yield _rule(f"unique {', '.join(unique.key)}", "doubled", unique.severity, share=repeated)
    for column, nulls in expect.not_null.items():
        worst = min(nulls.severity, Severity.P1)
        yield _rule(f"not_null {column}", "all-null", worst, share=Comparison(at_least=1), rows=_SOME)
        yield _rule(f"not_null {column}", "nulls", nulls.severity, share=Comparison(above=nulls.at_most))
    yield from _value_rules(expect)


def _schema_rules(schema: Schema) -> Iterator[Rule]:
    for state in (ColumnState.LOST, ColumnState.RETYPED):
        yield _rule("schema", f"column-{state}", schema.severity, column=Comparison(equals=state))
    if schema.strict:
        yield _rule("schema", f"column-{ColumnState.NEW}", Severity.P3, column=Comparison(equals=ColumnState.NEW))


def _value_rules(expect: Expect) -> Iterator[Rule]:
    for column, allowed in expect.values.items():
        rule = _rule(f"values {column}", "odd-values", allowed.severity, share=Comparison(above=allowed.share))
        # Texts of another form are keys that nothing joins.
        yield rule if allowed.matches is None else rule.model_copy(update={"effect": FailureEffect.STOPS})
    for column, varying in expect.not_constant.items():
        yield _rule(f"not_constant {column}", "constant", varying.severity, measured=Comparison(at_most=1))
    for column, sides in expect.not_one_sided.items():
        yield _rule(f"not_one_sided {column}", "one-sided", sides.severity, share=Comparison(at_least=sides.share))
    for column, mean in expect.mean.items():
        if mean.between is not None:
            for value in (Comparison(below=mean.between[0]), Comparison(above=mean.between[1])):
                enough = Comparison(at_least=mean.rows)
                yield _rule(f"mean {column}", "mean-odd", mean.severity, measured=value, rows=enough)
        if mean.learned is not None:
            yield from _learned_rules(f"mean {column}", "mean-moved", "mean-moved", mean.learned)
    for column, reference in expect.references.items():
        comparison = Comparison(above=reference.at_most)
        yield _rule(f"references {column}", "unmatched", reference.severity, share=comparison)
        if reference.by is not None:  # where nothing is matched at all, the rows say so
            some = {"measured": Comparison(above=0), "share": Comparison(below=1)}
            yield _rule(f"references {column} by {reference.by}", "unmatched", reference.severity, **some)


def _volume_rules(volume: Volume) -> Iterator[Rule]:
    name = volume_name(volume)
    if volume.at_least is not None and volume.at_least > 0:
        yield from _nothing(volume, volume.severity, measured=Comparison(equals=0))
    fixed = (("measured", (volume.at_least, volume.at_most)), ("of_median", volume.between or (None, None)))
    for column, (low, high) in fixed:
        if low is not None:
            yield _rule(name, "low-volume", volume.severity, **{column: Comparison(below=low)})
        if high is not None:
            yield _rule(name, "high-volume", volume.severity, **{column: Comparison(above=high)})
    if volume.learned is not None:
        yield from _nothing(volume, volume.learned, usual=Comparison(equals="none"))
        high_code = "high-volume" if volume.both_sides else None
        yield from _learned_rules(name, "low-volume", high_code, volume.learned)


def _nothing(volume: Volume, severity: Severity, **tests: Comparison) -> Iterator[Rule]:
    """Yield what decides about no rows: of all groups together nothing comes any more, of one the others still do."""
    name = volume_name(volume)
    whole = {"all_rows": Comparison(equals=0)} if volume.by else {}
    yield _rule(name, "no-volume", severity, **whole, **tests)
    if volume.by:
        yield _rule(name, "group-gone", severity, **tests)


def _learned_rules(name: str, low: str, high: str | None, severity: Severity) -> Iterator[Rule]:
    yield _rule(name, low, severity, usual=Comparison(equals="below"))
    if high is not None:
        yield _rule(name, high, severity, usual=Comparison(equals="above"))


def _rule(expectation: str, code: str, severity: Severity, **tests: Comparison) -> Rule:
    condition = {"expectation": Comparison(equals=expectation), **tests}
    return Rule(condition=condition, code=code, severity=severity, effect=_EFFECTS.get(code, FailureEffect.HARMS))


def volume_name(volume: Volume) -> str:
    """Name an expectation of volume as the file does."""
    return f"volume by {', '.join(volume.by)}" if volume.by else "volume"
