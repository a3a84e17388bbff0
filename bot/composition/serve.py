"""``reveille serve``: the composition of a process that serves, from the settings to the web server."""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask
from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from bot.composition.extras import DemoExtraMissing
from bot.composition.google import google_staging
from bot.composition.notifier import Notifier, Prepared, notifier_of
from bot.composition.notifier import prepare as prepare_notifier
from bot.composition.preflight import asked_before
from bot.composition.repairs import repairing_of
from bot.definition.files import PipelineFileError
from bot.delivery.drain import Drain
from bot.people import SlackPeople
from bot.permissions import Permissions, SlackGroups
from bot.redaction.known import known_secrets
from bot.redaction.redactor import Redactor
from bot.render.alert import alert_message
from bot.render.json import report_document
from bot.render.pages import SlackMessage
from bot.render.reading import Reading
from bot.render.status import status_message
from bot.serving.bot_process import Bot
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
from bot.timetable.schedules import Schedules
from bot.timetable.turns import Turns, trouble_notice
from checks.model import Report
from handlers.google_tokens import GoogleTokens
from handlers.home import redraw
from handlers.interrupted import settle_abandoned
from handlers.journal import Journal
from handlers.registration import register_all
from handlers.runs import Runs
from handlers.services import Services
from handlers.tasks import tasks_blueprint
from handlers.workers import Workers

_logger = logging.getLogger(__name__)

SWITCH_SECONDS = 0.001
"""What a thread that computes may go on for while others wait."""


def prepare(pipeline_file: Path | None, scenario: str | None) -> Prepared:
    """Read everything that a person can have set wrong, before anything starts.

    Raises SettingsError, PipelineFileError, UnknownScenario, DemoExtraMissing.
    """
    return prepare_notifier(pipeline_file, scenario, SlackSettings.from_environment())


def run(prepared: Prepared) -> int:
    """Serve until somebody ends the process; return the exit code."""
    log_to_cloud(Redactor((*known_secrets(os.environ), *_secrets(prepared))))
    log_threads()
    serving, scenario = prepared.serving, prepared.scenario
    _logger.info(
        "serving the pipeline %s%s on port %s, reached through %s, with the store in %s",
        prepared.pipeline.name,
        f" as recorded in {scenario.file.name}" if scenario is not None else "",
        serving.port,
        prepared.slack.mode,
        serving.store,
    )
    ports = {"PORT": serving.port}
    if serving.operations_port is not None:
        ports["REVEILLE_OPERATIONS_PORT"] = serving.operations_port
    return serve(lambda: _loaded(prepared), ports)


def _loaded(prepared: Prepared) -> Serving:
    """Build everything; whatever a person can have caused becomes a SettingsError, which is one sentence."""
    try:
        return assemble(prepared)
    except (DemoExtraMissing, PipelineFileError) as error:
        raise SettingsError(str(error)) from error


