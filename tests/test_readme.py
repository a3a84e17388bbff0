"""What the README, CONTRIBUTING and pages of docs say of targets, modules and extensions is so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import ModuleType

from checks.model import Finding
from checks.ports.services import Service
from checks.registry import Check
from checks.services_spec import ServiceSpec
from tests.fakes import FakeControlPlane, down, pipeline, ports, run_check
from tests.sections import ROOT

FENCED = re.compile(r"```.*?```", re.DOTALL)
ALL_PAGES = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")})


def test_no_page_tells_people_to_run_a_module_of_the_tests() -> None:
    assert [page.name for page in ALL_PAGES if re.search(r"-m tests\b", page.read_text(encoding="utf-8"))] == []


def test_every_target_of_make_that_a_page_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))

    named = {name for page in ALL_PAGES for name in _targets(page.read_text(encoding="utf-8"))}

    assert {"demo", "storm", "slack-server"} <= named
    assert named - targets == set()


def _targets(text: str) -> Iterator[str]:
    """Yield what a page lets people make: in words set as code, and in lines of blocks."""
    for block in FENCED.findall(text):
        yield from re.findall(r"^(?:\$ )?make ([a-z][a-z-]*)", block, re.MULTILINE)
    yield from re.findall(r"`make ([a-z][a-z-]*)", FENCED.sub("", text))


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
    page = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    (source,) = re.findall(r"service_owner\.py` \(new\):\n\n```python\n(.*?)```", page, re.DOTALL)
    module = ModuleType("example")
    exec(compile(source, "extending.md", "exec"), module.__dict__)
    check: Check = module.service_owner
    services = tuple(ServiceSpec(name=name) for name in ("owned", "bare"))
    world = FakeControlPlane({"owned": service("owned", owner="data"), "bare": service("bare")})
    unreadable = FakeControlPlane({"owned": down(), "bare": service("bare")})

    findings: tuple[Finding, ...] = run_check(check, pipeline(services=services), ports(control_plane=world)).findings
    blind = run_check(check, pipeline(services=services), ports(control_plane=unreadable)).findings

    assert check.title == "Services say who owns them"
    assert [finding.code for finding in findings] == ["owned", "ownerless"]
    assert {finding.code for finding in findings} == set(check.codes)
    assert [(finding.subject, finding.code) for finding in blind] == [
        ("owned", "source-unavailable"),
        ("bare", "source-unavailable"),
    ]
