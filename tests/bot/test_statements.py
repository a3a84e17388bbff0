"""A query only reads: what its text tells, and what is asked where it does not."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.lexemes import bare, lexemes
from bot.statements import only_reads, statement_of
from checks.ports.warehouse import Query
from checks.source import Problem, SourceError
from tests.thoroughness import examples

READS = (
    "SELECT 1",
    "(SELECT 1) UNION ALL (SELECT 2)",
    "WITH RECURSIVE a AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM a) SELECT * FROM a",
    "FROM t |> WHERE a = 1 |> AGGREGATE COUNT(*) AS n",
    "SELECT * FROM t FOR SYSTEM_TIME AS OF @now",
    "SELECT * EXCEPT (a) FROM t QUALIFY ROW_NUMBER() OVER (PARTITION BY a ORDER BY b) = 1",
    "SELECT 'DELETE FROM t; DROP TABLE t' AS text -- ; DELETE FROM t",
    "SELECT 1;",
    "SELECT 1;\n-- the end\n",
    "SELECT @@time_zone AS zone",
    "SELECT SAFE.SUBSTR('a', 0), NET.HOST('b'), external_query FROM t",
    "SELECT r'\\'; DELETE FROM t WHERE TRUE --'",
    "SELECT '''a'; DELETE FROM t WHERE TRUE --'''",
    "SELECT 1 /* ; DELETE FROM t WHERE TRUE */ # ; DELETE FROM t",
    "; SELECT 1",
    "((SELECT 1))",
)
NO_READS = (
    "DELETE FROM t WHERE TRUE",
    "INSERT INTO t SELECT 1",
    "UPDATE t SET a = 1 WHERE TRUE",
    "MERGE t USING s ON t.a = s.a WHEN MATCHED THEN DELETE",
    "TRUNCATE TABLE t",
    "CREATE TABLE a AS SELECT 1",
    "CREATE TEMP FUNCTION f(x INT64) AS (x); SELECT f(1)",
    "DROP TABLE t",
    "ALTER TABLE t ADD COLUMN a INT64",
    "EXPORT DATA OPTIONS (uri = 'gs://example/*') AS SELECT 1",
    "LOAD DATA INTO t FROM FILES (format = 'CSV')",
    "CALL p.q()",
    "EXECUTE IMMEDIATE 'DELETE FROM t'",
    "BEGIN DELETE FROM t WHERE TRUE; END",
    "DECLARE x INT64; SELECT x",
    "SET x = 1",
    "GRANT `roles/viewer` ON TABLE t TO 'user:person@example.com'",
    "SELECT 1; DELETE FROM t WHERE TRUE",
    "-- SELECT\nDELETE FROM t WHERE TRUE",
    "WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d",
    "SELECT 1 INTO x",
    "SELECT * FROM EXTERNAL_QUERY('c', 'DELETE FROM t')",
    "SHOW TABLES",
    "(DELETE FROM t)",
    "FROM t |> FORK (|> INSERT INTO u) (|> WHERE TRUE)",
    "FROM t |> INSERT INTO u",
    "FROM t |> WHERE a |> CREATE TABLE u",
    "FROM t |> EXPORT DATA OPTIONS (uri = 'gs://example/*')",
    "SELECT * FROM `EXTERNAL\\u005fQUERY`('c', 'DELETE FROM t')",
    "SELECT * FROM EXTERNAL_QUERY /* */\n-- c\n ('c', 'DELETE FROM t')",
    "@{a=1} SELECT 1",
    "@{# a\n b=1} SELECT * FROM EXTERNAL_QUERY('c', 'DELETE FROM t') -- #}",
    "SELECT 1 /* /* */; DELETE FROM t WHERE TRUE -- */",
    "SELECT r'\\\\'; DELETE FROM t WHERE TRUE --'",
    "SELECT '''a'b'''; DELETE FROM t WHERE TRUE",
    "SELECT 1 # ;\r; DELETE FROM t WHERE TRUE",
    "BEGIN TRANSACTION",
    "ROLLBACK",
    "RETURN",
    "IF TRUE THEN DELETE FROM t WHERE TRUE; END IF",
    "FOR r IN (SELECT 1) DO SELECT 1; END FOR",
    "label: BEGIN SELECT 1; END",
    "CREATE OR REPLACE MODEL d.m OPTIONS (model_type = 'linear_reg') AS SELECT 1",
    "CREATE SNAPSHOT TABLE a CLONE b",
    "EXPLAIN SELECT 1",
    "DESCRIBE t",
    "VALUES (1)",
    "REVOKE `roles/viewer` ON TABLE t FROM 'user:person@example.com'",
    "UNDROP SCHEMA s",
    "ASSERT FALSE AS 'x'",
    "REPEAT SELECT 1; UNTIL TRUE END REPEAT",
    "SELECT rb'a'; DELETE FROM t WHERE TRUE",
    "SELECT rb'a', (SELECT 1 FROM `External_Query`('c', 'DELETE FROM t'))",
    "FROM t |> CALL EXTERNAL_QUERY('c', 'DELETE FROM t')",
    "",
    "-- nothing",
)


@pytest.mark.parametrize("sql", READS)
def test_one_select_is_a_read(sql: str) -> None:
    assert only_reads(Query(sql)) is True


@pytest.mark.parametrize("sql", NO_READS)
def test_anything_else_is_refused(sql: str) -> None:
    with pytest.raises(SourceError) as refused:
        only_reads(Query(sql))

    assert refused.value.problem is Problem.INVALID


BEYOND_THE_PARSER = (
    "SELECT WITH DIFFERENTIAL_PRIVACY a FROM t",
    "FROM t |> DROP a",
    "SELECT * FROM d.f(TABLE t)",
    "GRAPH d.g MATCH (a:A) RETURN a.x AS x",
    "SELECT (" + "(" * 3000,
    "SELECT '",
)


@pytest.mark.parametrize("sql", BEYOND_THE_PARSER)
def test_what_cannot_be_parsed_is_neither(sql: str) -> None:
    assert only_reads(Query(sql)) is None
    assert statement_of(sql).broken


def test_what_is_nested_too_deep_for_the_parser_is_said_to_be_so() -> None:
    assert statement_of("SELECT " + "(" * 3000).broken == "it is nested too deep"


@pytest.mark.parametrize(
    ("sql", "routines"),
    [
        ("SELECT d.f(a), `p.d.g`(b), `my-project`.d.h (c) FROM t", ("d.f", "p.d.g", "my-project.d.h")),
        ("SELECT rb'a', d.f(1)", ("d.f",)),
        ("SELECT SAFE.d.f(1), net.d.f(2)", ("d.f", "net.d.f")),
        ("SELECT SAFE.LOG(a), SAFE.NET.HOST(b), ML.DISTANCE(a, b), t.a IN (1) FROM t JOIN d.u USING (a)", ()),
    ],
)
def test_the_functions_that_bigquery_does_not_bring_along_are_known(sql: str, routines: tuple[str, ...]) -> None:
    assert statement_of(sql).routines == routines


def test_the_text_does_not_tell_what_a_routine_does() -> None:
    assert only_reads(Query("SELECT d.f(1)")) is None


@given(st.sampled_from(READS), st.sampled_from(NO_READS[:19]), st.sampled_from([";", " ;\n", "; -- and\n", ";;"]))
def test_no_statement_hides_behind_a_read(read: str, other: str, between: str) -> None:
    assert statement_of(f"{read}\n{between}{other}").tree is None


PIECES = (
    "SELECT 1", "; DELETE FROM t WHERE TRUE", " FROM t", "a", "'", '"', "'''", '"""', "`", "\\", "\\'", "r'",
    'rb"', "b'''", "Rb'", "/*", "*/", "/*/", "--", "#", "//", "\n", "\r", "\x0c", "{#", "#}", "@{", "}", ";",
    " ", "$$",
)  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), max_size=9).map("".join)


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"], ids=["LF", "CR", "CR LF"])
@pytest.mark.parametrize("quote", ["'", '"', "r'", "b'", "'''"])
def test_an_escaped_line_end_is_inside_a_text_and_hides_nothing(quote: str, end: str) -> None:
    closing = quote[-1] if quote != "'''" else quote
    sql = f"SELECT {quote}\\{end}{closing}; DELETE FROM t --{closing}"

    assert statement_of(sql).writes == "is 2 statements"


