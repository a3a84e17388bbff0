"""``reveille serve``: the composition of a process that serves, from the settings to the web server."""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask
from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from bot.composition.extras import DemoExtraMissing
from bot.composition.google import google_staging
from bot.composition.notifier import Notifier, Prepared, forgets, notifiers_of, prepare_all
from bot.composition.preflight import asked_before
from bot.composition.repairs import repairing_of
from bot.composition.together import must_beat_apart
from bot.composition.wake_ups import waker_of
from bot.definition.files import PipelineFileError
from bot.delivery.drain import Drain
from bot.delivery.waker import Waker
from bot.people import SlackPeople
from bot.permissions import Permissions, SlackGroups
from bot.redaction.known import known_secrets
from bot.redaction.redactor import Redactor
from bot.render.json import report_document
from bot.render.pages import SlackMessage
from bot.render.reading import Reading
from bot.render.status import status_message
from bot.render.webpage.page import page_html
from bot.repairs.follow_up import FollowUp
from bot.serving.bot_process import Bot, together
from bot.serving.connections import ConnectionLimits
from bot.serving.courtesy import Courtesy
from bot.serving.logs import log_threads, log_to_cloud
from bot.serving.process import Serving, serve
from bot.serving.readiness import Readiness
from bot.serving.refusals import Refusals, Refused
from bot.serving.serving_settings import SlackSettings
from bot.serving.slack_endpoint import SlackEndpoint, given_to_listener
from bot.serving.socket_mode import SlackSocket
from bot.serving.web import Insight, web_app
from bot.settings import SettingsError
from bot.sinks.slack.access import SlackAccess
from bot.sinks.slack.client import REQUEST_SECONDS
from bot.sinks.slack.poster import SlackPoster
from bot.sinks.slack.preflight import channels_of
from bot.staging.environment import StagingEnvironment
from bot.status import PATIENCE, status_of
from bot.store.health import StoreHealth
from bot.store.marked import shared
from bot.timetable.board_reading import board_of
from bot.timetable.schedules import Schedules
from bot.timetable.timetables import Timetables
from bot.timetable.turns import Turns, trouble_notice
from checks.model import Report
from handlers.board import REFRESH, KeptPage, board_blueprint
from handlers.google_tokens import GoogleTokens
from handlers.home import redraw
from handlers.interrupted import settle_abandoned
from handlers.journal import Journal
from handlers.registration import register_all, register_several, reserved
from handlers.runs import Runs
from handlers.services import Services
from handlers.tasks import tasks_blueprint
from handlers.viewers import Viewers
from handlers.workers import Workers

_logger = logging.getLogger(__name__)

SWITCH_SECONDS = 0.001
"""What a thread that computes may go on for while others wait."""


def prepare(pipeline_file: Path | None, scenarios: Sequence[str] = ()) -> tuple[Prepared, ...]:
    """Read everything that a person can have set wrong, before anything starts: every pipeline, or none is served.

    Raises SettingsError, PipelineFileError, UnknownScenario, DemoExtraMissing.
    """
    prepared = prepare_all(pipeline_file, scenarios, SlackSettings.from_environment())
    must_beat_apart(prepared)
    if len(prepared) > 1 and (words := reserved([each.pipeline.name for each in prepared])):
        raise SettingsError(
            f"The pipeline {words[0]} is called like a word of a command, so nobody in Slack could say which of "
            f"{len(prepared)} is meant: give it another name."
        )
    return prepared


def run(prepared: Sequence[Prepared]) -> int:
    """Serve until somebody ends the process; return the exit code."""
    log_to_cloud(Redactor((*known_secrets(os.environ), *_secrets(prepared[0]))))
    log_threads()
    first = prepared[0]
    serving = first.serving
    _logger.info(
        "serving %s %s on port %s, reached through %s, with the store in %s",
        "the pipeline" if len(prepared) == 1 else f"{len(prepared)} pipelines,",
        ", ".join(map(_described, prepared)),
        serving.port,
        first.slack.mode,
        "memory" if forgets(first) else serving.store,
    )
    ports = {"PORT": serving.port}
    if serving.operations_port is not None:
        ports["REVEILLE_OPERATIONS_PORT"] = serving.operations_port
    return serve(lambda: _loaded(prepared), ports)


