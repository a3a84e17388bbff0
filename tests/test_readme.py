"""What the README shows is what the product does."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from types import ModuleType

import click
import pytest

from bot.cli import reveille
from checks.model import Finding
from checks.pipeline import ServiceSpec
from checks.ports import Service
from checks.registry import Check
from tests.fakes import FakeControlPlane, down, pipeline, ports, run_check

README = Path(__file__).parent.parent.joinpath("README.md").read_text(encoding="utf-8")
COMMANDS = [
    shlex.split(line, comments=True)[1:]
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("reveille ")
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_of_the_readme_is_understood(words: list[str]) -> None:
    command: click.Command = reveille
    context = click.Context(reveille)
    while isinstance(command, click.Group):
        name, following, words = command.resolve_command(context, words)
        assert following is not None, name
        command = following
        context = click.Context(command, parent=context)

    command.parse_args(context, words)  # raises what a person would read


def test_there_are_commands_to_understand() -> None:
    assert len(COMMANDS) > 10


def service(name: str, **labels: str) -> Service:
    return Service(
        name=name,
        ready=True,
        latest_created_revision="r1",
        latest_ready_revision="r1",
        traffic={"r1": 100},
        labels=labels,
    )


def test_the_example_of_a_check_works() -> None:
    (source,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    module = ModuleType("example")
    exec(compile(source, "README.md", "exec"), module.__dict__)
    check: Check = module.service_owner
    services = tuple(ServiceSpec(name=name) for name in ("owned", "bare", "unreadable"))
    world = FakeControlPlane({"owned": service("owned", owner="data"), "bare": service("bare"), "unreadable": down()})

    findings: tuple[Finding, ...] = run_check(check, pipeline(services=services), ports(control_plane=world)).findings

    assert check.title == "Services say who owns them"
    assert [finding.code for finding in findings] == ["owned", "ownerless", "source-unavailable"]
    assert {finding.code for finding in findings[:2]} == set(check.codes)
