"""``reveille demo --once``: one incident from the first sign to the repair, printed, with no account anywhere."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace

from bot.commands.display import show_message, show_parts
from bot.commands.errors import said_plainly
from bot.composition.validation import on_scenario
from bot.definition.pipeline_file import shipped_pipeline
from bot.render.message import Command, Heading, Line, Message, Part, SmallPrint, Table
from bot.render.reading import Reading
from bot.render.report import message_of
from bot.request import Request
from bot.scenarios.scenario import load_scenario
from checks.pipeline import Pipeline

INCIDENT, REPAIRED = "invoker-lost", "invoker-repaired"

STORY = (
    "In February 2026 a redeploy took the permission to be called (roles/run.invoker) from the orchestrators of an NBA"
    " predictions pipeline. Nothing logged an error. Schedulers moved most of the data, so every table looked almost"
    " right, and it took more than a week until somebody noticed."
)
NEXT = (
    ("every scenario", "reveille scenarios"),
    ("the same report with the expected state", f"reveille validate --scenario {INCIDENT} --full"),
    (
        "the repair, planned, confirmed and proved",
        f"reveille repair grant-invoker:phase3-to-phase4-orchestrator --scenario {INCIDENT}",
    ),
    ("what goes to Slack", f"reveille validate --scenario {INCIDENT} --format blocks"),
    ("why a check exists, and its thresholds", "reveille explain invoker --pipeline nba"),
    ("your own project", "gcloud auth application-default login && reveille validate --pipeline FILE"),
)


def walk_through() -> None:
    """Print the incident: the report, its cause, the repair, the run after."""
    with said_plainly():
        pipeline = shipped_pipeline()
        incident = _report(pipeline, INCIDENT)
        repaired = _report(pipeline, REPAIRED)
    _tell(incident, repaired)


def _report(pipeline: Pipeline, scenario: str) -> Reading:
    with on_scenario(pipeline, load_scenario(scenario)) as prepared:
        report = prepared.validation.run(prepared.validation.plan(Request(interval=prepared.interval, trigger="demo")))
        return Reading(report=report, pipeline=pipeline, checks=prepared.validation.checks)


def _tell(incident: Reading, repaired: Reading) -> None:
    first: list[Part] = [
        Heading(text="1. What happened"),
        Line(text=STORY),
        Heading(text=f"2. What Reveille would have posted on the morning of {incident.clock}"),
        Command(text=f"reveille validate --scenario {INCIDENT}"),
        SmallPrint(text=""),
    ]
    second: list[Part] = [
        SmallPrint(text=""),
        Heading(text=f"3. The repair above was made; the morning after, {repaired.clock}"),
        Command(text=f"reveille validate --scenario {REPAIRED}"),
        SmallPrint(text=""),
    ]
    last: list[Part] = [SmallPrint(text=""), Heading(text="4. What to try next")]
    for what, command in NEXT:
        last += [Line(text=f"{what}:"), Command(text=command.replace("reveille", _callable_name(), 1))]
    show_parts(first)
    show_message(message_of(incident))
    show_parts(second)
    show_message(_down_to_the_phases(message_of(repaired)))
    show_parts(last)


def _callable_name() -> str:
    """How this person can call the command: after "make demo" it is not on the path."""
    return "reveille" if shutil.which("reveille") else sys.argv[0]


def _down_to_the_phases(message: Message) -> Message:
    """The beginning of a report, as far as its first table."""
    end = next(index for index, part in enumerate(message.parts) if isinstance(part, Table))
    return replace(message, parts=message.parts[: end + 1])
