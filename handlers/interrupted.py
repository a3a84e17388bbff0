"""What a process that was killed has left: a command that seems to run, a repair that seems to begin, a click that was
acknowledged. Whoever starts next does what was clicked, or says what became of it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.errors import SlackApiError, SlackClientError

from bot.delivery.troubles import PostError
from bot.render.notes import note_message
from bot.render.post import Strong, limited
from bot.repairs.records import BEGUN, ENDED, REFUSED, id_of
from bot.store.kept import Kept, is_older, recent, undone
from bot.store.model import AuditEntry, StoreError
from handlers.modals import section
from handlers.patience import patiently
from handlers.repairs import Confirmation
from handlers.replies import PrivateReply
from handlers.requests import is_still_wanted
from handlers.services import Services

log = logging.getLogger(__name__)

LONGEST_WORK = timedelta(minutes=3)
"""A command or a repair that another instance is busy with takes no longer: a run has a minute unless the pipeline file
gives it more."""

TITLE_TEXT = 500
GONE = frozenset({"message_not_found", "cant_update_message", "channel_not_found"})

Again = Callable[[Mapping[str, Any]], object]


def settle_abandoned(services: Services, again: Again, stopping: threading.Event, *, alone: bool) -> None:
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


def _settle(services: Services, again: Again, age: timedelta | None) -> None:
    """What Slack or the store does not take now is left to the next start."""
    now = services.clock()
    try:
        entries = recent(services.store, now)
        _tell_unbegun(services, entries, now, age)
        for left in undone(entries, now, age, services.journal.owns):
            if is_still_wanted(left, now):
                log.info("a click that a former process has left undone is done now")
                again(left.body)
            elif _told(services, left):
                services.journal.settle(left, now)
    except StoreError as error:
        log.warning("what a former process left could not be ended: %s", error)


def _told(services: Services, left: Kept) -> bool:
    """Say that nothing came of it: where it seems to be under way, else to the one who asked. Whether that is said."""
    message = left.message or _found(services, left)
    if message is None:
        text = f"⚠️ {left.title}: I was restarted in the middle. If nothing came of it, please try again."
        return PrivateReply.to(services.client, left.body).say(text)
    text = f"⚠️ {left.title}: no result. I was restarted in the middle. <@{left.actor}>, please ask again."
    channel, ts = message
    try:
        patiently(
            lambda: services.client.chat_update(channel=channel, ts=ts, **_body(text)),
            repeatable=True,
            sleep=services.sleep,
        )
    except SlackApiError as error:
        if error.response.get("error") in GONE:
            return True
        log.warning("an abandoned answer could not be ended: %s", error.response.get("error"))
    except (SlackClientError, OSError) as error:
        log.warning("an abandoned answer could not be ended: %s", type(error).__name__)
    else:
        return True
    return False


def _found(services: Services, left: Kept) -> tuple[str, str] | None:
    """Look for a message that was posted in the instant before the end, when its place was not known yet."""
    channel = left.body.get("channel_id")
    if not channel:
        return None
    try:
        found = services.find(str(channel), left.request, left.at)
    except PostError as error:
        log.warning("the progress message of a command could not be looked for: %s", error.detail)
        return None
    return None if found is None else (found.channel, found.ts)


def _tell_unbegun(services: Services, entries: Sequence[AuditEntry], now: datetime, age: timedelta | None) -> None:
    """Say of each repair that was confirmed and not even begun that nothing was changed."""
    known = {id_of(each) for each in entries if each.action in (BEGUN, ENDED, REFUSED)} | _still_wanted(entries, now)
    for each in entries:
        run = str(each.details.get("run", ""))
        if each.key.startswith("repair-of:") and run not in known and is_older(each.at, now, age):
            services.incidents.tell(each.subject, f"interrupted:{run}", _interrupted(each), now)


def _still_wanted(entries: Sequence[AuditEntry], now: datetime) -> set[str]:
    """Return the repairs whose confirmation is worked at, or will be: it tells by itself what became of it."""
    confirmations = (
        Confirmation.read((each.body.get("view") or {}).get("private_metadata"))
        for each in undone(entries, now, None)
        if is_still_wanted(each, now)
    )
    return {run for each in confirmations if each is not None for run in each.plans}


def _interrupted(entry: AuditEntry) -> Mapping[str, Any]:
    title = limited(str(entry.details.get("title") or "This repair"), TITLE_TEXT)
    said = f"⚠️ {title}: nothing was changed. I was restarted before it began; press "
    return note_message((said, Strong(("Repair…",)), " again.")).document


def _body(text: str) -> dict[str, Any]:
    return {"text": text, "blocks": [section(text)]}
