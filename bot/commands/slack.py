"""``reveille slack``: whether Slack lets the bot do its work, and the manifest of its app."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import click

from bot.commands.errors import said_plainly
from bot.commands.exits import FAILED, FINE, UNKNOWN, CannotGoOnError
from bot.commands.options import PIPELINE_OPTION
from bot.commands.output import complain, emit, say
from bot.composition.validation import pipelines_of
from bot.redaction.shown import Secret
from bot.render.preflight import SIGNS, Need, State
from bot.serving.serving_settings import SlackSettings
from bot.setting_names import SecretSetting
from bot.settings import Settings, Variables
from bot.sinks.slack.client import slack_client
from bot.sinks.slack.preflight import channels_of, opens_socket, post_test, preflight
from checks.notifications import Notifications, Routes
from checks.pipeline import Pipeline


@click.group()
def slack() -> None:
    """Check that Slack lets the bot do its work, and write the manifest of its app."""


@slack.command()
@click.option("--post", is_flag=True, help="Post one test message to each channel.")
@PIPELINE_OPTION
def check(*, post: bool, pipeline_file: Path | None) -> int:
    """Check the token, its scopes, each channel and each user group of the pipeline files; nothing is posted.

    Needs SLACK_BOT_TOKEN. Exits with 0 when all is well, with 1 when Slack refuses something, with 2 when it does not
    answer or does not say, with 3 when the configuration is wrong.

    \b
    Examples:
      reveille slack check
      reveille slack check --post
    """  # noqa: D301 - click reads the backspace
    with said_plainly():
        settings = SlackSettings.outgoing()
        pipelines = pipelines_of(pipeline_file, Settings.from_environment())
        by_name = {each.name: notifications_of(each, settings.channel) for each in pipelines}
        states: Counter[State] = Counter()
        try:
            for answer in answers_of_all(settings, by_name, post=post):
                states[answer.state] += 1
                say(f"{SIGNS[answer.state]} {answer.about}: {answer.text}")
        except OSError as error:
            complain(f"Slack does not answer ({type(error).__name__}). Try again in a while.")
            return UNKNOWN
    if states["wrong"]:
        complain(f"Slack refuses {states['wrong']} of these; each line says what to do.")
        return FAILED
    if states["unanswered"]:
        complain(f"Slack did not say of {states['unanswered']} of these; each line says what to do.")
        return UNKNOWN
    return FINE


@slack.command("manifest")
@click.option("--url", metavar="https://HOST", help="The address at which Slack reaches the bot.")
@click.option("--socket-mode", is_flag=True, help="The bot calls Slack instead; no address is needed.")
@click.option("--one-command", is_flag=True, help="Only /reveille, which takes every other command as its first word.")
@click.option(
    "--pipeline",
    "pipeline_file",
    type=click.Path(path_type=Path),
    metavar="FILE|NAME",
    help="Leave out the commands that have nothing to say of this pipeline.",
)
def write_manifest(*, url: str | None, socket_mode: bool, one_command: bool, pipeline_file: Path | None) -> int:
    """Write the manifest of the Slack app, with the bot's address in all its places.

    \b
    Examples:
      reveille slack manifest --url https://reveille.example.com > slack-manifest.yaml
      reveille slack manifest --socket-mode --one-command
      reveille slack manifest --socket-mode --pipeline nba
    """  # noqa: D301 - click reads the backspace
    from handlers.manifest import manifest_text  # noqa: PLC0415 - Bolt takes a second, and 'slack check' does without

    if (url is None) == (not socket_mode):
        raise CannotGoOnError("Say how Slack reaches the bot: --url https://HOST, or --socket-mode; one of the two.")
    if url is not None and (not url.startswith("https://") or any(each in url for each in " ?#")):
        raise CannotGoOnError(f"Slack calls addresses that begin with https:// and have no query; {url!r} is none.")
    with said_plainly():
        named = () if pipeline_file is None else pipelines_of(pipeline_file, Settings.from_environment())
    emit(manifest_text(url, one_command=one_command, pipelines=named))
    return FINE


def notifications_of(pipeline: Pipeline, channel: str | None) -> Notifications:
    """Return what a pipeline file says of Slack; a ``channel`` takes everything. Raises CannotGoOnError."""
    if pipeline.notifications is None:
        raise CannotGoOnError(
            f"The pipeline {pipeline.name} has no section 'notifications', so it says nothing in Slack."
        )
    if channel is None:
        return pipeline.notifications
    return pipeline.notifications.model_copy(update={"routes": Routes(default=channel), "mentions": {}})


def answers_of_all(settings: SlackSettings, by_name: Mapping[str, Notifications], *, post: bool) -> Iterator[Need]:
    """Ask Slack for each pipeline: what is the same for all of them once, the rest with its name."""
    said: set[Need] = set()
    for name, notifications in by_name.items():
        for each in slack_answers(settings, notifications, post=post):
            if each in said:
                continue
            is_own = len(by_name) > 1 and each.about.startswith(("channel ", "user group "))
            yield replace(each, about=f"{name}, {each.about}") if is_own else each
            if not is_own:
                said.add(each)


def slack_answers(settings: SlackSettings, notifications: Notifications, *, post: bool) -> Iterator[Need]:
    """Ask Slack about everything that the bot needs of it. Raises OSError where it does not answer."""
    client = slack_client(settings.bot_token.reveal(), settings.api_url)
    yield from preflight(client, notifications)
    yield _way_in(settings)
    if post:
        yield from (post_test(client, channel) for channel in channels_of(notifications))


def _way_in(settings: SlackSettings) -> Need:
    """Say how Slack reaches the bot, as far as that can be asked from here."""
    variables = Variables(os.environ)
    app_token: Secret | None = variables.secret(SecretSetting.SLACK_APP_TOKEN)
    signing = variables.secret(SecretSetting.SLACK_SIGNING_SECRET)
    if app_token is not None and signing is not None:
        text = "SLACK_SIGNING_SECRET and SLACK_APP_TOKEN are both set, so 'reveille serve' refuses to start: keep one."
        return Need("way in", text, "wrong")
    if app_token is not None:
        return opens_socket(slack_client(app_token.reveal(), settings.api_url))
    if signing is not None:
        return Need("way in", "HTTP: the signing secret is set; Slack must reach /slack/events of the bot", "well")
    return Need("way in", "none is set; 'reveille serve' needs SLACK_SIGNING_SECRET or SLACK_APP_TOKEN", "left out")
