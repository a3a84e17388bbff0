"""The rules themselves as people read them: the list, and the explanation of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.audit.model import AuditRule
from bot.render.message import Cell, Command, Heading, Line, Part, SmallPrint, Table


def rule_list(rules: Sequence[AuditRule]) -> Iterator[Part]:
    """Yield one table."""
    rows = tuple((Cell(text=rule.id), Cell(text=rule.severity.value), Cell(text=rule.title)) for rule in rules)
    yield Table(columns=("Rule", "Severity", "What it asks"), rows=rows)
    yield SmallPrint(text="'reveille audit --explain ID' tells why, and how to mend it.")


def rule_explanation(rule: AuditRule) -> Iterator[Part]:
    """Yield everything there is to know about a rule."""
    yield Heading(text=rule.title)
    yield SmallPrint(text=f"{rule.id} · {rule.severity.value}")
    yield Line(text=rule.rationale)
    yield Heading(text="What to do")
    yield Line(text=rule.fix)
    yield Heading(text="Not so")
    yield Command(text=rule.example_bad)
    yield Heading(text="But so")
    yield Command(text=rule.example_good)
