"""The slash commands: read the words, acknowledge, hand over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from slack_bolt import Ack, App

from bot.dates import EXAMPLES
from bot.deploys import DAYS, MOST_DAYS, recent_deploys
from bot.nearest import closest
from bot.permissions import Role
from bot.render.alert_links import thread_link
from bot.render.alert_list import ALERTS_AT_MOST, alert_list, gravest_first
from bot.render.blocks import first_page
from bot.render.deploys import deploy_parts
from bot.render.slack_text import code, escape
from bot.render.words import number
from bot.request import RequestError
from checks.control_plane.invoker import invoker
from checks.pipeline import Pipeline
from handlers import maintenance, preflight, status
from handlers.answers import AnswerMessage
from handlers.command_words import (
    DATE_WORDS,
    DEPTH_WORDS,
    HELP_WORDS,
    LONGEST_WORD,
    PRIVATE,
    Asked,
    HelpWanted,
    ask_for_checks,
    ask_for_days,
    ask_for_everything,
    ask_for_service,
    not_alone,
)
from handlers.parents import parent_of
from handlers.replies import PrivateReply
from handlers.requests import Taken, ask, title_of
from handlers.services import Services
from handlers.staging import DOES as STAGING_DOES
from handlers.staging import NAME as STAGING
from handlers.staging import USAGE as STAGING_USAGE
from handlers.staging import staging_listener

Body = Mapping[str, Any]
Listener = Callable[[Ack, Body], None]

ORCHESTRATOR_CHECKS = ("trigger", "phase-log", "stalled", "phase-gap", "invoker")
"""What row by row says whether each orchestrator triggered on its own, and if not why."""

DRIFT_CHECKS = ("drift", "builds", "environment-change", "deployment-audit")
"""What tells whether what runs is what is in the repository."""

PREDICTIONS_PHASE = "predictions"
"""The title, in lower case, of the phase that ``/predictions`` shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlashCommand:
    """A slash command that validates. ``title`` is what its answer is called, empty for one that says what it ran."""

    name: str
    title: str
    usage: str
    does: str
    read: Callable[[Services, str], Asked]


def _orchestrators(services: Services, text: str) -> Asked:
    known = {check.id for check in services.validation.checks}
    wanted = tuple(check for check in ORCHESTRATOR_CHECKS if check in known)
    return ask_for_checks(text, wanted, default=services.requested)


def _iam_check(services: Services, text: str) -> Asked:
    return _about_services(services, text, (invoker.id,))


def _drift(services: Services, text: str) -> Asked:
    known = {check.id for check in services.validation.checks}
    return _about_services(services, text, tuple(check for check in DRIFT_CHECKS if check in known))


def _about_services(services: Services, text: str, checks: Sequence[str]) -> Asked:
    pipeline = services.validation.pipeline
    discovers = pipeline.messaging is not None or pipeline.scheduler is not None
    return ask_for_service(text, checks, (service.name for service in pipeline.services), discovered=discovers)


def _predictions(services: Services, text: str) -> Asked:
    phases = {phase.id for phase in services.validation.pipeline.phases if phase.title.lower() == PREDICTIONS_PHASE}
    wanted = (check.id for check in services.validation.checks if check.phase in phases)
    return ask_for_checks(text, wanted, default="today")


def _everything(services: Services, text: str) -> Asked:
    validation = services.validation
    return ask_for_everything(text, validation.pipeline, validation.checks, default=services.requested)


VALIDATING = (
    SlashCommand(
        name="/validate-daily",
        title="",
        usage="[DATE] [quick|full] [phase or check …] [private]",
        does="validate an interval: all of it, the quick checks, or some phases and checks",
        read=_everything,
    ),
    SlashCommand(
        name="/orchestrators",
        title="Orchestrators",
        usage="[DATE] [private]",
        does="whether each orchestrator triggered on its own",
        read=_orchestrators,
    ),
    SlashCommand(
        name="/iam-check",
        title="Permissions",
        usage="[SERVICE] [private]",
        does="whether every caller can still call its service, or one service",
        read=_iam_check,
    ),
    SlashCommand(
        name="/drift",
        title="Drift",
        usage="[SERVICE] [private]",
        does="whether what runs is what is in the repository, and what the last deploys changed",
        read=_drift,
    ),
    SlashCommand(
        name="/predictions",
        title="Predictions",
        usage="[DATE] [private]",
        does="the predictions of a date, today's unless it says otherwise",
        read=_predictions,
    ),
)
DEPLOYS = "/deploys"
DEPLOYS_USAGE = "[DAYS]"
ALERTS = "/alerts"
HELP = "/reveille"
SHORT = "/validate"
"""What the first command is called behind ``/reveille``, too."""
COMMANDS = (
    *((command.name, command.usage, command.does) for command in VALIDATING),
    (DEPLOYS, DEPLOYS_USAGE, "recent builds and revisions, with who and when"),
    (STAGING, STAGING_USAGE, STAGING_DOES),
    (ALERTS, "", "the open alerts, and who acknowledged them"),
    (HELP, "help", "this"),
)
"""Every command with its usage and what it does, as the app's manifest lists them."""

