"""Every number that a file may hold has bounds, and what is out of them is refused with its range."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from bot.definition.config_check import check_config
from bot.definition.files import EXAMPLES, PipelineFileError, parse
from bot.scenarios.scenario import ScenarioFile
from checks.notifications import AlertPolicy
from checks.pipeline import Pipeline
from checks.queries_spec import ParameterValue
from checks.values import Bound, Comparison, Model
from tests.thoroughness import examples

SHIPPED = (EXAMPLES / "nba.yaml").read_text(encoding="utf-8")


def every_model() -> list[type[Model]]:
    found, waiting = [], [Model]
    while waiting:
        each = waiting.pop()
        found.append(each)
        waiting += each.__subclasses__()
    return found


def numbers(schema: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every number that a JSON Schema allows, and where."""
    if isinstance(schema, dict):
        if schema.get("type") in ("integer", "number") and "const" not in schema:
            yield place, schema
        for key, value in schema.items():
            yield from numbers(value, f"{place}.{key}")
    elif isinstance(schema, list):
        for value in schema:
            yield from numbers(value, place)


def test_every_number_of_every_file_has_a_lowest_and_a_highest_value() -> None:
    found = [each for model in every_model() for each in numbers(model.model_json_schema(), model.__name__)]

    unbounded = {
        place
        for place, schema in found
        if not {"minimum", "exclusiveMinimum"} & schema.keys() or not {"maximum", "exclusiveMaximum"} & schema.keys()
    }
    assert len(found) > 30
    assert unbounded == set()
    assert {Pipeline, ScenarioFile} <= set(every_model())


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 10**400, -(10**400), 1e301])
def test_no_number_of_a_comparison_or_a_parameter_is_beyond_what_a_table_holds(value: float) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Bound).validate_python(value)
    with pytest.raises(ValidationError):
        Comparison(equals=value)
    with pytest.raises(ValidationError):
        ParameterValue(type="FLOAT64", value=value)


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1])
def test_a_whole_parameter_is_an_int64(value: int) -> None:
    with pytest.raises(ValidationError):
        ParameterValue(type="INT64", value=value)
    assert ParameterValue(type="INT64", value=2**63 - 1).value == 2**63 - 1


def refusal(old: str, new: str) -> str:
    assert old in SHIPPED
    with pytest.raises(PipelineFileError) as caught:
        parse(SHIPPED.replace(old, new, 1), "pipeline.yaml", Pipeline)
    (problem,) = caught.value.problems
    assert problem.line > 0
    return f"{problem.key} {problem.text}"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "flap_minutes: 60",
            "flap_minutes: 99999999999999",
            "notifications.alerts.flap_minutes is 99999999999999, expected a whole number from 0 to 10080",
        ),
        (
            "late_minutes: 15",
            "late_minutes: 0",
            "notifications.digest.late_minutes is 0, expected a whole number from 1 to 720",
        ),
        (
            "{P0: 60, P1: 240}",
            "{P0: 60, P1: 10081}",
            "notifications.alerts.remind_minutes.P1 is 10081, expected a whole number from 1 to 10080",
        ),
        (
            "flap_minutes: 60",
            "flap_minutes: .inf",
            "notifications.alerts.flap_minutes is '.inf', expected a whole number from 0 to 10080",
        ),
    ],
)
def test_the_file_check_says_which_number_and_its_range(old: str, new: str, sentence: str) -> None:
    assert refusal(old, new) == sentence


def test_a_number_too_long_to_be_read_is_a_problem_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "pipeline.yaml"
    path.write_text(SHIPPED.replace("flap_minutes: 60", f"flap_minutes: {'9' * 5000}"), encoding="utf-8")

    (problem,) = check_config(path, None, NOW)

    assert problem.line > 0
    assert len(str(problem)) < 1_000


def read_policy(text: str) -> tuple[AlertPolicy | None, list[int]]:
    """Return what a file says, or the lines of its problems."""
    try:
        return parse(text, "a.yaml", AlertPolicy).content, []
    except PipelineFileError as error:
        return None, [problem.line for problem in error.problems]


NOW = datetime(2026, 2, 11, 13, tzinfo=UTC)


@settings(max_examples=examples(200), deadline=None)
@given(
    number=st.one_of(st.integers(), st.integers(-(10**300), 10**300), st.floats()),
    field=st.sampled_from(["flap_minutes", "unknown_runs"]),
)
def test_what_is_taken_can_be_reckoned_with_and_what_is_not_is_refused_by_line(number: float, field: str) -> None:
    policy, problems = read_policy(f"{field}: {number}")

    assert (policy is None) == (problems == [1])
    assert policy is None or NOW - timedelta(minutes=policy.flap_minutes) * policy.unknown_runs <= NOW
