"""The form that lets an alert sleep, and what somebody filled in: pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.render.alert_title import short_title
from bot.render.pages import Block
from bot.render.slack_text import fitted
from bot.render.words import day
from bot.store.model import Alert, SnoozeUntil
from handlers.buttons import Pressed, pressed

CALLBACK = "alert:snooze"

LONGEST = timedelta(days=90)
"""What sleeps longer is better suppressed in the pipeline file, where everybody reads why."""

REASON_TEXT = 300
TITLE_TEXT = 600

DURATIONS = {
    "15m": ("15 minutes", timedelta(minutes=15)),
    "1h": ("1 hour", timedelta(hours=1)),
    "4h": ("4 hours", timedelta(hours=4)),
}
NEXT_DIGEST, CHANGE, DATE = "digest", "change", "date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snooze:
    """What somebody chose. ``until`` is None for a snooze that only a change ends."""

    until: datetime | None
    ends_on: SnoozeUntil
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where the form was opened: it comes back with it, since a form knows no channel."""

    target: Pressed
    channel: str | None
    thread: str | None

    def text(self) -> str:
        return json.dumps(
            {
                "key": self.target.key,
                "version": self.target.version,
                "channel": self.channel,
                "thread": self.thread,
            }
        )

    @classmethod
    def read(cls, text: str) -> Origin | None:
        """Read what came back with the form; None when it is none of ours."""
        target = pressed(text)
        if target is None:
            return None
        content = json.loads(text)
        channel, thread = content.get("channel"), content.get("thread")
        return cls(
            target=target,
            channel=channel if isinstance(channel, str) else None,
            thread=thread if isinstance(thread, str) else None,
        )


def snooze_form(alert: Alert, origin: Origin, now: datetime, digest: datetime) -> Block:
    """Return the form as a modal view; ``digest`` is when the next one is posted, in the pipeline's zone."""
    posted = f"{day(digest.date(), now.astimezone(digest.tzinfo).date())} {digest:%H:%M}"
    choices = {
        **{value: words for value, (words, _) in DURATIONS.items()},
        NEXT_DIGEST: f"Until the next digest, {posted}",
        CHANGE: "Until it changes",
        DATE: "Until the date below",
    }
    options = [{"text": _plain(words), "value": value} for value, words in choices.items()]
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "private_metadata": origin.text(),
        "title": _plain("Snooze"),
        "submit": _plain("Snooze"),
        "close": _plain("Cancel"),
        "blocks": [
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": fitted(short_title(alert), TITLE_TEXT), "verbatim": True},
            },
            {
                "type": "input",
                "block_id": "until",
                "label": _plain("For how long?"),
                "element": {
                    "type": "static_select",
                    "action_id": "choice",
                    "options": options,
                    "initial_option": options[1],
                },
            },
            {
                "type": "input",
                "block_id": "date",
                "optional": True,
                "label": _plain("Date and time"),
                "hint": _plain("Only for 'Until the date below'."),
                "element": {"type": "datetimepicker", "action_id": "at"},
            },
            {
                "type": "input",
                "block_id": "reason",
                "optional": True,
                "label": _plain("Why?"),
                "hint": _plain("Everybody reads it on the alert."),
                "element": {"type": "plain_text_input", "action_id": "words", "max_length": REASON_TEXT},
            },
        ],
    }


def read_snooze(values: Mapping[str, Mapping[str, Any]], now: datetime, digest: datetime) -> Snooze | dict[str, str]:
    """Return what somebody chose, or what is wrong with it by the field that is wrong."""
    choice = _at(values, "until", "choice", "selected_option", "value")
    at = _at(values, "date", "at", "selected_date_time")
    reason = str(_at(values, "reason", "words", "value") or "").strip()[:REASON_TEXT]
    if choice != DATE and at is not None:
        return {"date": "Choose 'Until the date below' above, or leave the date empty."}
    if choice == DATE:
        if at is None:
            return {"date": "Say until when."}
        if not isinstance(at, int) or at <= now.timestamp():
            return {"date": "That time has passed."}
        if at > (now + LONGEST).timestamp():
            return {"date": f"At most {LONGEST.days} days; for longer, add a suppression to the pipeline file."}
        return Snooze(until=datetime.fromtimestamp(at, UTC), ends_on=SnoozeUntil.TIME, reason=reason)
    if choice == CHANGE:
        return Snooze(until=None, ends_on=SnoozeUntil.CHANGE, reason=reason)
    if choice == NEXT_DIGEST:
        return Snooze(until=digest.astimezone(UTC), ends_on=SnoozeUntil.TIME, reason=reason)
    if isinstance(choice, str) and choice in DURATIONS:
        return Snooze(until=now + DURATIONS[choice][1], ends_on=SnoozeUntil.TIME, reason=reason)
    return {"until": "Choose how long."}


def _at(values: Any, *path: str) -> Any:
    """Return what stands at a place of the form's state; None where there is no such place."""
    for name in path:
        values = values.get(name) if isinstance(values, Mapping) else None
    return values


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}
