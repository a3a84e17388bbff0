"""One value of each kind that a cell of BigQuery can hold: in SQL, as BigQuery's REST interface sends it, as a Python
value, and in its two texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from math import inf, nan
from typing import Any
from zoneinfo import ZoneInfo

from checks.cells import Range, SqlInterval

ZONE = ZoneInfo("America/New_York")
YEAR = 2026


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """``field`` and ``sent`` are the column and the value of a REST answer."""

    sql: str
    field: Mapping[str, Any]
    sent: Any
    value: Any
    words: str
    exact: str


def _sample(sql: str, type_name: str, sent: Any, value: Any, words: str, exact: str, **field: Any) -> Sample:
    named = {"name": "it", "type": type_name, "mode": "NULLABLE", **field}
    return Sample(sql=sql, field=named, sent=sent, value=value, words=words, exact=exact)


def _fields(*fields: tuple[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "type": type_name, "mode": "NULLABLE"} for name, type_name in fields]


ID = 9007199254740993
DIGITS = "12345678901234567890.123456789"
MORE_DIGITS = "123456789012345678901234567890.12345678"
AT = datetime(2026, 2, 10, 7, 13, 0, 123456, tzinfo=UTC)
MICROS = "1770707580123456"

SAMPLES: Mapping[str, Sample] = {
    "whole number": _sample("42", "INTEGER", "42", 42, "42", "42"),
    "id that no double holds": _sample(str(ID), "INTEGER", str(ID), ID, str(ID), str(ID)),
    "smallest INT64": _sample(
        "-9223372036854775807 - 1", "INTEGER", str(-(2**63)), -(2**63), str(-(2**63)), str(-(2**63))
    ),
    "float": _sample("CAST(52.36 AS FLOAT64)", "FLOAT", "52.36", 52.36, "52.4", "52.36"),
    "sum of floats": _sample("0.1 + 0.2", "FLOAT", "0.30000000000000004", 0.1 + 0.2, "0.3", "0.30000000000000004"),
    "whole float": _sample("CAST(7 AS FLOAT64)", "FLOAT", "7.0", 7.0, "7", "7"),
    "large float": _sample("CAST(1e300 AS FLOAT64)", "FLOAT", "1e+300", 1e300, "1e+300", "1e+300"),
    "zero with a sign": _sample("CAST('-0' AS FLOAT64)", "FLOAT", "-0.0", -0.0, "0", "0"),
    "not a number": _sample("CAST('NaN' AS FLOAT64)", "FLOAT", "NaN", nan, "nan", "nan"),
    "infinity": _sample("CAST('-inf' AS FLOAT64)", "FLOAT", "-Infinity", -inf, "-inf", "-inf"),
    "NUMERIC": _sample(f"NUMERIC '{DIGITS}'", "NUMERIC", DIGITS, Decimal(DIGITS), "12345678901234567890.1", DIGITS),
    "NUMERIC with a zero": _sample("NUMERIC '1.50'", "NUMERIC", "1.5", Decimal("1.5"), "1.5", "1.5"),
    "BIGNUMERIC": _sample(
        f"BIGNUMERIC '{MORE_DIGITS}'",
        "BIGNUMERIC",
        MORE_DIGITS,
        Decimal(MORE_DIGITS),
        "123456789012345678901234567890.1",
        MORE_DIGITS,
    ),
    "true": _sample("1 = 1", "BOOLEAN", "true", True, "yes", "true"),
    "false": _sample("1 = 2", "BOOLEAN", "false", False, "no", "false"),
    "text": _sample("'two  blanks'", "STRING", "two  blanks", "two  blanks", "two blanks", "two  blanks"),
    "empty text": _sample("''", "STRING", "", "", "", ""),
    "BYTES": _sample("b'\\x00\\xff'", "BYTES", "AP8=", b"\x00\xff", "00ff", "00ff"),
    "date": _sample("DATE '2026-02-10'", "DATE", "2026-02-10", date(2026, 2, 10), "10 Feb", "2026-02-10"),
    "first date": _sample("DATE '0001-01-01'", "DATE", "0001-01-01", date.min, "1 Jan 0001", "0001-01-01"),
    "DATETIME": _sample(
        "DATETIME '2026-02-10 07:13:00.120'",
        "DATETIME",
        "2026-02-10T07:13:00.120000",
        datetime(2026, 2, 10, 7, 13, 0, 120_000),  # noqa: DTZ001 - a DATETIME has no zone
        "10 Feb 07:13",
        "2026-02-10 07:13:00.120",
    ),
    "TIME": _sample("TIME '07:13:05'", "TIME", "07:13:05", time(7, 13, 5), "07:13:05", "07:13:05"),
    "instant to the microsecond": _sample(
        "TIMESTAMP '2026-02-10 07:13:00.123456+00'",
        "TIMESTAMP",
        MICROS,
        AT,
        "10 Feb 02:13 EST",
        "2026-02-10 07:13:00.123456+00",
    ),
    "first instant": _sample(
        "TIMESTAMP '0001-01-01 00:00:00+00'",
        "TIMESTAMP",
        "-62135596800000000",
        datetime.min.replace(tzinfo=UTC),
        "1 Jan 0001 00:00 UTC",
        "0001-01-01 00:00:00+00",
    ),
    "last instant": _sample(
        "TIMESTAMP '9999-12-31 23:59:59.999999+00'",
        "TIMESTAMP",
        "253402300799999999",
        datetime.max.replace(tzinfo=UTC),
        "31 Dec 9999 23:59 UTC",
        "9999-12-31 23:59:59.999999+00",
    ),
    "zero of Unix": _sample(
        "TIMESTAMP '1970-01-01 00:00:00+00'",
        "TIMESTAMP",
        "0",
        datetime(1970, 1, 1, tzinfo=UTC),
        "1 Jan 1970 00:00 UTC",
        "1970-01-01 00:00:00+00",
    ),
    "interval": _sample(
        "MAKE_INTERVAL(year => 1, month => 2, day => -3, hour => 2, minute => 30)",
        "INTERVAL",
        "1-2 -3 2:30:0",
        SqlInterval(14, -3, 9_000_000_000),
        "1 year 2 months -3 days 2 h 30 min",
        "1-2 -3 2:30:0",
    ),
    "interval of less than a second": _sample(
        "MAKE_INTERVAL(second => -1) + INTERVAL 1 MILLISECOND",
        "INTERVAL",
        "0-0 0 -0:0:0.999",
        SqlInterval(microseconds=-999_000),
        "-0.999 s",
        "0-0 0 -0:0:0.999",
    ),
    "array": _sample(
        "[1, 2]",
        "INTEGER",
        [{"v": "1"}, {"v": "2"}],
        [1, 2],
        "1, 2",
        "[1,2]",
        mode="REPEATED",
    ),
    "empty array": _sample("CAST([] AS ARRAY<INT64>)", "INTEGER", [], [], "none", "[]", mode="REPEATED"),
    "array of instants": _sample(
        "[TIMESTAMP '2026-02-10 07:13:00.123456+00']",
        "TIMESTAMP",
        [{"v": MICROS}],
        [AT],
        "10 Feb 02:13 EST",
        '["2026-02-10T07:13:00.123456+00:00"]',
        mode="REPEATED",
    ),
    "struct": _sample(
        f"STRUCT({ID} AS a, 'x' AS b, TIMESTAMP '2026-02-10 07:13:00.123456+00' AS c)",
        "RECORD",
        {"f": [{"v": str(ID)}, {"v": "x"}, {"v": MICROS}]},
        {"a": ID, "b": "x", "c": AT},
        f"a: {ID}, b: x, c: 10 Feb 02:13 EST",
        f'{{"a":"{ID}","b":"x","c":"2026-02-10T07:13:00.123456+00:00"}}',
        fields=_fields(("a", "INTEGER"), ("b", "STRING"), ("c", "TIMESTAMP")),
    ),
    "JSON": _sample(
        """JSON '{"a": [1, "x"], "b": null}'""",
        "JSON",
        '{"a":[1,"x"],"b":null}',
        '{"a":[1,"x"],"b":null}',
        '{"a":[1,"x"],"b":null}',
        '{"a":[1,"x"],"b":null}',
    ),
    "range": _sample(
        "RANGE(DATE '2026-02-10', CAST(NULL AS DATE))",
        "RANGE",
        "[2026-02-10, UNBOUNDED)",
        Range(date(2026, 2, 10), None),
        "from 10 Feb",
        "[2026-02-10, UNBOUNDED)",
        rangeElementType={"type": "DATE"},
    ),
    "place": _sample("ST_GEOGPOINT(1, 2)", "GEOGRAPHY", "POINT(1 2)", "POINT(1 2)", "POINT(1 2)", "POINT(1 2)"),
    "NULL": _sample("CAST(NULL AS INT64)", "INTEGER", None, None, "no value", "NULL"),
}
