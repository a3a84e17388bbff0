"""``/staging``: the staging environment from Slack, for those whom the pipeline file allows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from slack_bolt import Ack, App

from bot.dates import UnreadDateError, date_meant
from bot.permissions import Role
from bot.render.slack_text import escape, fitted
from bot.render.staging import TEARDOWN, change_blocks, removal_blocks, step_blocks, untouched_text
from bot.render.words import number
from bot.staging.environment import StagingEnvironment
from bot.staging.prefix import StagingError
from bot.staging.proof import Snapshot, from_json, to_json
from bot.staging.steps import StagingStep, failed
from bot.store.model import AuditEntry, Changes
from checks.source import SourceError
from handlers.command_words import HelpWanted, words_of
from handlers.modals import section
from handlers.replies import PrivateReply
from handlers.requests import ask, title_of, to_its_end
from handlers.services import Services
from handlers.workers import Lane

Body = Mapping[str, Any]

NAME = "/staging"
USAGE = "[status|seed DATE|prove start|prove check|teardown]"
DOES = (
    "a staging environment beside production: what is there, one date of data, the proof that production is untouched"
)

STARTED = "staging prove start"
"""The deed under which the audit keeps what production was."""

LIST_MINUTES = 10
"""A list that is older must be asked for again before anything is removed."""

PROOF_DAYS = 7
AUDIT_AT_MOST = 1000
WORD_TEXT = 60

NOT_HERE = "There is no staging here: the pipeline file has no section `staging`, or a recorded scenario is served."

Deed = Callable[[Services, StagingEnvironment, PrivateReply], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the words mean: who may do it, and the deed."""

    role: Role
    deed: Deed


def staging_listener(services: Services) -> Callable[[Ack, Body], None]:
    """Return what answers the command."""

    def staging(ack: Ack, body: Body) -> None:
        try:
            today = services.clock().astimezone(services.validation.pipeline.zone).date()
            wanted = _wanted(words_of(str(body.get("text") or "")), today)
        except HelpWanted:
            ack(text=f"`{NAME} {USAGE}`: {DOES}.", response_type="ephemeral")
        except (StagingError, UnreadDateError) as error:
            ack(text=f"{escape(str(error))}\nUse: `{NAME} {USAGE}`", response_type="ephemeral")
        else:
            _take(services, ack, body, title_of(body), wanted)

    return staging


def register(app: App, services: Services) -> None:
    """Register the button under the command's list."""

    @app.action(TEARDOWN)
    def remove(ack: Ack, body: Body) -> None:
        value = str((body.get("actions") or [{}])[0].get("value") or "")
        _take(services, ack, body, "Teardown", Wanted(Role.REPAIRER, _removing(value)))


def _take(services: Services, ack: Ack, body: Body, title: str, wanted: Wanted) -> None:
    """Where the process is killed nothing is done again by itself: what stands is for people to look at first."""
    reply = PrivateReply.to(services.client, body)
    ask(services, ack, body, title, to_its_end(lambda: _do(services, reply, wanted)), reply, lane=Lane.LONG)


def _wanted(words: Sequence[str], today: date) -> Wanted:
    match [word.lower() for word in words]:
        case [] | ["status"]:
            return Wanted(Role.VIEWER, _status)
        case ["seed"]:
            raise StagingError("Which date shall be seeded? For example 10 feb.")
        case ["seed", *day]:
            return Wanted(Role.REPAIRER, _seeding(date_meant(" ".join(day), today)))
        case ["prove", "start"]:
            return Wanted(Role.REPAIRER, _start)
        case ["prove"] | ["prove", "check"]:
            return Wanted(Role.REPAIRER, _check)
        case ["teardown"]:
            return Wanted(Role.REPAIRER, _list)
        case _:
            raise StagingError(f"I know no {NAME} {' '.join(words)[:WORD_TEXT]!r}.")


def _do(services: Services, reply: PrivateReply, wanted: Wanted) -> None:
    if refusal := services.permissions.refusal(reply.user, wanted.role, reply.team):
        reply.say(escape(refusal))
        return
    opened = services.staging
    if opened is None:
        reply.say(NOT_HERE)
        return
    try:
        with opened() as staging:
            wanted.deed(services, staging, reply)
    except StagingError as error:
        reply.say(escape(str(error)))
    except SourceError as error:
        reply.say(f"❔ {fitted(error.sentence, 1000)}")


def _status(services: Services, staging: StagingEnvironment, reply: PrivateReply) -> None:
    del services
    reply.say(f"What is under `{staging.prefix.text}`", _titled(f"Staging `{staging.prefix.text}`", staging.status()))


