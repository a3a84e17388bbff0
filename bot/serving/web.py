"""The web server's routes: Slack's requests, health, readiness, metrics, and what is mounted beside them."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus

from flask import Blueprint, Flask, Response, jsonify, request
from slack_bolt import App
from slack_bolt.adapter.flask import SlackRequestHandler
from werkzeug.exceptions import HTTPException

from bot.serving.courtesy import Courtesy

LARGEST_BODY = 800_000
"""Bytes. The longest that Slack sends is a view of 250 kB, each byte of it escaped in a form as three."""

_TIMESTAMP = re.compile(r"\d{1,12}", re.ASCII)
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)

_logger = logging.getLogger(__name__)

Readiness = Callable[[], Mapping[str, str]]
"""What does not work, by part, each with its reason; empty when everything does."""


def web_app(
    *,
    slack: App | None,
    readiness: Readiness,
    metrics: Callable[[], bytes],
    blueprints: Sequence[Blueprint] = (),
    courtesy: Courtesy | None = None,
) -> Flask:
    """Return the WSGI application. Without ``slack`` there is no route for Slack, as in Socket Mode.

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

    @app.get("/ready")
    def ready() -> tuple[Response, int]:
        problems = readiness()
        if problems:
            return jsonify(status="not ready", problems=dict(problems)), HTTPStatus.SERVICE_UNAVAILABLE
        return jsonify(status="ready"), HTTPStatus.OK

    @app.get("/metrics")
    def shown_metrics() -> Response:
        return Response(metrics(), content_type="text/plain; version=0.0.4; charset=utf-8")

    if slack is not None:
        _mount(app, SlackRequestHandler(slack), courtesy or Courtesy())
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    return app


def _mount(app: Flask, handler: SlackRequestHandler, courtesy: Courtesy) -> None:
    @app.post("/slack/events")
    def slack_events() -> Response | tuple[Response, int]:
        timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        # Bolt answers 500 to what cannot be a timestamp or a signature, as if the fault were ours.
        if not _TIMESTAMP.fullmatch(timestamp) or not _SIGNATURE.fullmatch(signature):
            return jsonify(error="invalid request"), HTTPStatus.UNAUTHORIZED
        with courtesy.answering():
            return handler.handle(request)


def _refused(error: HTTPException) -> tuple[Response, int]:
    return jsonify(error=error.name), error.code or HTTPStatus.INTERNAL_SERVER_ERROR


def _broken(error: Exception) -> tuple[Response, int]:
    """Say nothing of the error but an id, which stands in the log beside its details."""
    error_id = secrets.token_hex(4)
    _logger.error("request %s %s broke (%s)", request.method, request.path, error_id, exc_info=error)
    return jsonify(error="something inside broke", id=error_id), HTTPStatus.INTERNAL_SERVER_ERROR
