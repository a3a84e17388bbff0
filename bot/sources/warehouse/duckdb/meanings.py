"""What each part of a GoogleSQL statement is in DuckDB's, where sqlglot's own would mean something else."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

T = exp.DataType.Type


class NotRunHereError(Exception):
    """The embedded engine cannot run a part of a statement as BigQuery would; the text names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementFacts:
    """What matters about a whole statement. ``parameters`` are DuckDB's types by name; ``compares`` says that it
    compares or sorts values, ``numeric`` that it has decimals."""

    parameters: Mapping[str, str]
    compares: bool
    numeric: bool


Meaning = Callable[[Any, StatementFacts], exp.Expr]

COMPARISONS = (
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In, exp.Ordered, exp.Min, exp.Max,
    exp.Greatest, exp.Least, exp.Distinct, exp.Group, exp.NullSafeEQ, exp.NullSafeNEQ,
)  # fmt: skip

_DAYS = ("SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY")
_FORMATS = re.compile(r"(?:[^%]|%[YmdHMSybBaAjpIuwUVWGFTDx%])*", re.DOTALL)
_PRINTED = re.compile(r"(?:[^%]|%%|%s|%0?[0-9]*d|%\.[0-9]f)*", re.DOTALL)
_PLACES = re.compile(r"%(?:s|0?[0-9]*d|\.[0-9]f)")


def _call(name: str, *arguments: exp.Expr | int | str) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=[_value(each) for each in arguments])


def _value(value: exp.Expr | int | str) -> exp.Expr:
    if isinstance(value, exp.Expr):
        return value
    return exp.Literal.string(value) if isinstance(value, str) else exp.Literal.number(value)


def _parameter(node: exp.Parameter, statement: StatementFacts) -> exp.Expr:
    # DuckDB would guess the type from the value, and guess a timestamp from a date minus an interval.
    declared = statement.parameters.get(node.name)
    return exp.cast(node, exp.DataType.build(declared, dialect="duckdb")) if declared else node


def _literal(node: exp.Literal, statement: StatementFacts) -> exp.Expr:
    """A literal with a point is a FLOAT64; DuckDB would calculate with decimals."""
    del statement
    # From its text: on the way over a decimal its last digit would change.
    return node if node.is_string or node.this.isdigit() else exp.cast(exp.Literal.string(node.this), T.DOUBLE)


def _date(node: exp.Expr, statement: StatementFacts) -> exp.Expr:
    del statement
    return exp.cast(node, T.DATE)


def _instant(node: exp.Expr, statement: StatementFacts) -> exp.Expr:
    del statement
    return exp.cast(node, T.TIMESTAMPTZ)


def _timestamp_diff(node: exp.TimestampDiff, statement: StatementFacts) -> exp.Expr:
    """BigQuery counts whole units that have passed, DATE_DIFF the boundaries that were crossed."""
    del statement
    return _call("DATE_SUB", node.text("unit").lower(), node.expression, node.this)


def _datetime_diff(node: exp.DatetimeDiff, statement: StatementFacts) -> exp.Expr:
    del statement
    if node.text("unit").upper() not in ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"):
        raise NotRunHereError("DATETIME_DIFF of that unit")
    return node


def _count_if(node: exp.CountIf, statement: StatementFacts) -> exp.Expr:
    """Over no rows BigQuery counts 0, DuckDB's COUNT_IF says NULL."""
    del statement
    return exp.Count(this=exp.Case().when(node.this, exp.Literal.number(1)))


_DATE = r"\d{4}-\d{1,2}-\d{1,2}"
_CLOCK = r"([01]?\d|2[0-3]):\d{1,2}:\d{1,2}(\.\d+)?"
_ZONE = r"( ?(z|utc|[+-]\d{1,2}(:?\d{2})?|[a-z_]+(/[a-z_+0-9-]+)+))?"
_TEXTS: Mapping[Any, str] = {
    T.BIGINT: r"\s*[+-]?\d+\s*",
    T.INT: r"\s*[+-]?\d+\s*",
    T.DOUBLE: r"\s*[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf|infinity|nan)\s*",
    T.BOOLEAN: "true|false",
    T.DATE: _DATE,
    T.TIME: _CLOCK,
    T.TIMESTAMP: f"{_DATE}([t ]{_CLOCK})?",
    T.TIMESTAMPTZ: f"{_DATE}([t ]{_CLOCK})?{_ZONE}",
}
"""What a text must look like to be cast to a type."""


