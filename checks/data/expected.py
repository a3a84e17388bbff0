"""What a check of expectations says: the findings, and what each means for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from checks.actions import Action
from checks.data.decision import Setting, decide, early
from checks.expansion import Expansion
from checks.facts.expectations import ExpectationFacts
from checks.model import Finding, Outcome
from checks.places import Place, PlaceKind
from checks.ports.warehouse import Row

UNJUDGED = ("not-enough-history", "no-rows")
"""Codes that say that there was nothing to judge by: no evidence, and alone never green."""


class Findings:
    """Makes the findings of one set of expectations on one interval."""

    def __init__(self, expansion: Expansion, setting: Setting) -> None:
        self._expansion = expansion
        self._expect = expansion.expect
        self._setting = setting

    def decided(
        self,
        name: str,
        tests: Row,
        said: str,
        facts: ExpectationFacts,
        group: tuple[str, ...] = (),
        *,
        facet: str = "",
        failed: str = "",
    ) -> Finding:
        """Return what the rules say of an expectation; ``failed`` is the sentence where they speak against it."""
        decision = decide(self._expansion.spec, {"expectation": name, **tests})
        is_failed = decision.outcome is Outcome.FAILED
        told = (failed or said) + early(self._setting) if is_failed else said
        finding = self.quiet(name, decision.code, told, facts, group, facet=facet)
        kind = name.partition(" ")[0]
        return replace(
            finding,
            outcome=decision.outcome,
            severity=None if decision.severity is None else self._setting.capped(decision.severity),
            impact=self._words(self._expect.impact or _IMPACTS.get(decision.code) or _IMPACTS[kind], facet)
            if is_failed
            else "",
            action=Action(text=self._words(self._expect.action or _ACTIONS[kind], facet)) if is_failed else None,
            read=True,
        )

    def _words(self, template: str, facet: str) -> str:
        return filled(
            template,
            {"table": self._expansion.table, "interval": str(self._setting.words["interval"]), "columns": facet},
        )

    def quiet(
        self,
        name: str,
        code: str,
        said: str,
        facts: ExpectationFacts | None = None,
        group: tuple[str, ...] = (),
        facet: str = "",
    ) -> Finding:
        """Return what is not judged, and why."""
        table, spec = self._expansion.table, self._expansion.spec
        part = ", ".join(group) or facet
        return Finding(
            outcome=Outcome.SKIPPED,
            code=code,
            subject=" ".join([table, name, *([", ".join(group)] if group else [])]),
            summary=said,
            phase=spec.phase,
            interval=self._setting.interval,
            place=Place(PlaceKind.TABLE, table, part),
            facts=ExpectationFacts(expectation=name) if facts is None else facts,
            link=spec.runbook,
            read=code not in UNJUDGED,
        )


def filled(template: str, words: Mapping[str, str]) -> str:
    """Put words into a template."""
    for name, word in words.items():
        template = template.replace(f"{{{name}}}", word)
    return template


_TOO_FEW = "What reads {table} has too little to work with."
_WRONG = "What reads {table} works with wrong values of {columns}."

_IMPACTS: Mapping[str, str] = {
    "schema": "Whatever reads {columns} of {table} fails.",
    "column-new": "Whatever copies {table} column by column may fail, or leave {columns} out.",
    "freshness": "What reads {table} works with old data.",
    "renewed": "What reads {table} works with old data.",
    "volume": _TOO_FEW,
    "unique": "What sums or joins {table} counts rows twice.",
    "not_null": "What reads {table} leaves out the rows without {columns}, or takes them for nothing.",
    "references": "What joins {table} by {columns} loses these rows.",
    **dict.fromkeys(("values", "not_constant", "not_one_sided", "mean"), _WRONG),
}
_WRITER = "Check what writes {table}"
_ACTIONS: Mapping[str, str] = {
    "schema": f"{_WRITER}, and undo the change of {{columns}}; where it is meant, change the pipeline file.",
    "freshness": f"{_WRITER}: it has not run, or wrote nothing.",
    "renewed": f"{_WRITER}: it has not run for {{interval}} since, or wrote for another.",
    "volume": f"{_WRITER}, and load {{interval}} again.",
    "unique": f"{_WRITER}: a repeated load must replace its rows. Then delete the duplicates.",
    "references": f"{_WRITER} and what it gets {{columns}} from.",
    **dict.fromkeys(
        ("not_null", "values", "not_constant", "not_one_sided", "mean"),
        f"{_WRITER} and where it gets {{columns}} from, then load {{interval}} again.",
    ),
}
