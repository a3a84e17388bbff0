"""The web page of a report: complete, harmless whatever it is made of, and readable without its colours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.render.message import Mark
from bot.render.trend import Trend, TrendPoint
from bot.render.webpage.band import band_figure, band_words
from bot.render.webpage.markup import Markup, element
from bot.render.webpage.page import WebPage, page_html
from bot.render.webpage.shapes import OUTLINES
from bot.render.webpage.strip import COLUMNS, strip_figure, strip_of, strip_words
from checks.model import Verdict
from tests.handlers.rig import an_alert
from tests.pipelines.nba_world import NBA

NOW = datetime(2026, 2, 11, 13, 5, tzinfo=UTC)
TODAY = date(2026, 2, 11)
ATTACK = """<script>alert(1)</script>"'><img src=x onerror=alert(1)>&#60;b&#62;\u202e\x1b[31m"""

JsonDict = dict[str, Any]


def finding(day: int, phase: str = "phase5", **changed: Any) -> JsonDict:
    return {
        "outcome": "passed", "severity": None, "code": "ok", "subject": "a", "summary": "All there.", "phase": phase,
        "interval": f"2026-02-{day:02}", "evidence": {}, "impact": "", "action": None, "link": None, **changed,
    }  # fmt: skip


def document(day: int, *findings: JsonDict, **changed: Any) -> JsonDict:
    results = [
        {"check": "predictions-sound", "title": "Are they sound?", "phase": "phase5", "findings": list(findings)}
    ]
    return {
        "verdict": "ALL CLEAR", "headline": "All is well", "previous": f"2026-02-{day:02}", "current": "2026-02-11",
        "now": NOW.isoformat(), "causes": [], "results": results, **changed,
    }  # fmt: skip


def failed(day: int, severity: str = "P0", **changed: Any) -> JsonDict:
    return finding(day, outcome="failed", severity=severity, **changed)


def page(shown: JsonDict | None, **changed: Any) -> str:
    return page_html(WebPage(pipeline=NBA, now=NOW, document=shown, **changed))


