"""What a process that was killed has left: a command that seems to run, a repair that seems to begin, a click that was
acknowledged. Whoever starts next says what became of it, and does what was clicked."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.errors import SlackApiError, SlackClientError

from bot.render.slack_text import escape
from bot.repairs.records import BEGUN, ENDED, REFUSED, id_of
from bot.store import progress
from bot.store.kept import undone
from bot.store.model import AuditEntry, StoreError
from bot.store.progress import Progress
from handlers.patience import patiently
from handlers.services import Services

log = logging.getLogger(__name__)

LONGEST_WORK = timedelta(minutes=3)
"""A command or a repair that another instance is busy with takes no longer: a run has a minute unless the pipeline file
gives it more."""


def settle_abandoned(
    services: Services, again: Callable[[Mapping[str, Any]], object], stopping: threading.Event, *, alone: bool
) -> None:
    """Do or end at a start what a former process has left; ``again`` takes a click as Slack's request would come.

    ``alone`` says that no other process has the store; else what is young may be another one's work, and is looked at
    once more when it cannot be any more."""
    if alone:
        _settle(services, again, None)
        return
    longest = LONGEST_WORK + timedelta(seconds=services.validation.pipeline.limits.run_seconds)
    _settle(services, again, longest)
    if not stopping.wait(longest.total_seconds()):
        _settle(services, again, longest)


def _settle(services: Services, again: Callable[[Mapping[str, Any]], object], age: timedelta | None) -> None:
    """What Slack or the store does not take now is left to the next start."""
    now = services.clock()
    try:
        entries = progress.recent(services.store, now)
        for left in progress.abandoned(entries, now, age):
            _end(services, left, now)
        _tell_unbegun(services, entries, now, age)
        for click in undone(entries, now, age):
            log.info("a click that a former process has left undone is done now")
            again(click.body)
    except StoreError as error:
        log.warning("what a former process left could not be ended: %s", error)


def _end(services: Services, left: Progress, now: datetime) -> None:
    text = f"⚠️ {left.title}: no result. I was restarted in the middle. <@{left.actor}>, please ask again."
    try:
        patiently(
            lambda: services.client.chat_update(channel=left.channel, ts=left.ts, **_body(text)),
            repeatable=True,
        )
    except SlackApiError as error:
        if error.response.get("error") not in ("message_not_found", "cant_update_message", "channel_not_found"):
            log.warning("an abandoned answer could not be ended: %s", error.response.get("error"))
            return
    except (SlackClientError, OSError) as error:
        log.warning("an abandoned answer could not be ended: %s", type(error).__name__)
        return
    progress.end(services.store, left, now)


def _tell_unbegun(services: Services, entries: Sequence[AuditEntry], now: datetime, age: timedelta | None) -> None:
    """Say of each repair that was confirmed and not even begun that nothing was changed."""
    known = {id_of(each) for each in entries if each.action in (BEGUN, ENDED, REFUSED)}
    for each in entries:
        run = str(each.details.get("run", ""))
        if each.key.startswith("repair-of:") and run not in known and progress.is_older(each.at, now, age):
            services.incidents.tell(each.subject, f"interrupted:{run}", _interrupted(each), now)


def _interrupted(entry: AuditEntry) -> Mapping[str, Any]:
    title = escape(str(entry.details.get("title") or "This repair"))
    return _body(f"⚠️ {title}: nothing was changed. I was restarted before it began; press *Repair…* again.")


def _body(text: str) -> dict[str, Any]:
    return {"text": text, "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}]}
