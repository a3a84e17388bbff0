"""The page: the verdict, what is wrong, the phases, open alerts, and the pictures of the last weeks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bot.alerting.holds import Hold
from bot.render.alert_list import gravest_first, since_words, state_words
from bot.render.alert_title import short_title
from bot.render.maintenance import hold_note
from bot.render.message import Mark, mark_of_severity
from bot.render.phase_marks import findings_in, mark_words, phase_mark
from bot.render.post import Code, Mention, Span, Strong
from bot.render.standing import UNVALIDATED, lead, since_report
from bot.render.webpage.diagram import diagram_html
from bot.render.webpage.markup import NOTHING, Child, Markup, element
from bot.render.webpage.pictures import diagrams_of
from bot.render.webpage.problems import problem_sections
from bot.render.webpage.shapes import icon
from bot.render.webpage.style import STYLE
from bot.render.words import capital, interval_title, named_interval, number, time_of, words_of_intervals
from bot.store.model import Alert
from checks.model import Verdict
from checks.pipeline import Pipeline

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""What a browser may do with the page: read it, and its own style."""

ALERTS_AT_MOST = 50

MARKS: Mapping[Verdict, Mark] = {
    Verdict.BLOCKED: Mark.P0,
    Verdict.ACT: Mark.P1,
    Verdict.UNKNOWN: Mark.UNKNOWN,
    Verdict.WATCH: Mark.P2,
    Verdict.ALL_CLEAR: Mark.PASSED,
}

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebPage:
    """What the page shows. ``document`` is the report's JSON, None before the first; ``history`` are the documents of
    digests, the newest first. ``alerts`` are open ones, and ``resolved`` those that ended since; None where no store
    is read. ``refresh`` are the seconds after which a browser asks again."""

    pipeline: Pipeline
    now: datetime
    document: Document | None
    history: Sequence[Document] = ()
    alerts: Sequence[Alert] | None = None
    resolved: Sequence[Alert] = ()
    next_look: datetime | None = None
    hold: Hold | None = None
    refresh: int | None = None

    @property
    def today(self) -> date:
        return self.now.astimezone(self.pipeline.zone).date()

    @property
    def known(self) -> Sequence[Document]:
        """Every document, the newest first."""
        return self.history if self.document is None else (self.document, *self.history)


def page_html(page: WebPage) -> str:
    """Return the page. Pure: the same state always looks the same."""
    return html_of(page.pipeline.title, _sections(page), page.refresh)


def notice_html(title: str, *sentences: Markup | str, refresh: int | str | None = None) -> str:
    """Return a page that only says something; ``refresh`` may lead to another address."""
    return html_of(title, [element("h1", title), *(element("div", each) for each in sentences)], refresh)