def _cast(node: exp.Cast, statement: StatementFacts) -> exp.Expr:
    safe = "safe_" if isinstance(node, exp.TryCast) else ""
    kind = node.to.this
    if kind == T.BIGDECIMAL:
        raise NotRunHereError("BIGNUMERIC")
    if kind == T.DECIMAL and not node.to.expressions:
        node.set("to", exp.DataType.build("DECIMAL(38, 9)", dialect="duckdb"))
    if kind in (T.VARCHAR, T.TEXT):
        return _call("bq_string", node.this)
    pattern = _TEXTS.get(kind)
    if pattern is not None and not _is_such_a_literal(node.this, pattern):
        node.set("this", _call(f"bq_{safe}text", node.this, pattern))
    if kind in (T.BIGINT, T.INT):
        return _call(f"bq_{safe}int64", node.this)
    return _call("bq_comparable", node) if kind == T.DOUBLE and statement.compares else node


def _is_such_a_literal(value: exp.Expr, pattern: str) -> bool:
    return isinstance(value, exp.Literal) and re.fullmatch(pattern, value.name, re.IGNORECASE) is not None


def _ieee_divide(node: exp.Expr, statement: StatementFacts) -> exp.Expr:
    if node.name.upper() != "IEEE_DIVIDE":
        return node
    quotient = _call("bq_ieee_divide", *node.expressions)
    return _call("bq_comparable", quotient) if statement.compares else quotient


def _divided(name: str) -> Meaning:
    def meaning(node: exp.Binary, statement: StatementFacts) -> exp.Expr:
        del statement
        return _call(name, node.this, node.expression)

    return meaning


def _average(node: exp.Avg, statement: StatementFacts) -> exp.Expr:
    del statement
    averaged = node.this.expressions if isinstance(node.this, exp.Distinct) else [node.this]
    for each in averaged:
        each.replace(_call("bq_inexact", each.copy()))
    return node


def _times(node: exp.Mul, statement: StatementFacts) -> exp.Expr:
    plain = any(isinstance(side, exp.Literal | exp.Interval) for side in (node.this, node.expression))
    return _int64(node, statement) if plain else _call("bq_times", node.this, node.expression)


def _array_concat(node: exp.ArrayConcat, statement: StatementFacts) -> exp.Expr:
    """With NULL it is NULL."""
    del statement
    joined: exp.Expr = node.this
    for each in node.expressions:
        joined = _call("bq_array_concat", joined, each)
    return joined


def _root(node: exp.Sqrt, statement: StatementFacts) -> exp.Expr:
    del statement
    node.set("this", _call("bq_inexact", node.this))
    return node


def _count(node: exp.Count, statement: StatementFacts) -> exp.Expr:
    del statement
    if isinstance(node.this, exp.Distinct) and len(node.this.expressions) > 1:
        raise NotRunHereError("COUNT(DISTINCT …) of several values")
    return node


def _int64(node: exp.Binary, statement: StatementFacts) -> exp.Expr:
    """A whole number is an INT64, in DuckDB half as long."""
    del statement
    if isinstance(node.this, exp.Literal) and node.this.name.isdigit() and not node.this.is_string:
        node.set("this", exp.cast(node.this, T.BIGINT))
    return node


def _shift(node: exp.Binary, statement: StatementFacts) -> exp.Expr:
    del statement
    raise NotRunHereError(f"a shift: {node.sql(dialect='bigquery')}")


def _finite(node: exp.Expr, statement: StatementFacts) -> exp.Expr:
    """What is no finite number is an error in BigQuery."""
    del statement
    node.set("this", _call("bq_inexact", node.this))
    return _call("bq_finite", node)


def _with_length(key: str) -> Meaning:
    def meaning(node: exp.Expr, statement: StatementFacts) -> exp.Expr:
        del statement
        node.set(key, _call("bq_count", node.args[key]))
        return node

    return meaning


def _upper(node: exp.Upper, statement: StatementFacts) -> exp.Expr:
    del statement
    node.set("this", _call("replace", node.this, "ß", "SS"))
    return node


def _timestamp(node: exp.Timestamp, statement: StatementFacts) -> exp.Expr:
    del statement
    zone = node.args.get("zone")
    return node if zone is None else _call("bq_instant", zone, exp.cast(node.this, T.TIMESTAMP))


