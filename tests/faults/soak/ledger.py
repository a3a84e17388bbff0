"""Holds what Slack shows after a soak against what was broken, and when: lost, double, late and wrong.

It knows what a person was promised, and nothing of how the bot decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from bot.timetable.digest_deliveries import posting_key
from tests.faults.ledger import Shown, reason_of

GRACE = timedelta(minutes=10)
"""So long after a look a message may come: whoever died holds its lease for some minutes."""

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """Something that is broken from one instant to another, and the alert that has to tell it. ``by_digest`` says that
    only the full checks of a digest see it, ``healed_by_digest`` that only they see its end."""

    pipeline: str
    fault: str
    alert: str
    begins: datetime
    ends: datetime
    by_digest: bool = False
    healed_by_digest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A time at which somebody had to look. ``undisturbed`` is false where a process died, nobody lived, or a source
    did not answer: then the next look is the one that counts."""

    pipeline: str
    at: datetime
    full: bool = False
    undisturbed: bool = True
    makes_up_for: datetime | None = None
    """When a digest was due that somebody died over: this look sees what was broken then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """Everything that happened: what was broken, who had to look, when Slack took nothing, which digests were due."""

    broken: Sequence[Broken]
    looks: Sequence[Look]
    silences: Sequence[Span]
    digests: Mapping[str, Mapping[date, datetime]]
    until: datetime
    announced: frozenset[str] = frozenset()
    """Keys of messages that said themselves, when they were posted, that they may be there twice: Slack had not let
    anybody look for long."""


@dataclass
class Findings:
    """What is wrong; nothing is only when every list is empty. ``wrong`` is told although nothing was broken, or said
    to be over although it was not. ``uneven`` is no fault: why there are not as many threads as incidents."""

    lost: list[str] = field(default_factory=list)
    double: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    uneven: list[str] = field(default_factory=list)

    @property
    def everything(self) -> Mapping[str, Sequence[str]]:
        return {"lost": self.lost, "double": self.double, "late": self.late, "wrong": self.wrong}


def judge(passed: Passed, shown: Iterable[Shown]) -> Findings:
    """Compare what Slack shows in the end with what happened."""
    messages, findings = sorted(shown, key=lambda each: each.ts), Findings()
    findings.double += list(_repeated(messages, passed))
    threads = threads_of(messages)
    told: set[str] = set()
    for each, until in _each_until(passed.broken):
        own = [thread for thread in threads if _tells(thread, each) and each.begins <= time_of(thread) < until]
        told |= {thread.ts for thread in own}
        _judge_threads(findings, each, own, messages, passed)
    findings.wrong += [f"{each.key} at {time_of(each):%d %H:%M}" for each in threads if each.ts not in told]
    for pipeline, due in passed.digests.items():
        _judge_digests(findings, pipeline, due, messages, passed)
    return findings


def _repeated(messages: Sequence[Shown], passed: Passed) -> Iterator[str]:
    """Yield what stands there more than once. A thread of an incident is told apart by its time instead: once an alert
    is forgotten, the numbers of its threads begin again."""
    threads = {each.ts for each in threads_of(messages)}
    counts = Counter((each.key, each.thread_ts) for each in messages if each.ts not in threads)
    for (key, thread), count in counts.items():
        if count > 1 + (key in passed.announced):
            times = " and ".join(
                f"{time_of(each):%d %H:%M:%S}" for each in messages if (each.key, each.thread_ts) == (key, thread)
            )
            yield f"message {key}, {count} times: {times}"


def threads_of(messages: Iterable[Shown]) -> Sequence[Shown]:
    """Return the messages that a thread of an incident hangs on."""
    return [each for each in messages if each.key.startswith("alert:") and each.parent and not reason_of(each.key)]


def time_of(message: Shown) -> datetime:
    return datetime.fromtimestamp(float(message.ts), UTC)


def _each_until(broken: Sequence[Broken]) -> Iterator[tuple[Broken, datetime]]:
    """Yield each with the instant from which on its alert tells the next one."""
    for each in broken:
        later = [other.begins for other in broken if other.alert == each.alert and other.begins > each.begins]
        yield each, min(later, default=datetime.max.replace(tzinfo=UTC))


def _tells(thread: Shown, broken: Broken) -> bool:
    return thread.key.removeprefix("alert:").rpartition(":")[0] == broken.alert


def _judge_threads(
    findings: Findings, each: Broken, own: Sequence[Shown], messages: Sequence[Shown], passed: Passed
) -> None:
    name = f"{each.pipeline} {each.fault}, {each.begins:%d %H:%M} to {each.ends:%d %H:%M}"
    seen = _look_at(passed, each.pipeline, each.begins, full=each.by_digest)
    if not own:
        if seen is not None and seen < each.ends:
            findings.lost.append(name)
        else:
            findings.uneven.append(f"no thread is owed for {name}: {_unseen(each, seen)}")
        return
    allowed = 1 + (own[0].key in passed.announced)
    findings.uneven += [f"one more thread for {name}: it says that it may be there twice" for _ in own[1:allowed]]
    findings.double += [f"{name}: {thread.key} at {time_of(thread):%d %H:%M:%S}" for thread in own[allowed:]]
    if seen is not None and time_of(own[0]) > _told_by(seen, passed):
        findings.late.append(f"{name}: told {time_of(own[0]):%d %H:%M} instead of {seen:%d %H:%M}")
    _judge_end(
        findings, each, name, [each for each in messages if each.thread_ts in {thread.ts for thread in own}], passed
    )


def _unseen(each: Broken, seen: datetime | None) -> str:
    """Say why nobody had to see something while it was broken."""
    look = "digest" if each.by_digest else "look"
    if seen is None:
        return f"the days ended before an undisturbed {look} at it"
    return f"it was over before the first undisturbed {look} at it, {seen:%d %H:%M}"


def _judge_end(findings: Findings, each: Broken, name: str, replies: Sequence[Shown], passed: Passed) -> None:
    seen = _look_at(passed, each.pipeline, each.ends, full=each.healed_by_digest)
    reasons = Counter(reason_of(reply.key) for reply in replies)
    ends = [time_of(reply) for reply in replies if reason_of(reply.key) == "resolved"]
    early = [end for end in ends if end < each.ends]
    findings.wrong += [f"{name}: resolved {end:%d %H:%M}" for end in early]
    findings.double += [f"{name}: resolved once more"] * (len(ends) - 1 - reasons["reopened"])
    if seen is None or _told_by(seen, passed) > passed.until:
        return
    if not ends:
        findings.lost.append(f"{name}: its end")
    elif ends[-1] > _told_by(seen, passed):
        findings.late.append(f"{name}: resolved {ends[-1]:%d %H:%M} instead of {seen:%d %H:%M}")


def _judge_digests(
    findings: Findings, pipeline: str, due: Mapping[date, datetime], messages: Sequence[Shown], passed: Passed
) -> None:
    posted = {each.key: each for each in messages}
    owed = {posting_key(pipeline, day.isoformat()): instant for day, instant in due.items()}
    for key, instant in owed.items():
        message, seen = posted.get(key), _look_at(passed, pipeline, instant, full=True)
        if message is None:
            findings.lost.append(key)
        elif seen is not None and time_of(message) > _told_by(seen, passed):
            findings.late.append(f"{key}: posted {time_of(message):%d %H:%M} instead of {seen:%d %H:%M}")
    parents = [key for key, each in posted.items() if each.parent and key.startswith(f"digest:{pipeline}:")]
    findings.double += [f"{key}, which nobody owes" for key in parents if key not in owed]


def _look_at(passed: Passed, pipeline: str, since: datetime, *, full: bool) -> datetime | None:
    """Return when somebody has to have looked, with every check where that is needed."""
    looks = (
        each.at
        for each in passed.looks
        if each.pipeline == pipeline and each.undisturbed and _sees(each, since, full=full)
    )
    return min(looks, default=None)


def _sees(look: Look, since: datetime, *, full: bool) -> bool:
    return (look.makes_up_for or look.at) >= since if full and look.full else look.at >= since and not full


def _told_by(seen: datetime, passed: Passed) -> datetime:
    """Return until when Slack has to have heard of what somebody saw: soon, or soon after it takes messages again."""
    told = seen
    for begin, end in sorted(passed.silences):
        if begin <= told < end:
            told = end
    return told + GRACE
