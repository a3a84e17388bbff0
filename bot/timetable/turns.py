"""What the timetable does again and again, and cannot do: a watch that fails each time is silence, and must be said."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime

from bot.render.notes import note_message
from bot.store.model import Delivery, StoreError
from bot.timetable.digest_deliveries import message_to

IN_A_ROW = 3
"""Failures of one step in a row; a round comes every minute, so that a passing trouble is not told."""

TITLES: Mapping[str, str] = {
    "digest": "write the digest",
    "watch": "watch the pipeline",
    "late": "see whether the digest is late",
    "follow-up": "follow up the digest",
    "repairs": "look after repairs",
}

Tell = Callable[[str, str], object]
"""Says a sentence in the default channel, once for each name."""


class Turns:
    """Counts failures in a row by step. ``tell`` hears once of a step that fails again and again, and once that it
    works again. Safe from several threads."""

    def __init__(self, tell: Tell | None = None) -> None:
        self._tell = tell or _nobody
        self._failures: dict[str, int] = {}
        self._reasons: dict[str, str] = {}
        self._lock = threading.Lock()

    def worked(self, step: str) -> None:
        with self._lock:
            failures = self._failures.pop(step, 0)
            self._reasons.pop(step, None)
        if failures >= IN_A_ROW:
            self._tell(f"{step}:again", f"✅ I can {TITLES.get(step, step)} again.")

    def failed(self, step: str, error: Exception) -> None:
        with self._lock:
            failures = self._failures[step] = self._failures.get(step, 0) + 1
            self._reasons[step] = reason_of(error)
            reason = self._reasons[step]
        if failures == IN_A_ROW:
            self._tell(
                step,
                f"🔴 I could not {TITLES.get(step, step)} {IN_A_ROW} times in a row: {reason}."
                " Silence here does not mean that all is well; my log says more.",
            )

    def problems(self) -> Mapping[str, str]:
        """Return what fails again and again, each with its reason."""
        with self._lock:
            return {
                step: f"failed {count} times in a row: {self._reasons[step]}"
                for step, count in self._failures.items()
                if count >= IN_A_ROW
            }

    def counts(self) -> Mapping[str, int]:
        """Return the failures in a row of each step that failed last."""
        with self._lock:
            return dict(self._failures)


def _nobody(name: str, sentence: str) -> None:
    """The shell shows its own errors."""
    del name, sentence


def reason_of(error: Exception) -> str:
    """Return why, without a name of a machine or a secret."""
    return f"the store {error.problem}" if isinstance(error, StoreError) else type(error).__name__


def trouble_notice(pipeline: str, channel: str, name: str, sentence: str, now: datetime) -> Delivery:
    """Return what the default channel hears; the same from every instance within an hour."""
    key = f"trouble:{pipeline}:{name}:{now:%Y-%m-%dT%H}"
    return message_to(channel, key, note_message(sentence), now)
