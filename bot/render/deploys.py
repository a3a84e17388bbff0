"""The list of deploys, for a terminal and for Slack."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.deploys import Deployed, Deploys
from bot.render.message import Cell, Heading, Mark, Part, SmallPrint, Table
from bot.render.words import moment, number
from checks.pipeline import Pipeline

SHOWN = 30
"""More rows are counted: what is asked for is the last days, not the history."""

COMMIT_TEXT = 10


def deploy_parts(deploys: Deploys, pipeline: Pipeline, now: datetime) -> Iterator[Part]:
    """Yield the deploys, the newest first, and what could not be checked."""
    zone = pipeline.zone
    yield Heading(text=f"{pipeline.title}: deploys since {moment(deploys.since, zone, now)}")
    shown = deploys.entries[:SHOWN]
    if shown:
        rows = tuple(
            (
                Cell(text=moment(each.at, zone, now), mark=_mark(each)),
                Cell(text=each.subject),
                Cell(text=each.what),
                Cell(text=each.by or "not said"),
                Cell(text=each.commit[:COMMIT_TEXT]),
            )
            for each in shown
        )
        yield Table(columns=("When", "What", "Outcome", "By", "Commit"), rows=rows)
    elif not deploys.unseen:
        yield SmallPrint(text="Nothing was built or deployed.")
    if len(deploys.entries) > SHOWN:
        yield SmallPrint(text=f"{number(len(deploys.entries) - SHOWN, 'older one')} not shown: ask for fewer days.")
    for sentence in deploys.unseen:
        yield SmallPrint(text=sentence)


def _mark(deployed: Deployed) -> Mark:
    if deployed.well is None:
        return Mark.WAITING
    return Mark.PASSED if deployed.well else Mark.P1
