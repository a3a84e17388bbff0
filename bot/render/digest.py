"""The morning digest for Slack: one message that says what to know, and the rest for its thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.alerting.incident import CANNOT_LOOK, Incident, incidents_of, members_of
from bot.render.alert_list import gravest_first, state_words
from bot.render.alert_title import cut, fitting_title, short_title
from bot.render.blocks import posts_of
from bot.render.board import board_lines, figure
from bot.render.headline import figure_of, headline, is_empty
from bot.render.limits import HEADER_TEXT
from bot.render.message import Line, Mark, SmallPrint, mark_of_severity
from bot.render.notes import sentence
from bot.render.post import Aside, Paragraph, Post, Strong, Text, ThreadLink, Title, limited, text
from bot.render.reading import Found, Reading, grouped, source_words
from bot.render.report import message_of, message_title
from bot.render.report_changes import Changes, Problem
from bot.render.slack_text import EMOJI, LINE_TEXT, VERDICT_EMOJI
from bot.render.words import clean, day, number, once, quoted, shortened, zoned
from bot.store.model import Alert, AlertState
from checks.model import Outcome, Severity, Verdict

NAMES_AT_MOST = 6
"""Names in a line of changes; more of them are counted."""

NAMED_IN_PARENT = 2
"""Checks that the digest itself names in a line of changes."""

PROBLEMS_AT_MOST = 8
"""Problems in the digest itself, a line each; the thread has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What a digest is written from. ``changes`` come with the oldest comparison first; ``notes`` are sentences about
    the digest itself, such as that it is late. ``alerts`` are those that are open, None where nobody knows, and
    ``next_look`` is when it is brought up to date."""

    reading: Reading
    changes: Sequence[Changes] = ()
    notes: Sequence[str] = ()
    quiet: bool = True
    alerts: Sequence[Alert] | None = None
    next_look: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestMessages:
    """The message in the channel, and the details for its thread."""

    parent: Post
    thread: tuple[Post, ...]


def digest_messages(digest: Digest) -> DigestMessages:
    """Return the messages of a digest. Its thread holds the report in detail."""
    whole = message_of(digest.reading)
    details = posts_of(replace(whole, title=f"{whole.title} in detail", sentence=""))
    is_clear = digest.quiet and digest.reading.report.verdict is Verdict.ALL_CLEAR
    return DigestMessages(parent=_one_line(digest) if is_clear else _parent(digest), thread=tuple(details))


def changes_message(digest: Digest, changes: Changes) -> Post:
    """Return the reply that tells a thread what changed; it is never empty."""
    lines = tuple(_change_lines(digest.reading, changes)) or (SmallPrint(text=_unchanged(digest.reading, changes)),)
    whole = message_of(digest.reading)
    notice = (f"Checked at {digest.reading.clock}: {digest.reading.report.verdict}",)
    (message, *_) = posts_of(replace(whole, sentence="", parts=lines))
    # The title of a message belongs over a report; in a thread the lines are enough.
    return Post(notice, tuple(part for part in message.parts if not isinstance(part, Title)))


def _one_line(digest: Digest) -> Post:
    """A clear morning is one line: figures that people like to see, and what recovered, since that is news as well."""
    reading = digest.reading
    recovered = once(_recovered(reading, each) for each in digest.changes)
    told = [limited(each, LINE_TEXT // 4) for each in (*clear_figures(reading), *recovered) if each]
    lead = f"{clean(reading.report.title)} · {_date(reading)} · all clear"
    said = " · ".join((limited(lead, LINE_TEXT // 4), *told))
    emoji = VERDICT_EMOJI[reading.report.verdict]
    return Post(
        notice=(f"{emoji} {said}",),
        parts=(
            Paragraph((f"{emoji} ", said)),
            *(Aside((limited(" ".join(digest.notes), LINE_TEXT),)) for _ in digest.notes[:1]),
        ),
    )


def _parent(digest: Digest) -> Post:
    """The verdict, what changed, a line for each problem with its thread, the board, when the next check is."""
    reading = digest.reading
    verdict, title = reading.report.verdict, clean(message_title(reading))
    date = _date(reading)
    room = HEADER_TEXT - len(f"🔴  · {date} · {verdict}")
    head = f"{VERDICT_EMOJI[verdict]} {cut(title, room)} · {date} · {verdict}"
    problems = _problems(digest)
    changed = _changed(digest, len(problems))
    return Post(
        notice=(f"{head}. {limited(headline(reading), LINE_TEXT)}",),
        parts=(
            Title(head),
            *(Aside((limited(each, LINE_TEXT),)) for each in digest.notes),
            *(Paragraph((each,), apart=True) for each in (limited(changed, LINE_TEXT),) if each),
            *(Paragraph(each, apart=place == 0) for place, each in enumerate(problems[:PROBLEMS_AT_MOST])),
            *_left_out(problems),
            *_unseen(digest),
            *board_lines(reading),
            Aside((_next_look(digest),)),
        ),
    )


def _date(reading: Reading) -> str:
    return reading.title(reading.report.previous)


def _next_look(digest: Digest) -> str:
    if digest.next_look is None:
        return "Details in thread"
    there = digest.next_look.astimezone(digest.reading.zone)
    clock = f"{there:%H:%M}" if there.date() == digest.reading.today else f"{there.day} {there:%b} {there:%H:%M}"
    return f"Next check {clock} {there:%Z} · Details in thread"


def _problems(digest: Digest) -> list[Text]:
    """Return a line for each open alert, the gravest first, and for what fails and has none."""
    reading = digest.reading
    zone, now = reading.zone, reading.report.now
    alerts = [each for each in gravest_first(digest.alerts or ()) if each.check != CANNOT_LOOK]
    told = {member.key for each in alerts for member in members_of(each)}
    untold = [each for each in _failing(reading) if told.isdisjoint(each.keys)]
    lines = [
        (each.severity, _problem(each.severity, short_title(each), _state(each, zone, now), each.thread))
        for each in alerts
    ]
    lines += [(each.severity, _problem(each.severity, fitting_title(each.title))) for each in untold]
    return [line for _, line in sorted(lines, key=lambda each: each[0])]


def _state(alert: Alert, zone: ZoneInfo, now: datetime) -> Text:
    return ("unacknowledged",) if alert.state is AlertState.FIRING else state_words(alert, zone, now)


def _problem(severity: Severity, title: str, state: Text = (), thread: str = "") -> Text:
    words = (f"{EMOJI[mark_of_severity(severity)]} ", Strong((title,)))
    return text(words, state and (" · ", *state), thread and (" · ", ThreadLink(thread, "open thread")))


def _left_out(problems: Sequence[Text]) -> Iterator[Paragraph]:
    if len(problems) > PROBLEMS_AT_MOST:
        more = number(len(problems) - PROBLEMS_AT_MOST, "more problem")
        yield Paragraph((f"and {more} in the thread",))


def _changed(digest: Digest, problems: int) -> str:
    """Say how many problems there are, which of them are new since the digest before, and what recovered."""
    reading = digest.reading
    many = number(problems, "problem") if problems else ""
    if not digest.changes:
        return many
    first = digest.changes[0]
    if not problems:
        return _recovered(reading, first)
    new = {(each.check, each.subject) for each in first.new}
    fresh = sum(any((key.check, key.subject) in new for key in each.keys) for each in _failing(reading))
    since = _since_day(reading, first)
    if fresh >= problems:
        said = f"{many}, new since {since}" if problems == 1 else f"{many}, all new since {since}"
    else:
        said = f"{many}, {f'{fresh} new' if fresh else 'nothing new'} since {since}"
    return " · ".join(filter(None, (said, _recovered(reading, first))))


def _failing(reading: Reading) -> list[Incident]:
    """Return what is wrong; a note is not."""
    return [each for each in incidents_of(reading.report) if each.severity is not Severity.P3]


def _since_day(reading: Reading, changes: Changes) -> str:
    there = changes.since.astimezone(reading.zone)
    if there.date() == reading.today:
        return f"{there:%H:%M}"
    return "yesterday" if there.date() == reading.today - timedelta(days=1) else day(there.date(), reading.today)


def _recovered(reading: Reading, changes: Changes) -> str:
    """Count what recovered since a report, with the names of its checks."""
    names = once(_called(reading, each.check) for each in changes.recovered)
    return f"{len(names)} recovered ({shortened(names, NAMED_IN_PARENT)})" if names else ""


def _called(reading: Reading, check: str) -> str:
    known = reading.by_id.get(check)
    return (known.short or known.title) if known is not None else check


def clear_figures(reading: Reading) -> Iterator[str]:
    """Yield the figures of a clear day: what is counted for each interval, and what the last phase made of it."""
    for interval in reading.intervals:
        dated = [each for each in reading.found if each.finding.interval == interval]
        is_past = interval == reading.report.previous
        told = ["nothing to run"] if is_empty(reading, _judged(reading, dated)) else [*_counted(reading, dated)][:1]
        if is_past and told != ["nothing to run"]:
            phases = reading.pipeline.phases
            made = [figure(reading.by_place.get((each.id, interval), ()), each.makes) for each in phases]
            told += [each for each in made if each][-1:]
        if told:
            yield f"{'' if is_past else f'{reading.when(interval)} '}{', '.join(told)}"


def _judged(reading: Reading, dated: Sequence[Found]) -> list[Found]:
    return [each for each in dated if not reading.only_reports(each.check)]


def _counted(reading: Reading, dated: Sequence[Found]) -> Iterator[str]:
    """Yield what checks that only report have counted."""
    for each in dated:
        if reading.only_reports(each.check) and each.finding.outcome is Outcome.PASSED and each.finding.summary:
            yield figure_of(each)


def _unchanged(reading: Reading, changes: Changes) -> str:
    return f"Nothing new and nothing recovered since {_since(reading, changes)}."


def _since(reading: Reading, changes: Changes) -> str:
    return zoned(changes.since, reading.zone, reading.report.now)


def _change_lines(reading: Reading, changes: Changes) -> Iterator[Line]:
    since = _since(reading, changes)
    for word, problems in (("New", changes.new), ("Worse", changes.worse)):
        if problems:
            worst = min(problem.severity for problem in problems)
            yield Line(mark=mark_of_severity(worst), label=f"{word} since {since}", text=_named(problems))
    if changes.recovered:
        yield Line(mark=Mark.PASSED, label=f"Recovered since {since}", text=_named(changes.recovered))


def _named(problems: Sequence[Problem]) -> str:
    """Name each check once, by the name that commands take, the worst first, with its subject or how many it has."""
    by_check = grouped(sorted(problems, key=lambda each: each.severity), lambda each: each.check)
    names = []
    for check, found in by_check.items():
        count = sum(each.count for each in found)
        names.append(f"{check} ({found[0].subject if count == 1 else f'{count:,}'})")
    return shortened(names, NAMES_AT_MOST)


def _unseen(digest: Digest) -> Iterator[Paragraph]:
    """What could not be checked is one line, with the thread of the first alert that says so."""
    unknown = digest.reading.of(Outcome.UNKNOWN)
    if not unknown:
        return
    sources = once(source_words(each.finding) for each in unknown)
    titles = once(each.title for each in unknown)
    what, said = "Could not check", quoted(titles, NAMED_IN_PARENT)
    if sources:
        what, said = f"{number(len(titles), 'check')} could not run", shortened(sources, NAMES_AT_MOST)
    blind = (each for each in gravest_first(digest.alerts or ()) if each.check == CANNOT_LOOK)
    thread = next((ThreadLink(each.thread, "open thread") for each in blind), "")
    line = (f"{EMOJI[Mark.UNKNOWN]} ", Strong((f"{what}:",)), f" {limited(said, LINE_TEXT)}")
    yield Paragraph(text(*line, thread and (" · ", thread)))


def late_message(title: str, due: str, reason: str) -> Post:
    """Return the message that says that a digest is not there, and why as far as that is known."""
    why = f" {limited(reason, LINE_TEXT)}" if reason else ""
    late = f": the digest that was due at {clean(due)} is late.{why}"
    return sentence(text("⏰ ", Strong((limited(title, LINE_TEXT // 4),)), late))
