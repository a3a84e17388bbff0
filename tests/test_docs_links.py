"""Links within the repository lead somewhere: to a file, and to a heading where they name one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.sections import ROOT, anchors

PAGES = (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")))
FENCED = re.compile(r"```.*?```", re.DOTALL)
LINK = re.compile(r"\]\((?!https?://)([^)\s#]*)(?:#([^)\s]+))?\)")


def test_every_link_leads_somewhere() -> None:
    links = [(page, *link) for page in PAGES for link in LINK.findall(prose(page))]

    assert [(page.name, path, anchor) for page, path, anchor in links if not leads_somewhere(page, path, anchor)] == []


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return FENCED.sub("", page.read_text(encoding="utf-8"))


def leads_somewhere(page: Path, path: str, anchor: str) -> bool:
    target = (page.parent / path).resolve() if path else page
    return target.exists() and (not anchor or anchor in anchors(target))


def test_there_are_links_to_follow() -> None:
    assert len(LINK.findall((ROOT / "README.md").read_text(encoding="utf-8"))) > 20


@pytest.mark.parametrize(
    ("path", "anchor"), [("nowhere.md", ""), ("README.md", "no-such-heading"), ("", "no-such-heading")]
)
def test_a_broken_link_is_found(path: str, anchor: str) -> None:
    assert not leads_somewhere(ROOT / "README.md", path, anchor)


EXPLAINING = (
    ROOT / "CONTRIBUTING.md",
    ROOT / "docs" / "architecture.md",
    *sorted((ROOT / "docs/decisions").glob("*.md")),
)
"""Pages about the code, which name its files also outside of links; a name in capitals stands for any."""
NAMED = re.compile(r"`((?:bot|checks|handlers|tests|docs|examples)/[a-z_./*]*)`")


def test_every_file_that_a_page_about_the_code_names_is_there() -> None:
    named = [(page.name, path) for page in EXPLAINING for path in NAMED.findall(prose(page))]

    assert [(page, path) for page, path in named if not any(ROOT.glob(path.rstrip("/")))] == []
