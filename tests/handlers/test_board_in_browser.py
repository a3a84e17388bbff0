"""The report and the board in Chromium: axe judges them in light, in the dark and on a phone; a link opens the board.

Chromium is Debian's own; where it is missing these tests are skipped, and fail in continuous integration.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
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
    day = document(
        10, wrong, *severities, unknown, skipped, finding(10, evidence=VOLUME), verdict="BLOCKED", causes=[cause()]
    )
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


@pytest.mark.parametrize(
    "options",
    [{"color_scheme": "light"}, {"color_scheme": "dark"}, {"viewport": {"width": 360, "height": 740}}],
    ids=["light", "dark", "phone"],
)
def test_everybody_can_read_the_page(chromium: Browser, options: dict[str, Any]) -> None:
    page = chromium.new_page(bypass_csp=True, **options)
    page.set_content(shown())

    judged(page)
    page.locator("summary").last.click()
    judged(page)
    page.close()


def test_a_link_of_another_site_opens_the_board_and_its_address_keeps_no_token(chromium: Browser, address: str) -> None:
    page = chromium.new_page()
    elsewhere = address.replace("127.0.0.1", "localhost")
    page.goto(f"{elsewhere}/health")
    page.evaluate("to => { location.href = to }", f"{address}/board?token={TOKEN}")

    page.wait_for_url(f"{address}/board")
    page.get_by_role("heading", name="What is wrong").wait_for()
    page.close()