def assemble(prepared: Prepared) -> Serving:
    """Build everything that serves; nothing runs yet. Raises SettingsError and StoreError."""
    # Python lets a thread that computes go on for 5 ms while others wait; fifty people who wait to be acknowledged
    # during a validation would feel that.
    sys.setswitchinterval(SWITCH_SECONDS)
    courtesy = Courtesy()
    # A disk that is full is no reason to say nothing: what cannot be stored goes straight to Slack.
    told = notifier_of(prepared, courtesy.give_way, patient=True)
    health = StoreHealth(told.store)
    turns = Turns(_teller(told))
    access = SlackAccess(told.client, tuple(channels_of(told.notifications)), told.workspace)
    told.metrics.watch(
        told.store, told.clock, lambda: {**told.outbox.problems(), **told.outbox.warnings()}, health.problem
    )
    told.metrics.watch_turns(turns.counts)
    workers = Workers(give_way=courtesy.give_way)
    app = slack_app(prepared.slack)
    repairing = repairing_of(prepared.settings, prepared.slack.bot_token, told)
    services = replace(
        _services(told, workers),
        staging=_staging(prepared),
        status=lambda: _status(told, {**turns.problems(), **access.problems()}),
    )
    if repairing is not None:
        services = replace(services, repairs=repairing.repairs, follow=repairing.following.wake)
    register_all(app, services)
    told.outbox.also_tell(lambda _: services.viewers.changed())
    schedules = Schedules(
        told.digests,
        told.notifications,
        told.validation.pipeline.zone,
        told.clock,
        metrics=told.metrics,
        pump=told.outbox.wake,
        follow=None if repairing is None else repairing.following.turn,
        turns=turns,
    )
    slack = prepared.slack
    bot = Bot(
        store=told.store,
        timetable=schedules,
        workers=(workers,),
        send=told.outbox.run,
        follow=None if repairing is None else repairing.following.run,
        recover=lambda stopping: settle_abandoned(
            services, partial(given_to_listener, app), stopping, alone=isinstance(prepared.serving.store, Path)
        ),
        access=access.run,
        homes=partial(services.viewers.run, partial(redraw, services)),
        store_problem=health.problem,
        # What a message has met stands above what was found without one.
        troubles=(turns.problems, access.problems, told.outbox.problems),
        socket=None if slack.app_token is None else SlackSocket(app, slack.app_token, told.client),
        close=told.close,
    )
    refusals = Refusals(told.metrics.request_refused)
    endpoint = None
    if slack.signing_secret is not None:
        endpoint = SlackEndpoint(app, slack.signing_secret, refusals, courtesy)
    serving = Serving(
        bot=bot,
        applications=_applications(
            prepared, told, bot, endpoint, _tasks(prepared, told, schedules, refusals), refusals
        ),
        refusals=refusals,
        limits=ConnectionLimits(per_peer=prepared.serving.peer_connections),
    )
    # What was imported and built stays for as long as the process; the garbage collector need not look at it.
    gc.freeze()
    return serving


def _applications(
    prepared: Prepared,
    told: Notifier,
    bot: Bot,
    slack: SlackEndpoint | None,
    tasks: tuple[Blueprint, ...],
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
        blueprints=tasks,
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


def _services(told: Notifier, workers: Workers) -> Services:
    pipeline, checks = told.validation.pipeline, told.validation.checks

    def written(report: Report) -> Mapping[str, Any]:
        return report_document(Reading(report=report, pipeline=pipeline, checks=checks))

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
        runs=Runs(told.validation, told.store, told.clock, workers, document=written),
        journal=Journal(told.store),
        find=lambda channel, key, since: SlackPoster(told.client).find(channel, key, since, None),
        clock=told.clock,
        alert_message=lambda alert, now: alert_message(alert, pipeline, now),
        wake=told.outbox.wake,
        requested=told.requested,
        workspace=told.workspace.address,
        status=lambda: _status(told, {}),
        preflight=lambda: asked_before(told.client, told.notifications, told.validation),
    )


def _staging(prepared: Prepared) -> Callable[[], AbstractContextManager[StagingEnvironment]] | None:
    """Return what opens the staging environment; a recorded scenario has none."""
    if prepared.scenario is not None or prepared.pipeline.staging is None:
        return None

    return partial(google_staging, prepared.pipeline, prepared.settings)


def _tasks(prepared: Prepared, told: Notifier, schedules: Schedules, refusals: Refusals) -> tuple[Blueprint, ...]:
    tasks = prepared.serving.tasks
    if tasks is None:
        return ()
    settle = Drain(told.store, told.outbox.wake, told.clock, told.outbox.holds)
    verify = GoogleTokens(tasks.audience, tasks.account)

    def refused(*, decided: bool) -> None:
        refusals(Refused.TASK if decided else Refused.TASK_UNDECIDED)

    return (tasks_blueprint(schedules, verify, settle=settle, refused=refused),)


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
    )
    return tuple(each.reveal() for each in known if each is not None)
