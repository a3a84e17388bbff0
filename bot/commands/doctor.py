"""``reveille doctor``: everything that Reveille needs to do its work, looked at once, each with what to do about it."""

from __future__ import annotations

import json
import os
import platform
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from pathlib import Path

import click

from bot.commands.exits import FAILED, FINE, UNKNOWN
from bot.commands.options import PIPELINE_OPTION
from bot.commands.output import emit, progress, say
from bot.commands.slack import notifications_of, slack_answers
from bot.composition.google import google_ports
from bot.composition.local_data import local_artifacts
from bot.composition.shell_store import store_of_shell
from bot.composition.validation import source_of, sources_of
from bot.composition.wake_ups import queue_of
from bot.definition.config_check import check_config
from bot.definition.files import PipelineFileError
from bot.definition.pipeline_file import load_pipeline
from bot.definition.pipeline_folder import name_in
from bot.google_cloud.credentials import default_credentials
from bot.render.preflight import SIGNS, State
from bot.render.status import SourceState, Status
from bot.render.words import joined, number, sentence, time_of
from bot.serving.serving_settings import ServingSettings, SlackSettings
from bot.settings import Settings, SettingsError
from bot.sinks.slack.client import slack_client
from bot.sinks.table import must_be_there
from bot.sinks.webhook.endpoints import endpoints_of
from bot.status import PATIENCE, status_of
from bot.status import sources_of as states_of
from bot.store.model import StoreError
from bot.validation import Validation
from checks.pipeline import Pipeline
from checks.source import Ports, SourceError

MOST_PROBLEMS = 10
"""Of a pipeline file; 'reveille config check' lists all."""

CLOCK_OFF = timedelta(seconds=60)
"""Slack's signatures are refused from five minutes on."""


@dataclass(frozen=True, slots=True)
class Examined:
    """One thing that Reveille needs. ``text`` says how it is and, where it is not well, what to do."""

    about: str
    state: State
    text: str


@click.command()
@PIPELINE_OPTION
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def doctor(pipeline_file: Path | None, as_json: bool) -> int:
    """Check everything that Reveille needs: pipeline file, store, Google Cloud, Slack, webhooks, schedule, clock.

    Nothing is written and nothing is posted. Of several pipelines each line says whose it is. Each fault comes with
    its fix. Exits with 1 when something is wrong, with 2 when something does not answer.

    \b
    Examples:
      reveille doctor
      reveille doctor --pipeline our-pipeline.yaml --json
    """  # noqa: D301 - click reads the backspace
    found = []
    for each in examinations(pipeline_file):
        found.append(each)
        if not as_json:
            say(f"{SIGNS[each.state]} {each.about}: {each.text}")
    states = Counter(each.state for each in found)
    if as_json:
        emit(json.dumps([asdict(each) for each in found], indent=2, ensure_ascii=True))
    else:
        wrong, unanswered = states["wrong"], states["unanswered"]
        said = [f"{number(wrong, 'thing')} to fix"] * bool(wrong)
        said += [f"{number(unanswered, 'thing')} without an answer"] * bool(unanswered)
        say(sentence(joined(said)) if said else "All is well.")
    return FAILED if states["wrong"] else UNKNOWN if states["unanswered"] else FINE


def examinations(pipeline_file: Path | None) -> Iterator[Examined]:
    """Look at one thing after the other; what another needs and is not there is left out, and said so."""
    yield Examined("Reveille", "well", f"{version('reveille')} on Python {platform.python_version()}.")
    try:
        settings = Settings.from_environment()
    except SettingsError as error:
        yield Examined("Settings", "wrong", str(error))
        return
    try:
        files: Sequence[Path | None] = sources_of(pipeline_file, settings)
    except (SettingsError, PipelineFileError):
        files = (pipeline_file,)
    said: set[tuple[str, str]] = set()
    for file in files:
        for each in _of_pipeline(pipeline_file if len(files) == 1 else file, settings):
            if (each.about, each.text) not in said:
                said.add((each.about, each.text))
                name = "" if file is None or len(files) == 1 else f"{name_in(file)}: "
                yield replace(each, about=f"{name}{each.about}")


def _of_pipeline(pipeline_file: Path | None, settings: Settings) -> Iterator[Examined]:
    """Look at what one pipeline needs. Of several what is the same for all, as the clock, is told of the first."""
    pipeline: Pipeline | None = None
    try:
        path = source_of(pipeline_file, settings)
        pipeline = load_pipeline(path)
        yield Examined("Pipeline file", "well", f"{path.name} is valid.")
    except SettingsError as error:
        yield Examined("Pipeline file", "wrong", str(error))
    except PipelineFileError as error:
        for problem in error.problems[:MOST_PROBLEMS]:
            yield Examined("Pipeline file", "wrong", str(problem))
    yield from _store(pipeline, settings)
    if pipeline is None:
        yield from _credentials()
    else:
        yield from _google(pipeline, path, settings)
    yield from _waker()
    yield from _slack(pipeline)
    if pipeline is not None:
        yield from _webhooks(pipeline)


def _store(pipeline: Pipeline | None, settings: Settings) -> Iterator[Examined]:
    if pipeline is None:
        yield Examined("Store", "left out", "not checked without a pipeline file.")
        return
    try:
        with store_of_shell(pipeline, settings) as store:
            if store is None:
                text = "REVEILLE_STORE names none; 'reveille serve' makes reveille.db in its folder."
                yield Examined("Store", "left out", text)
                return
            alerts = store.open_alerts(pipeline.name)
            yield Examined("Store", "well", f"it answers: {number(len(alerts), 'open alert')}.")
    except StoreError as error:
        yield Examined("Store", "unanswered", f"{error}")
    except SettingsError as error:
        yield Examined("Store", "wrong", f"{error}")