@given(texts)
def test_the_pieces_of_a_text_are_the_text(text: str) -> None:
    assert "".join(each.text for each in lexemes(text)) == text


def test_comments_and_texts_are_not_among_the_names_of_a_statement() -> None:
    sql = """SELECT `a`, 'b"', r"c\\\\", '''d'\ne''' -- f\n, g /* h */ # i"""

    assert bare(sql).split() == ["SELECT", "`a`,", ",", ",", ",", "g"]


@pytest.mark.parametrize("opening", ["/*", "'''", '"""', "'", "`", "\\", "r'", "("])
def test_a_long_text_is_read_in_a_time_that_grows_with_its_length(opening: str) -> None:
    assert len("".join(each.text for each in lexemes(opening * 100_000))) == len(opening) * 100_000


@pytest.mark.xdist_group("googlesql")
@settings(max_examples=examples(500))
@given(
    st.sampled_from(["1 ", "'a' ", "`a` ", ""]), texts, st.sampled_from(["", "; DELETE FROM t", "'; DELETE FROM t --'"])
)
@pytest.mark.slow
def test_what_is_more_than_a_query_for_googles_parser_is_refused(
    googlesql_compiled: None, first: str, middle: str, last: str
) -> None:
    from tests.googlesql import RejectedSqlError, statement_kinds  # noqa: PLC0415 - heavy, and few tests need it

    sql = f"SELECT {first}{middle}{last}"
    with suppress(RejectedSqlError):  # what no parser takes cannot write either
        is_a_query = statement_kinds(sql) == ["ast_query_statement_node"]
        is_refused = statement_of(sql).writes is not None
        assert is_refused or is_a_query
        assert not (is_refused and is_a_query) or "\\" in sql  # in a name: refused, whatever it hides
