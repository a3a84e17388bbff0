from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.request import Request
from bot.validation import select
from checks.data.decision import Setting, decide
from checks.data.sql import ENGINE_CODES, codes_of, judge_row, sql_check
from checks.folding import LISTED
from checks.model import CheckResult, Finding, Interval, Outcome, Severity
from checks.ports.warehouse import Query, Row
from checks.queries_spec import Doubt
from checks.registry import COMMON_CODES
from checks.source import Problem, SourceError
from checks.sql_check_spec import Rule, SqlCheck
from checks.values import Comparison
from tests.fakes import MORNING, NIGHT, SLATE, FakeWarehouse, down, pipeline, ports, run_check

ZONE = ZoneInfo("America/New_York")
GAMES: Sequence[Row] = [{"number": 14}]
NO_GAMES: Sequence[Row] = [{"number": 0}]
RULES: list[dict[str, Any]] = [
    {"if": {"covered": {"at_most": 0}}, "severity": "P0", "code": "nothing-covered"},
    {"if": {"missing": {"at_least": 3}}, "severity": "P1", "code": "many-missing"},
    {"if": {"missing": {"above": 0}}, "severity": "P2", "code": "some-missing", "summary": "{missing} short."},
    {"if": {"league": {"equals": "mlb"}}, "outcome": "skipped", "code": "other-sport"},
]
HEALTHY: Row = {"league": "nba", "covered": 14, "missing": 0}


def spec(**parts: Any) -> SqlCheck:
    described: dict[str, Any] = {
        "id": "coverage",
        "title": "Analytics cover the games",
        "rationale": "Without them nothing follows.",
        "phase": "phase3",
        "query": "SELECT league, covered, missing FROM {data}.games WHERE game_date = @date",
        "subject": "{league}",
        "summary": "{covered} covered, {missing} missing.",
        "impact": "No predictions for {missing} games.",
        "action": {"text": "Run {league} again.", "command": "run --league={league} --date={date}"},
        "expected": "Every game is covered.",
        "rules": RULES,
        **parts,
    }
    return SqlCheck.model_validate(described)


def setting(due: datetime | None = None) -> Setting:
    return Setting(interval=NIGHT, zone=ZONE, year=2026, due=due, names={"date": NIGHT.day})


def judged(row: Row, **parts: Any) -> Finding:
    return judge_row(spec(**parts), row, setting())


def run(described: SqlCheck, answers: Mapping[Any, Any], **when: Any) -> CheckResult:
    return run_check(sql_check(described), pipeline(), ports(warehouse=FakeWarehouse(answers)), **when)


def codes(result: CheckResult) -> list[str]:
    return [finding.code for finding in result.findings]


class TestJudgingARow:
    def test_a_row_that_no_rule_speaks_against_passed(self) -> None:
        finding = judged(HEALTHY)

        assert (finding.outcome, finding.code, finding.severity) == (Outcome.PASSED, "as-expected", None)
        assert (finding.subject, finding.phase, finding.interval) == ("nba", "phase3", NIGHT)
        assert (finding.impact, finding.action) == ("", None)

    def test_the_first_rule_that_holds_decides(self) -> None:
        finding = judged({**HEALTHY, "covered": 0, "missing": 14})

        assert (finding.outcome, finding.severity, finding.code) == (Outcome.FAILED, Severity.P0, "nothing-covered")

    @pytest.mark.parametrize(
        ("missing", "code"),
        [
            pytest.param(0, "as-expected", id="none missing"),
            pytest.param(1, "some-missing", id="the first one"),
            pytest.param(2, "some-missing", id="just below the limit"),
            pytest.param(3, "many-missing", id="at the limit"),
        ],
    )
    def test_thresholds_hold_at_their_limits(self, missing: int, code: str) -> None:
        assert judged({**HEALTHY, "missing": missing}).code == code

    def test_a_failure_says_what_it_means_and_what_to_do(self) -> None:
        finding = judged({**HEALTHY, "missing": 2})

        assert finding.summary == "2 short."
        assert finding.impact == "No predictions for 2 games."
        assert finding.action is not None
        assert (finding.action.text, finding.action.command) == ("Run nba again.", "run --league=nba --date=2026-02-10")

    def test_the_evidence_is_the_row(self) -> None:
        assert judged({**HEALTHY, "names": ["a", "b"]}).evidence == {**HEALTHY, "names": '["a","b"]'}

    def test_a_rule_may_set_a_row_aside(self) -> None:
        finding = judged({**HEALTHY, "league": "mlb"})

        assert (finding.outcome, finding.severity, finding.code) == (Outcome.SKIPPED, None, "other-sport")

    def test_what_a_row_holds_cannot_leave_its_word_in_a_command(self) -> None:
        finding = judged({**HEALTHY, "league": "x; rm -rf /", "missing": 1})

        assert finding.action is not None
        assert finding.action.command == "run --league='x; rm -rf /' --date=2026-02-10"


