"""Expectations of tables, from the pipeline file to findings, on the embedded engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.scenarios.faults import Faults
from bot.sources.warehouse.duckdb.warehouse import DuckDbWarehouse
from checks.catalog import checks_of
from checks.cells import number_words
from checks.data.expected import UNJUDGED
from checks.data.past import age_of
from checks.effects import FailureEffect
from checks.facts.expectations import ExpectationFacts
from checks.intervals import Timeline
from checks.model import Finding, Outcome, Severity, Verdict, verdict_of
from checks.pipeline import Pipeline
from checks.places import Place, PlaceKind
from tests.fakes import MORNING, FakeWarehouse, pipeline, ports, run_check

TODAY = date(2026, 2, 10)
"""The interval that is judged: the night of the tests."""

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)

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

    def test_where_rows_are_asked_for_a_table_without_any_alarms_also_when_it_never_had_one(self) -> None:
        assert told(findings({"volume": {"at_least": 5}}, [])) == [("P1", "no-volume", "volume")]
        assert told(findings({"volume": {}}, [])) == [("skipped", "not-enough-history", "volume")]

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
        assert ("expected at least 90" in found[0].summary) is (expected[0] == "P0")

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

    @pytest.mark.parametrize(
        ("today", "told_of_it"),
        [
            pytest.param(5, ("P2", "low-volume", "volume"), id="half as much to do"),
            pytest.param(4, ("skipped", "not-enough-history", "volume"), id="less than half"),
            pytest.param(20, ("P2", "low-volume", "volume"), id="twice as much to do"),
            pytest.param(21, ("skipped", "not-enough-history", "volume"), id="more than twice"),
        ],
    )
    def test_days_of_another_size_are_no_measure(self, today: int, told_of_it: tuple[str, str, str]) -> None:
        found = findings(self.PER, [*past(20, 100), *rows(4)], games=self.season(today))

        assert told(found) == [told_of_it]

    def test_limits_follow_the_size_of_the_day_where_rows_do_not_grow_with_it_evenly(self) -> None:
        """A fixed part of 100 rows, and five a game: with 14 games 170 are usual, of which half are too few."""
        season = {ago: 8 + ago % 6 for ago in range(1, 29)}
        orders = [row for ago, played in season.items() for row in rows(100 + 5 * played, TODAY - timedelta(days=ago))]

        found = findings(self.PER, [*orders, *rows(85)], games=games({0: 14, **season}))

        assert told(found) == [("P2", "low-volume", "volume")]
        assert found[0].evidence["median"] == pytest.approx(170 / 14)

    def test_a_full_day_may_not(self) -> None:
        found = findings(self.PER, [*past(20, 100), *rows(14)], games=self.season(14))

        assert told(found) == [("P2", "low-volume", "volume")]
        assert (found[0].evidence["measured"], found[0].evidence["exposure"]) == (1, 14)

    def test_a_few_rows_more_or_less_are_few_for_one_unit_and_not_for_each_of_many(self) -> None:
        found = findings(self.PER, [*past(20, 20), *rows(14)], games=self.season(14))

        assert told(found) == [("P2", "low-volume", "volume")]

    def test_a_day_with_nothing_to_do_is_not_judged(self) -> None:
        found = findings(self.PER, past(20, 100), games=self.season(0))

        assert told(found) == [("skipped", "no-exposure", "volume")]

    def test_days_with_nothing_to_do_are_no_measure(self) -> None:
        """Rows that were left behind on days off would make a handful usual."""
        days_off = dict.fromkeys(range(1, 25), 0)
        orders = [*past(24, 3), *(row for ago in range(25, 40) for row in rows(100, TODAY - timedelta(days=ago)))]
        played = games({0: 10, **days_off, **dict.fromkeys(range(25, 40), 10)})

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
        assert found.action.text == "Load data.orders for 10 Feb."


class TestFreshness:
    EXPECT: ClassVar[dict[str, Any]] = {"freshness": "24h"}

    @staticmethod
    def loaded(at: str) -> list[dict[str, Any]]:
        return list(rows(3, loaded_at=at))

    @pytest.mark.parametrize(
        ("at", "expected"),
        [
            pytest.param("2026-02-10T13:00:00Z", ("passed", "as-expected"), id="a day ago, to the second"),
            pytest.param("2026-02-10T12:59:00Z", ("P1", "stale"), id="a minute more"),
        ],
    )
    def test_the_newest_row_must_be_young_enough(self, at: str, expected: tuple[str, str]) -> None:
        assert told(findings(self.EXPECT, self.loaded(at))) == [(*expected, "freshness")]

    def test_what_is_loaded_for_a_later_interval_is_fresh_all_the_same(self) -> None:
        tomorrow = list(rows(1, TODAY + timedelta(days=2), loaded_at="2026-02-11T12:00:00Z"))

        assert told(findings(self.EXPECT, tomorrow)) == [("passed", "as-expected", "freshness")]

    @pytest.mark.parametrize(
        ("at_most", "code"),
        [pytest.param("35h", "as-expected", id="at the limit"), pytest.param("34h", "stale", id="over")],
    )
    def test_days_without_a_run_do_not_age_anything(self, at_most: str, code: str) -> None:
        """Loaded on the seventh at nine in the evening; the eighth and ninth have no games, the morning is at eight."""
        played = games({0: 5, 3: 5})
        old = list(rows(3, TODAY - timedelta(days=3), loaded_at="2026-02-08T02:00:00Z"))

        (found,) = findings({"when": "games", "freshness": at_most}, old, games=played)

        assert (found.code, found.evidence["measured"]) == (code, 3 + 24 + 8)

    def test_a_table_that_never_had_rows_alarms_nobody(self) -> None:
        assert told(findings(self.EXPECT, [])) == [("skipped", "not-enough-history", "freshness")]

    def test_a_clock_that_is_ahead_makes_nothing_fresh(self) -> None:
        found = findings(self.EXPECT, [*self.loaded("2026-02-09T12:00:00Z"), *self.loaded("2027-01-01T00:00:00Z")])

        assert told(found) == [("P1", "stale", "freshness")]

    @given(
        loaded=st.integers(0, 59 * 24 * 60).map(lambda minutes: JANUARY + timedelta(minutes=minutes)),
        hours=st.integers(0, 500),
        off=st.sets(st.integers(0, 60)),
    )
    def test_days_off_only_ever_make_it_younger(self, loaded: datetime, hours: int, off: set[int]) -> None:
        timeline = Timeline(ZoneInfo("America/New_York"))
        now = loaded + timedelta(hours=hours)

        age = age_of(loaded, now, timeline, lambda each: (each.day - JANUARY.date()).days in off)

        assert timedelta() <= age <= now - loaded
        assert age_of(loaded, now, timeline, lambda _: False) == now - loaded


class TestKeysAndValues:
    @pytest.mark.parametrize(
        ("expect", "orders", "expected"),
        [
            pytest.param({"unique": ["order_id"]}, [*rows(30)], ("passed", "as-expected"), id="keys are unique"),
            pytest.param({"unique": ["order_id"]}, [*rows(30), *rows(1)], ("P1", "doubled"), id="one row twice"),
            pytest.param(
                {"unique": ["day", "shop"]},
                [*rows(1, shop="a"), *rows(1, shop="b")],
                ("passed", "as-expected"),
                id="keys of two columns",
            ),
            pytest.param({"unique": ["shop"]}, [*rows(5)], ("passed", "as-expected"), id="no key is not a key twice"),
            pytest.param(
                {"not_null": {"amount": "50 %"}},
                [*rows(5), *rows(5, amount="1")],
                ("passed", "as-expected"),
                id="as many NULLs as may be",
            ),
            pytest.param(
                {"not_null": {"amount": "50 %"}}, [*rows(6), *rows(5, amount="1")], ("P2", "nulls"), id="one NULL more"
            ),
            pytest.param({"not_null": ["amount"]}, [*rows(10)], ("P1", "all-null"), id="nothing but NULL"),
            pytest.param({"not_null": ["amount"]}, [*rows(9)], ("P2", "nulls"), id="nothing but NULL in a few rows"),
            pytest.param(
                {"values": {"status": ["open", "paid"]}},
                [*rows(9, status="open"), *rows(1)],
                ("passed", "as-expected"),
                id="values of a list, and NULL",
            ),
            pytest.param(
                {"values": {"status": ["open"]}},
                [*rows(9, status="open"), *rows(1, status="OPEN")],
                ("P2", "odd-values"),
                id="another value",
            ),
            pytest.param(
                {"values": {"amount": {"between": [0, 5]}}},
                [*rows(1, amount="0"), *rows(1, amount="5")],
                ("passed", "as-expected"),
                id="at both bounds",
            ),
            pytest.param(
                {"values": {"amount": {"between": [0, 5]}}},
                [*rows(9, amount="1"), *rows(1, amount="5.01")],
                ("P2", "odd-values"),
                id="just beyond one",
            ),
            pytest.param(
                {"values": {"amount": {"at_least": 0, "share": "10 %", "severity": "P0"}}},
                [*rows(8, amount="1"), *rows(1, amount="-1")],
                ("P0", "odd-values"),
                id="more odd values than may be",
            ),
            pytest.param(
                {"not_constant": ["amount"]}, [*rows(10, amount="7")], ("P2", "constant"), id="one value everywhere"
            ),
            pytest.param(
                {"not_constant": ["amount"]}, [*rows(9, amount="7")], ("skipped", "no-rows"), id="too few to tell"
            ),
            pytest.param(
                {"not_constant": ["amount"]},
                [*rows(10, amount="7"), *rows(1, amount="8")],
                ("passed", "as-expected"),
                id="two values",
            ),
            pytest.param(
                {"not_one_sided": {"ratio": "line"}},
                [*rows(20, ratio=2.0, line=1.0)],
                ("P2", "one-sided"),
                id="all above another column",
            ),
            pytest.param(
                {"not_one_sided": {"ratio": "line"}},
                [*rows(20, ratio=2.0, line=1.0), *rows(1, ratio=0.0, line=1.0)],
                ("passed", "as-expected"),
                id="one below",
            ),
            pytest.param(
                {"not_one_sided": {"ratio": {"around": 3, "share": "90 %"}}},
                [*rows(18, ratio=2.0), *rows(2, ratio=4.0)],
                ("P2", "one-sided"),
                id="most below a number",
            ),
            pytest.param(
                {"not_one_sided": {"ratio": "line"}},
                [*rows(19, ratio=2.0, line=1.0), *rows(50, ratio=1.0, line=1.0)],
                ("skipped", "no-rows"),
                id="too few on either side",
            ),
        ],
    )
    def test_values_are_judged_at_their_limits(
        self, expect: Any, orders: Sequence[Mapping[str, Any]], expected: tuple[str, str]
    ) -> None:
        (found,) = told(findings(expect, orders))

        assert found[:2] == expected

    @pytest.mark.parametrize(
        ("customers", "code"),
        [
            pytest.param(["a", "b", "b"], "as-expected", id="all are there, one twice"),
            pytest.param(["a"], "unmatched", id="some are not"),
            pytest.param([], "unmatched", id="none is"),
        ],
    )
    def test_values_of_another_table_are_looked_up(self, customers: list[str], code: str) -> None:
        orders = [*rows(5, customer="a"), *rows(5, customer="b"), *rows(5)]
        known = [{"customer": each} for each in customers]

        (found,) = findings({"references": {"customer": "data.customers.customer"}}, orders, customers=known)

        assert found.code == code
        assert found.evidence["rows"] == 10

    @pytest.mark.parametrize(
        ("known", "expected"),
        [
            pytest.param((5, 3), ("P2", "unmatched"), id="none of enough"),
            pytest.param((4, 3), ("skipped", "no-rows"), id="too few to tell"),
            pytest.param((50, 2), ("skipped", "no-rows"), id="the first days of a season"),
        ],
    )
    def test_values_are_compared_with_those_of_the_days_before(
        self, known: tuple[int, int], expected: tuple[str, str]
    ) -> None:
        customers, days = known
        before = [
            each
            for number in range(customers)
            for each in rows(1, TODAY - timedelta(days=1 + number % days), customer=f"c{number}")
        ]
        expect = {"references": {"customer": {"to": "data.orders.customer", "at_most": "95 %"}}}

        same = told(findings(expect, [*before, *rows(2, customer="c1")]))
        other = told(findings(expect, [*before, *rows(2, customer="C1")]))

        assert other == [(*expected, "references customer")]
        assert same[0][0] == ("passed" if known == (5, 3) else "skipped")

    def test_fixed_limits_count_where_rows_are_there_of_another_day_only(self) -> None:
        tomorrow = [*rows(30, TODAY + timedelta(days=1))]

        found = told(findings({"freshness": "30d", "volume": {"at_least": 10}}, tomorrow))

        assert ("P1", "no-volume", "volume") in found

    def test_a_group_that_matches_nothing_is_found_however_few_rows_it_has(self) -> None:
        expect = {"references": {"customer": {"to": "data.customers.customer", "at_most": "50 %", "by": "shop"}}}
        known = [{"customer": "a"}]
        most = [*rows(60, customer="a", shop="web")]

        lost = findings(expect, [*most, *rows(5, customer="A", shop="app")], customers=known)
        some = findings(
            expect, [*most, *rows(4, customer="A", shop="app"), *rows(1, customer="a", shop="app")], customers=known
        )
        tiny = findings(expect, [*most, *rows(4, customer="A", shop="app")], customers=known)
        none = findings(expect, [*rows(60, customer="A", shop="web")], customers=known)

        grouped = "references customer by shop"
        assert [each for each in told(lost) if each[0] == "P2"] == [("P2", "unmatched", grouped)]
        assert "1 of 2 values of shop has no customer that is in data.customers.customer." in [
            each.summary for each in lost
        ]
        assert not [each for found in (some, tiny) for each in told(found) if each[0] == "P2"]
        assert [each for each in told(none) if each[0] == "P2"] == [("P2", "unmatched", "references customer")]

    @pytest.mark.parametrize(
        ("loaded", "expected"),
        [
            pytest.param(12, ("passed", "as-expected"), id="at the limit"),
            pytest.param(11.99, ("P1", "not-renewed"), id="just before it"),
            pytest.param(None, ("skipped", "no-rows"), id="no row says when"),
        ],
    )
    def test_rows_are_renewed_at_a_time_of_the_interval(self, loaded: float | None, expected: tuple[str, str]) -> None:
        midnight = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=ZoneInfo("America/New_York"))
        at = None if loaded is None else (midnight + timedelta(hours=loaded)).isoformat()

        found = findings({"renewed": "12:00"}, [*past(3, 4), *rows(4, loaded_at=at)])

        assert told(found) == [(*expected, "renewed")]

    @pytest.mark.parametrize(
        ("count", "amount", "expected"),
        [
            pytest.param(20, "5", ("passed", "as-expected"), id="at the limit"),
            pytest.param(20, "4.99", ("P2", "mean-odd"), id="just below it"),
            pytest.param(20, "40.01", ("P2", "mean-odd"), id="just above"),
            pytest.param(19, "4.99", ("skipped", "not-enough-history"), id="too few values"),
        ],
    )
    def test_a_mean_has_fixed_limits_that_need_no_history(
        self, count: int, amount: str, expected: tuple[str, str]
    ) -> None:
        found = findings({"mean": {"amount": {"between": [5, 40]}}}, list(rows(count, amount=amount)))

        assert told(found) == [(*expected, "mean amount")]

    def test_texts_of_another_form_are_found_and_no_form_is_none(self) -> None:
        expect = {"values": {"customer": {"matches": "^[a-z]+$"}}}
        orders = [*rows(2, customer="ann"), *rows(1, customer="Ann"), *rows(1)]

        (found,) = findings(expect, orders)

        assert (found.code, found.evidence["measured"], found.evidence["rows"]) == ("odd-values", 1, 3)

    @pytest.mark.parametrize(
        ("repeated", "code"), [(1, "as-expected"), (2, "doubled")], ids=["at the limit", "past it"]
    )
    def test_some_rows_may_repeat_a_key(self, repeated: int, code: str) -> None:
        orders = list(rows(8 - repeated))

        (found,) = findings({"unique": {"key": "order_id", "at_most": 0.125}}, [*orders, *orders[:repeated]])

        assert found.code == code

    def test_rows_of_other_days_are_not_judged(self) -> None:
        found = findings({"not_null": ["amount"]}, [*past(5, 50), *rows(5, amount="1")])

        assert told(found) == [("passed", "as-expected", "not_null amount")]

    def test_an_interval_without_rows_has_no_values_to_judge(self) -> None:
        found = findings({"not_null": ["amount"], "unique": ["order_id"]}, past(5, 50))

        assert [each[:2] for each in told(found)] == [("skipped", "no-rows")] * 2

    def test_a_joined_lookup_leaves_the_other_figures_as_they_are(self) -> None:
        """Everything of a table is one query: what one figure needs must not change another."""
        known = [{"customer": "a"}, {"customer": "a"}]
        expect = {
            "volume": {"at_least": 1},
            "unique": ["order_id"],
            "not_null": ["amount"],
            "references": {"customer": "data.customers.customer"},
        }

        found = findings(expect, [*past(20, 4), *rows(4, customer="a", amount="1")], customers=known)

        assert {each.code for each in found} == {"as-expected"}
        assert [each.evidence.get("rows") for each in found[1:]] == [4, 4, 4]

    def test_a_failure_has_the_column_as_its_place(self) -> None:
        (found,) = findings({"not_null": ["amount"]}, [*rows(12)])

        assert found.place == Place(PlaceKind.TABLE, "data.orders", "amount")
        assert found.facts == ExpectationFacts(expectation="not_null amount", measured=12, rows=12, share=1)


class TestMean:
    @pytest.mark.parametrize(
        ("amount", "expected"),
        [
            pytest.param("12", ("passed", "as-expected"), id="at the tolerance"),
            pytest.param("12.1", ("P2", "mean-moved"), id="just above"),
            pytest.param("7.9", ("P2", "mean-moved"), id="just below"),
            pytest.param("0", ("P2", "mean-moved"), id="zero"),
            pytest.param("1000", ("P2", "mean-moved"), id="another unit"),
        ],
    )
    def test_a_mean_is_compared_with_its_own_past(self, amount: str, expected: tuple[str, str]) -> None:
        found = findings({"mean": {"amount": "20 %"}}, [*past(20, 5, amount="10"), *rows(5, amount=amount)])

        assert told(found) == [(*expected, "mean amount")]

    def test_groups_of_a_volume_do_not_change_a_mean(self) -> None:
        orders = [*past(20, 5, amount="10", shop="a"), *past(20, 5, amount="30", shop="b")]
        orders += [*rows(5, amount="10", shop="a"), *rows(5, amount="30", shop="b")]

        found = findings({"volume": {"by": "shop"}, "mean": ["amount"]}, orders)

        assert told(found)[-1] == ("passed", "as-expected", "mean amount")
        assert found[-1].evidence["measured"] == 20

    def test_a_short_history_is_said(self) -> None:
        found = findings({"mean": ["amount"]}, [*past(9, 5, amount="10"), *rows(5, amount="99")])

        assert told(found) == [("skipped", "not-enough-history", "mean amount")]

    def test_without_values_there_is_no_mean(self) -> None:
        found = findings({"mean": ["amount"]}, [*past(20, 5, amount="10"), *rows(5)])

        assert told(found) == [("skipped", "no-rows", "mean amount")]


class TestOtherCadences:
    @staticmethod
    def hourly(expect: Any, made: Sequence[Mapping[str, Any]], at: str) -> tuple[Finding, ...]:
        columns = {"event": "STRING", "at": "TIMESTAMP"}
        events = {"columns": columns, "partition": "at", "expect": expect}
        wanted = pipeline(tables={"data.events": events}, conditions={}, phases=(), cadence="hourly", timezone="UTC")
        interval = wanted.timeline.named(at)
        check = next(each for each in checks_of(wanted) if each.id == "data-events")
        with closing(DuckDbWarehouse(wanted, {"data.events": made}, Faults(()))) as warehouse:
            now = interval.end + timedelta(minutes=10)
            return run_check(check, wanted, ports(warehouse=warehouse), now=now, previous=interval).findings

    @pytest.mark.parametrize(
        ("count", "code"), [pytest.param(3, "as-expected", id="as always"), pytest.param(0, "no-volume", id="none")]
    )
    def test_an_hour_is_compared_with_the_same_hour_of_other_days(self, count: int, code: str) -> None:
        """The nights have three events an hour and the days fifty: three are few at noon only."""
        made = [
            {"event": "e", "at": f"2026-02-{day:02}T{hour:02}:{minute:02}:00Z"}
            for day in range(1, 21)
            for hour, each in ((3, 3), (12, 50))
            for minute in range(each)
        ]
        made += [{"event": "e", "at": f"2026-02-21T03:{minute:02}:00Z"} for minute in range(count)]

        (found,) = self.hourly({"volume": {}}, made, "2026-02-21T03")

        assert found.code == code

    def test_a_week_is_its_seven_days(self) -> None:
        columns = {"order_id": "STRING", "day": "DATE"}
        orders = {"columns": columns, "partition": "day", "expect": {"volume": {}, "unique": ["order_id"]}}
        wanted = pipeline(tables={"data.orders": orders}, conditions={}, phases=(), cadence={"weekly": "sunday"})
        interval = wanted.timeline.named("2026-W07")
        made = [
            {"order_id": f"{ago}-{number}", "day": str(interval.day + timedelta(days=6 - ago))}
            for ago in range(7 * 12)
            for number in range(20 if ago >= 7 else 5)
        ]
        check = next(each for each in checks_of(wanted) if each.id == "data-orders")
        with closing(DuckDbWarehouse(wanted, {"data.orders": made}, Faults(()))) as warehouse:
            found = run_check(check, wanted, ports(warehouse=warehouse), previous=interval).findings

        assert told(found) == [("P2", "low-volume", "volume"), ("passed", "as-expected", "unique order_id")]
        assert [each.evidence[name] for each, name in zip(found, ("measured", "rows"), strict=True)] == [35, 35]


COUNTS = st.lists(st.integers(0, 200), min_size=1, max_size=40)
"""Rows a day, today's first."""