def _described(prepared: Prepared) -> str:
    recorded = f" as recorded in {prepared.scenario.file.name}" if prepared.scenario is not None else ""
    return f"{prepared.pipeline.name}{recorded}"


def _loaded(prepared: Sequence[Prepared]) -> Serving:
    """Build everything; whatever a person can have caused becomes a SettingsError, which is one sentence."""
    try:
        return assemble(prepared)
    except (DemoExtraMissing, PipelineFileError) as error:
        raise SettingsError(str(error)) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _OneServed:
    """One pipeline at work: its handlers and its timetable, on threads of its own."""

    services: Services
    schedules: Schedules
    workers: Workers
    following: FollowUp | None
    problems: Callable[[], Mapping[str, str]]


def assemble(prepared: Sequence[Prepared]) -> Serving:
    """Build everything that serves; nothing runs yet. Raises SettingsError and StoreError."""
    return assembled(prepared)[0]


def assembled(prepared: Sequence[Prepared]) -> tuple[Serving, Notifier, Schedules]:
    """Build everything that serves, and return it with the parts of the first pipeline. Raises as ``assemble`` does."""
    # Python lets a thread that computes go on for 5 ms while others wait; fifty people who wait to be acknowledged
    # during a validation would feel that.
    sys.setswitchinterval(SWITCH_SECONDS)
    courtesy = Courtesy()
    # A disk that is full is no reason to say nothing: what cannot be stored goes straight to Slack.
    notifiers = notifiers_of(prepared, courtesy.give_way, patient=True)
    told = notifiers[0]
    health = StoreHealth(told.store)
    channels = dict.fromkeys(channel for each in notifiers for channel in channels_of(each.notifications))
    access = SlackAccess(told.client, tuple(channels), told.workspace)
    told.metrics.watch(
        told.store, told.clock, lambda: {**told.outbox.problems(), **told.outbox.warnings()}, health.problem
    )
    journal, viewers = Journal(shared(told.store)), Viewers()
    parts = [
        _part(each, notifier, courtesy, access, journal, viewers, several=len(prepared) > 1)
        for each, notifier in zip(prepared, notifiers, strict=True)
    ]
    every = [each.services for each in parts]
    app = _app(prepared[0].slack, every)
    told.outbox.also_tell(lambda _: viewers.changed())
    waker = waker_of(prepared[0].serving.tasks, told.clock)
    if waker is not None:
        told.outbox.ask_to_be_woken(waker.at)
    slack, timetables = prepared[0].slack, Timetables({each.services.pipeline: each.schedules for each in parts})
    following = [each.following.run for each in parts if each.following is not None]
    bot = Bot(
        store=told.store,
        timetable=timetables,
        workers=[each.workers for each in parts],
        send=told.outbox.run,
        follow=together(following, "repairs") if following else None,
        recover=lambda stopping: settle_abandoned(
            max(every, key=lambda each: each.validation.pipeline.limits.run_seconds),
            partial(given_to_listener, app),
            stopping,
            alone=isinstance(prepared[0].serving.store, Path),
        ),
        access=access.run,
        homes=partial(viewers.run, partial(redraw, every)),
        wake_ups=None if waker is None else waker.run,
        store_problem=health.problem,
        # What a message has met stands above what was found without one.
        troubles=(*(each.problems for each in parts), access.problems, told.outbox.problems),
        socket=None if slack.app_token is None else SlackSocket(app, slack.app_token, told.client),
        close=lambda: _close(notifiers),
    )
    refusals = Refusals(told.metrics.request_refused)
    endpoint = None
    if slack.signing_secret is not None:
        endpoint = SlackEndpoint(app, slack.signing_secret, refusals, courtesy)
    doors = (*_tasks(prepared[0], told, timetables, refusals, waker), *_board(prepared[0], notifiers, refusals))
    serving = Serving(
        bot=bot,
        applications=_applications(prepared[0], told, bot, endpoint, doors, refusals),
        refusals=refusals,
        limits=ConnectionLimits(per_peer=prepared[0].serving.peer_connections),
    )
    # What was imported and built stays for as long as the process; the garbage collector need not look at it.
    gc.freeze()
    return serving, told, parts[0].schedules


