"""``reveille iam``: the deploy step that lets callers in and proves it, and what a policy says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

from bot.commands.errors import said_plainly
from bot.commands.exits import FAILED, FINE, UNKNOWN
from bot.commands.options import PIPELINE_OPTION, SCENARIO_OPTION
from bot.commands.output import complain, say
from bot.commands.repair import code_of, say_refusal
from bot.composition.repairs_shell import ShellRepairs, repairing, shell_actor
from bot.repairs.apply import NOT_READ_BACK
from bot.repairs.kinds.invoker_grant import InvokerGrant
from bot.repairs.model import RepairOutcome, RepairPlan, RepairRefusedError, RepairRun
from bot.repairs.policy import as_judged
from bot.store.model import StoreError
from checks.actions import RepairKey
from checks.control_plane.callers import grantable
from checks.control_plane.grants import decide, member_of
from checks.source import SourceError

AT_ONCE = 8


@click.group()
def iam() -> None:
    """Let callers into services, and see who is let in."""


@iam.command()
@click.argument("services", nargs=-1, required=True, metavar="SERVICE...")
@click.option("--member", "members", multiple=True, metavar="MEMBER", help="Only this caller; may be repeated.")
@click.option("--dry-run", is_flag=True, help="Write nothing; exit with 1 when something would be written.")
@PIPELINE_OPTION
@SCENARIO_OPTION
def ensure(
    services: tuple[str, ...], members: tuple[str, ...], dry_run: bool, pipeline_file: Path | None, scenario: str | None
) -> int:
    """Make sure that the callers of services hold roles/run.invoker, and read the policy back to prove it.

    A service that is right costs one read and no write, so this can follow every deploy. Nothing else of a policy
    changes. Exits with 0 only when every service is proved; with 1 when one is not, with 2 when Google does not
    answer or a grant could not be read back, with 3 for a service or member that the pipeline file does not allow
    under 'repairs'.

    \b
    Examples:
      reveille iam ensure phase3-to-phase4-orchestrator phase4-to-phase5-orchestrator
      reveille iam ensure prediction-worker --member serviceAccount:756957797294-compute@developer.gserviceaccount.com
      reveille iam ensure phase3-to-phase4-orchestrator --dry-run --scenario invoker-lost
    """  # noqa: D301 - click reads the backspace
    with said_plainly(), repairing(pipeline_file, scenario) as ready:
        chosen = list(dict.fromkeys(services))
        with ThreadPoolExecutor(max_workers=min(AT_ONCE, len(chosen))) as pool:
            results = list(pool.map(lambda name: ensured(ready, name, members, dry_run=dry_run), chosen))
    for _, told in results:
        told()
    return max(code for code, _ in results)


def ensured(
    ready: ShellRepairs, service: str, members: Sequence[str], *, dry_run: bool
) -> tuple[int, Callable[[], None]]:
    """Let the callers of one service in; return the exit code and what says so."""
    actor = shell_actor()
    try:
        plan = ready.repairs.plan(RepairKey(InvokerGrant.name, service), actor, ready.clock(), members)
        if not plan.needed:
            return FINE, lambda: say(f"right: {_who(plan)} on {service}; nothing was written.")
        if dry_run:
            return FAILED, lambda: say(f"missing: {_who(plan)} on {service}; dry run, nothing was written.")
        run = ready.repairs.apply(plan, actor, ready.clock())
    except RepairRefusedError as error:
        refusal = error
        return code_of(refusal), lambda: say_refusal(refusal)
    if run.detail.startswith(NOT_READ_BACK):
        return UNKNOWN, lambda: complain(f"{service} is not proved. {run.detail}")
    words = "right" if run.outcome is RepairOutcome.ALREADY else "granted"
    recorded = run.recorded and (run.outcome is RepairOutcome.ALREADY or _recorded_as_proved(ready, run))

    def told() -> None:
        say(f"{words}: {_who(plan)} on {service}; read back.")
        if not recorded:
            complain(f"the store did not take the record of this on {service}.")

    return FINE, told


def _recorded_as_proved(ready: ShellRepairs, run: RepairRun) -> bool:
    try:
        ready.repairs.proved(run, run.ended_at or run.begun_at)
    except StoreError:
        return False
    return True


def _who(plan: RepairPlan) -> str:
    members = [each.after for each in plan.changes]
    return f"roles/run.invoker for {', '.join(members)}" if members else "roles/run.invoker for every caller"


@iam.command()
@click.argument("service")
@PIPELINE_OPTION
@SCENARIO_OPTION
def show(service: str, pipeline_file: Path | None, scenario: str | None) -> int:
    """Show the policy of a service: each role with its members and condition, then whether its callers can call it.

    \b
    Example:
      reveille iam show phase3-to-phase4-orchestrator
    """  # noqa: D301 - click reads the backspace
    with said_plainly(), repairing(pipeline_file, scenario) as ready:
        return shown(ready, service)


def shown(ready: ShellRepairs, service: str) -> int:
    """Print a policy; return the exit code."""
    try:
        policy = ready.platform.policy(service)
    except SourceError as error:
        complain(error.sentence)
        return UNKNOWN
    if policy is None:
        complain(f"there is no service {service} in {ready.pipeline.region}.")
        return FAILED
    judged = as_judged(policy)
    for binding, plain in zip(policy.bindings, judged.bindings, strict=True):
        say(binding.role + (f"  only if {plain.condition}" if plain.condition else ""))
        for member in binding.members:
            say(f"  {member}")
    if not policy.bindings:
        say("The policy of the service is empty.")
    for caller in map(member_of, grantable(ready.pipeline, service)):
        grant = decide(judged, None, caller, without_callers=ready.pipeline.groups_without_callers)
        words = "can call it" if grant.callable else "is not let in by this policy"
        say(f"{caller} {words} ({grant.standing}).")
    return FINE