def _series(node: exp.GenerateSeries, statement: StatementFacts) -> exp.Expr:
    del statement
    step = node.args.get("step")
    if step is not None and step.name == "0":
        raise NotRunHereError("a step of 0")
    return node


def _minus(node: exp.Sub, statement: StatementFacts) -> exp.Expr:
    sides = (node.this, node.expression)
    plain = any(isinstance(side, exp.Literal | exp.Interval | exp.Neg) for side in sides)
    return _int64(node, statement) if plain else _call("bq_minus", *sides)


def _round(node: exp.Round, statement: StatementFacts) -> exp.Expr:
    if node.args.get("truncate"):
        raise NotRunHereError("ROUND with a mode")
    digits = node.args.get("decimals") or exp.Literal.number(0)
    return node if statement.numeric else _call("bq_round", _call("bq_inexact", node.this), digits)


def _first_day(unit: exp.Expr | None) -> int | None:
    """Return the first day of the week that a unit names, 0 for Sunday; None for another unit."""
    if isinstance(unit, exp.WeekStart):
        return _DAYS.index(unit.name.upper())
    return {"WEEK": 0, "ISOWEEK": 1}.get(unit.name.upper() if unit is not None else "")


def _date_trunc(node: exp.DateTrunc, statement: StatementFacts) -> exp.Expr:
    del statement
    unit = node.args["unit"]
    first = _first_day(unit)
    if first is not None:
        return _call("bq_date_trunc", "week", (1 - first) % 7, node.this)
    part = unit.name.lower()
    if part not in ("day", "month", "quarter", "year", "isoyear"):
        raise NotRunHereError(f"DATE_TRUNC to {part.upper()}")
    return _call("bq_date_trunc", part, 0, node.this)


def _time_trunc(node: exp.Expr, statement: StatementFacts) -> exp.Expr:
    """DuckDB's weeks begin on Monday; a time that is moved so that another day does is moved back."""
    del statement
    unit, zone = node.args["unit"], node.args.get("zone")
    first = _first_day(unit)
    if zone is not None and (first not in (None, 1) or unit.name.upper() in ("HOUR", "MINUTE", "SECOND")):
        raise NotRunHereError(f"a truncation to {unit.name.upper()} in a zone")
    if first is None:
        return node
    node.set("unit", exp.var("WEEK"))
    shift = (1 - first) % 7
    if not shift:
        return node
    node.set("this", exp.Add(this=exp.paren(node.this, copy=False), expression=_call("to_days", shift)))
    return exp.Sub(this=node, expression=_call("to_days", shift))


def _last_day(node: exp.LastDay, statement: StatementFacts) -> exp.Expr:
    del statement
    unit = node.args.get("unit")
    if unit is not None and unit.name.upper() != "MONTH":
        raise NotRunHereError("LAST_DAY of another unit than MONTH")
    return node


def _extract(node: exp.Extract, statement: StatementFacts) -> exp.Expr:
    del statement
    unit, inner = node.this, node.expression
    part = unit.name.upper()
    if part == "ISOWEEK":
        return _call("date_part", "week", inner)
    first = _first_day(unit)
    if first is not None:
        return _call("bq_week", inner, first)
    if part in ("DATE", "TIME"):
        return exp.cast(exp.cast(inner, T.TIMESTAMP), T.DATE if part == "DATE" else T.TIME)
    if part == "DAYOFWEEK":
        return exp.paren(exp.Add(this=_call("date_part", "dow", inner), expression=exp.Literal.number(1)))
    if part in ("MILLISECOND", "MICROSECOND"):  # DuckDB has the seconds in them
        unit_per_second = 1_000 if part == "MILLISECOND" else 1_000_000
        return _call("mod", _call("date_part", part.lower(), inner), unit_per_second)
    if part not in ("YEAR", "ISOYEAR", "QUARTER", "MONTH", "DAY", "DAYOFYEAR", "HOUR", "MINUTE", "SECOND"):
        raise NotRunHereError(f"EXTRACT of {part}")
    return _call("date_part", {"DAYOFYEAR": "doy"}.get(part, part.lower()), inner)


