"""Expectations of tables, from the pipeline file to findings, on the embedded engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

import pytest

from bot.scenarios.faults import Faults
from bot.sources.warehouse.duckdb.warehouse import DuckDbWarehouse
from checks.catalog import checks_of
from checks.effects import FailureEffect
from checks.facts.expectations import ExpectationFacts
from checks.model import Finding, Outcome, Severity
from checks.pipeline import Pipeline
from checks.places import Place, PlaceKind
from tests.fakes import MORNING, pipeline, ports, run_check

TODAY = date(2026, 2, 10)
"""The interval that is judged: the night of the tests."""

CONDITIONS = {
    "games": {
        "title": "Games on the date",
        "otherwise": "no games",
        "query": "SELECT COUNT(*) AS number FROM {data}.games WHERE day = @date",
        "history": "SELECT day AS period, COUNT(*) AS number FROM {data}.games WHERE day <= @date GROUP BY day",
    }
}
COLUMNS = {
    "order_id": "STRING",
    "day": "DATE",
    "loaded_at": "TIMESTAMP",
    "shop": "STRING",
    "customer": "STRING",
    "status": "STRING",
    "amount": "NUMERIC",
    "ratio": "FLOAT64",
    "line": "FLOAT64",
}


def described(expect: Any, **parts: Any) -> Pipeline:
    orders = {"columns": COLUMNS, "partition": "day", "loaded": "loaded_at", "expect": expect}
    tables = {
        "data.orders": orders,
        "data.games": {"columns": {"day": "DATE", "game": "STRING"}},
        "data.customers": {"columns": {"customer": "STRING"}},
    }
    return pipeline(tables=tables, conditions=CONDITIONS, **parts)


def rows(count: int, day: date = TODAY, **values: Any) -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield {"order_id": f"{day}-{values.get('shop', '')}-{number}", "day": str(day), **values}


def past(days: int, count: int, **values: Any) -> list[dict[str, Any]]:
    """Return rows of the days before, the newest first, ``count`` a day."""
    return [row for ago in range(1, days + 1) for row in rows(count, TODAY - timedelta(days=ago), **values)]


def games(counts: Mapping[int, int]) -> list[dict[str, Any]]:
    """Return games, how many by days before today."""
    return [
        {"day": str(TODAY - timedelta(days=ago)), "game": f"g{number}"}
        for ago, count in counts.items()
        for number in range(count)
    ]


def findings(
    expect: Any,
    orders: Sequence[Mapping[str, Any]],
    *,
    now: datetime = MORNING,
    **others: Sequence[Mapping[str, Any]],
) -> tuple[Finding, ...]:
    wanted = described(expect)
    world = {"data.orders": orders, **{f"data.{name}": rows for name, rows in others.items()}}
    check = next(each for each in checks_of(wanted) if each.id == "data-orders")
    with closing(DuckDbWarehouse(wanted, world, Faults(()))) as warehouse:
        return run_check(check, wanted, ports(warehouse=warehouse), now=now).findings


def told(found: Sequence[Finding]) -> list[tuple[str, str, str]]:
    """Return what matters of findings: outcome or severity, code, subject without its table."""
    return [
        (
            str(each.outcome) if each.severity is None else each.severity.name,
            each.code,
            each.subject.removeprefix("data.orders "),
        )
        for each in found
    ]


class TestVolume:
    @pytest.mark.parametrize(
        ("count", "expected"),
        [
            pytest.param(80, ("passed", "as-expected"), id="at the learned limit"),
            pytest.param(79, ("P2", "low-volume"), id="just below it"),
            pytest.param(0, ("P2", "no-volume"), id="nothing"),
            pytest.param(500, ("passed", "as-expected"), id="more is no harm"),
        ],
    )
    def test_a_total_is_compared_with_its_own_past(self, count: int, expected: tuple[str, str]) -> None:
        found = findings({"volume": {}}, [*past(20, 100), *rows(count)])

        assert told(found) == [(*expected, "volume")]

    def test_more_than_usual_is_found_where_that_is_asked_for(self) -> None:
        found = findings({"volume": {"both_sides": True}}, [*past(20, 100), *rows(121)])

        assert told(found) == [("P2", "high-volume", "volume")]

    def test_the_facts_say_what_was_compared(self) -> None:
        (found,) = findings({"volume": {}}, [*past(20, 100), *rows(10)])

        assert found.facts == ExpectationFacts(
            expectation="volume", measured=10, median=100, low=80, high=None, history=20
        )
        assert found.place == Place(PlaceKind.TABLE, "data.orders")

    def test_days_without_rows_are_no_measure(self) -> None:
        """They failed, or had nothing to do; half of the days being empty must not make an empty one usual."""
        orders = [row for ago in range(1, 41, 2) for row in rows(100, TODAY - timedelta(days=ago))]

        assert told(findings({"volume": {}}, orders)) == [("P2", "no-volume", "volume")]

    def test_a_short_history_is_said_and_alarms_nobody(self) -> None:
        found = findings({"volume": {}}, [*past(9, 100), *rows(1)])

        assert told(found) == [("skipped", "not-enough-history", "volume")]

    def test_a_table_that_never_had_rows_alarms_nobody(self) -> None:
        assert told(findings({"volume": {"at_least": 5}}, [])) == [("skipped", "not-enough-history", "volume")]

    def test_a_fixed_limit_alone_counts_also_without_any_past(self) -> None:
        found = findings({"volume": {"at_least": 5, "learned": "none"}}, [])

        assert told(found) == [("P1", "no-volume", "volume")]

    @pytest.mark.parametrize(
        ("count", "expected"),
        [
            pytest.param(90, ("passed", "as-expected"), id="at the fixed limit"),
            pytest.param(89, ("P0", "low-volume"), id="just below it, though usual"),
            pytest.param(0, ("P0", "no-volume"), id="nothing"),
        ],
    )
    def test_a_fixed_limit_wins_with_its_own_severity(self, count: int, expected: tuple[str, str]) -> None:
        found = findings({"volume": {"at_least": 90, "severity": "P0"}}, [*past(20, 100), *rows(count)])

        assert told(found) == [(*expected, "volume")]

    @pytest.mark.parametrize(
        ("count", "expected"),
        [
            pytest.param(50, ("passed", "as-expected"), id="half"),
            pytest.param(49, ("P1", "low-volume"), id="less than half"),
            pytest.param(200, ("passed", "as-expected"), id="twice"),
            pytest.param(201, ("P1", "high-volume"), id="more than twice"),
        ],
    )
    def test_parts_of_the_median_are_fixed_limits(self, count: int, expected: tuple[str, str]) -> None:
        found = findings({"volume": {"between": [0.5, 2], "learned": "none"}}, [*past(20, 100), *rows(count)])

        assert told(found) == [(*expected, "volume")]

    def test_what_lies_further_back_does_not_count(self) -> None:
        old = [row for ago in range(31, 51) for row in rows(1000, TODAY - timedelta(days=ago))]

        found = findings({"volume": {"history": "28d"}}, [*old, *past(20, 100), *rows(90)])

        assert told(found) == [("passed", "as-expected", "volume")]

    def test_only_the_rows_that_are_meant_are_counted(self) -> None:
        orders = [*past(20, 100, status="paid"), *rows(100, status="void")]

        assert told(findings({"where": "status = 'paid'", "volume": {}}, orders)) == [("P2", "no-volume", "volume")]

    def test_days_of_the_week_are_compared_with_themselves(self) -> None:
        """The night is a Tuesday; Tuesdays have ten rows, other days a hundred."""
        orders = [row for ago in range(1, 99) for row in rows(10 if ago % 7 == 0 else 100, TODAY - timedelta(days=ago))]
        expect = {"volume": {"alike": "weekday", "history": "14w"}}

        assert told(findings(expect, [*orders, *rows(10)])) == [("passed", "as-expected", "volume")]
        assert told(findings(expect, [*orders, *rows(4)])) == [("P2", "low-volume", "volume")]


class TestVolumeByGroup:
    BY: ClassVar[dict[str, Any]] = {"volume": {"by": "shop"}}

    def test_a_group_that_is_gone_is_found_though_the_total_is_as_always(self) -> None:
        orders = [*past(20, 50, shop="a"), *past(20, 50, shop="b"), *rows(100, shop="a")]

        found = findings(self.BY, orders)

        assert told(found) == [
            ("passed", "as-expected", "volume by shop a"),
            ("P2", "group-gone", "volume by shop b"),
        ]
        assert found[1].place == Place(PlaceKind.TABLE, "data.orders", "b")

    def test_a_group_with_less_is_found(self) -> None:
        orders = [*past(20, 50, shop="a"), *past(20, 50, shop="b"), *rows(50, shop="a"), *rows(10, shop="b")]

        assert ("P2", "low-volume", "volume by shop b") in told(findings(self.BY, orders))

    def test_a_group_that_is_gone_for_the_second_day_is_still_found(self) -> None:
        orders = [*past(20, 50, shop="a"), *rows(50, shop="a")]
        orders += [row for ago in range(2, 21) for row in rows(50, TODAY - timedelta(days=ago), shop="b")]

        assert ("P2", "group-gone", "volume by shop b") in told(findings(self.BY, orders))

    def test_a_new_group_has_not_enough_history(self) -> None:
        orders = [*past(20, 50, shop="a"), *rows(50, shop="a"), *past(3, 50, shop="new"), *rows(1, shop="new")]

        assert told(findings(self.BY, orders)) == [
            ("passed", "as-expected", "volume by shop a"),
            ("skipped", "not-enough-history", "volume by shop new"),
        ]

    def test_a_group_that_comes_now_and_then_is_not_missed(self) -> None:
        orders = [*past(20, 50, shop="a"), *rows(50, shop="a")]
        orders += [row for ago in range(1, 21, 3) for row in rows(50, TODAY - timedelta(days=ago), shop="rare")]

        assert told(findings(self.BY, orders)) == [("passed", "as-expected", "volume by shop a")]

    def test_where_nothing_came_at_all_one_finding_says_so(self) -> None:
        orders = [*past(20, 50, shop="a"), *past(20, 50, shop="b")]

        assert told(findings(self.BY, orders)) == [("P2", "no-volume", "volume by shop")]

    def test_a_group_without_a_name_is_a_group(self) -> None:
        orders = [*past(20, 50, shop="a"), *past(20, 50), *rows(50, shop="a")]

        assert ("P2", "group-gone", "volume by shop NULL") in told(findings(self.BY, orders))

    def test_a_fixed_limit_is_for_each_group_that_is_there(self) -> None:
        orders = [*past(3, 9, shop="old"), *rows(5, shop="a"), *rows(4, shop="b")]

        assert told(findings({"volume": {"by": "shop", "at_least": 5}}, orders)) == [
            ("passed", "as-expected", "volume by shop a"),
            ("P1", "low-volume", "volume by shop b"),
        ]


class TestVolumePerExposure:
    PER: ClassVar[dict[str, Any]] = {"volume": {"per": "games"}}

    @staticmethod
    def season(today: int) -> list[dict[str, Any]]:
        return games({0: today, **dict.fromkeys(range(1, 21), 10)})

    def test_a_small_day_may_have_few_rows(self) -> None:
        found = findings(self.PER, [*past(20, 100), *rows(10)], games=self.season(1))

        assert told(found) == [("passed", "as-expected", "volume")]

    def test_a_full_day_may_not(self) -> None:
        found = findings(self.PER, [*past(20, 100), *rows(14)], games=self.season(14))

        assert told(found) == [("P2", "low-volume", "volume")]
        assert (found[0].evidence["measured"], found[0].evidence["exposure"]) == (1, 14)

    def test_a_day_with_nothing_to_do_is_not_judged(self) -> None:
        found = findings(self.PER, past(20, 100), games=self.season(0))

        assert told(found) == [("skipped", "no-exposure", "volume")]

    def test_days_with_nothing_to_do_are_no_measure(self) -> None:
        """Rows that were left behind on days off would make a handful usual."""
        days_off = dict.fromkeys(range(1, 15), 0)
        orders = [*past(14, 3), *(row for ago in range(15, 30) for row in rows(100, TODAY - timedelta(days=ago)))]
        played = games({0: 10, **days_off, **dict.fromkeys(range(15, 30), 10)})

        assert told(findings({"when": "games", "volume": {}}, [*orders, *rows(20)], games=played)) == [
            ("P2", "low-volume", "volume")
        ]

    def test_a_query_can_say_what_rows_are_for(self) -> None:
        query = "SELECT day AS period, COUNT(*) AS number FROM {data}.games WHERE day <= @date GROUP BY day"
        expect = {"volume": {"per": {"query": query, "name": "matches"}}}

        found = findings(expect, [*past(20, 100), *rows(14)], games=self.season(14))

        assert told(found) == [("P2", "low-volume", "volume")]

    def test_a_query_without_numbers_leaves_it_unknown(self) -> None:
        expect = {"volume": {"per": {"query": "SELECT @date AS period, NULL AS number"}}}

        (found,) = findings(expect, [*past(20, 100), *rows(14)])

        assert (found.outcome, found.code) == (Outcome.UNKNOWN, "source-unavailable")


class TestCheck:
    def test_an_off_day_is_skipped_and_before_its_time_it_waits(self) -> None:
        assert told(findings({"when": "games", "volume": {}}, past(20, 100)))[0][:2] == ("skipped", "off-day")
        assert told(findings({"due": "+1d 09:00", "volume": {}}, past(20, 100)))[0][:2] == ("waiting", "not-due")

    def test_before_its_time_a_failure_may_be_a_note(self) -> None:
        expect = {"due": "+1d 09:00", "before_due": "note", "volume": {"at_least": 1}}

        (found,) = findings(expect, past(20, 100))

        assert (found.severity, found.code) == (Severity.P3, "no-volume")

    def test_what_is_gone_as_a_whole_stops_what_comes_after_it_and_a_part_only_harms(self) -> None:
        check = next(each for each in checks_of(described({"volume": {"by": "shop"}})) if each.id == "data-orders")
        (whole,) = findings({"volume": {"by": "shop"}}, past(20, 50, shop="a"))
        _, part = findings({"volume": {"by": "shop"}}, [*past(20, 50, shop="b"), *rows(1, shop="a")])

        assert (whole.code, check.effect_of(whole)) == ("no-volume", FailureEffect.STOPS)
        assert (part.code, check.effect_of(part)) == ("group-gone", FailureEffect.HARMS)

    def test_a_failure_says_what_it_means_and_what_to_do(self) -> None:
        expect = {"volume": {}, "impact": "Nobody ships.", "action": "Load {table} for {interval}."}

        (found,) = findings(expect, past(20, 100))

        assert found.impact == "Nobody ships."
        assert found.action is not None
        assert found.action.text == "Load data.orders for 2026-02-10."
