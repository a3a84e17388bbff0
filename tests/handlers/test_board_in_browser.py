"""The report and the board in Chromium: axe judges them in light, in the dark and on a phone; a link opens the board.

Chromium is Debian's own; where it is missing these tests are skipped, and fail in continuous integration.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from bot.redaction.shown import Secret
from bot.render.webpage.page import WebPage, page_html
from bot.serving.metrics import Metrics
from bot.serving.readiness import Readiness
from bot.serving.web import web_app
from handlers.board import board_blueprint
from tests.bot.render.test_pictures import evidence
from tests.bot.render.test_webpage import NOW, cause, document, failed, finding
from tests.handlers.rig import an_alert
from tests.pipelines.nba_world import NBA
from tests.preview.chromium import RULES as ALL_RULES
from tests.preview.chromium import launched, violations

RULES = {
    **ALL_RULES,
    # A screen on a wall has nobody who asks again; nothing on the page is written to, so nothing is lost.
    "rules": {"meta-refresh": {"enabled": False}},
}
TOKEN = "board-token-of-tests"
VOLUME = {"expectation": "volume", "measured": 57.5, "exposure": 4.0, "median": 50.0, "low": 30.0}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


def shown() -> str:
    wrong = failed(10, summary="There are none.", impact="Tonight has no predictions.")
    severities = [failed(10, each, subject=each, phase=f"phase{at}") for at, each in enumerate(("P1", "P2", "P3"), 1)]
    unknown = finding(10, "phase4", subject="b", outcome="unknown", severity="P0", summary="The log cannot be read.")
    skipped = finding(11, "phase2", outcome="skipped")
    late = evidence(run="same_day", effect_last_at="2026-02-11T15:10:00+00:00")
    night = [finding(10, "phase4", evidence=late), finding(10, evidence=evidence())]
    others = [unknown, skipped, finding(10, evidence=VOLUME), *night]
    day = document(10, wrong, *severities, *others, verdict="BLOCKED", causes=[cause()])
    history = [document(each, finding(each, evidence=VOLUME)) for each in (9, 8, 7, 5)]
    alert = an_alert(opened_at=NOW, changed_at=NOW, notified_at=NOW)
    return page_html(WebPage(pipeline=NBA, now=NOW, document=day, history=history, alerts=[alert], refresh=60))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    door = board_blueprint(Secret(TOKEN), {"nba": (NBA.title, shown)})
    app = web_app(readiness=Readiness(dict, warnings=dict), metrics=Metrics().text, blueprints=(door,))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    serving.join()


def judged(page: Page) -> None:
    assert violations(page, RULES) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


PHONE: Mapping[str, Any] = {"viewport": {"width": 360, "height": 740}}


@pytest.mark.parametrize(
    "options",
    [{"color_scheme": "light"}, {"color_scheme": "dark"}, PHONE, {"color_scheme": "dark", **PHONE}],
    ids=["light", "dark", "phone", "phone in the dark"],
)
def test_everybody_can_read_the_page(chromium: Browser, options: Mapping[str, Any]) -> None:
    page = chromium.new_page(bypass_csp=True, **options)
    page.set_content(shown())

    assert page.locator('figure > svg[aria-label*="expected by"]').count() == 1
    judged(page)
    page.locator("summary").last.click()
    judged(page)
    page.close()


SMALL = """() => [...document.querySelectorAll("figure > svg text")].filter((each) => {
  const picture = each.ownerSVGElement.getBoundingClientRect(), box = each.getBoundingClientRect();
  const enlarged = picture.width / each.ownerSVGElement.viewBox.baseVal.width;
  const size = parseFloat(getComputedStyle(each).fontSize) * enlarged;
  return size < 9.5 || size > 16 || box.left < picture.left - 1 || box.right > picture.right + 1;
}).map((each) => each.textContent)"""
CLIPPED = """() => [...document.querySelectorAll("figcaption svg")].filter((each) => {
  const { x, y, width, height } = each.getBBox();
  return Math.min(x, y) < -7.2 || Math.max(x + width, y + height) > 7.2;
}).map((each) => each.parentElement.textContent)"""


@pytest.mark.parametrize("options", [{}, PHONE], ids=["wide", "phone"])
def test_the_letters_of_pictures_are_as_large_as_small_print_and_no_sign_is_clipped(
    chromium: Browser, options: Mapping[str, Any]
) -> None:
    page = chromium.new_page(bypass_csp=True, **options)
    page.set_content(shown())

    assert page.evaluate(SMALL) == []
    assert page.evaluate(CLIPPED) == []
    page.close()


def test_a_link_of_another_site_opens_the_board_and_its_address_keeps_no_token(chromium: Browser, address: str) -> None:
    page = chromium.new_page()
    elsewhere = address.replace("127.0.0.1", "localhost")
    page.goto(f"{elsewhere}/health")
    page.evaluate("to => { location.href = to }", f"{address}/board?token={TOKEN}")

    page.wait_for_url(f"{address}/board")
    page.get_by_role("heading", name="What is wrong").wait_for()
    page.close()
