"""The fake Slack in a terminal: shows what the bot posts, and sends it the commands that are typed.

python -m tests.servers.slack_laptop --port 8090 --app http://127.0.0.1:8080
"""

from __future__ import annotations

import argparse
import sys
from urllib.error import URLError
from urllib.parse import urlsplit

from bot.playground.slack.server import CHANNEL, SlackCall, SlackServer

SHOWN = {
    "chat.postMessage": "posted",
    "chat.update": "edited",
    "chat.postEphemeral": "said privately",
    "response_url": "answered privately",
}


def main(arguments: list[str]) -> int:
    """Serve until the input ends."""
    parser = argparse.ArgumentParser(prog="python -m tests.servers.slack_laptop", description=__doc__)
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--app", type=_events, default="http://127.0.0.1:8080", help="where the bot listens")
    parser.add_argument("--channel", action="append", help=f"a channel ID; may be given again (default {CHANNEL})")
    chosen = parser.parse_args(arguments)
    with SlackServer(chosen.channel or (CHANNEL,), port=chosen.port, watch=_show) as slack:
        sys.stdout.write(
            f"export SLACK_API_URL={slack.api_url} SLACK_BOT_TOKEN={slack.token} "
            f"SLACK_SIGNING_SECRET={slack.signing_secret}\n"
            f"Type a slash command, for example /validate-daily yesterday; it goes to {chosen.app}.\n"
        )
        for line in sys.stdin:
            if line.startswith("/"):
                _send(slack, line.strip(), chosen.app)
    return 0


def _events(address: str) -> str:
    """Return where Slack sends to; of an address without a path, where the bot listens there."""
    return address if urlsplit(address).path.strip("/") else f"{address.rstrip('/')}/slack/events"


def _send(slack: SlackServer, line: str, app: str) -> None:
    name, _, text = line.partition(" ")
    try:
        answer = slack.requests.command(name, text).send(app)
    except (URLError, TimeoutError) as error:
        sys.stdout.write(f"! the bot does not answer: {error}\n")
        return
    sys.stdout.write(f"< {answer.status} {answer.text}\n")


def _show(call: SlackCall) -> None:
    if call.method in SHOWN:
        failed = f" ({call.error})" if call.error else ""
        sys.stdout.write(f"> {SHOWN[call.method]}{failed}: {call.arguments.get('text', '')}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