def _waker() -> Iterator[Examined]:
    """Look at the queue of Cloud Tasks, where one is set."""
    try:
        queue = queue_of(ServingSettings.from_environment().tasks)
        if queue is None:
            return
        with closing(queue):
            queue.must_run()
        yield Examined("Cloud Tasks", "well", "the queue runs.")
    except SettingsError as error:
        yield Examined("Cloud Tasks", "wrong", str(error))
    except SourceError as error:
        state: State = "unanswered" if error.retryable else "wrong"
        yield Examined("Cloud Tasks", state, f"{error.detail}. {error.advice}")


def _credentials() -> Iterator[Examined]:
    try:
        default_credentials()
        yield Examined("Google account", "well", "there are credentials.")
    except SettingsError as error:
        yield Examined("Google account", "wrong", str(error))


def _google(pipeline: Pipeline, path: Path, settings: Settings) -> Iterator[Examined]:
    if not pipeline.project and settings.project is None:
        text = "the pipeline file names no 'project': 'reveille validate --data FILE' judges tables of this machine."
        yield Examined("Google Cloud", "left out", text)
        yield from _asked(Validation(pipeline, local_artifacts(pipeline), _now))
        return
    try:
        ports = google_ports(pipeline, settings)
    except SettingsError as error:
        yield Examined("Google account", "wrong", str(error))
        return
    with closing(ports):
        progress("asking the sources")
        yield from _sources(pipeline, ports)
        progress("asking for each query, service and collection")
        problems = check_config(path, lambda _: ports, _now())
    for problem in problems[:MOST_PROBLEMS]:
        yield Examined("Pipeline file, live", "unanswered" if problem.undecided else "wrong", str(problem))
    if not problems:
        yield Examined("Pipeline file, live", "well", "every query, service and collection in it answers.")


def _sources(pipeline: Pipeline, ports: Ports) -> Iterator[Examined]:
    validation = Validation(pipeline, ports, _now)
    with validation.reads(PATIENCE) as reads:
        status = status_of(pipeline, _now(), reads, None)
    yield from map(_answer, status.sources)
    yield _schedule(status)


def _asked(validation: Validation) -> Iterator[Examined]:
    with validation.reads(PATIENCE) as reads:
        yield from map(_answer, states_of(validation.pipeline, _now(), reads))


def _answer(source: SourceState) -> Examined:
    return Examined(source.name, source.state, source.words if source.problem else "it answers.")


def _schedule(status: Status) -> Examined:
    if status.next_digest is None or status.next_watch is None:
        return Examined(
            "Schedule", "left out", "the pipeline file has no section 'notifications', so nothing is planned."
        )
    digest, watch = (
        time_of(each, status.pipeline.zone, status.now) for each in (status.next_digest, status.next_watch)
    )
    return Examined("Schedule", "well", f"next digest {digest}, next watch {watch}, while 'reveille serve' runs.")


def _slack(pipeline: Pipeline | None) -> Iterator[Examined]:
    if pipeline is not None and pipeline.notifications is None:
        yield Examined("Slack", "left out", "the pipeline file has no section 'notifications'.")
        return
    try:
        settings = SlackSettings.outgoing()
    except SettingsError as error:
        yield Examined("Slack", "wrong", f"{error}")
        return
    try:
        yield _clock(settings)
        if pipeline is not None:
            for each in slack_answers(settings, notifications_of(pipeline, settings.channel), post=False):
                yield Examined(f"Slack, {each.about}", each.state, each.text)
    except OSError as error:
        yield Examined("Slack", "unanswered", f"it does not answer ({type(error).__name__}); check the network.")


def _clock(settings: SlackSettings) -> Examined:
    """Ask Slack for the time. Raises OSError where it does not answer."""
    headers = slack_client(settings.bot_token.reveal(), settings.api_url).api_test().headers
    return clock_examined(next((str(value) for name, value in headers.items() if name.lower() == "date"), ""), _now())


def clock_examined(theirs: str, now: datetime) -> Examined:
    """Compare the clock of this machine with the date of an HTTP answer."""
    try:
        off = abs(now - parsedate_to_datetime(theirs).astimezone(UTC))
    except ValueError:
        return Examined("Clock", "left out", "Slack's answer has no date to compare with.")
    if off <= CLOCK_OFF:
        return Examined("Clock", "well", "it agrees with Slack's.")
    text = (
        f"it is {round(off.total_seconds())} s off: set it by NTP. From five minutes on Slack's requests are refused."
    )
    return Examined("Clock", "wrong", text)


def _webhooks(pipeline: Pipeline) -> Iterator[Examined]:
    notifications = pipeline.notifications
    if notifications is None or not notifications.webhooks:
        return
    try:
        must_be_there(notifications)
        endpoints_of(notifications.webhooks, os.environ)
        yield Examined(
            "Webhooks", "well", f"{number(len(notifications.webhooks), 'address')} set; 'reveille webhook test' sends."
        )
    except SettingsError as error:
        yield Examined("Webhooks", "wrong", str(error))


def _now() -> datetime:
    return datetime.now(UTC)