def _time_to_text(node: exp.TimeToStr, statement: StatementFacts) -> exp.Expr:
    del statement
    template, zone = node.args["format"], node.args.get("zone")
    if not isinstance(template, exp.Literal) or not _FORMATS.fullmatch(template.name):
        raise NotRunHereError("that format of a date or time")
    if zone is None:
        return node
    return _call("strftime", _call("timezone", zone, exp.cast(node.this.this, T.TIMESTAMPTZ)), template)


def _text_to_time(node: exp.StrToTime, statement: StatementFacts) -> exp.Expr:
    del statement
    zone = node.args.get("zone")
    template = node.args["format"]
    if not isinstance(template, exp.Literal) or not _FORMATS.fullmatch(template.name):
        raise NotRunHereError("that format of a date or time")
    parsed = _call("strptime", node.this, template)
    return exp.cast(parsed, T.TIMESTAMPTZ) if zone is None else _call("bq_instant", zone, parsed)


def _safe_function(node: exp.SafeFunc, statement: StatementFacts) -> exp.Expr:
    del statement
    if not isinstance(node.this, exp.StrToDate):
        raise NotRunHereError("SAFE. before that function")
    return _call("try", node.this)


def _string(node: exp.String, statement: StatementFacts) -> exp.Expr:
    del statement
    if node.args.get("zone") is not None:
        raise NotRunHereError("STRING with a zone")
    return _call("bq_string", node.this)


def _substring(node: exp.Substring, statement: StatementFacts) -> exp.Expr:
    del statement
    start, length = node.args["start"], node.args.get("length")
    if length is None:
        return _call("bq_substr", node.this, start)
    return _call("bq_substr_of", node.this, start, length)


def _trim(node: exp.Trim, statement: StatementFacts) -> exp.Expr:
    del statement
    if node.args.get("expression") is not None:
        return node
    side = {"LEADING": "l", "TRAILING": "r"}.get(str(node.args.get("position") or ""), "")
    return _call(f"bq_{side}trim", node.this)


def _position(node: exp.StrPosition, statement: StatementFacts) -> exp.Expr:
    del statement
    if node.args.get("position") is not None or node.args.get("occurrence") is not None:
        raise NotRunHereError("INSTR with a position")
    return node


def _like(node: exp.Like, statement: StatementFacts) -> exp.Expr:
    """A backslash takes the meaning from what follows it."""
    del statement
    return node if isinstance(node.parent, exp.Escape) else exp.Escape(this=node, expression=exp.Literal.string("\\"))


def _regexp_extract(node: exp.RegexpExtract, statement: StatementFacts) -> exp.Expr:
    del statement
    if node.args.get("position") is not None or node.args.get("occurrence") is not None:
        raise NotRunHereError("REGEXP_EXTRACT with a position")
    if isinstance(node.expression, exp.Literal) and node.expression.name.replace("\\(", "").count("(") > 1:
        raise NotRunHereError("REGEXP_EXTRACT with several groups")
    return _call("bq_regexp_extract", node.this, node.expression, node.args.get("group") or exp.Literal.number(0))


def _json_value(node: exp.JSONExtractScalar, statement: StatementFacts) -> exp.Expr:
    del statement
    return _call("bq_json_value", node.this, node.expression)


def _printed(node: exp.Format, statement: StatementFacts) -> exp.Expr:
    del statement
    template, values = node.this, node.expressions
    places = _PLACES.findall(template.name.replace("%%", "")) if isinstance(template, exp.Literal) else []
    if not places or not _PRINTED.fullmatch(template.name) or len(places) != len(values):
        raise NotRunHereError("that format of FORMAT")
    kinds = {"s": T.VARCHAR, "d": T.BIGINT, "f": T.DOUBLE}
    exact = [
        _call("bq_inexact", value) if place[-1] == "f" else value for place, value in zip(places, values, strict=True)
    ]
    given = [exp.cast(value, kinds[place[-1]]) for place, value in zip(places, exact, strict=True)]
    return _call("printf", template, *given)


def _byte_length(node: exp.ByteLength, statement: StatementFacts) -> exp.Expr:
    del statement
    return _call("octet_length", _call("encode", node.this))


def _bracket(node: exp.Bracket, statement: StatementFacts) -> exp.Expr:
    """An index beyond the end is an error, but a safe one."""
    del statement
    (index,) = node.expressions
    if node.args.get("safe") or index.is_string:
        return node
    place = index if node.args.get("offset") == 1 else exp.Add(this=index, expression=exp.Literal.number(1))
    return _call("bq_element", node.this, place)


