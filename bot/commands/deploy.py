"""``reveille deploy verify``: everything that must be right after a deploy, in one command."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import click

from bot.commands.errors import said_plainly
from bot.commands.exits import FAILED, FINE, UNKNOWN, CannotGoOnError
from bot.commands.options import PIPELINE_OPTION, SCENARIO_OPTION
from bot.commands.output import say
from bot.composition.repairs_shell import ShellRepairs, repairing
from bot.repairs.environment import spec_of
from checks.model import Finding, Outcome, Report, Severity

CHECKS = (
    "service-ready",
    "service-traffic",
    "invoker",
    "edges",
    "service-environment",
    "service-instances",
    "subscriptions",
)
STEP = 5.0
"""Seconds between two looks at a deploy that is under way."""


@click.group()
def deploy() -> None:
    """What to do after a deploy."""


@deploy.command()
@click.argument("services", nargs=-1, required=True, metavar="SERVICE...")
@click.option(
    "--wait",
    type=click.IntRange(0, 3600),
    default=120,
    show_default=True,
    metavar="SECONDS",
    help="How long a deploy that is under way may take.",
)
@PIPELINE_OPTION
@SCENARIO_OPTION
def verify(services: tuple[str, ...], wait: int, pipeline_file: Path | None, scenario: str | None) -> int:
    """Verify services after a deploy: ready, traffic, callers, variables, instances, subscriptions; a line each.

    Exits with 0 when everything is right, with 1 when something is wrong, with 2 when something could not be looked
    at or is still under way.

    \b
    Examples:
      reveille deploy verify phase3-to-phase4-orchestrator
      reveille deploy verify prediction-worker prediction-coordinator --wait 300
    """  # noqa: D301 - click reads the backspace
    with said_plainly(), repairing(pipeline_file, scenario) as ready:
        for name in services:
            if spec_of(ready.pipeline, name) is None:
                raise CannotGoOnError(f"the pipeline file names no service {name!r}; add it under 'services'.")
        # A scenario stands still: nobody need wait for it.
        return verified(ready, tuple(dict.fromkeys(services)), wait if scenario is None else 0)


def verified(ready: ShellRepairs, services: tuple[str, ...], wait: float) -> int:
    """Look until nothing is under way or patience is over, print a line for each finding; return the exit code."""
    deadline = time.monotonic() + wait
    while True:
        report = ready.validate(CHECKS)
        found = [(check, each) for name in services for check, each in findings_about(ready, report, name)]
        if not any(_under_way(each) for _, each in found) or time.monotonic() >= deadline:
            break
        time.sleep(max(0.0, min(STEP, deadline - time.monotonic())))
    for check, each in found:
        _say(check, each)
    return max((_code(each) for _, each in found), key=(FINE, UNKNOWN, FAILED).index, default=UNKNOWN)


def findings_about(ready: ShellRepairs, report: Report, service: str) -> Iterator[tuple[str, Finding]]:
    """Yield the findings about a service and the topics that are known to push to it, and what could not be checked."""
    messaging = ready.pipeline.messaging
    topics = {topic for topic, names in messaging.targets.items() if service in names} if messaging else set()
    for result, each in report.findings():
        everyone = each.outcome is Outcome.UNKNOWN and each.subject in ("services", "topics", "callers", result.check)
        if each.subject == service or each.subject in topics or everyone:
            yield result.check, each


def _under_way(finding: Finding) -> bool:
    return finding.outcome is Outcome.WAITING


def _code(finding: Finding) -> int:
    match finding.outcome:
        case Outcome.FAILED:
            return FINE if finding.severity is Severity.P3 else FAILED
        case Outcome.UNKNOWN | Outcome.WAITING:
            return UNKNOWN
        case _:
            return FINE


def _say(check: str, finding: Finding) -> None:
    failed = finding.outcome is Outcome.FAILED and finding.severity is not None
    word = finding.severity.name if failed and finding.severity is not None else finding.outcome.value
    say(f"{word:8} {check:20} {finding.summary}")
    if finding.action is not None and finding.action.command is not None and failed:
        for line in finding.action.command.splitlines():
            say(f"{'':30}{line}")
