"""What the page can ask to be done, by name: who does it, and with what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.playground.answers import NotPossibleError
from bot.playground.people import CHANNEL
from bot.playground.play import Playground
from bot.playground.story_of import STATIONS

Asked = Mapping[str, Any]
Deed = Callable[[Playground, str, Asked], Mapping[str, Any] | None]

LONGEST_TEXT = 4_000
LONGEST_WAIT = 24 * 60


def _say(play: Playground, user: str, asked: Asked) -> None:
    channel = user if asked.get("channel") == user else CHANNEL
    text = str(asked["text"])[:LONGEST_TEXT]
    if text.strip():
        play.client.say(user, channel, text)


def _act(play: Playground, user: str, asked: Asked) -> None:
    where = {name: str(asked.get(name) or "") for name in ("view", "channel", "ts", "block")}
    play.client.act(user, where, str(asked["action"]), asked.get("value"))


def _submit(play: Playground, user: str, asked: Asked) -> Mapping[str, Any]:
    return {"errors": dict(play.client.submit(user, str(asked["view"]), dict(asked.get("given") or {})))}


def _suggest(play: Playground, user: str, asked: Asked) -> Mapping[str, Any]:
    names = (str(asked[name]) for name in ("view", "block", "action", "typed"))
    return {"options": play.client.suggest(user, *names)}


def _go(play: Playground, _: str, asked: Asked) -> None:
    station = STATIONS.get(str(asked["to"]))
    if station is None or not play.scene.has_story:
        raise NotPossibleError("The clock does not stop there.")
    play.go_to(station.name)


def _wait(play: Playground, _: str, asked: Asked) -> None:
    play.wait(max(1, min(int(asked["minutes"]), LONGEST_WAIT)))


def _play(play: Playground, _: str, asked: Asked) -> None:
    name = str(asked["scene"])
    if name not in play.making.playable() and name != play.scene.name:
        raise NotPossibleError("There is no such scenario.")
    play.play(name)


DEEDS: Mapping[str, Deed] = {
    "say": _say,
    "act": _act,
    "submit": _submit,
    "suggest": _suggest,
    "close": lambda play, user, _: play.client.close(user),
    "home": lambda play, user, _: play.client.open_home(user),
    "go": _go,
    "wait": _wait,
    "play": _play,
    "break": lambda play, _, asked: play.break_(str(asked["key"])),
    "fix": lambda play, _, asked: play.fix(str(asked["key"])),
    "slack": lambda play, _, asked: play.slack_trouble(str(asked.get("trouble") or "")),
    "restart": lambda play, *_: play.restart(),
}
