"""The timeline of the runs: of each when it was expected, when its input was there, when it started and wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.render.alert_title import cut
from bot.render.message import Mark
from bot.render.phase_marks import finding_mark, findings_in, mark_words
from bot.render.webpage.diagram import Diagram, Legend
from bot.render.webpage.markup import NOTHING, Markup, element, joined_markup, moved
from bot.render.webpage.shapes import shape
from bot.render.words import time_of
from checks.cells import local
from checks.pipeline import Pipeline

LABEL, INDENT, WIDTH, EDGE, ROW, HEAD = 136, 18, 200, 15, 20, 20
"""As wide as a phone shows without making it smaller; at the edges half a time of the day has room."""

LABEL_TEXT = 21
TICKS = 5
STEPS = tuple(timedelta(hours=each) for each in (1, 2, 3, 6, 12, 24, 48))

AROUND = timedelta(hours=36)
"""What happened longer before or after a run was expected is told in words: it would leave no room for the others."""

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedRun:
    """One run: ``due`` is when its rows were expected, the others are None where they are not known."""

    label: str
    mark: Mark
    due: datetime
    ready: datetime | None
    started: datetime | None
    wrote: datetime | None

    @property
    def is_late(self) -> bool:
        return self.wrote is not None and self.wrote > self.due

    def near(self, at: datetime | None) -> bool:
        """Whether an instant is drawn."""
        return at is not None and abs(at - self.due) <= AROUND


def expected_runs(document: Document, pipeline: Pipeline) -> Sequence[ExpectedRun]:
    """Return the runs of the interval that a report judges, in the order of the phases."""
    found: dict[tuple[str, str], ExpectedRun] = {}
    for key, run in _runs(document, pipeline):
        found.setdefault(key, run)
    order = [phase.id for phase in pipeline.phases]
    return [found[key] for key in sorted(found, key=lambda key: (order.index(key[0]), found[key].due))]


def _runs(document: Document, pipeline: Pipeline) -> Iterator[tuple[tuple[str, str], ExpectedRun]]:
    titles = {phase.id: phase.title for phase in pipeline.phases}
    for result, finding in findings_in(document):
        evidence = finding.get("evidence") or {}
        phase = str(finding.get("phase") or result.get("phase"))
        due = _instant(evidence.get("due"))
        is_its = phase in titles and finding.get("interval") == document.get("previous")
        if is_its and due is not None and "effect_last_at" in evidence:
            run = str(evidence.get("run") or "")
            yield (
                (phase, run),
                ExpectedRun(
                    label=f"{titles[phase]} {run.replace('_', ' ')}".strip(),
                    mark=finding_mark(finding),
                    due=due,
                    ready=_instant(evidence.get("enough_since")),
                    started=_instant(evidence.get("triggered_at")),
                    wrote=_instant(evidence.get("effect_last_at")),
                ),
            )


def _instant(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo is not None else None


def timeline_figure(runs: Sequence[ExpectedRun], zone: ZoneInfo, now: datetime) -> Diagram:
    """Return the runs as a picture: a row each, all on one line of time."""
    scale = _scale(runs)
    drawn = HEAD + ROW * len(runs)
    return Diagram(
        title="Runs, planned and actual",
        width=LABEL + WIDTH,
        height=drawn + 4,
        inside=joined_markup(
            *(_tick(scale, at, zone, drawn) for at in _ticks(scale, zone)),
            *(_row(scale, number, run) for number, run in enumerate(runs)),
        ),
        caption=f"Times in {local(now, zone):%Z}.",
        words=[_told(run, zone, now) for run in runs],
        legend=_legend(runs),
    )


def _told(run: ExpectedRun, zone: ZoneInfo, now: datetime) -> str:
    def of(at: datetime) -> str:
        return time_of(at, zone, now)

    ready = f"input there at {of(run.ready)}" if run.ready else ""
    started = f"started at {of(run.started)}" if run.started else ""
    wrote = f"last wrote at {of(run.wrote)}{', late' if run.is_late else ''}" if run.wrote else "no time of its rows"
    parts = (f"expected by {of(run.due)}", ready, started, wrote)
    return f"{run.label}: {mark_words(run.mark)}; {', '.join(filter(None, parts))}."


@dataclass(frozen=True, slots=True)
class _Scale:
    begin: datetime
    end: datetime

    def x(self, at: datetime) -> float:
        return round(LABEL + EDGE + (WIDTH - 2 * EDGE) * ((at - self.begin) / (self.end - self.begin)), 1)


def _scale(runs: Sequence[ExpectedRun]) -> _Scale:
    times = [at for run in runs for at in (run.due, run.ready, run.started, run.wrote) if at and run.near(at)]
    begin, end = min(times), max(times)
    return _Scale(begin, max(end, begin + timedelta(hours=1)))


def _ticks(scale: _Scale, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield full hours of the local day, few enough to be read."""
    length = scale.end - scale.begin
    step = next((each for each in STEPS if length / each <= TICKS), length / TICKS)
    start = local(scale.begin, zone).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
    for number in range(int((scale.end - start) / step) + 1):
        if (at := start + step * number) >= scale.begin:
            yield at


