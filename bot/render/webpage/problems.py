"""What is wrong, from a stored report: the causes with effect, evidence and next step; failures that none explains;
what could not be checked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.render.message import Mark, mark_of_severity
from bot.render.phase_marks import finding_mark, findings_in
from bot.render.slack_text import is_safe_link
from bot.render.webpage.markup import NOTHING, Child, Markup, element, joined_markup
from bot.render.webpage.shapes import icon
from bot.render.words import clean, clean_command, evidence_words, number, once
from checks.model import Outcome, Severity

Document = Mapping[str, Any]
Key = tuple[str, str, str | None]

LESSER_AT_MOST = 20
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d(?P<clock>T\d\d:\d\d.*)?")


def problem_sections(document: Document, zone: ZoneInfo, now: datetime) -> Iterator[Markup]:
    """Yield a section for the causes and failures, and one for what could not be checked."""
    found = {_key(result, finding): (result, finding) for result, finding in findings_in(document)}
    causes = [each for each in document.get("causes") or () if isinstance(each, Mapping)]
    explained = {_explained(each) for cause in causes for each in cause.get("explains") or ()}
    loose = sorted(
        (pair for key, pair in found.items() if key not in explained),
        key=lambda pair: list(Mark).index(finding_mark(pair[1])),
    )
    failed = [pair for pair in loose if pair[1]["outcome"] == Outcome.FAILED]
    if causes or failed:
        told = [_cause(each, found, zone, now) for each in causes]
        told += [_failure(result, finding, zone, now) for result, finding in failed[:LESSER_AT_MOST]]
        left = len(failed) - LESSER_AT_MOST
        more = element("p", f"… and {number(left, 'less grave one')}.", class_="soft") if left > 0 else NOTHING
        yield element("section", element("h2", "What is wrong"), *told, more)
    unknown = [pair for pair in loose if pair[1]["outcome"] == Outcome.UNKNOWN]
    if unknown:
        lines = once(f"{result.get('title')}: {finding.get('summary')}" for result, finding in unknown)
        items = [element("li", icon(Mark.UNKNOWN), each) for each in lines]
        yield element("section", element("h2", "Could not check"), element("ul", *items))


def _key(result: Document, finding: Document) -> Key:
    return str(result.get("check")), str(finding.get("subject")), finding.get("interval")


def _explained(key: Document) -> Key:
    return str(key.get("check")), str(key.get("subject")), key.get("interval")


def _cause(cause: Document, found: Mapping[Key, tuple[Document, Document]], zone: ZoneInfo, now: datetime) -> Markup:
    keys = [_explained(each) for each in cause.get("explains") or ()]
    behind = sorted((found[key][1] for key in keys if key in found), key=_gravity)
    effects = once(str(each.get("impact") or "") for each in behind)
    return _article(
        mark_of_severity(Severity[cause["severity"]]),
        "Cause",
        cause.get("sentence"),
        ("Effect", effects[0] if effects else ""),
        ("Evidence", _evidence(cause, zone, now)),
        ("Next step", _step(cause.get("action"))),
        ("Also affected", _affected(once(str(each.get("summary") or "") for each in behind))),
    )


def _affected(summaries: Sequence[str]) -> Markup:
    items = [element("li", each) for each in summaries]
    return (
        element("details", element("summary", number(len(items), "finding")), element("ul", *items))
        if items
        else NOTHING
    )


def _gravity(finding: Document) -> int:
    return list(Mark).index(finding_mark(finding))


def _failure(result: Document, finding: Document, zone: ZoneInfo, now: datetime) -> Markup:
    return _article(
        finding_mark(finding),
        str(result.get("title")),
        finding.get("summary"),
        ("Effect", finding.get("impact") or ""),
        ("Evidence", _evidence(finding, zone, now)),
        ("Next step", _step(finding.get("action"))),
        ("Source", _link(finding.get("link"))),
    )


def _article(mark: Mark, title: str, sentence: object, *facts: tuple[str, Child]) -> Markup:
    rows = [joined_markup(element("dt", name), element("dd", said)) for name, said in facts if said]
    return element(
        "article",
        element("h3", element("span", icon(mark), mark.value, class_="mark"), f" {title}"),
        element("p", str(sentence or "")),
        element("dl", *rows) if rows else NOTHING,
        class_=mark.value.lower(),
    )


def _evidence(of: Document, zone: ZoneInfo, now: datetime) -> str:
    facts = {str(key): _value(value) for key, value in (of.get("evidence") or {}).items()}
    return evidence_words(facts, zone, now)


def _value(value: Any) -> Any:
    """Return a value of JSON as what it was: a time or a date, else itself."""
    match = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return value if isinstance(value, str | int | float | None) else str(value)
    try:
        return datetime.fromisoformat(value) if match["clock"] else date.fromisoformat(value)
    except ValueError:
        return value


def _step(action: Document | None) -> Markup:
    if not action:
        return NOTHING
    command = clean_command(str(action.get("command") or ""))
    lines: Sequence[str] = command.splitlines()
    shown = element("pre", *(joined_markup(each, Markup("\n")) for each in lines)) if lines else NOTHING
    return joined_markup(str(action.get("text") or ""), shown)


def _link(link: Any) -> Markup:
    address = clean(str(link or ""))
    if not is_safe_link(address):
        return NOTHING
    return element("a", "where this is seen", href=address, rel="noreferrer noopener")
