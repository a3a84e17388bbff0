"""The board: a page for the wall, and for when Slack is down. It is read from the store, and changes nothing.

Whoever has no token is told what is told of any path that is not there.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from urllib.parse import quote

from flask import Blueprint, Response, abort, request

from bot.redaction.shown import Secret
from bot.render.webpage.markup import Markup, element
from bot.render.webpage.page import POLICY, notice_html
from bot.store.model import StoreError
from handlers.errors import told

PATH = "/board"
COOKIE = "reveille_board"
COOKIE_SECONDS = 90 * 24 * 3600

REFRESH = 60
"""Seconds after which a browser asks again."""

KEPT = 10.0
"""Seconds for which a page is shown again to whoever else asks: a wall of screens reads the store once."""

LONGEST_TOKEN = 4_096

EVERY_METHOD = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""What a stranger may try: a method that is not taken would say that there is something."""

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": f"{POLICY}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

Draw = Callable[[], str]
"""Draws the page of one pipeline. Raises StoreError."""


class KeptPage:
    """The page of one pipeline. One request at a time reads the store: the others get the page before, so that a store
    that does not answer takes one thread of the web server and not all."""

    def __init__(self, draw: Draw, timer: Callable[[], float] = time.monotonic) -> None:
        self._draw = draw
        self._timer = timer
        self._lock = threading.Lock()
        self._page = ""
        self._until = float("-inf")

    def __call__(self) -> str:
        """Return the page; raises StoreError where there is none and the store gives none."""
        if self._timer() < self._until:
            return self._page
        if not self._lock.acquire(blocking=False):
            if self._page:
                return self._page
            raise StoreError("it is being read for somebody else")
        try:
            self._page = self._draw()
            self._until = self._timer() + KEPT
        except StoreError:
            # What was so before it failed is not shown as what is so now.
            self._page, self._until = "", float("-inf")
            raise
        finally:
            self._lock.release()
        return self._page


def board_blueprint(
    token: Secret, pages: Mapping[str, tuple[str, Callable[[], str]]], refused: Callable[[], None] = lambda: None
) -> Blueprint:
    """Return the route ``/board``, and ``/board/<pipeline>`` for one of several.

    ``pages`` are the titles and pages of the pipelines by their names; ``refused`` hears of each who has no token.
    """
    blueprint = Blueprint("board", __name__)

    @blueprint.route(PATH, methods=EVERY_METHOD, provide_automatic_options=False)
    @blueprint.route(f"{PATH}/<name>", methods=EVERY_METHOD, provide_automatic_options=False)
    def board(name: str = "") -> Response:
        if not is_let_in(token):
            refused()
            abort(HTTPStatus.NOT_FOUND)
        if request.method not in {"GET", "HEAD"}:
            abort(HTTPStatus.METHOD_NOT_ALLOWED)
        if "token" in request.args:
            return _remember(token)
        if name and name not in pages:
            abort(HTTPStatus.NOT_FOUND)
        if not name and len(pages) > 1:
            return _answer(_list(pages))
        title, page = pages[name] if name else next(iter(pages.values()))
        try:
            return _answer(page())
        except StoreError as error:
            said = notice_html(title, told(error), refresh=REFRESH)
            return _answer(said, HTTPStatus.SERVICE_UNAVAILABLE)

    return blueprint


def is_let_in(token: Secret) -> bool:
    """Whether a request shows the token: as a bearer, in its address, or by the cookie that this gave it."""
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    given = [
        (bearer if scheme.lower() == "bearer" else "", token.reveal()),
        (request.args.get("token", ""), token.reveal()),
        (request.cookies.get(COOKIE, ""), _ticket(token)),
    ]
    return any([_is_same(shown, expected) for shown, expected in given])  # noqa: C419 - each is compared, whichever is right


def _is_same(shown: str, expected: str) -> bool:
    """Compare in constant time."""
    kept = shown[:LONGEST_TOKEN].encode(errors="replace")
    return hmac.compare_digest(kept, expected.encode())


def _ticket(token: Secret) -> str:
    """Return what the cookie holds: it opens the board, and is not the token."""
    return hmac.new(token.reveal().encode(), b"reveille board", hashlib.sha256).hexdigest()


def _remember(token: Secret) -> Response:
    """Give the cookie, and lead to the same page without the token in its address.

    A page leads there and no redirect: a browser keeps a strict cookie from a redirect that another site began.
    """
    there = quote(request.path)
    link = element("a", "To the board", href=there)
    answer = _answer(notice_html("Board", link, refresh=f"0; url={there}"))
    answer.set_cookie(
        COOKIE,
        _ticket(token),
        max_age=COOKIE_SECONDS,
        path=PATH,
        httponly=True,
        samesite="Strict",
        secure=request.headers.get("X-Forwarded-Proto", request.scheme).split(",")[0].strip() == "https",
    )
    return answer


def _list(pages: Mapping[str, tuple[str, object]]) -> str:
    links = (element("li", element("a", title, href=f"{PATH}/{quote(name)}")) for name, (title, _) in pages.items())
    return notice_html("Boards", Markup(element("ul", *links)))


def _answer(page: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(page, status, HEADERS, content_type="text/html; charset=utf-8")
