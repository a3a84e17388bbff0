"""``/reveille maintenance``: let alerts below P0 wait while somebody works on the platform."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from slack_bolt import Ack

from bot.alerting.holds import LONGEST, Hold, current, end, start
from bot.permissions import Role
from bot.render.maintenance import COMMAND, NOTHING_WAITS, ended_message, held_message
from bot.render.post import Post
from bot.render.slack_text import escape
from bot.render.words import duration
from bot.request import RequestError
from bot.sinks.slack.format import formatted
from bot.store.model import AuditEntry, Changes, Delivery, DeliveryKind
from handlers.buttons import Body
from handlers.command_words import HELP_WORDS
from handlers.replies import PrivateReply
from handlers.requests import Taken, ask, title_of
from handlers.services import Services

NAME = "maintenance"
USAGE = "[2h|30m|1h30m|until HH:MM REASON | end]"
DOES = "let alerts below P0 wait while you work, and say so in the channel; alone it says what waits"

REASON_TEXT = 200

_SPAN = re.compile(
    r"(?=\d)(?:(?P<days>\d{1,2})d(?:ays?)?)?(?:(?P<hours>\d{1,3})h(?:ours?)?)?"
    r"(?:(?P<minutes>\d{1,4})m(?:in(?:ute)?s?)?)?",
    re.ASCII,
)
_CLOCK = re.compile(r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)", re.ASCII)


def maintenance(services: Services, ack: Ack, body: Body) -> None:
    """Answer the command: say what waits, start it, or end it."""
    words = str(body.get("text") or "").split()
    if words and words[0].lower() in HELP_WORDS:
        ack(text=f"`{COMMAND} {USAGE}`: {DOES}.", response_type="ephemeral")
        return
    reply = PrivateReply.to(services.client, body)

    def work(taken: Taken) -> None:
        role = Role.ACTOR if words else Role.VIEWER
        if refusal := services.permissions.refusal(reply.user, role, reply.team):
            reply.say(escape(refusal))
        else:
            _do(services, reply, words, taken.key)
        taken.done()

    ask(services, ack, body, title_of(body), work, reply)


def _do(services: Services, reply: PrivateReply, words: list[str], key: str) -> None:
    now, pipeline = services.clock(), services.validation.pipeline
    if not words:
        hold = current(services.store, pipeline, now)
        _say(reply, NOTHING_WAITS if hold is None else held_message(hold, pipeline.zone, now))
    elif [each.lower() for each in words] == ["end"]:
        before = end(services.store, pipeline.name, now)
        if before is None:
            reply.say("No maintenance that somebody started is under way; what the pipeline file plans ends by itself.")
        else:
            minutes = services.notifications.watch_minutes
            entry = _audit("maintenance-ended", before, reply.user, pipeline.name, key, now)
            _tell(services, ended_message(before, reply.user, minutes), reply, entry)
    else:
        try:
            hold = asked_hold(words, reply.user, pipeline.zone, now)
        except RequestError as error:
            reply.say(f"{escape(str(error))}\nUse: `{COMMAND} {USAGE}`")
            return
        start(services.store, pipeline.name, hold, now)
        entry = _audit("maintenance-started", hold, reply.user, pipeline.name, key, now)
        _tell(services, held_message(hold, pipeline.zone, now), reply, entry)


def asked_hold(words: list[str], by: str, zone: ZoneInfo, now: datetime) -> Hold:
    """Return what somebody asks for. Raises RequestError, in words for them."""
    until, rest = _until(words, zone, now)
    if not until - now <= LONGEST:
        raise RequestError(
            f"At most {duration(LONGEST)} at a time: longer work is planned in the pipeline file, under "
            "notifications.maintenance."
        )
    reason = " ".join(rest)[:REASON_TEXT]
    if not reason:
        raise RequestError("Say what is done, too: the channel reads it.")
    return Hold(until=until, reason=reason, by=by)


def _until(words: list[str], zone: ZoneInfo, now: datetime) -> tuple[datetime, list[str]]:
    match [each.lower() for each in words]:
        case ["until", clock, *_] if at := _CLOCK.fullmatch(clock):
            there = now.astimezone(zone)
            until = there.replace(hour=int(at["hour"]), minute=int(at["minute"]), second=0, microsecond=0)
            return (until if until > there else until + timedelta(days=1)).astimezone(now.tzinfo), words[2:]
        case ["end", *_]:
            raise RequestError("'end' stands alone: it ends what is under way.")
        case ["until", clock, *_]:
            raise RequestError(f"Until when? {clock[:60]!r} is no time of the day such as 14:30.")
        case lowered:
            for taken in (1, 2):  # "2h", and "2 hours"
                if length := _span("".join(lowered[:taken])):
                    return now + length, words[taken:]
    raise RequestError(f"For how long? {words[0][:60]!r} is no time such as 30m, 2h or until 14:30.")


def _span(words: str) -> timedelta:
    """Return how long it is; nothing where that is no span."""
    found = _SPAN.fullmatch(words)
    counts = found.groupdict() if found is not None else {}
    return timedelta(**{unit: int(count) for unit, count in counts.items() if count})


def _say(reply: PrivateReply, message: Post | str) -> None:
    if isinstance(message, str):
        reply.say(message)
    else:
        body = formatted(message.document)
        reply.say(body["text"], body["blocks"])


def _audit(action: str, hold: Hold, actor: str, pipeline: str, key: str, now: datetime) -> AuditEntry:
    details = {"reason": hold.reason, "until": hold.until.isoformat()}
    return AuditEntry(
        key=f"{NAME}:{key}", at=now, actor=actor, action=action, subject=pipeline, outcome="done", details=details
    )


def _tell(services: Services, message: Post, reply: PrivateReply, entry: AuditEntry) -> None:
    """Post it where digests go, and keep who did it."""
    channel = services.notifications.routes.default
    posting = Delivery(
        key=entry.key, kind=DeliveryKind.POST, channel=channel, body=message.document, created_at=entry.at
    )
    services.store.commit(Changes(deliveries=(posting,), audit=(entry,)))
    services.wake()
    if reply.channel != channel:
        reply.say(f"Done, and said in <#{channel}>.")
