"""The graph of a pipeline with what alerts say of its places: what each is about, and what it explains."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from bot.alerting.incident import Member, members_of
from bot.render.graph.drawing import BoxMark, Drawing, box_of, worse
from bot.store.model import Alert
from checks.causes.graph import MAKING
from checks.diagnosis.lineage import NO_WORK, judged
from checks.pipeline import Pipeline
from checks.places import Place, PlaceKind
from checks.sql_check_spec import SqlCheck


def alerted(drawing: Drawing, pipeline: Pipeline, checks: Iterable[SqlCheck], alerts: Iterable[Alert]) -> Drawing:
    """Mark what alerts are about. What has no box of its own is marked at its phase."""
    known = {each.id: each for each in checks}
    boxes = {each.place for each in drawing.boxes}
    marks: dict[Place, BoxMark] = {}
    for alert in alerts:
        for member, mark in _marked(alert):
            for place in _places(pipeline, known, member):
                if place in boxes:
                    worse(marks, place, mark)
                    break
    marked = [replace(each, mark=marks.get(each.place, BoxMark.NONE)) for each in drawing.boxes]
    return replace(drawing, boxes=marked, judged=True)


def _marked(alert: Alert) -> Iterator[tuple[Member, BoxMark]]:
    """Yield the findings of an alert, each with its mark: the first one is what the alert is about."""
    lead, *others = members_of(alert)
    found = alert.details.get("found")
    root = BoxMark.FAILED if found is None else BoxMark.CAUSE if found else BoxMark.SUSPECT
    yield lead, root
    behind = BoxMark.AFFECTED if found else BoxMark.FAILED
    for each in others:
        # The same, of several services or jobs, is one cause.
        yield each, root if each.about.kind is lead.about.kind and each.about.kind in MAKING else behind


def _places(pipeline: Pipeline, checks: Mapping[str, SqlCheck], member: Member) -> Iterator[Place]:
    """Yield where a finding is: the place itself, then the phase that it belongs to."""
    place = member.about
    if place.kind is PlaceKind.TRANSITION and member.code in NO_WORK:
        # What was started wrote nothing.
        yield from (Place(PlaceKind.PHASE, each.target) for each in pipeline.transitions if each.id == place.name)
    yield box_of(place)
    if member.check in checks:
        yield box_of(judged(checks[member.check], member.subject))
    if member.phase is not None:
        yield Place(PlaceKind.PHASE, member.phase)
