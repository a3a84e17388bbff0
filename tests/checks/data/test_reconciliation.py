"""Tables that must agree: from the pipeline file to the one finding, on the embedded engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

import pytest

from bot.definition.pipeline_queries import query_problems
from bot.definition.statement_checks import statement_problems
from bot.scenarios.faults import Faults
from bot.sources.warehouse.duckdb.warehouse import DuckDbWarehouse
from checks.catalog import checks_of
from checks.expansion.reconcile import reconciliations
from checks.model import Finding
from checks.pipeline import Pipeline
from checks.places import Place, PlaceKind
from tests.fakes import pipeline, ports, run_check

Rows = Sequence[Mapping[str, Any]]
TABLES = {
    "ledger.entries": {
        "columns": {"account": "STRING", "amount": "NUMERIC", "weight": "FLOAT64", "day": "DATE"},
        "partition": "day",
        "filter_required": True,
    },
    "gl.balances": {
        "columns": {"gl_account": "STRING", "account": "STRING", "amount": "NUMERIC", "day": "DATE"},
        "date": "day",
    },
}
SUMS = {"left": "SUM(amount) of ledger.entries", "right": "SUM(amount) of gl.balances", "by": "account"}


def described(**stated: Any) -> Pipeline:
    quiet: dict[str, Any] = {"phases": (), "conditions": {}}
    return pipeline(tables=TABLES, datasets=["ledger", "gl"], reconcile=[{**SUMS, **stated}], **quiet)


def entry(account: str | None, amount: str | None, day: str = "2026-02-10", **more: Any) -> Mapping[str, Any]:
    return {"account": account, "amount": amount, "day": day, **more}


def found(entries: Rows, balances: Rows, **stated: Any) -> Finding:
    wanted = described(**stated)
    check = checks_of(wanted)[-1]
    world = {"ledger.entries": entries, "gl.balances": balances}
    with closing(DuckDbWarehouse(wanted, world, Faults(()))) as warehouse:
        (finding,) = run_check(check, wanted, ports(warehouse=warehouse)).findings
    return finding


def outcome(finding: Finding) -> tuple[str, str]:
    return (str(finding.outcome) if finding.severity is None else finding.severity.name), finding.code


class TestAgreement:
    @pytest.mark.parametrize(
        ("entries", "balances", "stated", "expected"),
        [
            pytest.param(
                [entry("a", "1.5"), entry("a", "2")], [entry("a", "3.5")], {}, ("passed", "as-expected"), id="the same"
            ),
            pytest.param([entry("a", "1")], [entry("a", "1.01")], {}, ("P1", "disagrees"), id="a penny more"),
            pytest.param(
                [entry("a", "1")],
                [entry("a", "1.01")],
                {"tolerance": 0.01},
                ("passed", "as-expected"),
                id="at the limit",
            ),
            pytest.param(
                [entry("a", "1")], [entry("a", "1.02")], {"tolerance": 0.01}, ("P1", "disagrees"), id="just past it"
            ),
            pytest.param(
                [entry("a", "100")], [entry("a", "99")], {"tolerance": "1 %"}, ("passed", "as-expected"), id="a share"
            ),
            pytest.param(
                [entry("a", "100")],
                [entry("a", "98.9")],
                {"tolerance": "1 %"},
                ("P1", "disagrees"),
                id="past the share",
            ),
            pytest.param([entry("a", "1")], [entry("b", "1")], {}, ("P1", "disagrees"), id="other keys"),
            pytest.param(
                [entry(None, "1")], [entry(None, "1")], {}, ("passed", "as-expected"), id="a key that is NULL"
            ),
            pytest.param([entry("a", "1")], [], {}, ("P1", "disagrees"), id="nothing on one side"),
            pytest.param([], [], {}, ("P1", "no-evidence"), id="nothing on both"),
            pytest.param([], [], {"by": []}, ("P1", "no-evidence"), id="nothing on both, without keys"),
            pytest.param(
                [entry("a", "1"), entry("b", "2")],
                [entry("c", "3")],
                {"by": []},
                ("passed", "as-expected"),
                id="without keys",
            ),
            pytest.param(
                [entry("a", "1")],
                [entry("a", "1"), entry("a", "9", "2026-02-09")],
                {},
                ("passed", "as-expected"),
                id="another date",
            ),
            pytest.param(
                [entry("a", "1"), entry("a", "5")],
                [entry("a", "1")],
                {
                    "left": "COUNT(*) of ledger.entries where amount < 3",
                    "right": "count(DISTINCT account) of gl.balances",
                },
                ("passed", "as-expected"),
                id="counts and a condition",
            ),
            pytest.param(
                [entry("a", "1")],
                [{"gl_account": "a", "amount": "2", "day": "2026-02-10"}],
                {"by": {"account": "gl_account"}, "severity": "P0"},
                ("P0", "disagrees"),
                id="keys of other names, and another severity",
            ),
            pytest.param(
                [entry("a", "1", weight="nan")],
                [entry("a", "1")],
                {"left": "SUM(weight) of ledger.entries"},
                ("P1", "disagrees"),
                id="what is no number agrees with none",
            ),
        ],
    )
    def test_figures_are_compared(
        self, entries: Rows, balances: Rows, stated: dict[str, Any], expected: tuple[str, str]
    ) -> None:
        assert outcome(found(entries, balances, **stated)) == expected

    def test_the_worst_differences_are_named_and_the_others_counted(self) -> None:
        keys = "abcdefgh"
        finding = found(
            [entry(key, str(100 * number)) for number, key in enumerate(keys)],
            [entry(key, "0") for key in keys],
        )

        assert finding.summary == (
            "7 of 8 values of account differ: h 0 instead of 700; g 0 instead of 600; f 0 instead of 500; "
            "e 0 instead of 400; d 0 instead of 300, and 2 more."
        )
        assert finding.place == Place(PlaceKind.TABLE, "gl.balances", "amount")

    @pytest.mark.parametrize("by", [["account"], []])
    def test_what_may_differ_is_said_with_what_does(self, by: list[str]) -> None:
        finding = found([entry("a", "1")], [entry("a", "2")], by=by, tolerance="1 %")

        assert "give or take 1 %" in finding.summary

    def test_a_table_without_rows_is_named(self) -> None:
        assert found([entry("a", "1")], []).summary == "gl.balances has no rows, and the other table has."


@pytest.mark.xdist_group("googlesql")
@pytest.mark.slow
def test_each_query_is_one_for_googles_analyser(googlesql_compiled: None) -> None:
    from tests.googlesql import GoogleSql  # noqa: PLC0415 - heavy, and few tests need it

    stated: tuple[dict[str, Any], ...] = ({}, {"by": []}, {"tolerance": "1 %"}, {"left": "COUNT(*) of ledger.entries"})
    for each in (*stated, {"left": "SUM(weight) of ledger.entries where account != 'a'"}):
        wanted = described(**each)
        (reconciled,) = reconciliations(wanted)

        assert "different" in GoogleSql(wanted).columns(reconciled.spec.query)
        assert list(query_problems(wanted)) == []
        assert list(statement_problems(reconciled.spec.query, wanted)) == []
