"""The playground: a world, the real bot in it, a Slack on loopback, and everything that people on the page can do."""

from __future__ import annotations

import itertools
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.playground.answers import Client, NotPossibleError
from bot.playground.feed import Changed, Feed
from bot.playground.model import Living, Making, Played
from bot.playground.people import CHANNEL, SAM, VISITORS
from bot.playground.shown import Shown
from bot.playground.slack.server import SlackCall, SlackServer
from bot.playground.slack_troubles import RETRY_SECONDS, SLACK_TROUBLES
from bot.playground.story_of import STATIONS, Station
from bot.scenarios.scenario import instant_of
from bot.store.model import Alert, StoreError
from bot.timetable.slots import notifications_of, watch_slot

BEFORE = "The new deploy of the orchestrators goes out tonight at 02:13. It should change nothing that anybody notices."
"""What Sam says on the evening before the story."""

WORLD, ALL = Changed("world"), Changed("all")
SENT = frozenset({"chat.postMessage", "chat.update", "chat.postEphemeral", "response_url", "message"})
VIEWS = frozenset({"views.open", "views.push", "views.update", "view"})

_logger = logging.getLogger(__name__)


class Playground:
    """What the page shows and does. Everything that takes time is done in turn, on one thread; ``folder`` holds the
    stores.

    Raises UnknownScenario, PipelineFileError, SettingsError, DemoExtraMissing.
    """

    def __init__(self, making: Making, folder: Path, scene: str) -> None:
        self.making = making
        self.feed = Feed()
        self._folder = folder
        self._numbers = itertools.count(1)
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._doing: deque[str] = deque()
        self.notice = ""
        self.trouble = ""
        self.station = ""
        self._set(making.played(scene))
        self._worker = threading.Thread(target=self._works, name="playground", daemon=True)

    def start(self) -> None:
        self._worker.start()
        self._later("The bot starts", self._begin)

    def stop(self) -> None:
        """Take nothing more, at once: the process ends, and the folder is thrown away."""
        self.feed.end()
        self._work.put(None)

    def end(self) -> None:
        """End everything, and wait for it."""
        self.stop()
        self._worker.join()
        if self.life is not None:
            self.life.stop()
        self.slack.__exit__()
        self.world.close()

    def shown_to(self, user: str) -> Shown:
        return Shown(self.slack.workspace, user, self.world.pipeline.zone)

    @property
    def channel(self) -> str:
        return f"{self.scene.pipeline.name}-pipeline"

    def alerts(self) -> Sequence[Alert]:
        """Return what is open."""
        try:
            return self.life.alerts() if self.life is not None else ()
        except StoreError:
            return ()

    # What people do with the world; each returns at once, and the page hears of what comes of it.

    def play(self, name: str) -> None:
        """Begin anew, with the story or a scenario. Raises UnknownScenario, PipelineFileError."""
        scene = self.making.played(name)
        self._later("The world begins again", lambda: self._afresh(scene))

    def go_to(self, name: str) -> None:
        """Let it become as late as a station of the story."""
        station = STATIONS[name]
        self._later(f"It becomes {station.clock}", lambda: self._go(instant_of(station.scenario, self.world.pipeline)))

    def wait(self, minutes: int) -> None:
        """Let so much time pass."""
        self._later("Time passes", lambda: self._go(self.world.clock() + timedelta(minutes=minutes)))

    def breakable(self) -> Sequence[Mapping[str, Any]]:
        return self.world.breakable()

    def break_(self, key: str) -> None:
        """Break a place. Raises NotPossibleError."""
        words = self.world.words_of(key)
        if words is None:
            raise NotPossibleError("This cannot be broken here.")
        self._later(words, lambda: self._changing(lambda: self.world.put(key), noticed="break"))

    def fix(self, key: str) -> None:
        self._later("It is put right", lambda: self._changing(lambda: self.world.take_back(key), noticed="fix"))

    def slack_trouble(self, name: str) -> None:
        """Let something be wrong with Slack, or nothing any more."""
        self.trouble = name if name in SLACK_TROUBLES else ""
        self.slack.recover()
        if self.trouble:
            SLACK_TROUBLES[name][1](self.slack)
            self.feed.tell(WORLD)
        else:
            self._later("Slack works again", self._slack_is_back)

    def restart(self) -> None:
        """End the bot and start it again on its store, as a deploy does."""
        self._later("The bot is restarted", self._restart)

    def _set(self, scene: Played) -> None:
        self.scene = scene
        self.life: Living | None = None
        self.station = next(iter(STATIONS)) if scene.has_story else ""
        self.notice, self.trouble = "", ""
        self.world = self.making.world(scene)
        self.slack = SlackServer(
            (CHANNEL, *VISITORS), clock=self.world.clock, timer=lambda: datetime.now(UTC), watch=self._heard
        )
        self.client = Client(self.slack, scene.pipeline.zone)
        self.slack.__enter__()
        self._store = self._folder / f"store-{next(self._numbers)}.db"

    def _afresh(self, scene: Played) -> None:
        life, slack, world = self.life, self.slack, self.world
        self._set(scene)
        self.feed.tell(ALL)
        if life is not None:
            life.stop()
        slack.__exit__()
        world.close()
        self._begin()

    def _begin(self) -> None:
        if self.scene.has_story:
            said = self.slack.workspace.say(SAM.id, CHANNEL, BEFORE)
            evening = f"{(self.world.clock() - timedelta(hours=8, minutes=18)).timestamp():.6f}"
            messages = self.slack.workspace.channels[CHANNEL].messages
            messages[evening] = messages.pop(said.ts)
            said.ts = evening
        self._live()
        if self.life is not None:
            self.life.do("round")
            if not self.scene.has_story:
                self.life.look_at_everything()
        self.feed.tell(ALL)
        threading.Thread(target=self.world.breakable, name="faults", daemon=True).start()

    def _live(self) -> None:
        life = self.making.life(self.world, self.slack, self._store)
        self.client.app = life.url
        life.start()
        self.life = life

    def _restart(self) -> None:
        if self.life is not None:
            self.life.stop()
        self._live()
        self.notice = "The bot was restarted on the same store: it lost nothing and says nothing twice."

    def _go(self, until: datetime) -> None:
        """Let time pass, through the stations of the story that lie on the way."""
        if self.scene.has_story:
            for station in STATIONS.values():
                instant = instant_of(station.scenario, self.world.pipeline)
                if self.world.clock() < instant <= until:
                    self._pass(instant - timedelta(seconds=1))
                    self._arrive(station)
        self._pass(until)
        if self.station in STATIONS and self.scene.has_story and self._is_looking_out():
            self._pass(self._next_watch())

    def _is_looking_out(self) -> bool:
        """Whether something has just happened that the next watch will find."""
        return self.world.clock() < instant_of(STATIONS[self.station].scenario, self.world.pipeline) + timedelta(
            minutes=1
        )

    def _arrive(self, station: Station) -> None:
        orchestrators = {name for name in self.world.repaired if name.endswith("orchestrator")}
        self.world.become(station.after_repair if orchestrators else station.scenario)
        self.station = station.name if station.clock else self.station
        self.feed.tell(WORLD)

    def _pass(self, until: datetime) -> None:
        if self.life is not None:
            self.life.pass_time(until, lambda: self.feed.tell(WORLD))

    def _changing(self, change: Callable[[], None], *, noticed: str) -> None:
        """Change the world, and let the bot look: first as it does every few minutes, then at everything."""
        before = self._said_of_alerts()
        change()
        self.feed.tell(WORLD)
        self._pass(self._next_watch())
        if self.life is not None and self._said_of_alerts() == before:
            self.life.look_at_everything()
        if noticed == "break" and self._said_of_alerts() == before:
            self.notice = (
                "Nothing was noticed: what broke is not looked at yet at this time of the day, or it is a blind spot. "
                "'reveille drill' lists those."
            )

    def _said_of_alerts(self) -> frozenset[tuple[str, str]]:
        return frozenset((each.key, each.fingerprint) for each in self.alerts())

    def _slack_is_back(self) -> None:
        self._pass(self.world.clock() + timedelta(seconds=RETRY_SECONDS + 1))

    def _next_watch(self) -> datetime:
        """Return when the bot looks next by itself."""
        minutes = notifications_of(self.scene.pipeline).watch_minutes
        return watch_slot(minutes, self.world.clock()) + timedelta(minutes=minutes)

    @property
    def doing(self) -> str:
        """What is done, and empty when nothing waits to be done: from the moment on at which it is asked for."""
        return (*self._doing, "")[0]

    def _later(self, doing: str, work: Callable[[], None]) -> None:
        def done() -> None:
            self.notice = ""
            self.feed.tell(WORLD)
            try:
                work()
            finally:
                self._doing.popleft()
                self.feed.tell(WORLD)

        self._doing.append(doing)
        self.feed.tell(WORLD)
        self._work.put(done)

    def _works(self) -> None:
        while (work := self._work.get()) is not None:
            try:
                work()
            except Exception as error:
                _logger.exception("the playground could not do something")
                self.notice = f"That did not work: {error}"
                self.feed.tell(WORLD)

    def _heard(self, call: SlackCall) -> None:
        """Tell the pages what the bot said, or somebody else."""
        if call.error:
            return
        about = {**call.arguments, **call.answer}
        if call.method in SENT and "channel" in about:
            ts = str(about.get("message_ts") or about.get("ts") or "")
            self.feed.tell(Changed("post", str(about["channel"]), self._root(str(about["channel"]), ts)))
            self.feed.tell(WORLD)
        elif call.method in VIEWS:
            self.feed.tell(Changed("view"))
        elif call.method == "views.publish":
            self.feed.tell(Changed("home"))
        elif call.method == "files.completeUploadExternal":
            shared = {each["id"] for each in call.answer["files"]}
            for each in self.slack.workspace.channels[str(about["channel_id"])].messages.values():
                if shared & each.files.keys():
                    self.feed.tell(Changed("post", each.channel, each.thread_ts or each.ts))

    def _root(self, channel: str, ts: str) -> str:
        """Return the message at whose thread one stands."""
        workspace = self.slack.workspace
        found = workspace.channels[channel].messages.get(ts) if channel in workspace.channels else None
        found = found or next((each for each in workspace.private if each.ts == ts), None)
        return ts if found is None or found.thread_ts is None else found.thread_ts
