"""The web server's routes: health, readiness, metrics, what is mounted beside them; Slack's door stands in front."""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from bot.redaction.shown import Secret
from bot.serving.readiness import Readiness
from bot.serving.refusals import Refusals, Refused
from bot.serving.slack_endpoint import LARGEST_BODY, PATH, SlackEndpoint

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Insight:
    """Who may see metrics, and reasons beside readiness: whoever has the token; without one everybody or nobody."""

    everybody: bool = False
    token: Secret | None = None

    @property
    def anybody(self) -> bool:
        return self.everybody or self.token is not None

    def given_to(self, authorization: str) -> bool:
        """Whether somebody with this header may see; compared in constant time."""
        if self.token is None:
            return self.everybody
        return hmac.compare_digest(authorization.encode(), f"Bearer {self.token.reveal()}".encode())


def web_app(
    *,
    readiness: Readiness,
    metrics: Callable[[], bytes],
    slack: SlackEndpoint | None = None,
    blueprints: Sequence[Blueprint] = (),
    insight: Insight = Insight(),
    refusals: Refusals | None = None,
) -> Flask:
    """Return the application of one port. Without ``slack`` it has no door for Slack, as in Socket Mode.

    Health never looks anywhere: it says that the process serves. No path ends in ``z``, because Cloud Run keeps
    such paths to itself.
    """
    app = Flask("reveille", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.json.sort_keys = False  # type: ignore[attr-defined]  # of the default provider
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(Exception, _broken)

    @app.get("/health")
    def health() -> Response:
        return jsonify(status="alive")

    _show(app, readiness, metrics, insight, refusals)
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    if slack is not None:
        app.wsgi_app = _with_door(slack, app.wsgi_app)  # type: ignore[assignment,method-assign]  # as Flask has it
    return app


def _show(
    app: Flask, readiness: Readiness, metrics: Callable[[], bytes], insight: Insight, refusals: Refusals | None
) -> None:
    """Add readiness, which everybody may ask for, and what only those see to whom insight is given."""

    def may_see() -> bool:
        return insight.given_to(request.headers.get("Authorization", ""))

    @app.get("/ready")
    def ready() -> tuple[Response, int]:
        problems = readiness()
        if not problems:
            others = {"warnings": dict(found)} if may_see() and (found := readiness.warnings()) else {}
            return jsonify(status="ready", **others), HTTPStatus.OK
        reasons = {"problems": dict(problems)} if may_see() else {}
        return jsonify(status="not ready", **reasons), HTTPStatus.SERVICE_UNAVAILABLE

    if insight.anybody:

        @app.get("/metrics")
        def shown_metrics() -> Response | tuple[Response, int]:
            if not may_see():
                if refusals is not None:
                    refusals(Refused.OPERATIONS)
                return jsonify(error="Unauthorized"), HTTPStatus.UNAUTHORIZED
            return Response(metrics(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _with_door(slack: SlackEndpoint, others: WSGIApplication) -> WSGIApplication:
    """Lead Slack's path to its own application, and everything else past it."""

    def lead(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return (slack if environ.get("PATH_INFO") == PATH else others)(environ, start_response)

    return lead


def _refused(error: HTTPException) -> tuple[Response, int]:
    return jsonify(error=error.name), error.code or HTTPStatus.INTERNAL_SERVER_ERROR


def _broken(error: Exception) -> tuple[Response, int]:
    """Say nothing of the error but an id, which stands in the log beside its details."""
    error_id = secrets.token_hex(4)
    _logger.error("request %s %s broke (%s)", request.method, request.path, error_id, exc_info=error)
    return jsonify(error="something inside broke", id=error_id), HTTPStatus.INTERNAL_SERVER_ERROR
