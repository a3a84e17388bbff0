"""The table of rules of docs/audit.md is what the rulebook holds, and leads to each with its reason and an example.

``UPDATE_MANUAL=1 pytest -n0 tests/test_docs_rules.py`` writes the table again.
"""

from __future__ import annotations

import re

from bot.audit.rules.catalog import EVERY_RULE
from tests.sections import ROOT, anchors, cell, section

MANUAL = ROOT / "docs" / "audit.md"


def table() -> str:
    rows = [
        f"| [{rule.id}](#{_anchor(f'{rule.id}: {rule.title}')}) | {rule.severity} | {cell(rule.title)} |"
        for rule in EVERY_RULE
    ]
    return "\n".join(("", "| rule | says | what should be |", "| --- | --- | --- |", *rows, "", ""))


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_the_page_lists_every_rule() -> None:
    written = table()

    assert section(MANUAL, "rules", written) == written


def test_every_rule_leads_to_its_section() -> None:
    linked = re.findall(r"\]\(#(rev[\w-]+)\)", table())

    assert len(linked) == len(EVERY_RULE)
    assert set(linked) <= anchors(MANUAL)