def html_of(title: str, parts: Iterator[Markup] | Sequence[Markup], refresh: int | str | None) -> str:
    """Return a document around parts."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", http_equiv="refresh", content=refresh) if refresh else NOTHING,
        element("title", title),
        element("style", Markup(STYLE)),
    )
    body = element("body", element("main", *parts))
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _sections(page: WebPage) -> Iterator[Markup]:
    yield element("h1", page.pipeline.title)
    if page.document is None:
        yield element("p", f"{UNVALIDATED}.")
    else:
        yield _verdict(page, page.document)
        yield from problem_sections(page.document, page.pipeline.zone, page.now)
        yield _phases(page, page.document)
    if page.alerts is not None:
        yield _alerts(page, page.alerts)
    for each in diagrams_of(page.known, page.pipeline, page.now):
        yield element("section", element("h2", each.title), diagram_html(each))
    yield _foot(page)


def _verdict(page: WebPage, document: Document) -> Markup:
    verdict, zone = Verdict(document["verdict"]), page.pipeline.zone
    seen = datetime.fromisoformat(str(document["now"]))
    changed = NOTHING
    if page.alerts is not None:
        standing = since_report(verdict, seen, document, (*page.alerts, *page.resolved))
        if standing.now is not verdict and (standing.until is not None or standing.is_worse):
            changed = element("p", f"{lead(standing, zone)}.")
    judged = capital(_interval(page, str(document.get("previous"))))
    return element(
        "div",
        element("p", element("strong", icon(MARKS[verdict]), verdict.value), str(document.get("headline") or "")),
        changed,
        element("p", f"{judged} · checked at {time_of(seen, zone, page.now)}", class_="soft"),
        class_=f"verdict {MARKS[verdict].value.lower()}",
    )


def _interval(page: WebPage, name: str) -> str:
    word = words_of_intervals(page.pipeline, page.now).get(name, "")
    return named_interval(word, interval_title(name, page.today))


def _phases(page: WebPage, document: Document) -> Markup:
    names = list(dict.fromkeys(str(document.get(each)) for each in ("previous", "current")))
    rows = []
    for phase in page.pipeline.phases:
        marks = [phase_mark(document, phase.id, name) for name in names]
        if any(marks):
            made = [_made(document, phase.id, phase.makes, name) for name in names]
            cells = [_cell(mark, figure) for mark, figure in zip(marks, made, strict=True)]
            rows.append(element("tr", element("th", phase.title, scope="row"), *cells))
    if not rows:
        return NOTHING
    columns = [element("th", capital(_interval(page, name)), scope="col") for name in names]
    head = element("thead", element("tr", element("th", "Phase", scope="col"), *columns))
    return element("section", element("h2", "Phases"), element("table", head, element("tbody", *rows)))


def _cell(mark: Mark | None, figure: str) -> Markup:
    if mark is None:
        return element("td", "-")
    beside = f" · {figure}" if figure else ""
    said = element("span", icon(mark), mark_words(mark), class_="mark")
    return element("td", said, beside, class_=mark.value.lower())


def _made(document: Document, phase: str, makes: str, interval: str) -> str:
    """Return how much a phase made, where that is known."""
    for result, finding in findings_in(document):
        rows = (finding.get("evidence") or {}).get("effect_rows")
        is_its = (finding.get("phase") or result.get("phase")) == phase and finding.get("interval") == interval
        if is_its and isinstance(rows, int) and rows:
            return f"{rows:,} {makes or 'rows'}"
    return ""


def _alerts(page: WebPage, alerts: Sequence[Alert]) -> Markup:
    shown = gravest_first(alerts)[:ALERTS_AT_MOST]
    left = len(alerts) - len(shown)
    more = element("p", f"… and {number(left, 'less grave one')}.", class_="soft") if left else NOTHING
    title = f"Open alerts: {len(alerts)}" if alerts else "No open alert"
    return element("section", element("h2", title), *(_alert(page, each) for each in shown), more)


def _alert(page: WebPage, alert: Alert) -> Markup:
    mark, zone = mark_of_severity(alert.severity), page.pipeline.zone
    state = (f"{since_words(alert, zone, page.now)} · ", *map(_span, state_words(alert, zone, page.now)))
    return element(
        "article",
        element("h3", element("span", icon(mark), alert.severity.name, class_="mark"), f" {short_title(alert)}"),
        element("p", *state, class_="soft"),
        class_=mark.value.lower(),
    )


def _span(span: Span) -> Child:
    """Return a part of a text; a person by the ID that Slack knows, because nothing is asked of Slack here."""
    match span:
        case str():
            return span
        case Strong(inside):
            return element("strong", *map(_span, inside))
        case Mention(name) | Code(name):
            return element("code", name)
        case _:
            return NOTHING


def _foot(page: WebPage) -> Markup:
    zone = page.pipeline.zone
    look = f"Next check {time_of(page.next_look, zone, page.now)} · " if page.next_look else ""
    held = element("p", hold_note(page.hold, zone, page.now)) if page.hold is not None else NOTHING
    return element("footer", held, element("p", f"{look}Drawn {time_of(page.now, zone, page.now)}", class_="soft"))