class TestAValueThatIsNotThere:
    @pytest.mark.parametrize(
        "row",
        [
            pytest.param({**HEALTHY, "missing": None}, id="NULL"),
            pytest.param({"league": "nba", "covered": 14}, id="missing column"),
            pytest.param({**HEALTHY, "missing": "two"}, id="text"),
            pytest.param({**HEALTHY, "missing": float("nan")}, id="not a number"),
            pytest.param({**HEALTHY, "missing": True}, id="boolean"),
        ],
    )
    def test_it_leaves_the_row_unknown(self, row: Row) -> None:
        finding = judged(row)

        assert (finding.outcome, finding.code) == (Outcome.UNKNOWN, "no-value")
        assert "'missing'" in finding.summary

    def test_it_is_as_bad_as_the_worst_rule_still_open(self) -> None:
        assert judged({**HEALTHY, "covered": None}).severity is Severity.P0
        assert judged({**HEALTHY, "missing": None}).severity is Severity.P1

    def test_it_does_not_matter_once_an_earlier_rule_decided(self) -> None:
        assert judged({"league": "nba", "covered": 0, "missing": None}).code == "nothing-covered"

    def test_it_does_not_matter_to_a_rule_that_cannot_hold_anyway(self) -> None:
        rule = {"if": {"covered": {"below": 5}, "missing": {"above": 1}}, "severity": "P1", "code": "both"}

        assert judged({**HEALTHY, "missing": None}, rules=[rule]).code == "as-expected"
        assert judged({**HEALTHY, "covered": 4, "missing": None}, rules=[rule]).code == "no-value"

    def test_a_sentence_that_names_it_says_so(self) -> None:
        finding = judged(HEALTHY, summary="{wins} of them.")

        assert (finding.outcome, finding.code, finding.severity) == (Outcome.UNKNOWN, "no-value", Severity.P0)
        assert "'wins'" in finding.summary

    def test_a_subject_that_names_it_becomes_the_check(self) -> None:
        assert judged(HEALTHY, subject="{team}").subject == "coverage"


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.dates(), st.datetimes(), st.binary()
)
COLUMNS = st.sampled_from(["a", "b", "c"])
BOUNDS = st.integers(-3, 3)
COMPARISONS = st.one_of(
    st.builds(lambda bound: Comparison(equals=bound), st.one_of(BOUNDS, st.booleans(), st.just("x"))),
    st.builds(lambda bound: Comparison(at_least=bound), BOUNDS),
    st.builds(lambda bound: Comparison(at_most=bound), BOUNDS),
    st.builds(lambda low, size: Comparison(above=low, below=low + size), BOUNDS, st.integers(1, 3)),
)
CONDITIONS = st.dictionaries(COLUMNS, COMPARISONS, min_size=1)
RULE = st.one_of(
    st.builds(
        lambda condition, severity: Rule(condition=condition, severity=severity, code="bad"),
        CONDITIONS,
        st.sampled_from(Severity),
    ),
    st.builds(lambda condition: Rule(condition=condition, outcome="skipped", code="aside"), CONDITIONS),
)
ROWS = st.dictionaries(COLUMNS, st.one_of(BOUNDS, VALUES))


