from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from checks.effects import FailureEffect
from checks.model import Severity
from checks.orchestration_spec import Run
from checks.queries_spec import ParameterValue
from checks.sql_check_spec import Rule, SqlCheck
from checks.values import Comparison
from tests.fakes import pipeline

NEW_YORK = ZoneInfo("America/New_York")


class TestComparisons:
    @pytest.mark.parametrize(
        ("comparison", "value", "result"),
        [
            pytest.param({"at_least": 3}, 3, True, id="at the lower bound"),
            pytest.param({"above": 3}, 3, False, id="not above the bound"),
            pytest.param({"above": 3}, 3.1, True, id="above the bound"),
            pytest.param({"at_most": 3}, 3, True, id="at the upper bound"),
            pytest.param({"below": 3}, 3, False, id="not below the bound"),
            pytest.param({"below": 3}, Decimal("2.9"), True, id="decimal"),
            pytest.param({"at_least": 1, "below": 3}, 2, True, id="between"),
            pytest.param({"at_least": 1, "at_most": 5, "below": 3}, 3, False, id="the closer of two bounds"),
            pytest.param({"at_least": 3, "above": 3}, 3, False, id="the closer of two lower bounds"),
            pytest.param({"equals": 3}, 3.0, True, id="equal numbers"),
            pytest.param({"equals": True}, True, True, id="equal booleans"),
            pytest.param({"equals": False}, True, False, id="other boolean"),
            pytest.param({"equals": "RED"}, "RED", True, id="equal texts"),
            pytest.param({"equals": "RED"}, "red", False, id="other text"),
            pytest.param({"equals": 1}, True, None, id="a boolean is no number"),
            pytest.param({"equals": True}, 1, None, id="a number is no boolean"),
            pytest.param({"equals": "1"}, 1, None, id="a number is no text"),
            pytest.param({"at_least": 1}, "2", None, id="a text is no number"),
            pytest.param({"at_least": 1}, True, None, id="a boolean has no size"),
            pytest.param({"at_least": 1}, None, None, id="NULL"),
            pytest.param({"at_most": 1}, float("nan"), None, id="not a number"),
            pytest.param({"at_least": 1}, float("inf"), True, id="infinite"),
            pytest.param({"at_least": 1}, date(2026, 2, 10), None, id="a date has no size"),
            pytest.param({"at_least": 1}, 10**400, True, id="a number too large for a float"),
        ],
    )
    def test_a_value_meets_it_does_not_or_cannot_be_compared(
        self, comparison: dict[str, Any], value: Any, result: bool | None
    ) -> None:
        assert Comparison.model_validate(comparison).test(value) is result
        assert Comparison.model_validate(comparison).holds(value) is (result is True)

    @pytest.mark.parametrize(
        "comparison",
        [
            pytest.param({}, id="nothing"),
            pytest.param({"equals": None}, id="only an empty value"),
            pytest.param({"equals": 1, "at_least": 1}, id="equals and a bound"),
            pytest.param({"above": 3, "below": 3}, id="no number between"),
            pytest.param({"at_least": 3, "below": 3}, id="an empty interval"),
            pytest.param({"at_least": float("nan")}, id="not a number"),
            pytest.param({"at_least": float("inf")}, id="infinite"),
            pytest.param({"least": 1}, id="unknown key"),
        ],
    )
    def test_one_that_means_nothing_is_refused(self, comparison: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            Comparison.model_validate(comparison)

    @pytest.mark.parametrize(
        ("comparison", "words"),
        [
            ({"at_least": 6, "at_most": 20}, "≥ 6 and ≤ 20"),
            ({"above": 52.4}, "> 52.4"),
            ({"equals": True}, "= true"),
            ({"equals": "RED"}, "= RED"),
            ({"equals": 0}, "= 0"),
            ({"at_least": 1_500_000}, "≥ 1500000"),
        ],
    )
    def test_it_reads_as_people_write_it(self, comparison: dict[str, Any], words: str) -> None:
        assert str(Comparison.model_validate(comparison)) == words


class TestParameters:
    @pytest.mark.parametrize(
        ("kind", "value"),
        [
            ("STRING", "a"),
            ("INT64", 3),
            ("FLOAT64", 3),
            ("FLOAT64", 3.5),
            ("BOOL", False),
            ("ARRAY<STRING>", ["a", "b"]),
        ],
    )
    def test_a_value_keeps_its_type(self, kind: str, value: Any) -> None:
        read = ParameterValue.model_validate({"type": kind, "value": value}).value

        assert read == (tuple(value) if isinstance(value, list) else value)
        assert isinstance(read, bool) is isinstance(value, bool)

    @pytest.mark.parametrize(
        ("kind", "value"),
        [
            ("STRING", 3),
            ("INT64", 3.5),
            ("INT64", True),
            ("INT64", "3"),
            ("BOOL", 1),
            ("FLOAT64", False),
            ("ARRAY<STRING>", "a"),
        ],
    )
    def test_a_value_of_another_type_is_refused(self, kind: str, value: Any) -> None:
        with pytest.raises(ValidationError, match=kind):
            ParameterValue.model_validate({"type": kind, "value": value})


class TestRules:
    @pytest.mark.parametrize(
        "parts",
        [{"outcome": "failed"}, {"outcome": "skipped", "severity": "P1"}, {"severity": "P4"}, {"severity": 0}],
        ids=["failure without severity", "severity without failure", "no such severity", "a number"],
    )
    def test_exactly_a_failure_has_a_severity(self, parts: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            Rule.model_validate({"if": {"a": {"above": 0}}, "code": "bad", **parts})

    def test_a_rule_reads_as_a_sentence(self) -> None:
        rule = Rule.model_validate(
            {"if": {"missing": {"at_least": 1, "below": 3}, "games": {"above": 0}}, "severity": "P2", "code": "some"}
        )

        assert str(rule) == "missing ≥ 1 and < 3 and games > 0 → P2 some"


def test_a_check_is_as_loud_as_its_loudest_rule() -> None:
    rules = [{"if": {"a": {"above": limit}}, "severity": name, "code": "x"} for limit, name in ((5, "P1"), (2, "P2"))]
    described = {
        "id": "a-check",
        "title": "A check",
        "rationale": "Because.",
        "query": "SELECT 1 AS a",
        "subject": "it",
        "summary": "{a}",
        "expected": "Nothing.",
    }

    assert SqlCheck.model_validate({**described, "rules": rules}).worst is Severity.P1
    assert SqlCheck.model_validate(described).worst is Severity.P3


def test_a_run_cannot_expect_more_processors_than_it_names() -> None:
    with pytest.raises(ValidationError, match="only 1"):
        Run.model_validate({"opens": "05:00", "due": "06:00", "expected": 2, "critical": ["a"]})


def test_a_phase_is_found_by_its_id() -> None:
    assert pipeline().phase("phase3").title == "Phase 3"
    with pytest.raises(KeyError):
        pipeline().phase("phase9")


class TestPlacesAndEffects:
    def sql_check(self, **more: Any) -> SqlCheck:
        described = {
            "id": "c",
            "title": "t",
            "rationale": "r",
            "query": "SELECT 1 FROM {nba_raw}.games JOIN {nba_marts}.players USING (id) JOIN {nba_raw}.games USING (a)",
            "subject": "{name}",
            "summary": "s",
            "expected": "e",
        }
        return SqlCheck(**{**described, **more})

    def test_a_check_reads_the_tables_that_its_query_names(self) -> None:
        assert self.sql_check().tables == ("nba_raw.games", "nba_marts.players")
        assert self.sql_check(reads=("nba_raw.other",)).tables == ("nba_raw.other",)

    @pytest.mark.parametrize(
        ("more", "subject", "table"),
        [
            pytest.param({}, "somebody", "nba_marts.players", id="the last that is read"),
            pytest.param({}, "games", "nba_raw.games", id="the one that the subject names"),
            pytest.param({}, "games.score", "nba_raw.games", id="the one whose column the subject names"),
            pytest.param({"place": "nba_raw.teams"}, "games", "nba_raw.teams", id="the one that is declared"),
            pytest.param({"query": "SELECT 1"}, "games", None, id="none"),
        ],
    )
    def test_a_finding_is_about_a_table(self, more: dict[str, Any], subject: str, table: str | None) -> None:
        assert self.sql_check(**more).judges(subject) == table

    @pytest.mark.parametrize(
        ("rule", "effect"),
        [
            pytest.param({"if": {"n": {"equals": 0}}, "severity": "P1"}, FailureEffect.STOPS, id="none"),
            pytest.param({"if": {"n": {"below": 1}}, "severity": "P1"}, FailureEffect.STOPS, id="less than one"),
            pytest.param({"if": {"n": {"below": 2}}, "severity": "P1"}, FailureEffect.HARMS, id="few"),
            pytest.param({"if": {"n": {"equals": 0}}, "severity": "P3"}, FailureEffect.NOTE, id="a note"),
            pytest.param(
                {"if": {"n": {"below": 2}}, "severity": "P1", "effect": "stops"}, FailureEffect.STOPS, id="stated"
            ),
        ],
    )
    def test_what_a_failure_does_is_stated_or_read_off_its_rule(
        self, rule: dict[str, Any], effect: FailureEffect
    ) -> None:
        assert self.sql_check(rules=({**rule, "code": "x"},)).effect_of("x") is effect

    def test_what_is_gone_as_a_whole_stops(self) -> None:
        assert self.sql_check().effect_of("absent") is FailureEffect.STOPS