NEEDED: Mapping[str, Callable[[Pipeline], bool]] = {
    "/orchestrators": lambda pipeline: bool(pipeline.transitions),
    "/iam-check": lambda pipeline: bool(pipeline.services or pipeline.messaging or pipeline.scheduler),
    "/drift": lambda pipeline: bool(pipeline.services),
    "/predictions": lambda pipeline: any(each.title.lower() == PREDICTIONS_PHASE for each in pipeline.phases),
    STAGING: lambda pipeline: pipeline.staging is not None,
}
"""What a pipeline must have for a command to have something to say of it; the others say something of each."""

ONLY_HERE = (
    (status.NAME, status.USAGE, status.DOES, status.status),
    (preflight.NAME, preflight.USAGE, preflight.DOES, preflight.check),
    (maintenance.NAME, maintenance.USAGE, maintenance.DOES, maintenance.maintenance),
)
"""What is a word behind ``/reveille`` and no command of its own."""


SEVERAL = (
    "I watch several pipelines: say which by its name, such as `/drift NAME`."
    " Without one, `/alerts` and `/reveille status` tell of all."
)


def known_words() -> frozenset[str]:
    """Return the words that mean something behind ``/reveille`` or behind one of its commands in every pipeline."""
    names = (SHORT, *(name for name, _, _ in COMMANDS), *(f"/{own}" for own, *_ in ONLY_HERE))
    return frozenset({*(name.lstrip("/") for name in names), *HELP_WORDS, *DATE_WORDS, *DEPTH_WORDS, PRIVATE})


def commands_of(pipelines: Sequence[Pipeline]) -> tuple[tuple[str, str, str], ...]:
    """Return those of ``COMMANDS`` that have something to say of one of the pipelines."""
    return tuple(each for each in COMMANDS if each[0] not in NEEDED or any(map(NEEDED[each[0]], pipelines)))


def help_text(*, several: bool = False) -> str:
    """Return what people can ask for; of ``several`` pipelines it has to be said which is meant."""
    own = ((f"{HELP} {word}", usage, does) for word, usage, does, _ in ONLY_HERE)
    lines = [f"• `{f'{name} {usage}'.strip()}`: {does}" for name, usage, does in (*COMMANDS, *own)]
    return "\n".join(
        (
            "*What you can ask me*",
            *lines,
            *([SEVERAL] if several else []),
            f"`{HELP}` takes them all, too: `{HELP} predictions today`. So do I by name, and in a direct message.",
            f"A DATE is {EXAMPLES}. The words come in any order; `private` answers in our direct messages.",
            "An alert's buttons and the message shortcut *Re-check* check again; my *Home* tab shows everything.",
        )
    )


def register(app: App, services: Services) -> Listener:
    """Register every command, and the one that takes them all; return that one."""
    listeners = {
        **{command.name: _listener(services, command) for command in VALIDATING},
        DEPLOYS: _deploys(services),
        STAGING: staging_listener(services),
        ALERTS: _alerts(services),
    }
    for name, listener in listeners.items():
        app.command(name)(listener)
    listeners.update({f"/{word}": partial(answer, services) for word, _, _, answer in ONLY_HERE})

    def reveille(ack: Ack, body: Body) -> None:
        first, _, rest = str(body.get("text") or "").strip().partition(" ")
        named = _named(first)
        if named in listeners:
            listeners[named](ack, {**body, "command": named, "text": rest})
        else:
            unknown = _unknown(first, f"{first} {rest}".strip())
            ack(text=unknown or help_text(several=services.several), response_type="ephemeral")

    app.command(HELP)(reveille)
    return reveille


def _deploys(services: Services) -> Listener:
    def deploys(ack: Ack, body: Body) -> None:
        try:
            days = ask_for_days(str(body.get("text") or ""), DAYS, MOST_DAYS)
        except HelpWanted:
            ack(text=f"`{DEPLOYS} {DEPLOYS_USAGE}`: recent builds and revisions.", response_type="ephemeral")
        except RequestError as error:
            ack(text=f"{escape(str(error))}\nUse: `{DEPLOYS} {DEPLOYS_USAGE}`", response_type="ephemeral")
        else:
            _take(services, ack, body, _answer(lambda reply: _tell_deploys(services, reply, days)))

    return deploys