def with_rules(rules: Sequence[Rule]) -> SqlCheck:
    return spec(subject="it", summary="{a}", impact="", action=None).model_copy(update={"rules": tuple(rules)})


@given(st.lists(RULE, max_size=4), ROWS, st.booleans())
def test_every_row_gets_a_finding_of_a_declared_code(rules: list[Rule], row: Row, early: bool) -> None:
    check = with_rules(rules)

    finding = judge_row(check, row, setting(MORNING if early else None))

    assert finding.code in {**codes_of(check), **COMMON_CODES}
    if early:
        assert finding.severity in (None, Severity.P3)


@given(st.lists(RULE, max_size=4), ROWS)
def test_the_deciding_rule_holds_and_none_before_it_could(rules: list[Rule], row: Row) -> None:
    decision = decide(with_rules(rules), row)

    before = rules if decision.rule is None else rules[: rules.index(decision.rule)]
    assert all(any(each.test(row.get(column)) is False for column, each in rule.condition.items()) for rule in before)
    if decision.rule is not None and decision.lacking is None:
        assert all(each.holds(row.get(column)) for column, each in decision.rule.condition.items())
        assert (decision.code, decision.severity) == (decision.rule.code, decision.rule.severity)
    if decision.rule is None:
        assert decision.outcome is Outcome.PASSED


@given(CONDITIONS, CONDITIONS, ROWS)
def test_a_rule_that_implies_another_never_holds_without_it(
    first: dict[str, Comparison], second: dict[str, Comparison], row: Row
) -> None:
    one, other = (Rule(condition=each, severity=Severity.P1, code="bad") for each in (first, second))

    if one.implies(other) and all(each.holds(row.get(column)) for column, each in first.items()):
        assert all(each.holds(row.get(column)) for column, each in second.items())