def judged(counts: Mapping[str, Sequence[int]], seed: int = 0, **volume: Any) -> dict[str, tuple[str, str]]:
    """Return outcome and code by subject of what a warehouse answers with these counts of shops, in any order."""
    wanted = described({"volume": {"by": "shop", **volume}})
    answer = [
        {"part": "history", "period": TODAY - timedelta(days=ago), "by_shop": shop, "row_count": count}
        for shop, days in counts.items()
        for ago, count in enumerate(days)
        if count
    ]
    Random(seed).shuffle(answer)
    check = next(each for each in checks_of(wanted) if each.id == "data-orders")
    found = run_check(check, wanted, ports(warehouse=FakeWarehouse({"data-orders": answer}))).findings
    return {subject: (outcome, code) for outcome, code, subject in told(found)}


class TestVolumeOfAnyHistory:
    @given(counts=st.dictionaries(st.sampled_from("abcde"), COUNTS), seed=st.integers())
    def test_the_order_of_the_rows_makes_no_difference(self, counts: dict[str, list[int]], seed: int) -> None:
        assert judged(counts, seed) == judged(counts)

    @given(counts=COUNTS, other=COUNTS)
    def test_another_group_changes_nothing_about_one_that_is_there_every_day(
        self, counts: list[int], other: list[int]
    ) -> None:
        steady = [count + 1 for count in counts]
        alone, beside = judged({"a": steady}), judged({"a": steady, "b": other[: len(counts)]})

        assert beside["volume by shop a"] == alone["volume by shop a"]

    @given(counts=COUNTS, more=st.integers(1, 100))
    def test_more_rows_are_never_worse(self, counts: list[int], more: int) -> None:
        order = ["skipped", "passed", "P2"]
        less, better = judged({"a": counts}), judged({"a": [counts[0] + more, *counts[1:]]})

        worst = [max(order.index(outcome) for outcome, _ in found.values()) for found in (less, better)]
        assert worst[1] <= worst[0] or not counts[0]

    @given(counts=st.dictionaries(st.sampled_from("abc"), COUNTS))
    def test_a_learned_limit_is_never_louder_than_p2(self, counts: dict[str, list[int]]) -> None:
        assert {outcome for outcome, _ in judged(counts).values()} <= {"passed", "skipped", "P2"}