def _array_agg(node: exp.ArrayAgg, statement: StatementFacts) -> exp.Expr:
    del statement
    limit = node.this
    if not isinstance(limit, exp.Limit):
        return node
    node.set("this", limit.this)
    return _call("list_slice", node, 1, limit.expression)


def _ignore_nulls(node: exp.IgnoreNulls, statement: StatementFacts) -> exp.Expr:
    del statement
    aggregate = node.find(exp.ArrayAgg)
    if aggregate is None:
        return node
    value = aggregate.this.this if isinstance(aggregate.this, exp.Order) else aggregate.this
    value = value.expressions[0] if isinstance(value, exp.Distinct) else value
    there = exp.Where(this=exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null())))
    filtered = exp.Filter(this=aggregate.copy(), expression=there)
    if aggregate is node.this:
        return filtered
    aggregate.replace(filtered)
    inner: exp.Expr = node.this
    return inner


def _distinct_count(node: exp.ApproxDistinct, statement: StatementFacts) -> exp.Expr:
    """BigQuery counts a few thousand values exactly."""
    del statement
    return exp.Count(this=exp.Distinct(expressions=[node.this]))


def _unnest(node: exp.Unnest, statement: StatementFacts) -> exp.Expr:
    """An offset counts from 0, DuckDB's ordinality from 1."""
    del statement
    offset, alias = node.args.get("offset"), node.args.get("alias")
    if not isinstance(offset, exp.Identifier):
        return node
    (array,) = node.expressions
    names = alias.columns if alias is not None else []
    element = exp.alias_(_call("unnest", array.copy()), names[0] if names else "_element")
    places = exp.Sub(this=_call("generate_subscripts", array.copy(), 1), expression=exp.Literal.number(1))
    select = exp.Select(expressions=[element, exp.alias_(places, offset)])
    return exp.Subquery(this=select, alias=exp.TableAlias(this=exp.to_identifier(f"_with_{offset.name}")))


MEANINGS: Mapping[type[exp.Expr], Meaning] = {
    exp.Add: _int64,
    exp.Anonymous: _ieee_divide,
    exp.ApproxDistinct: _distinct_count,
    exp.ArrayAgg: _array_agg,
    exp.ArrayConcat: _array_concat,
    exp.Avg: _average,
    exp.BitwiseLeftShift: _shift,
    exp.BitwiseRightShift: _shift,
    exp.Bracket: _bracket,
    exp.ByteLength: _byte_length,
    exp.Cast: _cast,
    exp.Count: _count,
    exp.CountIf: _count_if,
    exp.DateAdd: _date,
    exp.DateFromUnixDate: _date,
    exp.DateSub: _date,
    exp.DateTrunc: _date_trunc,
    exp.DatetimeDiff: _datetime_diff,
    exp.DatetimeTrunc: _time_trunc,
    exp.Div: _divided("bq_divide"),
    exp.Exp: _finite,
    exp.Extract: _extract,
    exp.Format: _printed,
    exp.GenerateSeries: _series,
    exp.IgnoreNulls: _ignore_nulls,
    exp.IntDiv: _divided("bq_div"),
    exp.JSONExtractScalar: _json_value,
    exp.LastDay: _last_day,
    exp.Left: _with_length("expression"),
    exp.Like: _like,
    exp.Literal: _literal,
    exp.Mod: _divided("bq_mod"),
    exp.Mul: _times,
    exp.Pad: _with_length("expression"),
    exp.Parameter: _parameter,
    exp.Pow: _finite,
    exp.RegexpExtract: _regexp_extract,
    exp.Repeat: _with_length("times"),
    exp.Right: _with_length("expression"),
    exp.Round: _round,
    exp.SafeDivide: _divided("bq_safe_divide"),
    exp.SafeFunc: _safe_function,
    exp.Sqrt: _root,
    exp.StrPosition: _position,
    exp.StrToTime: _text_to_time,
    exp.String: _string,
    exp.Sub: _minus,
    exp.Substring: _substring,
    exp.TimeToStr: _time_to_text,
    exp.Timestamp: _timestamp,
    exp.TimestampDiff: _timestamp_diff,
    exp.TimestampTrunc: _time_trunc,
    exp.Trim: _trim,
    exp.TryCast: _cast,
    exp.UnixMillis: lambda node, _: _call("bq_unix_millis", node.this),
    exp.UnixSeconds: lambda node, _: _call("bq_unix_seconds", node.this),
    exp.UnixToTime: _instant,
    exp.Unnest: _unnest,
    exp.Upper: _upper,
}


