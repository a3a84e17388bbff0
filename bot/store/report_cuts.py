"""A report for the store, cut in steps: first what passed, last what failed gravely.

Step by step long texts go, then all but the essence of a finding, then findings, each time from the least important
up. Verdict, headline, counts, the findings' keys and severities and the sentences of causes stay as long as anything
else is left to cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bot.store.cuts import cut_texts
from checks.amounts import size_words
from checks.model import Outcome, Severity, badness

Document = Mapping[str, Any]

RANKS = 11
"""Ranks of importance that a finding may have, see ``badness``."""

LEVELS = 3 * RANKS + 3

LONG, SHORT, NAME = 1_000, 200, 300
CAUSES_AT_LAST = 100
EXPLAINED_AT_LAST = 20


def shortened(document: Document, level: int, size: int) -> dict[str, Any]:
    """Return a report cut as far as ``level`` says, 1 the least and ``LEVELS`` the most; ``size`` is what it had."""
    hint = f"`reveille validate {document.get('previous')} --format json` shows all"
    cut: dict[str, Any] = {"bytes": size, "text": f"… cut to fit the store, from {size_words(size)}; {hint}"}
    whole: dict[str, Any] = {**document, "cut": cut}
    if "results" in document:
        whole["results"] = [_result(each, level, hint) for each in document["results"]]
        cut["findings"] = sum(each.get("left_out", 0) for each in whole["results"])
    if level > 3 * RANKS:
        causes = document.get("causes") or []
        whole["causes"] = [_cause(each, level - 3 * RANKS, hint) for each in causes]
    return _essence(whole) if level == LEVELS else whole


def _essence(document: Document) -> dict[str, Any]:
    """Return what remains of a report that nothing else made fit: the verdict, the counts, the gravest causes."""
    causes = document.get("causes") or []
    left_out = sum(len(each["findings"]) + each.get("left_out", 0) for each in document.get("results") or ())
    cut = {**document["cut"], "findings": left_out, "causes": max(0, len(causes) - CAUSES_AT_LAST)}
    kept = {name: cut_texts(each, NAME) for name, each in document.items() if not isinstance(each, list | dict)}
    empty: dict[str, Any] = {name: [] for name in ("results", "sources") if name in document}
    return {
        **{name: kept.get(name) for name in document},
        "counts": document.get("counts", {}),
        "causes": causes[:CAUSES_AT_LAST],
        **empty,
        "cut": cut,
    }


def _cause(cause: Document, step: int, hint: str) -> Document:
    if step == 1:
        return {**cut_texts(cause, LONG, hint), "subject": cause.get("subject"), "explains": cause.get("explains", [])}
    explains = cause.get("explains", [])
    kept = explains[:EXPLAINED_AT_LAST] if step == 2 else []  # noqa: PLR2004 - one step before the last
    more = {"explains_left_out": len(explains) - len(kept)} if len(explains) > len(kept) else {}
    return {**cut_texts(cause, SHORT, hint), "evidence": {}, "action": None, "explains": kept, "logged": [], **more}


def _result(result: Document, level: int, hint: str) -> dict[str, Any]:
    """Return a result whose findings below the rank that a level reaches are cut."""
    findings = result.get("findings") or []
    if level <= RANKS:
        floor = RANKS - level
        return {
            **result,
            "findings": [_with_short_texts(each, hint) if _rank(each) >= floor else each for each in findings],
        }
    short = [_with_short_texts(each, hint) for each in findings]
    if level <= 2 * RANKS:
        floor = 2 * RANKS - level
        return {**result, "findings": [_bare(each, hint) if _rank(each) >= floor else each for each in short]}
    floor = max(0, 3 * RANKS - level)
    kept = [_bare(each, hint) for each in _kept(findings, floor)]
    left_out = sum(each.get("count", 1) for each in findings) - sum(each.get("count", 1) for each in kept)
    return {**result, "findings": kept, **({"left_out": left_out} if left_out else {})}


def _kept(findings: Iterable[Document], floor: int) -> list[Document]:
    """Leave out the findings of a rank and below, but for the worst of each phase and date,
    which the home tab shows."""
    worst: dict[tuple[Any, Any], Document] = {}
    for each in findings:
        place = (each.get("phase"), each.get("date"))
        if place not in worst or _rank(each) < _rank(worst[place]):
            worst[place] = each
    shown = {id(each) for each in worst.values()}
    return [each for each in findings if _rank(each) < floor or id(each) in shown]


def _with_short_texts(finding: Document, hint: str) -> Document:
    """A subject is a part of the key, so it stays."""
    return {**cut_texts(finding, LONG, hint), "subject": finding.get("subject")}


def _bare(finding: Document, hint: str) -> Document:
    return {
        **finding,
        "summary": cut_texts(finding.get("summary", ""), SHORT, hint),
        "evidence": {},
        "impact": "",
        "action": None,
        "link": None,
    }


def _rank(finding: Document) -> int:
    severity = finding.get("severity")
    return badness(Outcome(finding["outcome"]), None if severity is None else Severity[severity])
