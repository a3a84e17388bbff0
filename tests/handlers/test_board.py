"""The board: shown to whoever has the token, and to nobody else there is anything."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from bot.redaction.shown import Secret
from bot.serving.metrics import Metrics
from bot.serving.readiness import Readiness
from bot.serving.web import web_app
from bot.store.model import Changes, StoredReport, StoreError
from bot.store.sqlite import SqliteStore
from bot.timetable.board_reading import board_of
from handlers.board import COOKIE, EVERY_METHOD, KEPT, KeptPage, board_blueprint
from tests.handlers.rig import an_alert
from tests.pipelines.nba_world import NBA

TOKEN = "board-token-of-tests"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
NOW = datetime(2026, 2, 11, 13, 5, tzinfo=UTC)


def down() -> str:
    raise StoreError("connection refused by 10.0.0.1")


def client(
    pages: dict[str, Callable[[], str]] | None = None, refused: Callable[[], None] = lambda: None
) -> FlaskClient:
    shown = pages or {"nba": lambda: "<p>the page</p>"}
    titled = {name: (f"Title of {name}", page) for name, page in shown.items()}
    door = board_blueprint(Secret(TOKEN), titled, refused)
    ready = Readiness(dict, warnings=dict)
    return web_app(readiness=ready, metrics=Metrics().text, blueprints=(door,)).test_client()


def test_a_bearer_sees_the_page_and_nothing_keeps_it() -> None:
    answer = client().get("/board", headers=BEARER)

    assert (answer.status_code, answer.text) == (200, "<p>the page</p>")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(("proto", "secure"), [("https", True), ("http", False)])
def test_a_token_in_the_address_becomes_a_strict_cookie_and_leaves_the_address(proto: str, secure: bool) -> None:
    asking = client()
    answer = asking.get(f"/board?token={TOKEN}", headers={"X-Forwarded-Proto": proto})

    cookie = answer.headers["Set-Cookie"]
    assert answer.status_code == 200
    assert 'content="0; url=/board"' in answer.text
    assert all(each in cookie for each in (COOKIE, "HttpOnly", "SameSite=Strict", "Path=/board"))
    assert ("Secure" in cookie) is secure
    assert TOKEN not in answer.text + cookie
    if not secure:
        assert asking.get("/board").text == "<p>the page</p>"


STRANGERS = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40).filter(
    lambda text: text.strip() != TOKEN
)


@given(STRANGERS, st.sampled_from(EVERY_METHOD), st.sampled_from(["/board", "/board/nba", "/board/none"]))
def test_for_a_stranger_there_is_nothing(shown: str, method: str, path: str) -> None:
    told: list[bool] = []
    asking = client(refused=lambda: told.append(True))
    nothing = asking.open("/nothing", method="GET")
    ways: tuple[dict[str, Any], ...] = (
        {"headers": {"Authorization": f"Bearer {shown}"}},
        {"headers": {"Authorization": shown}},
        {"query_string": {"token": shown}},
        {"headers": {"Cookie": f"{COOKIE}={shown}"}},
        {},
    )

    for way in ways:
        answer = asking.open(path, method=method, **way)
        assert answer.status_code == 404
        assert list(answer.headers.keys()) == list(nothing.headers.keys())
        assert method == "HEAD" or answer.data == nothing.data
    assert len(told) == len(ways)


@pytest.mark.parametrize("near", [TOKEN[:-1], f"{TOKEN}x", TOKEN.upper(), f"{TOKEN}\u00e9", "x" * 100_000])
def test_a_token_that_is_nearly_right_is_wrong(near: str) -> None:
    assert client().get("/board", query_string={"token": near}).status_code == 404


def test_the_token_itself_is_no_cookie() -> None:
    assert client().get("/board", headers={"Cookie": f"{COOKIE}={TOKEN}"}).status_code == 404


@pytest.mark.parametrize("method", [each for each in EVERY_METHOD if each not in {"GET", "HEAD"}])
def test_the_board_is_only_read(method: str) -> None:
    assert client().open("/board", method=method, headers=BEARER).status_code == 405


def test_of_several_pipelines_each_has_a_page_and_all_a_list() -> None:
    asking = client({"one": lambda: "first", "two": lambda: "second"})

    listed = asking.get("/board", headers=BEARER).text
    assert '<a href="/board/one">Title of one</a>' in listed
    assert asking.get("/board/two", headers=BEARER).text == "second"
    assert asking.get("/board/three", headers=BEARER).status_code == 404


def test_while_the_store_is_down_the_page_says_so_and_asks_again() -> None:
    answer = client({"nba": down}).get("/board", headers=BEARER)

    assert answer.status_code == 503
    assert "10.0.0.1" not in answer.text
    assert 'http-equiv="refresh" content="60"' in answer.text
    assert "store" in answer.text.lower()


def test_a_page_is_drawn_once_for_all_who_ask_in_a_few_seconds() -> None:
    at, drawn = [0.0], iter(["first", "second"])
    page = KeptPage(drawn.__next__, lambda: at[0])

    assert [page(), page()] == ["first", "first"]
    at[0] = KEPT
    assert page() == "second"


def test_a_page_of_before_a_failure_is_not_shown_as_if_it_were_of_now() -> None:
    at = [0.0]

    def draw() -> str:
        return "first" if at[0] == 0 else down()

    page = KeptPage(draw, lambda: at[0])
    assert page() == "first"
    at[0] = KEPT

    with pytest.raises(StoreError):
        page()


def test_a_store_that_hangs_holds_up_one_request_and_no_other() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        go_on.wait(10)
        return "late"

    page = KeptPage(slow)
    first = threading.Thread(target=page)
    first.start()
    assert begun.wait(10)
    try:
        with pytest.raises(StoreError):
            page()
    finally:
        go_on.set()
        first.join(10)
    assert page() == "late"


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    kept = SqliteStore(":memory:")
    yield kept
    kept.close()


def a_report(day: int, verdict: str = "ALL CLEAR") -> StoredReport:
    at = NOW - timedelta(days=11 - day)
    document = {"verdict": verdict, "headline": "h", "now": at.isoformat(), "previous": f"2026-02-{day - 1:02}"}
    return StoredReport(
        key=f"digest:nba:2026-02-{day:02}:0800", pipeline="nba", job="digest", previous=f"2026-02-{day - 1:02}",
        at=at, verdict=verdict, document=document,
    )  # fmt: skip


def test_the_board_is_read_from_the_store_alone(store: SqliteStore) -> None:
    alert = an_alert(pipeline="nba", opened_at=NOW, changed_at=NOW, notified_at=NOW)
    store.commit(Changes(alerts=(alert,), reports=[a_report(day) for day in (9, 10, 11)]))

    page = board_of(store, NBA, NOW, 60)

    assert page.document is not None
    assert page.document["previous"] == "2026-02-10"
    assert [each["previous"] for each in page.history] == ["2026-02-09", "2026-02-08"]
    assert page.alerts is not None
    assert [each.key for each in page.alerts] == [alert.key]
    assert page.next_look is not None


def test_an_empty_store_has_a_board_too(store: SqliteStore) -> None:
    page = board_of(store, NBA, NOW, 60)

    assert (page.document, list(page.history), page.alerts) == (None, [], [])
