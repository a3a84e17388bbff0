"""What Slack answered lately, by channel: where nothing goes for now, and what a person has to repair.

One process knows this and forgets it when it ends; what waits is in the store. ``problems`` and ``holds`` may be
asked from any thread, the rest belongs to the one that sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.delivery.decisions import TRIES, DeliveryFate
from bot.delivery.poster import Wording
from bot.delivery.troubles import PostError, SinkCall, Trouble
from bot.store.model import SLACK, Channels, Delivery, DeliveryKind

SETTLES = timedelta(seconds=5)
"""After an ambiguous time-out: by then Slack shows what it accepted."""
LONGEST_BACK_OFF = timedelta(minutes=1)
LONGEST_WAIT = timedelta(minutes=10)
"""Between attempts at what people can repair."""

DETOUR_AFTER = timedelta(minutes=10)
"""A channel that has only failed for so long is left out, and its messages go to the default channel."""
PROBE = timedelta(minutes=5)
"""Between attempts to reach such a channel again."""


def back_off(attempts: int, longest: timedelta) -> timedelta:
    """Return how long to wait after so many attempts: 5 seconds, then doubled, ``longest`` at most."""
    return min(longest, max(SETTLES, timedelta(seconds=2 ** min(attempts, 20))))


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is sent from one instant to another. A clock that was set back does not lengthen it."""

    since: datetime
    until: datetime

    def holds(self, now: datetime) -> bool:
        return self.since <= now < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failing:
    """A channel, or the app, that has only failed since an instant."""

    since: datetime
    tried_at: datetime
    error: PostError
    count: int = 1
    pause: Pause | None = None
    alone: bool = False
    """When it failed last, the default channel had worked meanwhile: it is not Slack that is down."""

    def holds(self, now: datetime) -> bool:
        return self.pause is not None and self.pause.holds(now)


@dataclass(frozen=True, slots=True)
class Defaults:
    """Which channel takes the messages of a channel that fails: that of the pipeline which writes there, by
    ``channels``, else the ``first``; None for a sink of which nothing goes elsewhere."""

    first: str | None
    channels: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, default: str | Defaults | None) -> Defaults:
        """Return the defaults that are meant where one channel may stand for all."""
        return default if isinstance(default, Defaults) else cls(default)

    def of(self, channel: str) -> str | None:
        return self.channels.get(channel, self.first)


