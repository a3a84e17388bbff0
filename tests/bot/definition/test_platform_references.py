"""What the sections about the platform around the services may say of the rest of a pipeline file."""

from __future__ import annotations

from typing import Any

import pytest

from bot.definition.known_names import misspelled
from bot.definition.pipeline_references import reference_problems
from bot.definition.section_references import section_problems
from checks.control_plane_spec import Deployment, Invocations, Messaging, SchedulerJobs
from tests.checks.diagnosed import PIPELINE


def problems(**sections: Any) -> list[tuple[tuple[str | int, ...], str]]:
    return [(tuple(path), text) for path, text in section_problems(PIPELINE.model_copy(update=sections))]


def test_sections_that_fit_together_have_no_problem() -> None:
    assert problems(deployment=Deployment(trigger="deploy-{service}-now")) == []


def test_a_file_may_leave_every_section_out() -> None:
    assert problems(messaging=None, scheduler=None, invocations=None, deployment=None) == []


@pytest.mark.parametrize(
    ("sections", "path", "word"),
    [
        pytest.param(
            {"messaging": Messaging(topics={"orders": 1}, targets={"order": ("a",)})},
            ("messaging", "targets", "order"),
            "orders",
            id="a topic that is not expected",
        ),
        pytest.param(
            {"messaging": Messaging(topics={"orders": 1}, targets={"orders": ("a", "b")})},
            ("messaging", "targets", "orders"),
            "2 services",
            id="more targets than subscriptions",
        ),
        pytest.param(
            {"messaging": Messaging(topics={"orders": 2}, targets={"orders": ("a", "a")})},
            ("messaging", "targets", "orders", 1),
            "twice",
            id="a target twice",
        ),
        pytest.param(
            {"messaging": Messaging(topics={"orders": 1}, targets={"orders": ("three-to-fours",)})},
            ("messaging", "targets", "orders", 0),
            "did you mean 'three-to-four'",
            id="a service with a slip",
        ),
        pytest.param(
            {"scheduler": SchedulerJobs(explains={"lines-*": ("prediction",)})},
            ("scheduler", "explains", "lines-*", 0),
            "predictions",
            id="a check that does not exist",
        ),
        pytest.param(
            {"scheduler": SchedulerJobs(expected=("nightly", "nightly"))},
            ("scheduler", "expected", 1),
            "twice",
            id="a job twice",
        ),
        pytest.param(
            {"invocations": Invocations(when="gems")}, ("invocations", "when"), "games", id="an unknown condition"
        ),
        pytest.param(
            {"deployment": Deployment(trigger="deploy-{name}")},
            ("deployment", "trigger"),
            "{service}",
            id="another gap",
        ),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(
    sections: dict[str, Any], path: tuple[str | int, ...], word: str
) -> None:
    ((found, text),) = problems(**sections)

    assert found == path
    assert word in text


def test_these_are_part_of_what_every_file_is_asked() -> None:
    wrong = PIPELINE.model_copy(update={"invocations": Invocations(when="gems")})

    assert ("invocations", "when") in [path for path, _ in reference_problems(wrong)]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("phase3-to-phase4-orchestrators", True),
        ("phase3-to-phase5-orchestrator", False),
        ("phase3-to-phase4-orchestrator", False),
        ("export", False),
        (None, False),
    ],
    ids=["a slip", "another number", "the same", "another", "none"],
)
def test_what_is_nearly_a_name_is_a_slip_unless_it_differs_by_a_number(name: str | None, told: bool) -> None:
    found = list(misspelled(("here",), "service", name, ["phase3-to-phase4-orchestrator"]))

    assert bool(found) is told
