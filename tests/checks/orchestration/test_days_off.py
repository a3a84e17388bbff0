from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.conditions import Standing, decide, number_of
from checks.data.sql import sql_check
from checks.model import CheckResult, Outcome, Severity, Verdict, verdict_of
from checks.orchestration.days_off import days_off
from checks.pipeline import Pipeline
from checks.ports.warehouse import Row
from checks.queries_spec import Condition, Doubt
from checks.sql_check_spec import SqlCheck
from tests.fakes import NIGHT, SLATE, FakeDocuments, FakeWarehouse, down, pipeline, ports, run_check

DOCUMENT = f"phase3_completion/{NIGHT.name}"
NO_ANSWER = [
    pytest.param([], id="no row"),
    pytest.param([{"number": 1}, {"number": 1}], id="several rows"),
    pytest.param([{"number": None}], id="NULL"),
    pytest.param([{"number": float("nan")}], id="NaN"),
    pytest.param([{"number": Decimal("NaN")}], id="a NUMERIC that is none"),
    pytest.param([{"number": float("inf")}], id="infinite"),
    pytest.param([{"number": -1}], id="negative"),
    pytest.param([{"number": "14"}], id="text"),
    pytest.param([{"number": True}], id="boolean"),
    pytest.param([{"games": 14}], id="another column"),
]


def world(doubt: Doubt | None = None) -> Pipeline:
    condition = Condition(
        title="games",
        otherwise="no games",
        query="SELECT games AS number FROM {data}.days WHERE game_date = @date",
        doubt=doubt,
    )
    return pipeline(conditions={"games": condition}, checks=(coverage(),))


def coverage() -> SqlCheck:
    described: dict[str, Any] = {
        "id": "coverage",
        "title": "Every game is covered",
        "rationale": "Nothing follows without it.",
        "when": "games",
        "query": "SELECT covered FROM {data}.games WHERE game_date = @date",
        "subject": "games",
        "summary": "{covered} covered",
        "expected": "All are covered.",
        "rules": [{"if": {"covered": {"equals": 0}}, "severity": "P0", "code": "none-covered"}],
    }
    return SqlCheck.model_validate(described)


def asked(
    answers: Mapping[Any, Any], documents: FakeDocuments | None = None, doubt: Doubt | None = None, **when: Any
) -> CheckResult:
    known = ports(warehouse=FakeWarehouse(answers), documents=documents)
    return run_check(days_off, world(doubt), known, **when)


def covered(
    answers: Mapping[Any, Any], documents: FakeDocuments | None = None, doubt: Doubt | None = None
) -> CheckResult:
    known = ports(warehouse=FakeWarehouse({"coverage": [{"covered": 0}], **answers}), documents=documents)
    return run_check(sql_check(coverage()), world(doubt), known)


class TestTheAnswerOfACondition:
    @pytest.mark.parametrize("rows", NO_ANSWER)
    def test_what_is_no_count_is_no_answer(self, rows: Sequence[Row]) -> None:
        assert number_of(rows) is None

    @pytest.mark.parametrize("number", [0, 14, 0.0, Decimal(3)])
    def test_a_count_of_any_numeric_type_is_one(self, number: Any) -> None:
        assert number_of([{"number": number}]) == number

    @pytest.mark.parametrize("rows", NO_ANSWER)
    def test_without_an_answer_what_depends_on_it_is_unknown_and_not_skipped(self, rows: Sequence[Row]) -> None:
        result = covered({"games": rows})

        assert [(each.outcome, each.code) for each in result.findings] == [(Outcome.UNKNOWN, "source-unavailable")]

    @pytest.mark.parametrize("entries", [0, None, float("nan")])
    def test_a_calendar_without_entries_gives_no_answer(self, entries: Any) -> None:
        result = covered({"games": [{"number": 0, "calendar": entries}]})

        assert [each.code for each in result.findings] == ["source-unavailable"]

    @given(st.integers(min_value=0) | st.floats(min_value=0, allow_infinity=False), st.booleans(), st.booleans())
    def test_a_day_off_takes_a_filled_calendar_that_says_zero_and_no_traces(
        self, number: float, traces: bool, empty: bool
    ) -> None:
        off = decide(number, traces=traces, empty=empty) is Standing.DAY_OFF

        assert off == (number == 0 and not traces and not empty)