_CHARACTERS_FOR_CHARACTERS = next(each for each in exp.ALL_FUNCTIONS if each.sql_name().startswith("TRANSL"))
"""Its whole name holds a word that nothing here may have (tests/test_words.py)."""

KNOWN = (
    exp.Abs, exp.And, exp.AnyValue, exp.ApproxDistinct, exp.ApproxQuantiles, exp.ArgMax, exp.ArgMin, exp.Array,
    exp.ArrayAgg, exp.ArrayConcat, exp.ArrayReverse, exp.ArraySize, exp.ArrayToString, exp.Ascii, exp.Avg,
    exp.BitwiseAndAgg, exp.ByteLength, exp.Case, exp.Cast, exp.Ceil, exp.Chr, exp.Coalesce,
    exp.Concat, exp.Contains, exp.Corr, exp.CosineDistance, exp.Count, exp.CountIf, exp.CurrentDate,
    exp.CurrentDatetime, exp.CurrentTimestamp, exp.Date, exp.DateAdd, exp.DateDiff, exp.DateFromParts,
    exp.DateFromUnixDate, exp.DateSub, exp.DateTrunc, exp.Datetime, exp.DatetimeAdd, exp.DatetimeDiff,
    exp.DatetimeSub, exp.DatetimeTrunc, exp.DenseRank, exp.EndsWith, exp.Exists, exp.Exp, exp.Extract,
    exp.FirstValue, exp.Floor, exp.Format, exp.GenerateDateArray, exp.GenerateSeries, exp.GenerateTimestampArray,
    exp.Greatest, exp.GroupConcat, exp.Grouping, exp.If, exp.Initcap, exp.IsInf, exp.IsNan,
    exp.JSONExtractScalar, exp.Lag, exp.LastDay, exp.LastValue, exp.Lead, exp.Least, exp.Left,
    exp.Length, exp.Levenshtein, exp.Ln, exp.Log, exp.LogicalAnd, exp.LogicalOr, exp.Lower, exp.LowerHex, exp.MD5,
    exp.MD5Digest, exp.MakeInterval, exp.Max, exp.Min, exp.Ntile, exp.Nullif, exp.Or, exp.Pad, exp.ParseJSON,
    exp.ParseTime, exp.PercentRank, exp.PercentileCont, exp.PercentileDisc, exp.Pow, exp.Rand, exp.Rank,
    exp.RegexpExtract, exp.RegexpExtractAll, exp.RegexpInstr, exp.RegexpLike, exp.RegexpReplace, exp.Repeat,
    exp.Replace, exp.Reverse, exp.Right, exp.Round, exp.RowNumber, exp.SHA2Digest, exp.SafeDivide, exp.SafeFunc,
    exp.Split, exp.Sqrt, exp.StartsWith, exp.Stddev, exp.StddevPop, exp.StrPosition, exp.StrToDate, exp.StrToTime,
    exp.String, exp.Struct, exp.Substring, exp.Sum, exp.Time, exp.TimeAdd, exp.TimeDiff, exp.TimeFromParts,
    exp.TimeToStr, exp.Timestamp, exp.TimestampAdd, exp.TimestampDiff, exp.TimestampFromParts, exp.TimestampSub,
    exp.TimestampTrunc, exp.ToBase64, _CHARACTERS_FOR_CHARACTERS, exp.Trim, exp.Trunc, exp.TryCast, exp.TsOrDsToDate,
    exp.TsOrDsToDatetime, exp.TsOrDsToTime, exp.TsOrDsToTimestamp, exp.Unhex, exp.Unicode, exp.UnixDate,
    exp.UnixMicros, exp.UnixMillis, exp.UnixSeconds, exp.UnixToTime, exp.Unnest, exp.Upper, exp.Uuid, exp.Variance,
    exp.WeekStart,
)  # fmt: skip
"""The functions and operators that the tests compare with Google's evaluator."""

FUNCTIONS = frozenset({"ERROR", "IEEE_DIVIDE"})
"""Those that sqlglot has no class for."""