def _alerts(services: Services) -> Listener:
    does = next(does for name, _, does in COMMANDS if name == ALERTS)

    def alerts(ack: Ack, body: Body) -> None:
        if said := not_alone(ALERTS, does, str(body.get("text") or "")):
            ack(text=said, response_type="ephemeral")
        else:
            _take(services, ack, body, _answer(lambda reply: tell_alerts(services, reply)))

    return alerts


def _listener(services: Services, command: SlashCommand) -> Listener:
    def listener(ack: Ack, body: Body) -> None:
        try:
            asked = replace(command.read(services, str(body.get("text") or "")), name=command.title)
            services.validation.plan(asked.request)
        except HelpWanted:
            ack(text=f"`{command.name} {command.usage}`: {command.does}.", response_type="ephemeral")
        except RequestError as error:
            # It lists what there is, so it is said only to those who may see it.
            sentence = f"{escape(str(error))}\nUse: `{command.name} {command.usage}`"
            _take(services, ack, body, _answer(lambda reply: reply.say(sentence)))
        else:
            _take(services, ack, body, lambda reply, taken: _validate(services, reply, asked, taken))

    return listener


Answer = Callable[[PrivateReply, Taken], None]


def _take(services: Services, ack: Ack, body: Body, answer: Answer) -> None:
    """Acknowledge, then answer a viewer, once for each request; anybody else hears why not."""
    reply = PrivateReply.to(services.client, body)

    def work(taken: Taken) -> None:
        if refusal := services.permissions.refusal(reply.user, Role.VIEWER, reply.team):
            reply.say(escape(refusal))
            taken.done()
        else:
            answer(reply, taken)

    ask(services, ack, body, title_of(body), work, reply)


def _answer(say: Callable[[PrivateReply], object]) -> Answer:
    """Return what answers at once."""

    def answer(reply: PrivateReply, taken: Taken) -> None:
        say(reply)
        taken.done()

    return answer


def _validate(services: Services, reply: PrivateReply, asked: Asked, taken: Taken) -> None:
    joined = services.runs.join(asked.request, None if asked.private else reply.channel, reply.user)
    if joined.shown_by is not None:
        reply.say(f"The same validation runs already, for <@{joined.shown_by}>: its result comes in this channel.")
        taken.done()
        return
    answer = AnswerMessage(services, asked, joined.run.plan, reply, taken)
    answer.open()
    joined.run.add(answer)


def tell_alerts(services: Services, reply: PrivateReply) -> None:
    pipeline = services.validation.pipeline
    alerts = services.store.open_alerts(pipeline.name)
    links = {
        each.key: thread_link(parent_of(services.store, each), services.workspace())
        for each in gravest_first(alerts)[:ALERTS_AT_MOST]
    }
    message = alert_list(pipeline, alerts, services.clock(), links)
    reply.say(message.text, message.blocks)


def _tell_deploys(services: Services, reply: PrivateReply, days: int) -> None:
    with services.validation.reads() as reads:
        found = recent_deploys(reads, services.clock(), days)
    pipeline = services.validation.pipeline
    text = f"{escape(pipeline.title)}: {number(len(found.entries), 'deploy')} in {number(days, 'day')}."
    reply.say(text, first_page(deploy_parts(found, pipeline, services.clock())))


def _is_for_validation(text: str) -> bool:
    """Whether what has no command reads as what a validation takes: a date, or how deep."""
    if text.lower() in DEPTH_WORDS:
        return True
    try:
        ask_for_checks(text, ("any",), default="")
    except (RequestError, HelpWanted):
        return False
    return True


def _named(word: str) -> str:
    """Return the command that a word behind ``/reveille`` means; ``validate`` is short for the first."""
    name = f"/{word.lower().lstrip('/')}"
    return VALIDATING[0].name if name == SHORT else name


def _unknown(word: str, text: str) -> str:
    """Say that a word is no command, with the three nearest, or how a date is validated; nothing where it asks for
    help."""
    if not word or word.lower() in HELP_WORDS:
        return ""
    if _is_for_validation(text):
        return f"{code(f'{HELP} {text}', 80)} lacks a command. Did you mean {code(f'{HELP} validate {text}', 80)}?"
    known = [SHORT, *(name for name, _, _ in COMMANDS if name != HELP), *(f"/{own}" for own, *_ in ONLY_HERE)]
    names = [each.lstrip("/") for each in known]
    said = f"I know no {code(f'{HELP} {word}', 80)}."
    return f"{said} {closest(_named(word).lstrip('/')[:LONGEST_WORD], names)} `{HELP} help` lists everything."
