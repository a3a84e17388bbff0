"""What the playground is made of: what is played, the world of it, and the bot that lives in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from bot.playground.clock import PlayClock
from bot.playground.slack.server import SlackServer
from bot.render.graph.alerted import alerted
from bot.render.graph.drawing import Drawing, drawing_of
from bot.scenarios.scenario import Scenario
from bot.store.model import Alert
from checks.expansion.stated import stated_checks
from checks.pipeline import Pipeline
from checks.source import Ports
from checks.sql_check_spec import SqlCheck

STORY = "story"


@dataclass(frozen=True, kw_only=True)
class Played:
    """What a playground begins with. The ``story`` has further stations of its clock."""

    name: str
    pipeline: Pipeline
    scenario: Scenario

    @property
    def has_story(self) -> bool:
        return self.name == STORY

    def drawn(self, alerts: Sequence[Alert]) -> Drawing:
        """Return the graph of the pipeline, with what alerts are about."""
        return alerted(self._plain, self.pipeline, self._stated, alerts)

    @cached_property
    def _stated(self) -> tuple[SqlCheck, ...]:
        return stated_checks(self.pipeline)

    @cached_property
    def _plain(self) -> Drawing:
        return drawing_of(self.pipeline, self._stated)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakage:
    """Something that people broke; ``repaired`` says whether the bot has put it right since."""

    key: str
    words: str
    repaired: bool


class PlayedWorld(Protocol):
    """The recorded world behind the bot. Whatever changes it makes another one, in which repairs last."""

    @property
    def pipeline(self) -> Pipeline: ...

    @property
    def scenario(self) -> Scenario: ...

    @property
    def stage(self) -> Ports:
        """What the bot asks, and repairs."""
        ...

    @property
    def clock(self) -> PlayClock: ...

    @property
    def broken(self) -> Sequence[Breakage]: ...

    @property
    def repaired(self) -> frozenset[str]:
        """The services and jobs that repairs have written."""
        ...

    def become(self, scenario: Scenario) -> None:
        """Be another scenario from now on."""
        ...

    def breakable(self) -> Sequence[Mapping[str, Any]]:
        """Return what can be broken: in words, and where it can, as key and words. Slow the first time."""
        ...

    def words_of(self, key: str) -> str | None:
        """Say what would be broken; None for what cannot be."""
        ...

    def put(self, key: str) -> None:
        """Break something. Raises KeyError."""
        ...

    def take_back(self, key: str) -> None:
        """Put right what was broken."""
        ...

    def close(self) -> None: ...


class Living(Protocol):
    """A bot that lives in a world until it is stopped."""

    @property
    def url(self) -> str:
        """Where it takes Slack's requests."""
        ...

    def alerts(self) -> Sequence[Alert]:
        """Return what is open."""
        ...

    def start(self) -> None: ...

    def stop(self) -> bool: ...

    def do(self, job: str) -> None:
        """Do a job of the timetable, and wait until Slack has what it says."""
        ...

    def pass_time(self, until: datetime, passed: Callable[[], object]) -> None:
        """Let it become later: what is due is done at its time; ``passed`` hears of each step."""
        ...

    def look_at_everything(self) -> None:
        """Write the digest now, or bring it up to date."""
        ...


@dataclass(frozen=True, kw_only=True)
class Making:
    """How everything is made. ``playable`` returns the titles of what can be played, by name; ``played`` raises
    UnknownScenario, PipelineFileError, SettingsError; a life begins on a store in a file."""

    playable: Callable[[], Mapping[str, str]]
    played: Callable[[str], Played]
    world: Callable[[Played], PlayedWorld]
    life: Callable[[PlayedWorld, SlackServer, Path], Living]
    commands: Callable[[], Sequence[Mapping[str, Any]]]
    """The slash commands, as the manifest has them."""
