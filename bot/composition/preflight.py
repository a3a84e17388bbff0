"""Everything that Reveille needs, asked for one message: of Slack, and of every source."""

from __future__ import annotations

from collections.abc import Iterator

from slack_sdk import WebClient

from bot.render.pages import SlackMessage
from bot.render.preflight import Need, preflight_message
from bot.sinks.slack.preflight import preflight
from bot.status import PATIENCE, sources_of, unasked
from bot.validation import Validation
from checks.notifications import Notifications


def asked_before(client: WebClient, notifications: Notifications, validation: Validation) -> SlackMessage:
    """Ask, and say how each thing is. Raises nothing: what does not answer is said."""
    return preflight_message([*_of_slack(client, notifications), *_of_sources(validation)])


def _of_slack(client: WebClient, notifications: Notifications) -> Iterator[Need]:
    try:
        for each in preflight(client, notifications):
            yield Need(f"Slack, {each.about}", each.text, each.state)
    except OSError as error:
        text = f"does not answer all questions ({type(error).__name__}): ask again in a while"
        yield Need("Slack", text, "unanswered")


def _of_sources(validation: Validation) -> Iterator[Need]:
    with validation.reads(PATIENCE) as reads:
        for each in sources_of(validation.pipeline, validation.now, reads):
            yield Need(each.name, each.words if each.problem else "it answers", each.state)
        for name in unasked(validation.pipeline, reads):
            yield Need(name, "it is not connected, so it was not asked", "left out")
