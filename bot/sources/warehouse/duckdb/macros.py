"""GoogleSQL's meaning where DuckDB's differs, as macros of the embedded database, called by what ``dialect`` writes.

A macro knows the type of what it gets only when it is bound, hence ``typeof``: what of another type cannot be done as
BigQuery does it ends in an error that begins with ``NOT_HERE``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

NOT_HERE = "not run here: "

_FLOAT = "typeof(x) IN ('DOUBLE', 'FLOAT')"
_TEXT = "typeof(x) = 'VARCHAR'"
_NUMERIC = "typeof(a) LIKE 'DECIMAL%' OR typeof(b) LIKE 'DECIMAL%'"
_INSTANT = "'TIMESTAMP WITH TIME ZONE'"
_BLANK = "' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(133) || chr(160)"


def refused(what: str) -> str:
    """Return the SQL that ends in an error which names what is not done here."""
    return f"error('{NOT_HERE}{what}')"


_MACROS: Mapping[str, str] = {
    # DuckDB reads more texts as values than BigQuery.
    "bq_text(x, pattern)": f"""CASE WHEN {_TEXT} AND NOT regexp_full_match(CAST(x AS VARCHAR), pattern, 'i')
        THEN error('a text cannot be cast to the type') ELSE x END""",
    "bq_safe_text(x, pattern)": f"""CASE WHEN {_TEXT} AND NOT regexp_full_match(CAST(x AS VARCHAR), pattern, 'i')
        THEN CASE WHEN CAST(x AS VARCHAR) ILIKE '%0x%' THEN {refused("a cast of a hexadecimal number")} END
        ELSE x END""",
    # Halves go away from zero.
    "bq_int64(x)": f"""CASE WHEN {_FLOAT} THEN CAST(round(CAST(x AS DOUBLE)) AS BIGINT) ELSE CAST(x AS BIGINT) END""",
    "bq_safe_int64(x)": f"""CASE WHEN {_FLOAT} THEN TRY_CAST(round(TRY_CAST(x AS DOUBLE)) AS BIGINT)
        ELSE TRY_CAST(x AS BIGINT) END""",
    # A fraction of a second has three or six digits, a number no superfluous ones.
    "bq_padded(t)": r"""regexp_replace(regexp_replace(regexp_replace(regexp_replace(t,
        '\.(\d)(\D|$)', '.\1' || '00\2'), '\.(\d\d)(\D|$)', '.\1' || '0\2'),
        '\.(\d{4})(\D|$)', '.\1' || '00\2'), '\.(\d{5})(\D|$)', '.\1' || '0\2')""",
    "bq_double_text(d)": """CASE WHEN d = 0 THEN '0'
        WHEN CAST(printf('%.15g', d) AS DOUBLE) = d THEN printf('%.15g', d) ELSE printf('%.17g', d) END""",
    "bq_string(x)": f"""CASE WHEN {_FLOAT} THEN bq_double_text(TRY_CAST(x AS DOUBLE))
        WHEN typeof(x) LIKE 'DECIMAL%' THEN regexp_replace(CAST(x AS VARCHAR), '\\.?0+$', '')
        WHEN typeof(x) LIKE 'TIME%' THEN bq_padded(CAST(x AS VARCHAR))
        WHEN typeof(x) IN ('BLOB', 'INTERVAL', 'JSON') THEN {refused("a cast of BYTES, INTERVAL or JSON to STRING")}
        ELSE CAST(x AS VARCHAR) END""",
    # DuckDB takes NaN for a number that equals itself and is the greatest.
    "bq_comparable(x)": f"CASE WHEN isnan(x) THEN {refused('a comparison with NaN')} ELSE x END",
    "bq_divide(a, b)": f"""CASE WHEN {_NUMERIC} THEN {refused("a division of NUMERIC values")}
        WHEN b = 0 THEN error('division by zero') ELSE a / b END""",
    "bq_safe_divide(a, b)": f"""CASE WHEN {_NUMERIC} THEN {refused("a division of NUMERIC values")}
        WHEN b = 0 THEN NULL ELSE a / b END""",
    "bq_ieee_divide(a, b)": "CAST(a AS DOUBLE) / CAST(b AS DOUBLE)",
    "bq_div(a, b)": f"""CASE WHEN {_NUMERIC} THEN {refused("a division of NUMERIC values")}
        WHEN b = 0 THEN error('division by zero') ELSE a // b END""",
    "bq_mod(a, b)": f"""CASE WHEN {_NUMERIC} THEN {refused("a division of NUMERIC values")}
        WHEN b = 0 THEN error('division by zero') ELSE a % b END""",
    "bq_inexact(x)": f"""CASE WHEN typeof(x) LIKE 'DECIMAL%'
        THEN {refused("an average, a root, a power or a rounding of NUMERIC values")} ELSE x END""",
    # A product keeps nine digits after its point, in DuckDB as many as both factors.
    "bq_times(a, b)": f"""CASE WHEN typeof(a) LIKE 'DECIMAL%' AND typeof(b) LIKE 'DECIMAL%' AND a * b <> round(a * b, 9)
        THEN {refused("a product of NUMERIC values")} ELSE a * b END""",
    "bq_array_concat(a, b)": "CASE WHEN a IS NOT NULL AND b IS NOT NULL THEN list_concat(a, b) END",
    "bq_minus(a, b)": f"""CASE WHEN typeof(a) = 'DATE' AND typeof(b) = 'DATE'
        THEN {refused("a date minus a date, which is an INTERVAL: use DATE_DIFF")}
        WHEN typeof(a) = {_INSTANT} AND typeof(b) = {_INSTANT} AND CAST(a - b AS VARCHAR) LIKE '%day%'
        THEN {refused("a time minus another, an INTERVAL of many hours: use TIMESTAMP_DIFF")} ELSE a - b END""",
    # Halves go away from zero, by all the digits that a double has and not by its product with a power of ten.
    "bq_round(x, digits)": """CASE WHEN abs(CAST(x AS DOUBLE)) < 1e12
        THEN CAST(round(CAST(printf('%.25f', CAST(x AS DOUBLE)) AS DECIMAL(38, 25)), digits) AS DOUBLE)
        ELSE round(CAST(x AS DOUBLE), digits) END""",
    "bq_finite(x)": "CASE WHEN isfinite(x) THEN x ELSE CASE WHEN x IS NOT NULL THEN error('no finite number') END END",
    "bq_count(number)": "CASE WHEN number < 0 THEN error('a negative length') ELSE number END",
    # Of an hour that the clock strikes twice, the first.
    "bq_instant(zone, t)": """CASE WHEN timezone(zone, timezone(zone, t) - INTERVAL 1 HOUR) = t
        THEN timezone(zone, t) - INTERVAL 1 HOUR ELSE timezone(zone, t) END""",
    "bq_week(d, first)": "(dayofyear(d) + 6 - (dayofweek(d) - first + 7) % 7) // 7",
    "bq_date_trunc(part, shift, d)": f"""CASE WHEN typeof(d) = 'DATE'
        THEN CAST(date_trunc(part, d + to_days(shift)) - to_days(shift) AS DATE)
        ELSE {refused("DATE_TRUNC of another type than DATE")} END""",
    "bq_unix_seconds(t)": "CAST(floor(epoch_us(t) / 1000000) AS BIGINT)",
    "bq_unix_millis(t)": "CAST(floor(epoch_us(t) / 1000) AS BIGINT)",
    "bq_substr(s, place)": "substr(s, CASE WHEN place = 0 OR place < -length(s) THEN 1 ELSE place END)",
    "bq_substr_of(s, place, most)": """substr(s,
        CASE WHEN place = 0 OR place < -length(s) THEN 1 ELSE place END, bq_count(most))""",
    "bq_trim(s)": f"trim(s, {_BLANK})",
    "bq_ltrim(s)": f"ltrim(s, {_BLANK})",
    "bq_rtrim(s)": f"rtrim(s, {_BLANK})",
    # A group that took no part is NULL in BigQuery, and an empty text here.
    "bq_regexp_extract(s, pattern, part)": f"""CASE WHEN regexp_matches(s, pattern)
        THEN CASE WHEN part > 0 AND regexp_extract(s, pattern, part) = ''
            THEN {refused("REGEXP_EXTRACT of an empty group")} ELSE regexp_extract(s, pattern, part) END END""",
    "bq_element(list, place)": """CASE WHEN place < 1 OR place > len(list)
        THEN error('an index is out of the bounds of its array') ELSE list[place] END""",
    # DuckDB writes a number again, so that 1.50 becomes 1.5; JSON that is none has no values.
    "bq_json_value(x, path)": rf"""CASE WHEN NOT json_valid(x) THEN NULL
        WHEN {_TEXT} AND json_type(x, path) = 'DOUBLE' AND NOT regexp_matches(
            CAST(x AS VARCHAR), regexp_escape(json_value(x, path) ->> '$') || '([^0-9eE.]|$)')
        THEN {refused("JSON_VALUE of a number that is not written in the shortest way")}
        ELSE json_value(x, path) ->> '$' END""",
}


_HEADS: Mapping[str, str] = {head.partition("(")[0]: head for head in _MACROS}
_NAME = re.compile(r"bq_\w+")


def definitions_for(words: AbstractSet[str], made: set[str]) -> Iterator[str]:
    """Yield the statements that define the macros among the words of a statement, each after the macros that it calls.

    ``made`` are those that are there; what is yielded is added.
    """
    for name, head in _HEADS.items():
        if name in words and name not in made:
            made.add(name)
            yield from definitions_for(set(_NAME.findall(_MACROS[head])), made)
            yield f"CREATE MACRO {head} AS {_MACROS[head]}"
