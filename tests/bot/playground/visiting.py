"""A playground on loopback, and somebody who uses its page without a browser."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.commands.demo import making
from bot.playground.model import STORY
from bot.playground.people import ALEX, CHANNEL
from bot.playground.play import Playground
from bot.playground.slack.workspace import PostedMessage
from bot.playground.web import PageServer

PATIENCE = 60.0


@dataclass
class Visitor:
    """Somebody at the page. ``posts`` counts what they did."""

    play: Playground
    address: str
    posts: int = 0

    def get(self, path: str = "", **headers: str) -> tuple[int, Mapping[str, str], bytes]:
        return _asked(urllib.request.Request(self.address + path, headers=headers))

    def post(self, body: bytes, **headers: str) -> tuple[int, Mapping[str, str], bytes]:
        kind = {"Content-Type": "application/json", **headers}
        return _asked(urllib.request.Request(self.address + "do", data=body, headers=kind, method="POST"))

    def do(self, deed: str, user: str = ALEX.id, **about: Any) -> dict[str, Any]:
        """Do something as the page's scripts do, and wait until the world stands still again."""
        self.posts += 1
        status, _, said = self.post(json.dumps({"do": deed, "as": user, **about}).encode())
        assert status == 200
        self.wait(lambda: not self.play.doing, f"after {deed}")
        answer: dict[str, Any] = json.loads(said)
        return answer

    def press(self, message: PostedMessage, action: str, user: str = ALEX.id) -> dict[str, Any]:
        """Press the button of a message that has an action."""
        (block,) = (
            name
            for name, each in blocks_of(message).items()
            if any(element.get("action_id") == action for element in each.get("elements", ()))
        )
        return self.do("act", user, channel=message.channel, ts=message.ts, block=block, action=action)

    def modal(self, user: str = ALEX.id, until: Callable[[Mapping[str, Any]], object] = bool) -> Mapping[str, Any]:
        """Wait for a modal that is as expected, and return it."""
        workspace = self.play.slack.workspace

        def found() -> bool:
            stack = workspace.stacks.get(user)
            return stack is not None and len(stack) > 0 and bool(until(workspace.views[stack[-1]]))

        self.wait(found, "for a modal")
        shown: Mapping[str, Any] = workspace.views[workspace.stacks[user][-1]]
        return shown

    def messages(self) -> list[PostedMessage]:
        return self.play.slack.messages(CHANNEL)

    def saying(self, words: str) -> list[PostedMessage]:
        """The messages of the channel in which words stand."""
        return [each for each in self.messages() if words in each.text or words in json.dumps(each.blocks)]

    def hears(self, words: str) -> PostedMessage:
        """Wait until words stand in the channel; return the first message that has them."""
        self.wait(lambda: self.saying(words), f"for '{words}'")
        return self.saying(words)[0]

    def wait(self, condition: Callable[[], object], what: str) -> None:
        until = time.monotonic() + PATIENCE
        while not condition():
            told = [each.text for each in self.messages()]
            assert time.monotonic() < until, f"It took too long {what}: {self.play.notice} {told}"
            time.sleep(0.02)


def blocks_of(message: PostedMessage) -> Mapping[str, Any]:
    return {str(each.get("block_id") or f"b{number}"): each for number, each in enumerate(message.blocks)}


def _asked(request: urllib.request.Request) -> tuple[int, Mapping[str, str], bytes]:
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


@contextmanager
def visiting(folder: Path, scene: str = STORY) -> Iterator[Visitor]:
    """Yield a visitor of a playground whose bot is there."""
    play = Playground(making(), folder, scene)
    server = PageServer(play, 0)
    server.start()
    play.start()
    try:
        visitor = Visitor(play, server.address)
        visitor.wait(lambda: not play.doing, "to begin")
        yield visitor
    finally:
        server.stop()
        play.end()