class TestRunning:
    def test_each_row_is_a_finding(self) -> None:
        result = run(spec(), {"coverage": [HEALTHY, {**HEALTHY, "league": "wnba", "missing": 5}]})

        assert codes(result) == ["as-expected", "many-missing"]
        assert [finding.subject for finding in result.findings] == ["nba", "wnba"]

    @pytest.mark.parametrize(
        ("interval", "expected"), [("previous", [NIGHT]), ("current", [SLATE]), ("both", [NIGHT, SLATE])]
    )
    def test_it_looks_at_the_intervals_that_it_names(self, interval: str, expected: list[Interval]) -> None:
        warehouse = FakeWarehouse({"coverage": [HEALTHY]})

        result = run_check(sql_check(spec(interval=interval)), pipeline(), ports(warehouse=warehouse), current=SLATE)

        assert [finding.interval for finding in result.findings] == expected
        assert [query.parameters["date"].value for query in warehouse.queries] == [each.day for each in expected]

    def test_one_date_is_looked_at_once_even_when_both_are_named(self) -> None:
        warehouse = FakeWarehouse({"coverage": [HEALTHY]})

        result = run_check(sql_check(spec(interval="both")), pipeline(), ports(warehouse=warehouse))

        assert (len(result.findings), len(warehouse.queries)) == (1, 1)

    def test_all_questions_are_under_way_before_an_answer_is_needed(self) -> None:
        together = threading.Barrier(4, timeout=5)

        def answer(query: Query) -> Sequence[Row]:
            together.wait()
            return GAMES if query.label == "games" else [HEALTHY]

        described = sql_check(spec(interval="both", when="games"))
        result = run_check(described, pipeline(), ports(warehouse=FakeWarehouse(answer)), current=SLATE)

        assert codes(result) == ["as-expected", "as-expected"]

    def test_no_row_where_one_is_owed_is_unknown(self) -> None:
        result = run(spec(), {"coverage": []})

        assert codes(result) == ["no-evidence"]
        assert (result.outcome, result.severity) == (Outcome.UNKNOWN, Severity.P0)

    def test_no_row_passes_where_none_is_owed(self) -> None:
        result = run(spec(empty="passed", empty_summary="No game is stuck."), {"coverage": []})

        assert codes(result) == ["as-expected"]
        assert result.findings[0].summary == "No game is stuck."

    def test_no_row_does_not_pass_on_a_date_that_is_in_doubt(self) -> None:
        games = pipeline().conditions["games"].model_copy(update={"doubt": Doubt(query="SELECT 3 AS number")})
        answers: dict[Any, Any] = {"games": NO_GAMES, "games-doubt": [{"number": 3}], "coverage": []}

        result = run_check(
            sql_check(spec(when="games", empty="passed", empty_summary="No game is stuck.")),
            pipeline(conditions={"games": games}),
            ports(warehouse=FakeWarehouse(answers)),
        )

        assert codes(result) == ["no-evidence"]
        assert result.outcome is Outcome.UNKNOWN

    def test_a_rule_may_say_that_there_is_nothing_to_judge(self) -> None:
        nothing = {"if": {"covered": {"equals": 0}}, "outcome": "unknown", "code": "no-games"}

        result = run(spec(rules=[nothing, *RULES[1:]]), {"coverage": [{**HEALTHY, "covered": 0}]})

        assert codes(result) == ["no-games"]
        assert (result.outcome, result.severity) == (Outcome.UNKNOWN, Severity.P1)

    @pytest.mark.parametrize(("names", "code"), [("MIL at OKC", "as-expected"), (None, "no-value")])
    def test_a_check_that_only_reports_needs_something_to_report(self, names: str | None, code: str) -> None:
        only_reports = spec(rules=(), subject="games", summary="Games: {names}.", impact="", action=None)

        result = run(only_reports, {"coverage": [{"names": names}]})

        assert codes(result) == [code]

    def test_a_check_belongs_to_its_phase(self) -> None:
        checks = [sql_check(spec()), sql_check(spec(id="other", phase="phase4"))]

        assert select(checks, Request(phases=("phase4",)), ["phase3", "phase4"]) == (checks[1],)


class TestOffDays:
    def test_a_day_on_which_the_condition_does_not_hold_is_skipped(self) -> None:
        result = run(spec(when="games"), {"games": NO_GAMES, "coverage": []})

        assert codes(result) == ["off-day"]
        assert result.outcome is Outcome.SKIPPED
        assert "no games" in result.findings[0].summary

    def test_each_date_has_a_condition_of_its_own(self) -> None:
        answers = {("games", NIGHT): NO_GAMES, ("games", SLATE): GAMES, "coverage": [HEALTHY]}

        result = run(spec(when="games", interval="both"), answers, current=SLATE)

        assert [(finding.interval, finding.code) for finding in result.findings] == [
            (NIGHT, "off-day"),
            (SLATE, "as-expected"),
        ]

    def test_a_query_that_fails_on_an_off_day_is_nobodys_business(self) -> None:
        assert codes(run(spec(when="games"), {"games": NO_GAMES, "coverage": down()})) == ["off-day"]

    @pytest.mark.parametrize("answer", [[], [{"number": None}], [{"total": 3}]], ids=["no row", "NULL", "no column"])
    def test_a_condition_that_cannot_be_read_is_unknown(self, answer: list[Row]) -> None:
        result = run(spec(when="games"), {"games": answer, "coverage": [HEALTHY]})

        assert codes(result) == ["source-unavailable"]


