"""Facts are typed, evidence is rendered from them, and nothing reads it back."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from pathlib import Path

import pytest

from checks.catalog import PYTHON_CHECKS
from checks.facts import NOTHING, Facts, Folded, Unread, known, rendered
from checks.facts.control_plane import BuildFacts, BuildsFacts, DeployFacts, InvokerFacts, JobsFacts, JobStatus
from checks.places import Place, PlaceKind
from checks.registry import Check

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 2, 10, 7, 13, tzinfo=UTC)
GENERIC = ("checks/diagnosis", "checks/folding.py", "bot/render", "bot/alerting")


def test_several_values_are_listed_and_parts_stand_beside_the_others() -> None:
    facts = InvokerFacts(caller=("a", "b"), conditions=("x", "y"), deploy=DeployFacts(revision="r-1", deployed_at=AT))

    evidence = rendered(facts)

    assert (evidence["caller"], evidence["conditions"]) == ("a, b", "x; y")
    assert (evidence["revision"], evidence["deployed_at"]) == ("r-1", AT)


def test_a_part_that_is_not_known_has_no_lines() -> None:
    assert rendered(BuildsFacts(trigger="deploy-a")) == {"trigger": "deploy-a"}
    assert "status" in rendered(BuildsFacts(trigger="deploy-a", latest=BuildFacts()))


def test_jobs_are_shown_with_the_word_of_their_status() -> None:
    facts = JobsFacts(failing=(JobStatus("a", "INTERNAL"), JobStatus("b (c)", "UNAVAILABLE")))

    assert rendered(facts)["failing"] == "a (INTERNAL), b (c) (UNAVAILABLE)"


def test_facts_are_found_beneath_what_could_not_be_read() -> None:
    facts = InvokerFacts(caller=("a",))
    unread = Unread(source="Cloud Run", problem="denied", about=facts)

    assert known(unread, InvokerFacts) is facts
    assert known(unread, Unread) is unread
    assert known(unread, BuildsFacts) is None


def test_one_that_stands_for_others_is_of_their_family_and_has_none_of_their_facts() -> None:
    folded = Folded(like=InvokerFacts, count=3, examples=("a",))

    assert InvokerFacts in folded.families()
    assert known(folded, InvokerFacts) is None
    assert dict(rendered(folded)) == {"count": 3, "examples": "a"}


@pytest.mark.parametrize("check", PYTHON_CHECKS, ids=lambda check: check.id)
def test_every_check_declares_its_place_and_facts_of_which_nothing_need_be_known(check: Check) -> None:
    assert isinstance(check.place, PlaceKind)
    assert check.facts is not Facts
    assert check.facts() == check.facts()


@pytest.mark.parametrize(
    ("kind", "service"),
    [
        (PlaceKind.SERVICE, "worker"),
        (PlaceKind.PERMISSION, "worker"),
        (PlaceKind.BUILD, "worker"),
        (PlaceKind.TOPIC, None),
        (PlaceKind.DATA, None),
    ],
)
def test_a_place_knows_its_service(kind: PlaceKind, service: str | None) -> None:
    assert Place(kind, "worker", "part").service == service


def test_nothing_is_a_value_like_any_other() -> None:
    assert (NOTHING, rendered(NOTHING)) == (Facts(), {})


def _trees() -> list[tuple[Path, ast.Module]]:
    files = [file for part in GENERIC for file in sorted((ROOT / part).glob("**/*.py") or [])]
    files += [ROOT / part for part in GENERIC if part.endswith(".py")]
    return [(file, ast.parse(file.read_text(encoding="utf-8"))) for file in files]


def test_nothing_reads_evidence_by_name() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file, tree in _trees()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Subscript) and _is_evidence(node.value))
        or (isinstance(node, ast.Attribute) and node.attr == "get" and _is_evidence(node.value))
    ]

    assert found == []


def _is_evidence(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "evidence"


def test_generic_code_names_no_check() -> None:
    # Causes have a code and facts have a field of this name.
    names = {check.id for check in PYTHON_CHECKS} - {"drift", "trigger"}
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno} {node.value}"
        for file, tree in _trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in names
    ]

    assert found == []
