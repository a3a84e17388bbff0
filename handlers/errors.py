"""What people hear when something breaks: one plain sentence, and an id that finds the rest in the log."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import App
from slack_bolt.response import BoltResponse
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.render.slack_text import code, escape
from bot.request import RequestError
from bot.store.model import StoreError
from handlers.replies import PrivateReply
from handlers.runs import BusyError, RestartingError
from handlers.workers import Job, Lane, Workers

log = logging.getLogger(__name__)

BUSY = "Too much is waiting already, so I took nothing more. Try again in a minute."
RESTARTING = "I am being restarted, and this was cut short. Ask again in a minute."


def register(app: App, client: WebClient, workers: Workers) -> None:
    """Answer whoever did what a listener could not handle."""

    @app.error
    def broken(error: Exception, body: Mapping[str, Any]) -> BoltResponse:
        sentence = told(error)
        reply = PrivateReply.to(client, body)
        workers.submit(Lane.QUICK, Job(lambda: _say(reply, sentence)))
        # Slack must not show a failure of its own beside ours.
        return BoltResponse(status=200, body="")


def told(error: Exception) -> str:
    """Return the sentence about an error; what is not expected is logged under the id that it names."""
    match error:
        case RequestError():
            return escape(str(error))
        case BusyError():
            return BUSY
        case RestartingError():
            return RESTARTING
    number = secrets.token_hex(4)
    # Where the store or Slack did not answer, nothing of ours is broken: one line says it, without a traceback.
    trace = None if isinstance(error, StoreError | SlackClientError) else error
    log.error("error %s while a user waited: %s", number, error, exc_info=trace)
    match error:
        case StoreError():
            sentence = f"Nothing was changed: my store {error.problem}. Try again when it works."
        case SlackApiError():
            sentence = f"Slack refused what I tried ({code(str(error.response.get('error')), 60)})."
        case SlackClientError() | OSError():
            sentence = "Slack did not answer me. Try again in a minute."
        case _:
            sentence = "Something broke on my side, and nothing is wrong on yours."
    return f"{sentence} Error `{number}`: my owners find it in the log."


def guarded(run: Callable[[], None], reply: PrivateReply) -> Job:
    """Make a job that tells its user when it breaks, or is cut short."""

    def safely() -> None:
        try:
            run()
        except Exception as error:  # noqa: BLE001 - whatever it is, who waits must hear of it
            _say(reply, told(error))

    return Job(safely, lambda: _say(reply, RESTARTING))


def _say(reply: PrivateReply, sentence: str) -> None:
    if reply.user:
        reply.say(sentence)
