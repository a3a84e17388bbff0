"""A Poster that answers each channel by a script: for what Slack may say in any order, without a server."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from bot.delivery.outbox import Outbox
from bot.delivery.troubles import Posted, PostError, SinkCall, Trouble
from bot.sinks.slack.errors import trouble_of
from bot.sinks.slack.format import SlackWording
from bot.store.model import Changes, Delivery
from bot.store.sqlite import SqliteStore
from tests.bot.delivery.posting import HOME, Clock

LOST = "lost"
"""The message is there, and nothing says so."""
SILENT = "silent"
"""Nothing is there, and nothing says so."""
OK = "ok"


@dataclass(frozen=True, slots=True)
class Said:
    """A message as it stands in a channel."""

    key: str
    channel: str
    ts: str
    thread_ts: str | None
    body: Mapping[str, Any]


class ScriptedPoster:
    """Each post, edit and look in a channel takes the next answer of its script, and works once that is over."""

    wording = SlackWording()

    def __init__(self) -> None:
        self.scripts: dict[tuple[SinkCall, str], list[str]] = defaultdict(list)
        self.for_ever: dict[tuple[SinkCall, str], str] = {}
        self.said: list[Said] = []
        self.asked: list[tuple[SinkCall, str]] = []
        self._numbers = count(1)

    def post(self, channel: str, body: Mapping[str, Any], key: str, thread_ts: str | None) -> Posted:
        answer = self._answer(SinkCall.POST, channel)
        posted = Posted(channel, f"{next(self._numbers)}.0", thread_ts)
        if answer in (OK, LOST):
            self.said.append(Said(key, channel, posted.ts, thread_ts, body))
        self._raise(answer, SinkCall.POST, channel)
        return posted

    def update(self, channel: str, ts: str, body: Mapping[str, Any], key: str) -> Posted:
        answer = self._answer(SinkCall.EDIT, channel)
        if answer in (OK, LOST):
            self.said = [Said(key, channel, ts, s.thread_ts, body) if s.ts == ts else s for s in self.said]
        self._raise(answer, SinkCall.EDIT, channel)
        return Posted(channel, ts)

    def find(self, channel: str, key: str, since: datetime, thread_ts: str | None) -> Posted | None:
        self._raise(self._answer(SinkCall.FIND, channel), SinkCall.FIND, channel)
        places = ((each.channel, each.thread_ts, each.key) for each in self.said)
        for place, said in zip(places, self.said, strict=True):
            if place == (channel, thread_ts, key):
                return Posted(channel, said.ts, thread_ts)
        return None

    def keys(self, channel: str) -> list[str]:
        return [each.key for each in self.said if each.channel == channel]

    def _answer(self, call: SinkCall, channel: str) -> str:
        self.asked.append((call, channel))
        script = self.scripts[call, channel]
        return script.pop(0) if script else self.for_ever.get((call, channel), OK)

    def _raise(self, answer: str, call: SinkCall, channel: str) -> None:
        if answer == OK:
            return
        trouble = Trouble.UNAVAILABLE if answer in (LOST, SILENT) else trouble_of(answer, 200)
        raise PostError(trouble, answer, retry_after=timedelta(seconds=30), channel=channel, call=call)


@dataclass
class Script:
    """An outbox in front of a scripted Slack."""

    clock: Clock = field(default_factory=Clock)
    poster: ScriptedPoster = field(default_factory=ScriptedPoster)
    store: SqliteStore = field(default_factory=lambda: SqliteStore(":memory:"))
    default: str | None = HOME

    def __post_init__(self) -> None:
        self.outbox = self.instance("one")

    def instance(self, owner: str) -> Outbox:
        return Outbox(self.store, self.poster, self.clock, owner, default_channel=self.default)

    def put(self, *deliveries: Delivery) -> None:
        self.store.commit(Changes(deliveries=deliveries))

    def delivery(self, key: str) -> Delivery:
        found = self.store.delivery(key)
        assert found is not None
        return found

    def run(self, until: Callable[[], bool], within: timedelta, step: timedelta = timedelta(seconds=1)) -> timedelta:
        """Let time pass until something is so; return how long that took, and fail when it takes longer."""
        start = self.clock()
        while not until():
            assert self.clock() - start <= within, [(each.key, each.error) for each in self.store.pending()]
            if not self.outbox.pump():
                self.clock.now += step
        return self.clock() - start

    def nothing_waits(self) -> bool:
        return not self.store.pending()


def sent(script: Script, keys: Iterable[str]) -> Callable[[], bool]:
    """Whether all of these have reached Slack."""
    wanted: Sequence[str] = list(keys)
    return lambda: all(script.delivery(key).ts is not None for key in wanted)
