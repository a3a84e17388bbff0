"""The endpoint for Cloud Scheduler: where the CPU is not always allocated, somebody outside has to knock.

A knock comes at least once, so it may come twice; what a job does is guarded by its slot. The token that Cloud
Scheduler sends is Google's word for who called.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Protocol

from flask import Blueprint, Response, jsonify, request

from bot.store.model import StoreError
from bot.timetable.slots import UnknownJobError
from handlers.google_tokens import RefusedError, UndecidedError

LONGEST_TOKEN = 8192

LARGEST_BODY = 16_384
"""Bytes. A knock says nothing but its path; whoever sends more is not Cloud Scheduler as scheduling.md sets it up."""

_logger = logging.getLogger(__name__)


class ScheduledRuns(Protocol):
    """What the endpoint needs of the schedules."""

    def run(self, job: str) -> str: ...


class TokenRefusal(Protocol):
    """Hears of each knock that is not let in; ``decided`` is False when nobody could tell whether it may."""

    def __call__(self, *, decided: bool) -> None: ...


Verify = Callable[[str], None]
"""Judges a token. Raises RefusedError and UndecidedError."""


def _unheard(*, decided: bool) -> None:
    """Nobody counts refusals here."""


def tasks_blueprint(
    schedules: ScheduledRuns,
    verify: Verify,
    settle: Callable[[], object] = lambda: None,
    refused: TokenRefusal = _unheard,
) -> Blueprint:
    """Return the route ``POST /tasks/<job>``, and ``/tasks/<pipeline>/<job>`` for one of several.

    It answers when the work is done: until then there is a CPU.

    ``settle`` waits until Slack has what the job stored.
    """
    blueprint = Blueprint("tasks", __name__)

    @blueprint.post("/tasks/<path:job>")
    def task(job: str) -> tuple[Response, int]:
        if (request.content_length or 0) > LARGEST_BODY:
            refused(decided=True)
            return jsonify(error="Too large"), HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        try:
            verify(_bearer(request.headers.get("Authorization", "")))
        except RefusedError:
            refused(decided=True)
            return jsonify(error="Unauthorized"), HTTPStatus.UNAUTHORIZED
        except UndecidedError:
            refused(decided=False)
            return jsonify(error="Try again"), HTTPStatus.SERVICE_UNAVAILABLE
        try:
            outcome = schedules.run(job)
            settle()
            return jsonify(job=job, outcome=outcome), HTTPStatus.OK
        except UnknownJobError as error:
            return jsonify(error=str(error)), HTTPStatus.NOT_FOUND
        except StoreError as error:
            # Cloud Scheduler tries again after a 503.
            _logger.warning("the scheduled task %s could not be done: %s", job, error)
            return jsonify(error="The store is down"), HTTPStatus.SERVICE_UNAVAILABLE

    return blueprint


def _bearer(header: str) -> str:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > LONGEST_TOKEN:
        raise RefusedError("it carries no bearer token")
    return token