def test_a_table_without_dates_is_judged_as_a_whole() -> None:
    expect = {"unique": ["customer"], "not_null": ["customer"], "references": {"customer": "data.games.game"}}
    tables = {
        "data.customers": {"columns": {"customer": "STRING"}, "expect": expect},
        "data.games": {"columns": {"game": "STRING"}},
    }
    wanted = pipeline(tables=tables)
    customers = [{"customer": each} for each in ("a", "a", "b", None)]
    world: dict[str, list[dict[str, Any]]] = {"data.customers": customers, "data.games": [{"game": "a"}]}
    check = next(each for each in checks_of(wanted) if each.id == "data-customers")
    with closing(DuckDbWarehouse(wanted, world, Faults(()))) as warehouse:
        found = run_check(check, wanted, ports(warehouse=warehouse)).findings

    assert {each.code for each in found if each.outcome is Outcome.FAILED} == {"doubled", "nulls", "unmatched"}


@pytest.mark.parametrize("repeated", [1, 2], ids=["at the limit", "past it"])
@pytest.mark.parametrize(
    "expect",
    [
        {"unique": {"key": "order_id", "at_most": 0.125}},
        {"not_null": {"amount": "12.5 %"}},
        {"values": {"amount": {"at_least": 0, "share": "12.5 %"}}},
        {"references": {"customer": {"to": "data.customers.customer", "at_most": "12.5 %"}}},
    ],
    ids=["unique", "not_null", "values", "references"],
)
def test_where_a_share_is_allowed_it_is_said_with_what_there_is(expect: Any, repeated: int) -> None:
    amount = {"not_null": None, "values": "-1"}.get(next(iter(expect)), "1")
    orders = list(rows(8 - repeated, amount="1", customer="a"))
    odd = [{**orders[0], "amount": amount, "customer": "b"}] * repeated

    (found,) = findings(expect, [*orders, *odd], customers=[{"customer": "a"}])

    assert f"({number_words(repeated * 12.5)} %; 12.5 % allowed)" in found.summary
    assert (found.outcome is Outcome.FAILED) == (repeated > 1)


def test_a_share_just_above_the_limit_does_not_read_like_it() -> None:
    orders = [*rows(1999, amount="1"), *rows(201, amount=None)]

    (found,) = findings({"not_null": {"amount": "9.1 %"}}, orders)

    assert (found.code, found.summary) == ("nulls", "201 of 2,200 rows have no amount (more than the 9.1 % allowed).")


@pytest.mark.parametrize("expect", [{"volume": None}, {"freshness": "24h"}, {"not_null": ["amount"]}])
def test_what_has_nothing_to_be_judged_by_is_no_evidence(expect: Any) -> None:
    found = findings(expect, [*rows(5, amount="1")] if "volume" in expect else [])

    assert {each.code for each in found} <= set(UNJUDGED)
    assert verdict_of(found) is Verdict.UNKNOWN


@pytest.mark.parametrize(("count", "told"), [(5, False), (4, True), (20, False), (21, True)])
def test_parts_of_the_median_that_a_count_is_beyond_are_said(count: int, told: bool) -> None:
    (found,) = findings({"volume": {"between": [0.5, 2]}}, [*past(20, 10), *rows(count)])

    assert ("expected 0.5 to 2 times that" in found.summary) is told
    assert (found.severity is Severity.P1) is told
