"""The fake Slack in a process of its own, so that what it does never slows down who measures."""

from __future__ import annotations

import sys

from bot.playground.slack.server import CHANNEL, SlackServer
from tests.bench.processes import reply


def main() -> None:
    """Answer each number that comes in with as many response URLs, until the input ends."""
    with SlackServer((CHANNEL,)) as slack:
        reply(
            {
                "channel": CHANNEL,
                "environment": {
                    "SLACK_API_URL": slack.api_url,
                    "SLACK_BOT_TOKEN": slack.token,
                    "SLACK_SIGNING_SECRET": slack.signing_secret,
                },
            }
        )
        for line in sys.stdin:
            names = [slack.workspace.issue_response(CHANNEL, "U0BENCH001") for _ in range(int(line))]
            reply({"response_urls": [f"{slack.address}/response/{name}" for name in names]})


if __name__ == "__main__":
    main()