class TestDue:
    DUE = "+1d 08:00"
    """08:00 in New York on the morning after the night, which is ``MORNING``."""

    def test_before_its_time_a_check_waits_and_asks_nothing(self) -> None:
        warehouse = FakeWarehouse({})
        early = MORNING - timedelta(seconds=1)

        result = run_check(sql_check(spec(due=self.DUE)), pipeline(), ports(warehouse=warehouse), now=early)

        assert codes(result) == ["not-due"]
        assert (result.outcome, warehouse.queries) == (Outcome.WAITING, [])

    def test_at_its_time_it_looks(self) -> None:
        assert codes(run(spec(due=self.DUE), {"coverage": [HEALTHY]}, now=MORNING)) == ["as-expected"]

    def test_an_off_day_is_said_even_before_the_check_is_due(self) -> None:
        early = MORNING - timedelta(hours=1)

        assert codes(run(spec(due=self.DUE, when="games"), {"games": NO_GAMES}, now=early)) == ["off-day"]

    def test_before_its_time_a_check_waits_though_its_condition_cannot_be_read(self) -> None:
        early = MORNING - timedelta(hours=1)

        assert codes(run(spec(due=self.DUE, when="games"), {"games": down()}, now=early)) == ["not-due"]

    @pytest.mark.parametrize(
        ("minutes", "severity"),
        [pytest.param(-1, Severity.P3, id="a minute early"), pytest.param(0, Severity.P0, id="at its time")],
    )
    def test_a_check_that_looks_early_only_notes_a_failure(self, minutes: int, severity: Severity) -> None:
        described = spec(due=self.DUE, before_due="note")
        now = MORNING + timedelta(minutes=minutes)

        result = run(described, {"coverage": [{**HEALTHY, "covered": 0}]}, now=now)

        assert (codes(result), result.severity) == (["nothing-covered"], severity)

    @pytest.mark.parametrize("answer", [[], down(), [{}]], ids=["no row", "source down", "no column"])
    def test_what_cannot_be_told_early_is_a_note_too(self, answer: Any) -> None:
        described = spec(due=self.DUE, before_due="note")

        result = run(described, {"coverage": answer}, now=MORNING - timedelta(minutes=1))

        assert (result.outcome, result.severity) == (Outcome.UNKNOWN, Severity.P3)


class TestSourcesThatFail:
    def test_a_source_that_is_down_is_unknown_and_as_bad_as_the_check_could_be(self) -> None:
        result = run(spec(), {"coverage": down()})

        assert codes(result) == ["source-unavailable"]
        assert (result.outcome, result.severity) == (Outcome.UNKNOWN, Severity.P0)

    def test_one_date_that_fails_does_not_take_the_other_down(self) -> None:
        broken = SourceError("BigQuery", Problem.INVALID, "Unrecognized name: missing")
        answers = {("coverage", NIGHT): broken, ("coverage", SLATE): [HEALTHY]}

        result = run(spec(interval="both"), answers, current=SLATE)

        assert codes(result) == ["source-unavailable", "as-expected"]


class TestTheCheck:
    def test_it_is_as_loud_as_its_loudest_rule(self) -> None:
        assert sql_check(spec()).worst is Severity.P0
        assert sql_check(spec(rules=[])).worst is Severity.P3

    def test_it_explains_every_code_that_it_can_give(self) -> None:
        check = sql_check(spec())

        assert check.codes.keys() == {*ENGINE_CODES, *(rule["code"] for rule in RULES)}
        assert not check.codes.keys() & COMMON_CODES.keys()
        assert check.codes["many-missing"] == "missing ≥ 3 (P1)"

    def test_a_code_of_two_rules_is_explained_by_both(self) -> None:
        rules = [
            {"if": {"share": {"below": 50}}, "severity": "P1", "code": "few"},
            {"if": {"share": {"below": 80}}, "severity": "P2", "code": "few"},
        ]

        assert codes_of(spec(rules=rules))["few"] == "share < 50 (P1); or share < 80 (P2)"


