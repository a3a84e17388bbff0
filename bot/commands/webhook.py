"""``reveille webhook``: whether a pager hears what it should, before there is anything to say."""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

import click

from bot.alerting.pages import PageAction, event_of
from bot.commands.errors import said_plainly
from bot.commands.exits import FAILED, FINE, UNKNOWN, CannotGoOnError
from bot.commands.options import PIPELINE_OPTION
from bot.commands.output import complain, say
from bot.composition.validation import pipeline_of
from bot.delivery.troubles import PostError, Trouble
from bot.sinks.webhook.endpoints import endpoints_of
from bot.sinks.webhook.poster import WebhookPoster
from bot.store.model import WEBHOOK, Alert, AlertState
from checks.model import Severity
from checks.notifications import Webhook
from checks.pipeline import Pipeline


@click.group()
def webhook() -> None:
    """Send a test event to a webhook of the pipeline file."""


@webhook.command()
@click.argument("name", metavar="NAME")
@PIPELINE_OPTION
def test(name: str, pipeline_file: Path | None) -> int:
    """Send a trigger and its end to the webhook NAME, as an alert of the gravest severity that it hears of.

    A pager calls whoever is on call, for a moment. Exits with 0 when both events were accepted, with 1 when one was
    refused, with 2 when the other side did not answer, with 3 when the webhook is not in the pipeline file or its
    variables are not set.

    \b
    Example:
      reveille webhook test on-call
    """  # noqa: D301 - click reads the backspace
    with said_plainly():
        pipeline = pipeline_of(pipeline_file)
        chosen = _chosen(pipeline, name)
        poster = WebhookPoster(endpoints_of((chosen,), os.environ))
        alert, now = _alert(pipeline, chosen), datetime.now(UTC)
        for action in (PageAction.TRIGGER, PageAction.RESOLVE):
            event = {"event": event_of(alert, action, "test", now)}
            try:
                poster.post(name, event, f"{alert.thread}:{action}", None)
            except PostError as error:
                return _failed(name, action, error, poster)
    say(f"The webhook {name} took both events, trigger and resolve, with the key {alert.thread}.")
    return FINE


def _failed(name: str, action: PageAction, error: PostError, poster: WebhookPoster) -> int:
    if error.trouble in (Trouble.UNAVAILABLE, Trouble.BUSY):
        complain(f"The webhook {name} did not answer to the {action} event ({error.detail}). Try again in a while.")
        return UNKNOWN
    remedy = poster.wording.remedy(error.detail)
    complain(f"The webhook {name} refuses the {action} event ({error.detail}). {remedy}")
    return FAILED


def _chosen(pipeline: Pipeline, name: str) -> Webhook:
    webhooks = () if pipeline.notifications is None else pipeline.notifications.webhooks
    known = [each for each in webhooks if each.sink == WEBHOOK]
    for each in known:
        if each.name == name:
            return each
    names = ", ".join(each.name for each in known) or "none"
    raise CannotGoOnError(f"The pipeline file has no webhook {name!r} under 'notifications'; it has: {names}.")


def _alert(pipeline: Pipeline, chosen: Webhook) -> Alert:
    now = datetime.now(UTC)
    return Alert(
        key=f"{pipeline.name}:webhook-test:{secrets.token_hex(4)}",
        pipeline=pipeline.name,
        check="webhook-test",
        code="test",
        subject=chosen.name,
        interval=None,
        phase=None,
        severity=min(chosen.severities, default=Severity.P0),
        title="A test of the webhook by Reveille: nothing is wrong",
        state=AlertState.FIRING,
        opened_at=now,
        changed_at=now,
        notified_at=now,
        channel="",
        fingerprint="",
    )
