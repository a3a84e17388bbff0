"""The morning digest for Slack: one message that says what to know, and the rest for its thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import takewhile

from bot.render.blocks import posts_of
from bot.render.headline import headline
from bot.render.message import Command, Heading, Line, Mark, Message, Part, SmallPrint, mark_of, mark_of_severity
from bot.render.notes import sentence
from bot.render.phases import phase_table
from bot.render.post import Aside, Paragraph, Post, Strong, Title, limited, text
from bot.render.reading import Found, Reading, grouped, source_of, total
from bot.render.report import message_of
from bot.render.report_changes import Changes, Problem
from bot.render.slack_text import LINE_TEXT, VERDICT_EMOJI
from bot.render.words import clean, joined, moment, number, once, shortened
from checks.actions import Action
from checks.model import Outcome, Severity, Verdict

NAMES_AT_MOST = 6
"""Names in a line of changes; more of them are counted."""

NAMED_IN_PARENT = 2
"""Checks that the digest itself names in a line of changes."""

PROBLEMS_AT_MOST = 8
"""Problems without a cause in the digest itself; the thread has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What a digest is written from. ``changes`` come with the oldest comparison first; ``notes`` are sentences about
    the digest itself, such as that it is late."""

    reading: Reading
    changes: Sequence[Changes] = ()
    notes: Sequence[str] = ()
    quiet: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestMessages:
    """The message in the channel, and the details for its thread."""

    parent: Post
    thread: tuple[Post, ...]


def digest_messages(digest: Digest) -> DigestMessages:
    """Return the messages of a digest. What the parent cannot hold opens its thread."""
    whole = message_of(digest.reading)
    details = posts_of(replace(whole, title=f"{whole.title} in detail", sentence=""))
    if digest.quiet and digest.reading.report.verdict is Verdict.ALL_CLEAR:
        return DigestMessages(parent=_one_line(digest), thread=tuple(details))
    parent, *rest = posts_of(replace(whole, parts=tuple(_parts(digest, whole))))
    return DigestMessages(parent=parent, thread=(*rest, *details))


def changes_message(digest: Digest, changes: Changes) -> Post:
    """Return the reply that tells a thread what changed; it is never empty."""
    lines = tuple(_change_lines(digest.reading, changes, _named)) or (
        SmallPrint(text=_unchanged(digest.reading, changes)),
    )
    whole = message_of(digest.reading)
    notice = (f"Checked at {digest.reading.clock}: {digest.reading.report.verdict}",)
    (message, *_) = posts_of(replace(whole, sentence="", parts=lines))
    # The title of a message belongs over a report; in a thread the lines are enough.
    return Post(notice, tuple(part for part in message.parts if not isinstance(part, Title)))


def _one_line(digest: Digest) -> Post:
    """A clear morning is one line, with what recovered: that is news as well."""
    reading = digest.reading
    report = reading.report
    emoji = VERDICT_EMOJI[report.verdict]
    title, sentence = clean(report.title), headline(reading)
    recovered = once(_named(each.recovered) for each in digest.changes if each.recovered)
    lead, said = limited(f"{title}: {report.verdict}", LINE_TEXT // 4), limited(sentence, LINE_TEXT)
    small = [*(f"Recovered: {names}." for names in recovered), *digest.notes, f"Checked at {reading.clock}."]
    return Post(
        notice=(f"{emoji} {limited(f'{title}: {report.verdict}. {sentence}', LINE_TEXT)}",),
        parts=(
            Paragraph((f"{emoji} ", Strong((lead,)), f" {said}")),
            Aside((limited(" ".join(small), LINE_TEXT),)),
        ),
    )


def _parts(digest: Digest, whole: Message) -> Iterator[Part]:
    reading = digest.reading
    yield from takewhile(lambda part: isinstance(part, SmallPrint), whole.parts)
    yield from (SmallPrint(text=note) for note in digest.notes)
    for each in digest.changes:
        yield from tuple(_change_lines(reading, each, partial(_counted, reading))) or (
            SmallPrint(text=_unchanged(reading, each)),
        )
    yield from _causes(reading)
    yield from _problems(reading)
    yield from _unseen(reading)
    yield from phase_table(reading)
    yield SmallPrint(text="Figures, impacts and every finding are in the thread.")


def _unchanged(reading: Reading, changes: Changes) -> str:
    return f"Nothing new and nothing recovered since {_since(reading, changes)}."


def _since(reading: Reading, changes: Changes) -> str:
    return f"{moment(changes.since, reading.zone, reading.report.now)} {changes.since.astimezone(reading.zone):%Z}"


def _change_lines(reading: Reading, changes: Changes, told: Callable[[Sequence[Problem]], str]) -> Iterator[Line]:
    since = _since(reading, changes)
    for word, problems in (("New", changes.new), ("Worse", changes.worse)):
        if problems:
            worst = min(problem.severity for problem in problems)
            yield Line(mark=mark_of_severity(worst), label=f"{word} since {since}", text=told(problems))
    if changes.recovered:
        yield Line(mark=Mark.PASSED, label=f"Recovered since {since}", text=told(changes.recovered))


def _counted(reading: Reading, problems: Sequence[Problem]) -> str:
    """Name a few, and of more say how many they are and where: their causes follow, their names are in the thread."""
    if len({problem.check for problem in problems}) <= NAMED_IN_PARENT:
        return _named(problems)
    phases = [phase.id for phase in reading.pipeline.phases]
    touched = {problem.phase for problem in problems}
    names = [reading.phase_title(phase) for phase in phases if phase in touched]
    elsewhere = ("the control plane",) if touched - set(phases) else ()
    return f"{number(sum(each.count for each in problems), 'problem')} in {joined((*names, *elsewhere))}"


def _named(problems: Sequence[Problem]) -> str:
    """Name each check once, by the name that commands take, the worst first, with its subject or how many it has."""
    by_check = grouped(sorted(problems, key=lambda each: each.severity), lambda each: each.check)
    names = []
    for check, found in by_check.items():
        count = sum(each.count for each in found)
        names.append(f"{check} ({found[0].subject if count == 1 else f'{count:,}'})")
    return shortened(names, NAMES_AT_MOST)


def _causes(reading: Reading) -> Iterator[Part]:
    if reading.causes:
        yield Heading(text="Cause" if len(reading.causes) == 1 else "Causes")
    for cause in reading.causes:
        yield Line(mark=mark_of_severity(cause.severity), text=cause.sentence)
        yield from _repair(cause.action)


def _repair(action: Action | None) -> Iterator[Part]:
    if action is not None:
        yield Line(label="Repair", text=action.text, inset=True)
        if action.command:
            yield Command(text=action.command)


def _problems(reading: Reading) -> Iterator[Part]:
    """Yield a line for each failure that no cause explains, and the repair of what cannot wait."""
    loose = [each for each in reading.of(Outcome.FAILED) if each.key not in reading.explained]
    groups: dict[tuple[str, str, int], list[Found]] = {}
    for each in loose:
        groups.setdefault((each.check, each.finding.code, each.badness), []).append(each)
    if groups:
        yield Heading(text="Other problems" if reading.causes else "Problems")
    for group in list(groups.values())[:PROBLEMS_AT_MOST]:
        first = group[0]
        more = f" (and {total(group) - 1:,} more)" if len(group) > 1 else ""
        text = first.finding.summary.rstrip(".") + f"{more}."
        yield Line(mark=mark_of(first.finding), label=first.title, text=text, code=first.check, link=first.finding.link)
        if first.finding.severity in (Severity.P0, Severity.P1):
            yield from _repair(first.finding.action)
    if len(groups) > PROBLEMS_AT_MOST:
        yield SmallPrint(text=f"{len(groups) - PROBLEMS_AT_MOST} more kinds of problems are in the thread.")


def _unseen(reading: Reading) -> Iterator[Part]:
    unknown = reading.of(Outcome.UNKNOWN)
    if not unknown:
        return
    sources = once(" ".join(filter(None, source_of(each.finding))) for each in unknown)
    titles = shortened(once(each.title for each in unknown), NAMES_AT_MOST)
    because = f" ({shortened(sources, NAMES_AT_MOST)})" if sources else ""
    yield Line(mark=Mark.UNKNOWN, label=f"Could not check{because}", text=titles)


def late_message(title: str, due: str, reason: str) -> Post:
    """Return the message that says that a digest is not there, and why as far as that is known."""
    why = f" {limited(reason, LINE_TEXT)}" if reason else ""
    late = f": the digest that was due at {clean(due)} is late.{why}"
    return sentence(text("⏰ ", Strong((limited(title, LINE_TEXT // 4),)), late))
