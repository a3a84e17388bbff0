"""The JSON is what its schema and its page say."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings

from bot.render.json import report_document, report_json
from bot.render.reading import Reading
from checks.facts import Values
from tests.bot.render.reports import READINGS, ZONE, all_clear, monstrous, passed, reading_of
from tests.bot.render.strategies import readings
from tests.thoroughness import examples

SCHEMA: dict[str, Any] = json.loads((files("bot.render") / "report.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
SLOW = settings(
    max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def closed(schema: Any) -> Any:
    """The same schema that also refuses what it does not name: in our own output nothing is undescribed."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    return {**inner, "additionalProperties": False} if "required" in inner and "properties" in inner else inner


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", READINGS)
def test_every_kind_of_morning_keeps_to_the_schema(name: str) -> None:
    strict = jsonschema.Draft202012Validator(closed(SCHEMA))

    assert list(strict.iter_errors(json.loads(report_json(READINGS[name])))) == []


@SLOW
@given(readings())
def test_every_report_keeps_to_the_schema(reading: Reading) -> None:
    text = report_json(reading)

    assert list(VALIDATOR.iter_errors(json.loads(text))) == []
    assert text.isascii()


def test_of_hundreds_of_failures_the_json_leaves_out_none() -> None:
    document = json.loads(report_json(monstrous()))

    findings = [finding for check in document["results"] for finding in check["findings"]]
    assert sorted(finding["summary"][:4] for finding in findings) == [f"#{index:03}" for index in range(500)]


def test_the_schema_refuses_a_verdict_that_does_not_exist() -> None:
    document = report_document(all_clear()) | {"verdict": "FINE"}

    assert not VALIDATOR.is_valid(document)


def test_times_are_iso_and_numbers_that_json_lacks_are_named() -> None:
    at = datetime(2026, 2, 10, 2, 13, tzinfo=ZONE)
    finding = replace(
        passed("x", "y"), facts=Values(values={"at": at, "day": at.date(), "ratio": float("nan"), "rows": 3})
    )

    evidence = report_document(reading_of({"grading": [finding]}))["results"][0]["findings"][0]["evidence"]

    assert evidence == {"at": "2026-02-10T02:13:00-05:00", "day": "2026-02-10", "ratio": "nan", "rows": 3}


def test_every_field_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "report-json.md").read_text(encoding="utf-8")

    inner = {name for each in SCHEMA["$defs"].values() for name in each.get("properties", {})}
    in_words = {"answered", "slowest_seconds"}
    missing = sorted(name for name in {*SCHEMA["properties"], *inner} - in_words if f"`{name}" not in page)
    assert missing == []