def _tick(scale: _Scale, at: datetime, zone: ZoneInfo, bottom: float) -> Markup:
    x, there = scale.x(at), local(at, zone)
    words = f"{there:%H:%M}" if there.hour or there.minute else f"{there.day} {there:%b}"
    line = element("path", d=f"M{x:g} {HEAD - 4}V{bottom:g}", class_="grid")
    return joined_markup(line, element("text", words, x=f"{x:g}", y=HEAD - 8, text_anchor="middle", class_="small"))


def _row(scale: _Scale, number: int, run: ExpectedRun) -> Markup:
    y = HEAD + ROW * (number + 0.5)
    begin, wrote = run.started or run.ready, run.wrote
    span = NOTHING
    if begin and wrote and begin < wrote and run.near(begin) and run.near(wrote):
        span = element("path", d=f"M{scale.x(begin):g} {y:g}H{scale.x(wrote):g}", class_="span")
    points = [
        moved(scale.x(at), y, drawn)
        for at, drawn in (
            (run.due, DUE),
            (run.ready, READY),
            (run.started, STARTED),
            (wrote, LATE if run.is_late else WROTE),
        )
        if at is not None and run.near(at)
    ]
    label = element("text", cut(run.label, LABEL_TEXT), x=INDENT, y=f"{y + 4:g}")
    return joined_markup(shape(run.mark, INDENT / 2 - 1, y), label, span, *points)


def _symbol(path: str, tone: str, kind: str = "") -> Markup:
    return element("g", element("path", d=path, class_=f"shape{kind}"), class_=tone)


DUE = _symbol("M0-7V7M-4-7H4M-4 7H4", "none")
READY = _symbol("M-3 0A3 3 0 1 1 3 0A3 3 0 1 1-3 0Z", "none", " open")
STARTED = _symbol("M-4-5L5 0L-4 5Z", "p3")
WROTE = _symbol("M-5-4H5L0 5Z", "passed")
LATE = _symbol("M-5-5L5 5M5-5L-5 5", "p1", " open")


def _legend(runs: Sequence[ExpectedRun]) -> Legend:
    known = (
        (DUE, "expected by", True),
        (READY, "input there", any(run.near(run.ready) for run in runs)),
        (STARTED, "started", any(run.near(run.started) for run in runs)),
        (WROTE, "wrote last", any(run.near(run.wrote) and not run.is_late for run in runs)),
        (LATE, "wrote late", any(run.near(run.wrote) and run.is_late for run in runs)),
    )
    states = [(shape(mark, 0, 0), mark_words(mark)) for mark in Mark if any(run.mark is mark for run in runs)]
    return [*states, *((each, words) for each, words, used in known if used)]
