"""docs/architecture.md: its rooms are those of the import contract, and its walks go through functions that run.

``UPDATE_MANUAL=1 pytest -n0`` on this file writes the table of rooms.
"""

from __future__ import annotations

import ast
import re
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from bot.delivery.outbox import Outbox
from bot.playground.slack.requests import SignedRequest
from bot.redaction.shown import Secret
from bot.serving.courtesy import Courtesy
from bot.serving.refusals import Refusals
from bot.serving.slack_endpoint import SlackEndpoint
from bot.sinks.slack.poster import SlackPoster
from tests.handlers.rig import Rig, running
from tests.handlers.test_repairs import broken, confirm, following, press, refused_alert
from tests.sections import ROOT, cell, section

PAGE = ROOT / "docs" / "architecture.md"
TEXT = PAGE.read_text(encoding="utf-8")
MOST_STATIONS = 12
STATION = re.compile(r"^\d+\. \[`([\w/.]+)`\]\(\.\./([\w/.]+)\) `([\w.]+)`", re.MULTILINE)

NAMED = re.compile(r"\[`([\w/.]+\.py)`\]\([^)]+\), `(\w+)`")
"""A file with a function to look at, in the table of what to change."""

Station = tuple[str, str]
"""A file, and a function in it by its qualified name."""


def layers() -> list[str]:
    """The modules of the layered contracts, from the outside in."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: dict[str, None] = {}
    for contract in settings["tool"]["importlinter"]["contracts"]:
        containers = contract.get("containers", [""])
        for layer in contract["layers"] if contract["type"] == "layers" else ():
            for name in re.findall(r"[\w.]+", layer):
                found |= {".".join(filter(None, (container, name))): None for container in containers}
    return list(found)


def packages() -> list[str]:
    """Every package down to the second level; what lies deeper is named in its row."""
    inits = (path.parent for room in ("bot", "checks", "handlers") for path in (ROOT / room).glob("*/__init__.py"))
    return ["handlers", *sorted(".".join(path.relative_to(ROOT).parts) for path in inits)]


def file_of(module: str) -> Path:
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def first_line(module: str) -> str:
    docstring = ast.get_docstring(ast.parse(file_of(module).read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0].replace("``", "`")


def inner(module: str) -> str:
    names = sorted(path.parent.name for path in file_of(module).parent.glob("*/__init__.py"))
    return f" ({', '.join(names)})" if names else ""


def rooms() -> str:
    named = layers()
    rows = [f"| `{name}`{inner(name)} | {cell(first_line(name))} |" for name in named if is_package(name)]
    rows.append(f"| `handlers` | {cell(first_line('handlers'))} |")
    return "\n".join(("", "| room | holds |", "| --- | --- |", *rows, "", ""))


def is_package(module: str) -> bool:
    return file_of(module).name == "__init__.py"


def walk(title: str) -> list[Station]:
    """The stations under the heading that begins with a title."""
    (part,) = (each for each in re.split(r"^## ", TEXT, flags=re.MULTILINE) if each.startswith(f"Walk: {title}"))
    return [(shown, name) for shown, _, name in STATION.findall(part)]


def functions_of(path: str) -> set[str]:
    def names(node: ast.AST, before: str) -> Iterator[str]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                yield before + child.name
                yield from names(child, f"{before}{child.name}.")

    return set(names(ast.parse((ROOT / path).read_text(encoding="utf-8")), ""))


@contextmanager
def called() -> Iterator[set[Station]]:
    """Collect which of the product's functions are called, in this thread and in those that begin."""
    seen: set[Station] = set()

    def look(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(str(ROOT)):
            path = Path(frame.f_code.co_filename).relative_to(ROOT).as_posix()
            seen.add((path, frame.f_code.co_qualname.partition(".<locals>")[0]))

    before = sys.getprofile()
    threading.setprofile(look)
    sys.setprofile(look)
    try:
        yield seen
    finally:
        sys.setprofile(before)
        threading.setprofile(None)


def through_the_endpoint(rig: Rig, request: SignedRequest) -> None:
    """Send a request as Slack does, to the WSGI application."""
    now = float(request.headers["X-Slack-Request-Timestamp"])
    endpoint = SlackEndpoint(rig.app, Secret(rig.slack.signing_secret), Refusals(), Courtesy(), lambda: now)
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()}
    environ = {
        **headers,
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": request.headers["Content-Type"],
        "wsgi.input": BytesIO(request.body),
    }
    statuses: list[str] = []
    endpoint(environ, lambda status, _: statuses.append(status))  # type: ignore[arg-type]
    assert statuses == ["200 OK"]
    rig.wait()


def a_command() -> None:
    with running() as rig:
        through_the_endpoint(rig, rig.slack.requests.command("/validate-daily", ""))


def a_repair() -> None:
    with broken() as (rig, _):
        confirm(rig, press(rig, refused_alert(rig)))
        following(rig).turn()
        Outbox(rig.store, SlackPoster(rig.services.client), lambda: datetime.now(UTC), "walk").pump()


WALKS: dict[str, Callable[[], None]] = {"`/validate-daily`": a_command, "the button *Repair…*": a_repair}


def test_the_page_has_every_room_of_the_import_contract() -> None:
    written = rooms()

    assert section(PAGE, "rooms", written) == written


def test_every_package_is_in_a_layer_of_the_contract() -> None:
    assert sorted({*packages()} - {*layers(), "handlers"}) == []


def test_every_package_says_in_its_first_line_what_it_holds() -> None:
    assert [package for package in packages() if not first_line(package)] == []


def test_what_the_table_of_changes_names_is_there() -> None:
    named = NAMED.findall(TEXT)

    assert len(named) > 2
    assert [each for each in named if each[1] not in functions_of(each[0])] == []


@pytest.mark.parametrize("title", WALKS)
def test_a_walk_leads_through_functions_that_exist(title: str) -> None:
    stations = walk(title)

    assert 0 < len(stations) <= MOST_STATIONS
    assert [each for each in stations if each[1] not in functions_of(each[0])] == []


@pytest.mark.parametrize("title", WALKS)
def test_every_station_of_a_walk_is_passed_on_the_way(title: str) -> None:
    with called() as seen:
        WALKS[title]()

    assert [each for each in walk(title) if each not in seen] == []


def test_every_line_of_a_walk_is_a_station() -> None:
    numbered = re.findall(r"^\d+\. ", TEXT, re.MULTILINE)
    stations = STATION.findall(TEXT)

    assert len(stations) == len(numbered)
    assert [each for each in stations if each[0] != each[1]] == []