class TestADayOff:
    def test_is_believed_where_nothing_speaks_against_it(self) -> None:
        doubt = Doubt(documents=("phase3_completion",), query="SELECT 0 AS number")
        result = asked({"games": [{"number": 0}], "games-doubt": [{"number": 0}]}, doubt=doubt)

        assert [(each.outcome, each.code) for each in result.findings] == [(Outcome.PASSED, "day-off")]
        assert verdict_of(result.findings) == Verdict.ALL_CLEAR

    @pytest.mark.parametrize(
        ("documents", "rows"),
        [
            pytest.param({DOCUMENT: {}}, 0, id="a completion document"),
            pytest.param({}, 1, id="rows"),
        ],
    )
    def test_is_doubted_where_data_of_the_date_exist(self, documents: Mapping[str, Any], rows: int) -> None:
        doubt = Doubt(documents=("phase3_completion",), query="SELECT 0 AS number")
        answers = {"games": [{"number": 0}], "games-doubt": [{"number": rows}]}
        result = asked(answers, FakeDocuments(documents), doubt)

        assert [(each.code, each.severity) for each in result.findings] == [("day-off-doubted", Severity.P1)]

    def test_is_judged_when_it_is_doubted_and_no_louder_than_the_doubt(self) -> None:
        doubt = Doubt(documents=("phase3_completion",))
        result = covered({"games": [{"number": 0}]}, FakeDocuments({DOCUMENT: {}}), doubt)

        assert [(each.code, each.severity) for each in result.findings] == [("none-covered", Severity.P1)]

    def test_of_an_empty_calendar_is_doubted_as_well(self) -> None:
        doubt = Doubt(documents=("phase3_completion",))
        result = asked({"games": [{"number": 0, "calendar": 0}]}, FakeDocuments({DOCUMENT: {}}), doubt)

        assert [each.code for each in result.findings] == ["day-off-doubted"]

    @pytest.mark.parametrize("rows", NO_ANSWER)
    def test_is_not_doubted_where_there_is_no_answer_at_all(self, rows: Sequence[Row]) -> None:
        result = asked({"games": rows}, FakeDocuments({DOCUMENT: {}}), Doubt(documents=("phase3_completion",)))

        assert [each.code for each in result.findings] == ["source-unavailable"]

    def test_is_believed_where_what_exists_has_an_explanation(self) -> None:
        doubt = Doubt(documents=("phase3_completion",), unless="SELECT moved AS number FROM {data}.days")
        answers = {"games": [{"number": 0}], "games-unless": [{"number": 1}]}
        result = asked(answers, FakeDocuments({DOCUMENT: {}}), doubt)

        assert [each.code for each in result.findings] == ["day-off"]

    def test_is_unknown_where_what_speaks_against_it_cannot_be_read(self) -> None:
        doubt = Doubt(documents=("phase3_completion",), query="SELECT 0 AS number")
        answers = {"games": [{"number": 0}], "games-doubt": [{"number": 0}]}
        result = asked(answers, FakeDocuments(failure=down("Firestore")), doubt)

        assert [each.code for each in result.findings] == ["source-unavailable"]

    def test_is_doubted_by_what_can_be_read_although_the_rest_cannot(self) -> None:
        doubt = Doubt(documents=("phase3_completion",), query="SELECT 0 AS number")
        answers = {"games": [{"number": 0}], "games-doubt": [{"number": 7}]}
        result = asked(answers, FakeDocuments(failure=down("Firestore")), doubt)

        assert [each.code for each in result.findings] == ["day-off-doubted"]

    def test_a_doubt_without_a_count_is_unknown(self) -> None:
        result = asked({"games": [{"number": 0}], "games-doubt": []}, doubt=Doubt(query="SELECT 0 AS number"))

        assert [each.code for each in result.findings] == ["source-unavailable"]

    def test_is_not_looked_into_on_a_day_with_games(self) -> None:
        documents = FakeDocuments({DOCUMENT: {}})
        result = asked({"games": [{"number": 14}]}, documents, Doubt(documents=("phase3_completion",)))

        assert [each.code for each in result.findings] == ["holds"]
        assert documents.requests == []


def test_each_date_is_judged_by_its_own_answer() -> None:
    answers = {("games", NIGHT): [{"number": 0}], ("games", SLATE): [{"number": 14}]}
    result = asked(answers, current=SLATE)

    assert [(each.interval, each.code) for each in result.findings] == [(NIGHT, "day-off"), (SLATE, "holds")]


def test_that_there_is_something_to_do_proves_nothing_about_it() -> None:
    assert verdict_of(asked({"games": [{"number": 14}]}).findings) == Verdict.UNKNOWN


def test_a_condition_that_nothing_depends_on_is_not_asked() -> None:
    result = run_check(days_off, pipeline())

    assert [each.code for each in result.findings] == ["not-configured"]