def _part(
    prepared: Prepared,
    told: Notifier,
    courtesy: Courtesy,
    access: SlackAccess,
    journal: Journal,
    viewers: Viewers,
    *,
    several: bool,
) -> _OneServed:
    """Build what is one pipeline's own. Raises SettingsError without credentials."""
    pipeline = prepared.pipeline
    turns, workers = Turns(_teller(told)), Workers(give_way=courtesy.give_way)
    told.metrics.watch_turns(pipeline.name, turns.counts)
    repairing = repairing_of(prepared.settings, prepared.slack.bot_token, told)
    services = replace(
        _services(told, workers, journal, viewers),
        staging=_staging(prepared),
        status=lambda: _status(told, {**turns.problems(), **access.problems()}),
        several=several,
    )
    if repairing is not None:
        services = replace(services, repairs=repairing.repairs, follow=repairing.following.wake)
    schedules = Schedules(
        told.digests,
        told.notifications,
        pipeline.zone,
        told.clock,
        metrics=told.metrics.of(pipeline.name),
        pump=told.outbox.wake,
        follow=None if repairing is None else repairing.following.turn,
        turns=turns,
    )
    return _OneServed(
        services=services,
        schedules=schedules,
        workers=workers,
        following=None if repairing is None else repairing.following,
        problems=partial(_of_pipeline, pipeline.name, turns.problems) if several else turns.problems,
    )


def _of_pipeline(name: str, problems: Callable[[], Mapping[str, str]]) -> Mapping[str, str]:
    return {f"{name} {step}": problem for step, problem in problems().items()}


def _app(slack: SlackSettings, every: Sequence[Services]) -> App:
    app = slack_app(slack)
    if len(every) == 1:
        register_all(app, every[0])
    else:
        register_several(app, {each.pipeline: slack_app(slack) for each in every}, every)
    return app


def _close(notifiers: Sequence[Notifier]) -> None:
    for each in notifiers:
        each.close()


def _applications(
    prepared: Prepared,
    told: Notifier,
    bot: Bot,
    slack: SlackEndpoint | None,
    doors: tuple[Blueprint, ...],
    refusals: Refusals,
) -> Mapping[int, Flask]:
    """Return what each port serves: metrics and reasons on a port of their own, else only to whoever has the token."""
    serving = prepared.serving
    readiness = Readiness(bot.problems, warnings=told.outbox.warnings)
    metrics, token = told.metrics.text, serving.operations_token
    own = serving.operations_port
    public = web_app(
        slack=slack,
        readiness=readiness,
        metrics=metrics,
        blueprints=doors,
        insight=Insight(token=token if own is None else None),
        refusals=refusals,
    )
    if own is None:
        return {serving.port: public}
    insight = Insight(everybody=True, token=token)
    inner = web_app(readiness=readiness, metrics=metrics, insight=insight, refusals=refusals)
    return {serving.port: public, own: inner}


def _teller(told: Notifier) -> Callable[[str, str], None]:
    """Return what tells the default channel of a trouble: past the store, which may be the trouble."""

    def tell(name: str, sentence: str) -> None:
        pipeline, channel = told.validation.pipeline.name, told.notifications.routes.default
        told.outbox.say_without_store(trouble_notice(pipeline, channel, name, sentence, told.clock()))

    return tell


def slack_app(settings: SlackSettings) -> App:
    """Return Bolt's application. It asks Slack for nothing, so that it starts, and answers, while Slack is down."""

    def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id=None, bot_token=settings.bot_token.reveal())

    with _hushed(logging.getLogger("slack_bolt.App")):
        return App(
            name="reveille",
            # What comes by HTTP is checked in front of Bolt, before anything parses it; what comes through the socket
            # is not signed.
            signing_secret="",
            request_verification_enabled=False,
            client=WebClient(base_url=settings.api_url, timeout=REQUEST_SECONDS, retry_handlers=[]),
            authorize=authorize,
            # Every listener only acknowledges and hands over. On a thread of its own, as Bolt would have it, it
            # would be asked every 10 ms whether it is done.
            process_before_response=True,
        )


