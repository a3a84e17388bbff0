"""How the bench counts and judges."""

from __future__ import annotations

import pytest

from tests.bench.figures import Figure, differences, wall_limit
from tests.bench.seen import Seen


@pytest.mark.parametrize(
    ("value", "ok"),
    [pytest.param(0.3, True, id="at the limit"), pytest.param(0.301, False, id="just past it")],
)
def test_a_figure_holds_up_to_its_limit(value: float, ok: bool) -> None:
    assert Figure(key="start_help", title="reveille --help", value=value, unit="s", limit=0.3).ok is ok


def test_a_validation_may_take_a_little_more_than_its_slowest_chain() -> None:
    assert wall_limit(0.4) == pytest.approx(0.56)


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        pytest.param(["a", "b", "b"], 0, id="the same in any order"),
        pytest.param(["a", "b"], 1, id="one of two equals is missing"),
        pytest.param(["a", "b", "b", "c"], 1, id="one more"),
        pytest.param(["a", "b", "c"], 2, id="another one"),
    ],
)
def test_findings_that_differ_are_counted(findings: list[str], expected: int) -> None:
    assert differences(findings, ["b", "a", "b"]) == expected


def test_something_asked_for_twice_is_named() -> None:
    seen = Seen()
    seen.add("Firestore", "BatchGetDocuments", "a/1", "a/2")
    seen.add("Firestore", "BatchGetDocuments", "a/2")

    taken = seen.take()

    assert taken["repeated"] == ["Firestore: BatchGetDocuments a/2"]
    assert taken["requests"] == {"Firestore": {"BatchGetDocuments": 2}}
    assert seen.take()["requests"] == {}