def _seeding(day: date) -> Deed:
    def seed(services: Services, staging: StagingEnvironment, reply: PrivateReply) -> None:
        reply.say(f"⏳ Copying {day} of {len(staging.staging.seed)} tables to `{staging.prefix.text}` …")
        steps = staging.seed(day)
        _write_down(services, staging, reply, f"staging seed {day}", "failed" if failed(steps) else "done")
        broken = sum(step.mark == "failed" for step in steps)
        title = f"{broken} of {len(steps)} tables were not copied; ask again to go on" if broken else "Seeded"
        reply.say(title, _titled(f"{title}: {day} in `{staging.prefix.text}`", steps))

    return seed


def _start(services: Services, staging: StagingEnvironment, reply: PrivateReply) -> None:
    before = staging.look(services.clock())
    _write_down(services, staging, reply, STARTED, "done", snapshot=to_json(before))
    reply.say(f"Remembered {before.size}. Try what you want to try, then `{NAME} prove check`.")


def _check(services: Services, staging: StagingEnvironment, reply: PrivateReply) -> None:
    before = _remembered(services, staging)
    if before is None:
        raise StagingError(f"There is no first record of the last {PROOF_DAYS} days: say '{NAME} prove start' first.")
    after, changed = staging.changed_since(before, services.clock())
    outcome = number(len(changed), "change") if changed else "untouched"
    _write_down(services, staging, reply, "staging prove check", outcome)
    if not changed:
        reply.say(untouched_text(before, after))
        return
    title = f"Production has changed since {before.at:%Y-%m-%d %H:%M:%S} UTC."
    hint = "If the pipeline itself ran at that time, prove again in a quiet hour."
    reply.say(title, [section(f"*{title}* {hint}"), *change_blocks(changed)])


def _remembered(services: Services, staging: StagingEnvironment) -> Snapshot | None:
    since = services.clock() - timedelta(days=PROOF_DAYS)
    for entry in services.store.audit(since, AUDIT_AT_MOST):
        if entry.action == STARTED and entry.subject == _subject(staging):
            return from_json(str(entry.details.get("snapshot", "")))
    return None


def _list(services: Services, staging: StagingEnvironment, reply: PrivateReply) -> None:
    removal = staging.plan_teardown()
    if removal.empty:
        reply.say(f"Nothing carries the label of `{staging.prefix.text}`: there is nothing to remove.")
        return
    value = {"list": removal.fingerprint, "at": services.clock().isoformat(), "pipeline": services.pipeline}
    title = f"To be removed from {escape(staging.project)}"
    reply.say(title, [section(f"*{title}*"), *removal_blocks(removal, staging.prefix, value)])


def _removing(value: str) -> Deed:
    def remove(services: Services, staging: StagingEnvironment, reply: PrivateReply) -> None:
        fingerprint, listed_at = _pressed(value)
        if services.clock() - listed_at > timedelta(minutes=LIST_MINUTES):
            raise StagingError(f"That list is older than {LIST_MINUTES} minutes: say '{NAME} teardown' for a new one.")
        removal = staging.plan_teardown()
        if removal.fingerprint != fingerprint:
            raise StagingError(f"What there is has changed since that list: say '{NAME} teardown' for a new one.")
        if not services.store.first_time(f"{TEARDOWN}:{value}", services.clock()):
            raise StagingError("That list was acted on already.")
        steps = staging.tear_down(removal)
        _write_down(services, staging, reply, "staging teardown", "failed" if failed(steps) else "done")
        reply.say("Torn down", _titled(f"Teardown of `{staging.prefix.text}`", steps))

    return remove


def _pressed(value: str) -> tuple[str, datetime]:
    try:
        content = json.loads(value)
        return str(content["list"]), datetime.fromisoformat(content["at"])
    except (ValueError, TypeError, KeyError):
        raise StagingError(f"This button is not one of mine any more: say '{NAME} teardown' for a new list.") from None


def _subject(staging: StagingEnvironment) -> str:
    return f"{staging.project} {staging.prefix.text}"


def _write_down(
    services: Services, staging: StagingEnvironment, reply: PrivateReply, action: str, outcome: str, **details: str
) -> None:
    now = services.clock()
    entry = AuditEntry(
        key=f"{action}:{_subject(staging)}:{now.isoformat()}:{reply.user}",
        at=now,
        actor=reply.user,
        action=action,
        subject=_subject(staging),
        outcome=outcome,
        details=details,
    )
    services.store.commit(Changes(audit=(entry,)))


def _titled(title: str, steps: Sequence[StagingStep]) -> list[dict[str, Any]]:
    return [section(f"*{title}*"), *step_blocks(steps)]
