"""The locks are complete: with --no-deps nothing else would bring what a package needs."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, requires

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.sections import ROOT

EXTRAS = {"runtime": (), "demo": ("demo",), "dev": ("demo", "dev")}
"""What of the project each lock holds."""

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PLATFORMS = (("linux", "Linux", "x86_64"), ("linux", "Linux", "aarch64"), ("darwin", "Darwin", "arm64"))
MACHINES = tuple(itertools.product(PYTHONS, PLATFORMS))


@dataclass(frozen=True, slots=True)
class Locked:
    name: str
    version: Version
    requirement: Requirement
    hashes: int


def parsed(lock: str) -> Iterator[Locked]:
    """Yield the packages of a lock; each is a line, continued by those of its hashes."""
    for line in lock.replace("\\\n", " ").splitlines():
        if line and not line.lstrip().startswith("#"):
            requirement = Requirement(line.partition("--hash=")[0])
            (pin,) = requirement.specifier
            assert pin.operator == "=="
            yield Locked(
                canonicalize_name(requirement.name),
                Version(pin.version),
                requirement,
                len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", line)),
            )


@cache
def locked(name: str) -> tuple[Locked, ...]:
    return tuple(parsed((ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")))


def environment(python: str, platform: tuple[str, str, str]) -> dict[str, str]:
    """Return what markers ask about, on another machine than this one."""
    system, name, machine = platform
    versions = {"python_version": python, "python_full_version": f"{python}.1", "implementation_version": f"{python}.1"}
    return {
        **{key: str(value) for key, value in default_environment().items()},
        **versions,
        "sys_platform": system,
        "platform_system": name,
        "platform_machine": machine,
    }


def applies(requirement: Requirement, machine: Mapping[str, str], extra: str = "") -> bool:
    return requirement.marker is None or requirement.marker.evaluate({**machine, "extra": extra})


@cache
def direct(package: str) -> tuple[Requirement, ...]:
    """Return what a package of this environment says it needs; one for other machines only is not in it."""
    try:
        return tuple(map(Requirement, requires(package) or ()))
    except PackageNotFoundError:
        return ()


def needed(root: list[Requirement], machine: Mapping[str, str]) -> Iterator[Requirement]:
    """Yield what must be there for some requirements: they, and what their packages need in turn."""
    waiting, seen = [each for each in root if applies(each, machine)], set[tuple[str, str]]()
    while waiting:
        requirement = waiting.pop()
        yield requirement
        for extra in ("", *requirement.extras):
            if (requirement.name, extra) in seen:
                continue
            seen.add((requirement.name, extra))
            waiting += [each for each in direct(requirement.name) if applies(each, machine, extra)]


def project(name: str) -> list[Requirement]:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*declared["dependencies"]]
    for extra in EXTRAS[name]:
        lines += declared["optional-dependencies"][extra]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("name", EXTRAS)
@pytest.mark.parametrize(
    ("python", "platform"), MACHINES, ids=lambda value: value if isinstance(value, str) else "-".join(value[1:])
)
def test_whatever_a_package_of_a_lock_needs_is_locked_too(
    name: str, python: str, platform: tuple[str, str, str]
) -> None:
    machine = environment(python, platform)
    pins = {each.name: each.version for each in locked(name) if applies(each.requirement, machine)}

    lacking = {
        str(requirement)
        for requirement in needed(project(name), machine)
        if (pin := pins.get(canonicalize_name(requirement.name))) is None
        or not requirement.specifier.contains(pin, prereleases=True)
    }

    assert lacking == set()


@pytest.mark.parametrize("name", EXTRAS)
def test_every_package_of_a_lock_has_hashes_and_one_version_for_a_machine(name: str) -> None:
    assert [each.name for each in locked(name) if not each.hashes] == []
    for each in MACHINES:
        names = [package.name for package in locked(name) if applies(package.requirement, environment(*each))]
        assert len(set(names)) == len(names) > 50


@pytest.mark.parametrize("name", ["runtime", "demo"])
def test_a_smaller_lock_is_a_part_of_the_largest(name: str) -> None:
    def pins(lock: str) -> set[tuple[str, Version]]:
        return {(each.name, each.version) for each in locked(lock)}

    assert pins(name) <= pins("dev")


def test_what_an_extra_of_a_package_needs_is_found() -> None:
    machine = environment(*MACHINES[0])

    with_extra = {each.name for each in needed([Requirement("google-api-core[grpc]")], machine)}
    without = {each.name for each in needed([Requirement("google-api-core")], machine)}

    assert with_extra - without >= {"grpcio", "grpcio-status"}
    assert "google-auth" in without