class Traffic:
    """Which channels of a sink work and which wait. ``defaults`` take the messages of those that fail."""

    def __init__(self, defaults: Defaults, wording: Wording) -> None:
        self._sink = wording.sink
        self._wording = wording
        self._defaults = defaults
        self._app: _Failing | None = None
        self._failing: dict[str, _Failing] = {}
        self._limited: dict[tuple[str, SinkCall], Pause] = {}
        self._worked: dict[str, datetime] = {}
        self.silent = False
        """Whether Slack has not answered the last message; what a look came to does not count."""

    # What Slack answered

    def worked(self, channel: str, now: datetime) -> None:
        """Slack took a message, or an edit, in a channel."""
        self._app = None
        self._failing.pop(channel, None)
        self._worked[channel] = now
        self.silent = False

    def refused(self, error: PostError, now: datetime) -> None:
        """Slack refused a message in a channel, and it goes elsewhere."""
        self.silent = False
        self._fail(error, now, None)

    def failed(self, reason: DeliveryFate, error: PostError, now: datetime) -> Pause | None:
        """Let wait what a reason says has to wait; return for how long."""
        if error.call is not SinkCall.FIND:
            self.silent = error.trouble is Trouble.UNAVAILABLE
        match reason:
            case DeliveryFate.RATE_LIMITED:
                pause = Pause(now, now + error.retry_after)
                self._limited[_place(error), error.call] = pause
                if error.call is SinkCall.POST:
                    self._fail(error, now, None)
                return pause
            case DeliveryFate.NO_ANSWER:
                return self._fail(error, now, LONGEST_BACK_OFF).pause
            case DeliveryFate.CHANNEL_REFUSED:
                return self._fail(error, now, LONGEST_WAIT).pause
            case DeliveryFate.APP_REFUSED:
                self._app = _again(self._app, error, now, LONGEST_BACK_OFF)
                return self._app.pause
            case DeliveryFate.REFUSED | DeliveryFate.GIVEN_UP if error.call is SinkCall.POST:
                self._fail(error, now, None)
                return None
            case _:
                return None

    # What follows from it

    @property
    def app_fails(self) -> bool:
        return self._app is not None

    def is_known(self, error: PostError) -> bool:
        """Whether the channel, or the app, fails for this reason already."""
        failing = self._app if error.trouble is Trouble.APP else self._failing.get(error.channel)
        return failing is not None and failing.error.detail == error.detail

    def app_waits(self, now: datetime) -> bool:
        return self._app is not None and self._app.holds(now)

    def waits_until(self, channel: str, call: SinkCall, now: datetime) -> datetime | None:
        """Return when Slack may be asked for something in a channel, None for now."""
        failing = None if call is SinkCall.FIND else self._failing.get(channel)
        limited = self._limited.get(("" if call is SinkCall.FIND else channel, call))
        pauses = [limited, *(each.pause for each in (self._app, failing) if each is not None)]
        return max((each.until for each in pauses if each is not None and each.holds(now)), default=None)

    def left_out(self, channel: str, now: datetime) -> PostError | None:
        """Return why messages for a channel go to the default channel without trying; None when they do not."""
        failing, default = self._failing.get(channel), self._defaults.of(channel)
        if failing is None or default in (None, channel) or self._just_failed(default, now):
            return None
        may_recover = failing.error.trouble in (Trouble.BUSY, Trouble.UNAVAILABLE)
        if not may_recover or now - failing.since < DETOUR_AFTER or now - failing.tried_at >= PROBE:
            return None
        # After an outage of everything the default channel may be the first that works, and this one the next.
        only_now = self._worked_since(default, failing.since) and not failing.alone
        return None if only_now else failing.error

    def channels(self, now: datetime) -> Channels:
        """Return what a claim has to know: where nothing goes now, and what goes last."""
        waiting = {name for name, each in self._failing.items() if each.holds(now) and not self.left_out(name, now)}
        limited = {place for place, pause in self._limited.items() if pause.holds(now)}
        return Channels(
            sink=self._sink,
            waiting=frozenset(waiting | {name for name, call in limited if call is SinkCall.POST}),
            edits_waiting=frozenset(waiting | {name for name, call in limited if call is SinkCall.EDIT}),
            failing=frozenset(n for n, each in self._failing.items() if each.error.trouble is not Trouble.BUSY),
        )

    def failing_since(self, channel: str) -> datetime | None:
        failing = self._failing.get(channel)
        return None if failing is None else failing.since

    def worked_elsewhere(self, channel: str, since: datetime) -> bool:
        """Whether Slack has taken something in another channel since."""
        return any(at >= since for name, at in self._worked.items() if name != channel)

    def holds(self, delivery: Delivery, now: datetime) -> bool:
        """Whether a delivery waits for Slack or for a person, so that nobody need wait for it."""
        call = SinkCall.EDIT if delivery.kind is DeliveryKind.UPDATE else SinkCall.POST
        return self.waits_until(delivery.posted_channel or delivery.channel, call, now) is not None

    def problems(self) -> Mapping[str, str]:
        """Return what only a person can repair, each in one sentence. That Slack is down or busy is none."""
        found = {}
        if (app := self._app) is not None:
            found["slack"] = f"refuses the bot ({app.error.detail}). {self._wording.remedy(app.error.detail)}"
        for name, each in tuple(self._failing.items()):
            code = each.error.detail
            if not _lasts(each):
                continue
            if name == self._defaults.of(name):
                about = "default channel" if name == self._defaults.first else f"default channel {name}"
                found[about] = f"{name} does not take messages ({code}). {self._wording.remedy(code)}"
            elif self._sink != SLACK:
                # Nothing goes elsewhere instead, so each of its channels is somebody's to repair.
                found[f"{self._sink} {name}"] = f"does not take events ({code}). {self._wording.remedy(code)}"
        return found

    def _fail(self, error: PostError, now: datetime, longest: timedelta | None) -> _Failing:
        failing = _again(self._failing.get(error.channel), error, now, longest)
        failing = replace(failing, alone=self._worked_since(self._defaults.of(error.channel), failing.since))
        self._failing[error.channel] = failing
        return failing

    def _just_failed(self, default: str | None, now: datetime) -> bool:
        """Whether a default channel has just failed, too; after a while the next message finds out."""
        failing = self._failing.get(default or "")
        return failing is not None and (failing.holds(now) or now - failing.tried_at < PROBE)

    def _worked_since(self, default: str | None, since: datetime) -> bool:
        worked = self._worked.get(default or "")
        return worked is not None and worked >= since


def _again(before: _Failing | None, error: PostError, now: datetime, longest: timedelta | None) -> _Failing:
    """Return what is known after another failure; without ``longest`` it is not waited for."""
    found = _Failing(since=now, tried_at=now, error=error)
    if before is not None:
        found = replace(found, since=min(before.since, now), count=before.count + 1)
    return found if longest is None else replace(found, pause=Pause(now, now + back_off(found.count, longest)))


def _lasts(failing: _Failing) -> bool:
    """Whether only a person can end it; of a refusal that nobody has told us of that is not known at first."""
    match failing.error.trouble:
        case Trouble.BUSY | Trouble.UNAVAILABLE:
            return False
        case Trouble.REFUSED:
            return failing.count > TRIES
        case _:
            return True


def _place(error: PostError) -> str:
    """Slack limits looks for the whole app, whatever the channel."""
    return "" if error.call is SinkCall.FIND else error.channel
