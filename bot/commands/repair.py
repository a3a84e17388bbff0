"""``reveille repair``: show what a repair would change, ask, make it, prove it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import click

from bot.commands.errors import said_plainly
from bot.commands.exits import FAILED, FINE, UNKNOWN, WRONG_USE, CannotGoOnError
from bot.commands.options import PIPELINE_OPTION, SCENARIO_OPTION, instant
from bot.commands.output import agreed, complain, say
from bot.composition.repairs_shell import ShellRepairs, repairing, shell_actor
from bot.composition.validation import pipeline_of, scenario_of
from bot.render.headline import headline
from bot.render.reading import Reading
from bot.repairs.allowlist import catalogue
from bot.repairs.kinds import KINDS
from bot.repairs.model import RepairOutcome, RepairPlan, RepairRefusal, RepairRefusedError, RepairRun, Verification
from bot.repairs.words import plan_lines, refusal_lines, refusal_words
from checks.catalog import checks_of
from checks.pipeline import Pipeline

PATIENCE = 420
"""Seconds that an effect may take: what Google needs to tell a grant to every front end."""


@click.command()
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option("--list", "show_list", is_flag=True, help="List what the pipeline file allows to be repaired.")
@click.option("--dry-run", is_flag=True, help="Show the difference, and write nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--undo", is_flag=True, help="Take a repair back: KEY is then its id, see 'reveille log'.")
@click.option(
    "--wait",
    type=click.IntRange(0, 3600),
    default=PATIENCE,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the effect.",
)
@PIPELINE_OPTION
@SCENARIO_OPTION
@click.option("--now", callback=instant, metavar="ISO", help="Judge as of this instant; records keep the true time.")
def repair(  # noqa: PLR0913, PLR0917 - one parameter an option
    keys: tuple[str, ...],
    show_list: bool,
    dry_run: bool,
    yes: bool,
    undo: bool,
    wait: int,
    pipeline_file: Path | None,
    scenario: str | None,
    now: datetime | None,
) -> int:
    """Repair what a finding names: show the exact difference, ask, write it once, prove the effect.

    Exits with 0 when everything is proved, with 1 when a repair was refused or has no effect, with 2 when the effect
    is not known yet, with 3 for what the pipeline file does not allow under 'repairs'.

    \b
    Examples:
      reveille repair --list
      reveille repair grant-invoker:phase3-to-phase4-orchestrator --dry-run
      reveille repair grant-invoker:phase3-to-phase4-orchestrator --yes
      reveille repair --undo 3f2a9c0d11e84b57
    """  # noqa: D301 - click reads the backspace
    if bool(keys) == show_list:
        message = "Name what to repair, or use --list." if not keys else "--list takes no KEY."
        raise click.UsageError(message)
    with said_plainly():
        if show_list:
            _show_list(pipeline_of(pipeline_file, scenario=scenario_of(scenario)))
            return FINE
        with repairing(pipeline_file, scenario, now) as ready:
            # A scenario stands still: what is not there at once never comes.
            patience = wait if scenario is None else 0
            code = make(ready, keys, dry_run=dry_run, yes=yes, undo=undo, wait=patience)
            if scenario is not None:
                _say_what_followed(ready)
            return code


def make(ready: ShellRepairs, keys: Sequence[str], *, dry_run: bool, yes: bool, undo: bool, wait: float) -> int:
    """Plan, show, ask, apply, verify; return the exit code."""
    actor, repairs = shell_actor(), ready.repairs
    if undo:
        plans: list[RepairPlan] = [_plan_undo(ready, key, actor) for key in keys]
    else:
        found = repairs.plan_all(dict.fromkeys(keys), actor, ready.clock())
        plans = [each for each in found if not isinstance(each, RepairRefusedError)]
        if (code := say_refusals(found)) != FINE:
            return code
    for plan in plans:
        for line in plan_lines(plan, ready.pipeline.zone):
            say(line)
    needed = [plan for plan in plans if plan.needed]
    if not needed or dry_run:
        if needed:
            say("Dry run: nothing was written.")
        return FINE
    if not yes and not agreed("Write this?"):
        raise CannotGoOnError("nothing was written.")
    runs = repairs.apply_all(needed, actor, ready.clock())
    refused = say_refusals(runs)
    code = prove(ready, [each for each in runs if not isinstance(each, RepairRefusedError)], wait)
    return refused or code


def prove(ready: ShellRepairs, runs: Sequence[RepairRun], wait: float) -> int:
    """Look at the effect until it is there or patience is over; say one line a repair; return the exit code."""
    deadline = time.monotonic() + wait
    left: tuple[RepairRun, ...] = tuple(runs)
    code = FINE
    while left:
        # A scenario's clock stands still; patience is real all the same.
        at = max((run.ended_at or run.begun_at for run in left), default=ready.clock())
        seen = ready.repairs.verify_all(left, max(at, ready.clock()))
        verifications = [each for each in seen if isinstance(each, Verification)]
        code = FAILED if any(isinstance(each, RepairRefusedError) for each in seen) else code
        for each in verifications:
            if each.next_at is None:
                good = each.run.outcome in (RepairOutcome.VERIFIED, RepairOutcome.ALREADY)
                _say_end(ready, each.run, each.seen)
                code = code if good else FAILED
        pending = [each for each in verifications if each.next_at is not None]
        left = tuple(each.run for each in pending)
        if left and time.monotonic() >= deadline:
            for each in pending:
                say(f"not proved yet: {each.run.plan.title}. {each.seen}")
            return UNKNOWN if code == FINE else code
        if left:
            pause = min((each.next_at - ready.clock()).total_seconds() for each in pending if each.next_at is not None)
            time.sleep(max(0.5, min(pause, deadline - time.monotonic())))
    return code


def say_refusals(found: Iterable[object]) -> int:
    """Say why repairs were refused, on standard error; return the exit code of the worst, 0 when none was."""
    refused = [each for each in found if isinstance(each, RepairRefusedError)]
    for each in refused:
        say_refusal(each)
    return max(map(code_of, refused), default=FINE)


def say_refusal(error: RepairRefusedError) -> None:
    """Say why a repair was refused, on standard error."""
    complain(*refusal_lines(error))


def code_of(error: RepairRefusedError) -> int:
    """Return the exit code of a refusal."""
    if error.refusal in (RepairRefusal.NOT_ALLOWED, RepairRefusal.UNKNOWN_KEY):
        return WRONG_USE
    return UNKNOWN if error.refusal is RepairRefusal.UNREACHABLE else FAILED


def _plan_undo(ready: ShellRepairs, run_id: str, actor: str) -> RepairPlan:
    if not ready.durable:
        raise CannotGoOnError("without a store nobody remembers repairs: set REVEILLE_STORE, as when it was made.")
    try:
        return ready.repairs.plan_undo(run_id, actor, ready.clock())
    except RepairRefusedError as error:
        raise CannotGoOnError(refusal_words(error)) from None


def _say_end(ready: ShellRepairs, run: RepairRun, seen: str) -> None:
    words = {
        RepairOutcome.VERIFIED: "done and proved",
        RepairOutcome.ALREADY: "done already",
        RepairOutcome.FAILED: "failed",
    }
    # Without a store nobody knows of this repair any more once the process has ended.
    undoable = ready.durable and run.undoable(run.ended_at or run.begun_at)
    undo = f" Take it back with 'reveille repair --undo {run.id}'." if undoable else ""
    say(f"{words.get(run.outcome, 'written, without effect')}: {run.plan.title}. {seen}{undo}")
    if not run.recorded:
        say("reveille: the store did not take the record of this; write it down by hand.", err=True)


def _say_what_followed(ready: ShellRepairs) -> None:
    """Say what a validation of a scenario finds after a repair; the repaired world ends with the process."""
    if not ready.repairs.runs(ready.clock() - timedelta(hours=1)):
        return
    report = ready.validate(())
    reading = Reading(report=report, pipeline=ready.pipeline, checks=checks_of(ready.pipeline))
    say(f"Validated after it: {report.verdict}. {headline(reading)}")


def _show_list(pipeline: Pipeline) -> None:
    keys = catalogue(pipeline, KINDS)
    for key in keys:
        say(str(key))
    if not keys:
        say("The pipeline file allows no repair; list services and jobs under 'repairs'.", err=True)