class Seen(HTMLParser):
    """What a browser makes of a page: its elements, their attributes, its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, Mapping[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def cause(**changed: Any) -> JsonDict:
    explains = [{"check": "predictions-sound", "subject": "a", "interval": "2026-02-10"}]
    return {
        "code": "x", "subject": "a", "sentence": "The worker fails.", "severity": "P0", "phase": "phase5",
        "evidence": {"deployed_at": "2026-02-05T07:13:00+00:00", "revision": "worker-2"},
        "action": {"text": "Send traffic back.", "command": "gcloud one\ngcloud two", "repair": None},
        "explains": explains, **changed,
    }  # fmt: skip


def test_a_cause_tells_its_effect_evidence_and_next_step_once() -> None:
    wrong = failed(10, summary="There are none.", impact="Tonight has no predictions.")
    seen = Seen(page(document(10, wrong, verdict="BLOCKED", causes=[cause()])))

    for each in ("BLOCKED", "The worker fails.", "Tonight has no predictions.", "deployed at: 5 Feb 02:13",
                 "revision: worker-2", "Send traffic back.", "gcloud one gcloud two"):  # fmt: skip
        assert each in seen.text
    assert seen.text.count("There are none.") == 1


def test_a_failure_without_a_cause_and_what_could_not_be_checked_are_told() -> None:
    wrong = failed(10, "P1", summary="Too few rows.", link="https://console.example.com/a")
    unknown = finding(10, subject="b", outcome="unknown", severity="P0", summary="The log cannot be read.")
    seen = Seen(page(document(10, wrong, unknown, verdict="ACT")))

    assert "Too few rows." in seen.text
    assert "Could not check" in seen.text
    assert "Are they sound?: The log cannot be read." in seen.text
    assert ("a", {"href": "https://console.example.com/a", "rel": "noreferrer noopener"}) in seen.elements


@pytest.mark.parametrize("link", ["javascript:alert(1)", "http://example.com", 'https://a"b', None])
def test_what_is_no_safe_address_becomes_no_link(link: str | None) -> None:
    assert "<a " not in page(document(10, failed(10, link=link)))


def hostile(words: str) -> str:
    wrong = failed(10, summary=words, impact=words, link=words, evidence={words: words, "effect_rows": 3},
                   action={"text": words, "command": words, "repair": words})  # fmt: skip
    explained = cause(sentence=words, evidence={"a": words}, action={"text": words, "command": words})
    shown = document(10, wrong, headline=words, causes=[explained])
    alert = an_alert(title=words, reason=words, owner="U0EXAMPLE1", opened_at=NOW, changed_at=NOW, notified_at=NOW)
    pipeline = NBA.model_copy(update={"title": words or "a"})
    history = [document(9, finding(9)), document(8, finding(8))]
    return page_html(WebPage(pipeline=pipeline, now=NOW, document=shown, alerts=[alert], history=history, refresh=60))


@given(st.one_of(st.just(ATTACK), st.text(max_size=60)))
def test_no_text_becomes_markup_or_leads_elsewhere(words: str) -> None:
    known, found = Seen(hostile("harmless")), Seen(hostile(words))

    allowed = {tag for tag, _ in known.elements}
    assert {tag for tag, _ in found.elements} <= allowed
    assert found.open == []
    for tag, attributes in found.elements:
        assert not {"src", "onerror", "onload", "srcset", "data", "xlink:href"} & attributes.keys()
        assert tag not in {"script", "link", "img", "iframe", "use", "object"}
    assert all(char.isprintable() or char == "\n" for char in hostile(words))


def test_the_page_forbids_everything_but_its_own_style() -> None:
    metas = [attributes for tag, attributes in Seen(page(None)).elements if tag == "meta"]

    policy = {"http-equiv": "Content-Security-Policy", "content": "default-src 'none'; style-src 'unsafe-inline'"}
    assert policy in metas
    assert not any(each.get("http-equiv") == "refresh" for each in metas)
    assert "url(" not in page(None)
    assert '<meta http-equiv="refresh" content="60">' in page(None, refresh=60)


def test_before_the_first_report_the_page_says_so() -> None:
    assert "The latest run has not been validated yet." in Seen(page(None, alerts=[])).text


def test_a_report_that_was_cut_for_the_store_is_shown_as_far_as_it_goes() -> None:
    cut = {name: value for name, value in document(10).items() if name not in {"results", "causes"}}
    bare = {"outcome": "failed", "severity": "P1", "subject": "a", "interval": "2026-02-10", "summary": "Cut."}
    some = {**document(10), "results": [{"check": "a", "title": "A?", "phase": "phase5", "findings": [bare]}]}

    assert "All is well" in page(cut)
    assert "Cut." in page(some)


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_has_a_page(verdict: Verdict) -> None:
    assert verdict.value in Seen(page(document(10, finding(10), verdict=verdict.value))).text


def test_a_verdict_that_no_alert_bears_any_more_says_so() -> None:
    wrong = document(10, failed(10), verdict="BLOCKED")
    new = an_alert(opened_at=NOW + timedelta(hours=1), changed_at=NOW, notified_at=NOW)
    healthy = page(document(10, finding(10)), alerts=[new])

    assert "1 alert is open" in Seen(healthy).text
    assert "No open alert" in Seen(page(wrong, alerts=[])).text


def test_the_strip_has_a_column_for_each_day_and_one_that_nobody_reported() -> None:
    found = strip_of([document(10, failed(10)), document(10, finding(10)), document(8, finding(8))], NBA)

    assert found is not None
    assert found.intervals == ["2026-02-08", "2026-02-09", "2026-02-10"]
    assert found.rows == [("Predictions", [Mark.PASSED, None, Mark.P0])]


def test_the_strip_ends_after_two_weeks_and_begins_with_two_columns() -> None:
    days = [document(day, finding(day)) for day in range(28, 0, -1)]
    found = strip_of(days, NBA)

    assert found is not None
    assert len(found.intervals) == COLUMNS
    assert found.intervals[-1] == "2026-02-28"
    assert strip_of(days[:1], NBA) is None
    assert strip_of([], NBA) is None


def test_the_strip_is_told_in_words_with_its_worst_first() -> None:
    days = [document(10, failed(10, "P2")), document(9, failed(9)), document(8, finding(8))]
    found = strip_of(days, NBA)

    assert found is not None
    (line,) = strip_words(found, TODAY)
    assert line == "Predictions: P0 failed on Mon 9 Feb; P2 failed on Tue 10 Feb; OK on 1 of them."
    assert line in strip_figure(found, TODAY).said


def test_every_state_has_a_shape_of_its_own() -> None:
    drawn = [(outline, sign, kind) for outline, sign, kind in OUTLINES.values()]

    assert set(OUTLINES) == set(Mark)
    assert len(set(drawn)) == len(drawn)


def points(*measured: int) -> Trend:
    days = [TrendPoint(f"2026-02-{day:02}", amount, 100, 300) for day, amount in enumerate(measured, 1)]
    return Trend("Predictions", days)


def test_what_lies_outside_of_the_band_is_a_square_and_named() -> None:
    trend = points(100, 99, 300, 301)
    drawn = Seen(band_figure(trend, TODAY).inside)

    assert sum(tag == "circle" for tag, _ in drawn.elements) == 2
    assert sum(tag == "rect" and each.get("class") == "shape" for tag, each in drawn.elements) == 2
    words = band_words(trend, TODAY)
    assert "Outside of the band: Mon 2 Feb (99; usual 100 to 300), Wed 4 Feb (301; usual 100 to 300)." in words
    assert "All lie in their band." in band_words(points(200, 200, 200), TODAY)


@given(st.lists(st.tuples(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10**12)), min_size=1))
def test_whatever_was_made_is_drawn_within_the_picture(amounts: list[tuple[int, int, int]]) -> None:
    days = [TrendPoint("2026-02-01", made, min(a, b), max(a, b)) for made, a, b in amounts]
    seen = Seen(band_figure(Trend("Rows", days), TODAY).inside)

    for _, each in seen.elements:
        for name, most in (("x", 340), ("y", 130), ("cx", 340), ("cy", 130)):
            assert -4 <= float(each.get(name) or 0) <= most + 4


def test_the_pictures_appear_where_there_is_a_history() -> None:
    volume = {"expectation": "volume", "measured": 57.5, "exposure": 4.0, "median": 50.0, "low": 30.0}
    days = [document(day, finding(day, evidence=volume)) for day in range(10, 6, -1)]

    alone, with_history = page(days[0]), page(days[0], history=days[1:])

    titles = ("The last days by phase", "Predictions made, and what was usual")
    assert [title in alone for title in titles] == [False, False]
    assert [title in with_history for title in titles] == [True, True]


def test_attributes_are_escaped_and_markup_is_not_escaped_again() -> None:
    made = element("p", Markup("<b>a</b>"), "<c>", title='"x" <y>', class_="k", hidden=None)

    assert made == '<p title="&quot;x&quot; &lt;y&gt;" class="k"><b>a</b>&lt;c&gt;</p>'
