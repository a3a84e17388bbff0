"""What a reconciliation says: one finding, with the worst differences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial

from checks.actions import Action
from checks.cells import exact
from checks.data.decision import Setting, decide, early
from checks.data.past import number_of
from checks.data.sql import Judging, codes_of, run_sql_check, sql_check
from checks.expansion.reconcile import Reconciled, within_words
from checks.facts import Values
from checks.model import Finding, Outcome
from checks.places import Place, PlaceKind
from checks.ports.warehouse import Answers, Row
from checks.reconcile_spec import Reconciliation
from checks.registry import Check
from checks.sql_check_spec import SqlCheck

_NEVER = ("absent", "no-value")
"""Codes of other checks on data: a reconciliation names no subjects, and its figures are never NULL."""


def reconciliation_check(reconciled: Reconciled) -> Check:
    """Make a check of two figures that must agree."""
    spec = reconciled.spec
    return replace(
        sql_check(spec),
        run=lambda context: run_sql_check(spec, context, Judging(rows=partial(judge, reconciled))),
        codes=reconciliation_codes(spec),
        place=PlaceKind.TABLE,
    )


def reconciliation_codes(spec: SqlCheck) -> Mapping[str, str]:
    """Return the codes of a reconciliation."""
    return {code: meaning for code, meaning in codes_of(spec).items() if code not in _NEVER}


def judge(reconciled: Reconciled, rows: Sequence[Row], answers: Answers, setting: Setting) -> Iterator[Finding]:
    """Yield the one finding; where neither table has a row of the interval, that nothing is known."""
    del answers
    first = rows[0] if rows else {}
    if not (first.get("left_rows") or first.get("right_rows")):
        yield _nothing(reconciled, setting)
        return
    spec, stated = reconciled.spec, reconciled.stated
    decision = decide(spec, first)
    failed = decision.outcome is Outcome.FAILED
    different = int(number_of(first.get("different")) or 0)
    worst = [_difference(reconciled, row) for row in rows[:different]]
    figures = ("left_figure", "right_figure", "difference", "compared", "different")
    words = {
        "table": stated.right.table,
        "interval": str(setting.words["interval"]),
        "columns": " and ".join(stated.by),
    }
    yield Finding(
        outcome=decision.outcome,
        code=decision.code,
        subject=spec.subject,
        summary=_said(reconciled, first, worst, different) + (early(setting) if failed else ""),
        severity=None if decision.severity is None else setting.capped(decision.severity),
        phase=spec.phase,
        interval=setting.interval,
        place=_place(reconciled),
        facts=Values(values={each: exact(first.get(each)) for each in figures}),
        impact=_filled(stated.impact or _IMPACT, words) if failed else "",
        action=Action(text=_filled(stated.action or _ACTION, words)) if failed else None,
        link=spec.runbook,
        read=True,
    )


def _said(reconciled: Reconciled, first: Row, worst: Sequence[str], different: int) -> str:
    stated, compared = reconciled.stated, int(number_of(first.get("compared")) or 0)
    within = within_words(stated)
    for name, side in (("left_rows", stated.left), ("right_rows", stated.right)):
        if not first.get(name):
            return f"{side.table} has no rows, and the other table has."
    if not worst:
        same = f"{compared:,} {_keys(reconciled)}" if stated.by else _amount(first.get("left_figure"))
        return f"{stated.right} is {stated.left}{within}: {same}."
    expected = f" (allowed:{within.removeprefix(',')})" if within else ""
    if not stated.by:
        return f"{_disagreeing(stated, first)}{expected}."
    more = f", and {different - len(worst):,} more" if different > len(worst) else ""
    return f"{different:,} of {compared:,} {_keys(reconciled)} differ{expected}: {'; '.join(worst)}{more}."


def _disagreeing(stated: Reconciliation, first: Row) -> str:
    """Say what each table gives; a figure that is the same of both is named once."""
    left, right = stated.left, stated.right
    amounts = _amount(first.get("left_figure")), _amount(first.get("right_figure"))
    if (left.figure, left.where) != (right.figure, right.where):
        return f"{right} is {amounts[1]}; {left} is {amounts[0]}"
    where = f" where {right.where}" if right.where else ""
    return f"{right.figure} is {amounts[1]} in {right.table}; {amounts[0]} in {left.table}{where}"


def _difference(reconciled: Reconciled, row: Row) -> str:
    keys = ", ".join(exact(row.get(key)) for key in reconciled.stated.by)
    left, right = _amount(row.get("left_figure")), _amount(row.get("right_figure"))
    told = f"{right} instead of {left}"
    return f"{keys} {told}" if keys else told


def _keys(reconciled: Reconciled) -> str:
    return f"values of {' and '.join(reconciled.stated.by)}"


def _amount(value: object) -> str:
    """Write a figure with all its digits, thousands apart: a rounded difference is none."""
    if number_of(value) is None:
        return exact(value)
    return f"{value.normalize():,f}" if isinstance(value, Decimal) else f"{value:,}"


def _place(reconciled: Reconciled) -> Place:
    stated = reconciled.stated
    figure = stated.right.column if stated.right.column != "*" else ""
    return Place(PlaceKind.TABLE, stated.right.table, figure)


def _nothing(reconciled: Reconciled, setting: Setting) -> Finding:
    stated, spec = reconciled.stated, reconciled.spec
    return Finding(
        outcome=Outcome.UNKNOWN,
        code="no-evidence",
        subject=spec.subject,
        summary=f"Neither {stated.left.table} nor {stated.right.table} has a row: nothing to compare.",
        severity=setting.capped(spec.worst),
        phase=spec.phase,
        interval=setting.interval,
        place=_place(reconciled),
        link=spec.runbook,
    )


def _filled(template: str, words: Mapping[str, str]) -> str:
    for name, word in words.items():
        template = template.replace(f"{{{name}}}", word)
    return template


_IMPACT = "What reads {table} works with wrong figures."
_ACTION = "Compare what writes {table} with what it is made of, and load {interval} again."