@contextmanager
def _hushed(logger: logging.Logger) -> Iterator[None]:
    """Bolt finds the token in the environment by itself, and warns at each start that it does not need it."""

    def refuse(_: logging.LogRecord) -> bool:
        return False

    logger.addFilter(refuse)
    try:
        yield
    finally:
        logger.removeFilter(refuse)


def _status(told: Notifier, problems: Mapping[str, str]) -> SlackMessage:
    """Return what says how things are; what the process knows not to work stands first."""
    known = {**problems, **told.outbox.problems(), **told.outbox.warnings()}
    with told.validation.reads(PATIENCE) as reads:
        return status_message(status_of(told.validation.pipeline, told.clock(), reads, told.store, known))


def _services(told: Notifier, workers: Workers, journal: Journal, viewers: Viewers) -> Services:
    pipeline, checks = told.validation.pipeline, told.validation.checks

    def written(report: Report) -> Mapping[str, Any]:
        return report_document(Reading(report=report, pipeline=pipeline, checks=checks))

    def cleared(report: Report) -> None:
        told.incidents.cleared(report, told.clock())
        told.outbox.wake()

    return Services(
        validation=told.validation,
        notifications=told.notifications,
        store=told.store,
        incidents=told.incidents,
        client=told.client,
        permissions=Permissions(
            told.notifications.permissions, SlackGroups(told.client), told.clock, SlackPeople(told.client)
        ),
        workers=workers,
        runs=Runs(told.validation, told.store, told.clock, workers, document=written, cleared=cleared),
        journal=journal,
        viewers=viewers,
        find=lambda channel, key, since: SlackPoster(told.client).find(channel, key, since, None),
        clock=told.clock,
        alert_message=told.messages.post,
        wake=told.outbox.wake,
        requested=told.requested,
        workspace=told.workspace.address,
        status=lambda: _status(told, {}),
        preflight=lambda: asked_before(told.client, told.notifications, told.validation),
    )


def _staging(prepared: Prepared) -> Callable[[], AbstractContextManager[StagingEnvironment]] | None:
    """Return what opens the staging environment; a recorded scenario has none."""
    if not prepared.is_real or prepared.pipeline.staging is None:
        return None

    return partial(google_staging, prepared.pipeline, prepared.settings)


def _tasks(
    prepared: Prepared, told: Notifier, schedules: Timetables, refusals: Refusals, waker: Waker | None
) -> tuple[Blueprint, ...]:
    tasks = prepared.serving.tasks
    if tasks is None:
        return ()
    drain = Drain(told.store, told.outbox.wake, told.clock, told.outbox.holds)

    def settle() -> None:
        drain()
        if waker is not None:
            waker.round_is_over(told.store.pending())

    verify = GoogleTokens(tasks.audience, tasks.account)

    def refused(*, decided: bool) -> None:
        refusals(Refused.TASK if decided else Refused.TASK_UNDECIDED)

    return (tasks_blueprint(schedules, verify, settle=settle, refused=refused),)


def _board(prepared: Prepared, notifiers: Sequence[Notifier], refusals: Refusals) -> tuple[Blueprint, ...]:
    token = prepared.serving.board_token
    if token is None:
        return ()
    hide = Redactor((*known_secrets(os.environ), *_secrets(prepared)))

    def drawn(told: Notifier) -> str:
        return hide(page_html(board_of(told.store, told.validation.pipeline, told.clock(), REFRESH)))

    pipelines = {each.validation.pipeline.name: each for each in notifiers}
    pages = {name: (each.validation.pipeline.title, KeptPage(partial(drawn, each))) for name, each in pipelines.items()}
    return (board_blueprint(token, pages, partial(refusals, Refused.BOARD)),)


def _secrets(prepared: Prepared) -> tuple[str, ...]:
    """Return what was read as a secret, perhaps from a pipe that can be read once."""
    slack, serving, settings = prepared.slack, prepared.serving, prepared.settings
    known = (
        slack.bot_token,
        slack.signing_secret,
        slack.app_token,
        serving.heartbeat_url,
        settings.github_token,
        serving.operations_token,
        serving.board_token,
    )
    return tuple(each.reveal() for each in known if each is not None)
