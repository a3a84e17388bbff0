"""What is generated in README and docs, and the goldens, are written by ``make docs``: it runs every test that can."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.sections import ROOT

SWITCH = re.compile("UPDATE_(MANUAL|GOLDEN)")
"""What ``make docs`` searches the tests for."""
PAGES = (*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md")))
MARKER = re.compile(r"^<!-- (\w+): (.*) -->$", re.MULTILINE)
MARKERS = [(page, name, how) for page in PAGES for name, how in MARKER.findall(page.read_text(encoding="utf-8"))]
TESTS = {path: path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests").rglob("test_*.py"))}
RUN = [text for path, text in TESTS.items() if SWITCH.search(text) and path != Path(__file__)]


def test_make_docs_runs_the_tests_that_have_the_switch() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    (recipe,) = re.findall(r"^docs: .*\n\t(.*)$", makefile, re.MULTILINE)

    assert SWITCH.pattern in recipe
    assert "UPDATE_MANUAL=1 UPDATE_GOLDEN=1" in recipe


@pytest.mark.parametrize(("page", "name", "how"), MARKERS, ids=lambda each: getattr(each, "name", each))
def test_a_generated_part_says_how_it_is_written_and_is(page: Path, name: str, how: str) -> None:
    assert "`make docs`" in how
    assert any(page.name in text and (f'"{name}"' in text or f"<!-- {name}:" in text) for text in RUN)


def test_every_test_that_writes_a_part_can_be_switched() -> None:
    writers = [path.name for path, text in TESTS.items() if re.search(r'\bsection\([A-Z]+, "', text)]

    assert writers
    assert [name for name in writers if not SWITCH.search(TESTS[next(p for p in TESTS if p.name == name)])] == []