class TestSubjectsThatMustBeThere:
    STATED: Mapping[str, Any] = {"names": ["nba", "wnba"]}
    ASKED: Mapping[str, Any] = {"query": "SELECT league AS subject FROM {data}.leagues", "severity": "P2"}

    def test_a_subject_without_a_row_is_absent(self) -> None:
        result = run(spec(subjects=self.STATED), {"coverage": [HEALTHY]})

        assert [(each.subject, each.code, each.severity) for each in result.findings] == [
            ("nba", "as-expected", None),
            ("wnba", "absent", Severity.P1),
        ]

    def test_a_query_may_state_them(self) -> None:
        answers = {"coverage": [HEALTHY], "coverage-subjects": [{"subject": "nba"}, {"subject": "wnba"}]}
        result = run(spec(subjects=self.ASKED), answers)

        assert [(each.code, each.severity) for each in result.findings] == [
            ("as-expected", None),
            ("absent", Severity.P2),
        ]

    def test_all_are_absent_where_there_is_no_row(self) -> None:
        assert codes(run(spec(subjects=self.STATED), {"coverage": []})) == ["absent", "absent"]

    def test_what_the_file_says_must_be_there_is_named_and_never_only_counted(self) -> None:
        names = [f"league {number}" for number in range(3 * LISTED)]

        result = run(spec(subjects={"names": names}), {"coverage": [HEALTHY]})

        assert [each.subject for each in result.findings if each.code == "absent"] == names

    def test_a_row_that_cannot_be_judged_is_there(self) -> None:
        result = run(spec(subjects={"names": ["nba"]}), {"coverage": [{**HEALTHY, "missing": None}]})

        assert codes(result) == ["no-value"]

    @pytest.mark.parametrize("rows", [[], [{"subject": None}], [{"name": "nba"}]], ids=["none", "NULL", "no column"])
    def test_without_the_names_nobody_knows_what_is_absent(self, rows: Sequence[Row]) -> None:
        result = run(spec(subjects=self.ASKED), {"coverage": [HEALTHY], "coverage-subjects": rows})

        assert codes(result) == ["as-expected", "source-unavailable"]

    def test_before_its_time_an_absence_is_a_note(self) -> None:
        early = datetime(2026, 2, 11, 10, tzinfo=ZoneInfo("UTC"))
        described = spec(subjects=self.STATED, due="+1d 07:00", before_due="note")
        result = run(described, {"coverage": []}, now=early)

        assert {each.severity for each in result.findings} == {Severity.P3}

    @pytest.mark.parametrize(
        "parts",
        [
            pytest.param({"subjects": {}}, id="neither names nor a query"),
            pytest.param({"subjects": {"names": ["nba"], "query": "SELECT 1 AS subject"}}, id="both"),
            pytest.param({"subjects": {"names": ["nba"]}, "empty": "passed"}, id="no row would pass"),
        ],
    )
    def test_what_contradicts_itself_is_refused(self, parts: Mapping[str, Any]) -> None:
        with pytest.raises(ValueError, match="expect"):
            spec(**parts)


@pytest.mark.parametrize(
    ("answers", "parts", "code"),
    [
        pytest.param({"coverage": []}, {}, "no-evidence", id="no row where one is expected"),
        pytest.param({"coverage": []}, {"empty": "passed"}, "as-expected", id="no row where none is"),
        pytest.param({"coverage": down()}, {}, "source-unavailable", id="a source that is down"),
        pytest.param({"games": NO_GAMES, "coverage": []}, {"when": "games"}, "off-day", id="a day off"),
    ],
)
@pytest.mark.parametrize(
    ("template", "subject"),
    [
        pytest.param("{project}/{date}", "example-project/2026-02-10", id="what needs no row"),
        pytest.param("{league}", "coverage", id="what a row would say"),
    ],
)
def test_a_finding_without_a_row_is_about_what_needs_none_or_the_check(
    answers: Mapping[Any, Any], parts: Mapping[str, Any], code: str, template: str, subject: str
) -> None:
    described = spec(subject=template, empty_summary="No row.", **parts)

    (finding,) = run(described, answers).findings

    assert (finding.code, finding.subject) == (code, subject)
