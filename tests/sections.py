"""Sections of the documentation that are written from the product, between two comments that name them.

A test compares; with ``UPDATE_MANUAL=1`` it writes the section again first (``-n0``, because tests share files).
"""

from __future__ import annotations

import os
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def section(page: Path, name: str, written: str) -> str:
    """Return what a page has between ``<!-- NAME: … -->`` and ``<!-- end of NAME -->``; ``written`` belongs there."""
    pattern = re.compile(rf"(<!-- {name}: .*? -->\n)(.*?)(<!-- end of {name} -->)", re.DOTALL)
    if os.environ.get("UPDATE_MANUAL"):
        text = page.read_text(encoding="utf-8")
        page.write_text(pattern.sub(lambda found: found[1] + written + found[3], text), encoding="utf-8")
    ((_, between, _),) = pattern.findall(page.read_text(encoding="utf-8"))
    return str(between)


def anchors(page: Path) -> set[str]:
    """Return what links can lead to within a page: GitHub's anchors of its headings."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def cell(text: str) -> str:
    """Return a text for a cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")
