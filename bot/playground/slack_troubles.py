"""What can be wrong with Slack itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.playground.slack.server import EVERY_METHOD, SlackServer, rate_limited

RETRY_SECONDS = 30


def _throttle(slack: SlackServer) -> None:
    slack.tell(EVERY_METHOD, rate_limited(RETRY_SECONDS, times=None))


def _down(slack: SlackServer) -> None:
    slack.down = True


SLACK_TROUBLES: Mapping[str, tuple[str, Callable[[SlackServer], None]]] = {
    "throttle": ("Slack answers only 429 Too Many Requests", _throttle),
    "down": ("Slack is down", _down),
}
"""What it is in words, and what makes it so."""
