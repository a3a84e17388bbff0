"""Holds what Slack shows against what it must show: what is lost, double, stale or in the wrong place."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.alerting.alerts import Reason
from tests.faults.story import Incident


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as a reader of the channel sees it in the end. ``key`` is that of its first posting."""

    key: str
    channel: str
    ts: str
    thread_ts: str | None
    text: str
    blocks: Sequence[Any] = ()

    @property
    def parent(self) -> bool:
        return self.thread_ts in (None, self.ts)


@dataclass
class Difference:
    """What is wrong with a channel; nothing is right only when every list is empty."""

    lost: list[str] = field(default_factory=list)
    double: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    misplaced: list[str] = field(default_factory=list)
    """Out of order, or at the top level instead of in the thread."""

    @property
    def wrong(self) -> Sequence[str]:
        named = {"lost": self.lost, "double": self.double, "stale": self.stale, "misplaced": self.misplaced}
        return [f"{name}: {what}" for name, what_is in named.items() for what in what_is]

    def add(self, other: Difference) -> None:
        self.lost += other.lost
        self.double += other.double
        self.stale += other.stale
        self.misplaced += other.misplaced


CLICKS = ("acknowledged", "taken-over", "released", "snoozed", "unsnoozed", "rechecked")
"""What people did; a thread may hear of it at any time."""

REASONS = (*(reason.value for reason in Reason if reason is not Reason.OPENED), *CLICKS)


def reason_of(key: str) -> str | None:
    """Read the transition out of a reply's key, ``{thread}:{reason}:{version}``; None when it is a thread's key."""
    reason = key.rsplit(":", 2)[-2]
    return reason if reason in REASONS else None


def compare(expected: Sequence[Incident], shown: Iterable[Shown], latest: Mapping[str, Any]) -> Difference:
    """Compare the channel with the incidents. ``latest`` has the blocks that each thread's parent must show by now."""
    difference = Difference()
    first: dict[str, Shown] = {}
    for message in sorted(shown, key=lambda message: message.ts):
        if message.key in first:
            difference.double.append(f"message {message.key}")
        else:
            first[message.key] = message
    parents = [message for message in first.values() if message.parent and reason_of(message.key) is None]
    replies: dict[str, list[Shown]] = defaultdict(list)
    for message in first.values():
        if reason_of(message.key) is not None:
            replies[str(message.thread_ts)].append(message)
    for incident, thread in _pair(difference, expected, parents):
        _compare_thread(difference, incident, thread, replies.pop(thread.ts, []))
    difference.misplaced += [
        f"{reply.key} is in no thread of its own" for thread in replies.values() for reply in thread
    ]
    difference.stale += [p.key for p in parents if p.key in latest and latest[p.key] != list(p.blocks)]
    return difference


def _pair(
    difference: Difference, expected: Sequence[Incident], parents: Sequence[Shown]
) -> Iterator[tuple[Incident, Shown]]:
    """Pair the incidents of each subject with its threads in the order of their generations: a thread that may be there
    already is looked for first, and the next incident does not wait for that."""
    by_subject: dict[str, list[Incident]] = defaultdict(list)
    for incident in expected:
        by_subject[incident.subject].append(incident)
    for subject, incidents in by_subject.items():
        threads = sorted((parent for parent in parents if f":{subject}:" in parent.key), key=_generation)
        difference.lost += [f"thread {number + 1} of {subject}" for number in range(len(threads), len(incidents))]
        difference.double += [f"thread {thread.key}" for thread in threads[len(incidents) :]]
        yield from zip(incidents, threads, strict=False)


def _generation(thread: Shown) -> tuple[int, str]:
    """The number at the end of a thread's key, before the mark of one that was posted again; then its time."""
    numbers = [int(part) for part in thread.key.split(":") if part.isdecimal()]
    return (numbers[-1] if numbers else 0, thread.ts)


def _compare_thread(difference: Difference, incident: Incident, thread: Shown, replies: Sequence[Shown]) -> None:
    expected = incident.reasons[1:]
    actual = [reason for reply in replies if (reason := str(reason_of(reply.key))) not in CLICKS]
    missing, extra = Counter(expected) - Counter(actual), Counter(actual) - Counter(expected)
    difference.lost += [f"{reason} in {thread.key}" for reason in missing.elements()]
    difference.double += [f"{reason} in {thread.key}" for reason in extra.elements()]
    if not missing and not extra and actual != expected:
        difference.misplaced.append(f"{thread.key}: {', '.join(actual)} instead of {', '.join(expected)}")
