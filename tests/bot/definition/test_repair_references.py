"""What the section ``repairs`` must fit to."""

from typing import Any

import pytest

from bot.definition.pipeline_file import shipped_pipeline
from bot.definition.section_references import section_problems
from checks.repairs_spec import Repairs
from checks.services_spec import ServiceSpec
from tests.fakes import pipeline

CALLER = "serviceAccount:caller@example.com"
SERVICES = (
    ServiceSpec(name="worker", secrets={"API_KEY": "api-key"}),
    ServiceSpec(name="silent", callers=()),
)


def paths(**repairs: Any) -> list[tuple[str | int, ...]]:
    described = pipeline(services=SERVICES, repairs=Repairs(**repairs))
    return [tuple(path) for path, _ in section_problems(described)]


def test_the_shipped_file_fits_together() -> None:
    assert list(section_problems(shipped_pipeline())) == []


def test_a_file_without_the_section_is_fine() -> None:
    assert list(section_problems(pipeline())) == []


def test_everything_in_order_is_fine() -> None:
    assert (
        paths(
            invoker=("worker",),
            members={"worker": (CALLER,)},
            traffic=("worker", "silent"),
            variables={"worker": ("API_KEY",)},
            jobs=("nightly",),
        )
        == []
    )


@pytest.mark.parametrize(
    ("repairs", "path"),
    [
        ({"invoker": ("wroker",)}, ("repairs", "invoker", 0)),
        ({"traffic": ("worker", "worker")}, ("repairs", "traffic", 1)),
        ({"jobs": ("a", "a")}, ("repairs", "jobs", 1)),
        ({"invoker": ("silent",)}, ("repairs", "invoker", 0)),
        ({"members": {"worker": (CALLER,)}}, ("repairs", "members", "worker")),
        ({"invoker": ("worker",), "members": {"worker": ("allUsers",)}}, ("repairs", "members", "worker", 0)),
        (
            {"invoker": ("worker",), "members": {"worker": ("allAuthenticatedUsers",)}},
            ("repairs", "members", "worker", 0),
        ),
        ({"variables": {"other": ("API_KEY",)}}, ("repairs", "variables", "other")),
        ({"variables": {"worker": ("OTHER",)}}, ("repairs", "variables", "worker", 0)),
    ],
    ids=[
        "a service that nobody knows",
        "twice",
        "a job twice",
        "nobody to grant it to",
        "members of what cannot be granted",
        "everyone",
        "everyone with an account",
        "variables of an unknown service",
        "a variable without a secret",
    ],
)
def test_what_does_not_fit_is_named_with_its_place(repairs: dict[str, Any], path: tuple[str | int, ...]) -> None:
    assert paths(**repairs) == [path]
