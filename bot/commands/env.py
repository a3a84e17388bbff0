"""``reveille env``: variables of a service, merged without loss and compared without showing a value."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from bot.commands.errors import said_plainly
from bot.commands.exits import FAILED, FINE, UNKNOWN, WRONG_USE, CannotGoOnError
from bot.commands.options import PIPELINE_OPTION, SCENARIO_OPTION
from bot.commands.output import complain, say
from bot.composition.repairs_shell import ShellRepairs, repairing, shell_actor
from bot.repairs.environment import Merge, MergeRefusedError, difference, merge, spec_of
from bot.repairs.environment_merge import EnvironmentMerge
from bot.repairs.model import RepairRefusal, RepairRefusedError
from bot.repairs.ports import Variable
from checks.cells import in_words
from checks.control_plane import service_commands
from checks.ports.services import CLOUD_RUN
from checks.source import SourceError

STEP = 2.0
"""Seconds between two looks at a revision that is not ready yet."""


@click.group()
def env() -> None:
    """Set and compare the environment variables of a service."""


@env.command("merge")
@click.argument("service")
@click.argument("values", nargs=-1, metavar="[KEY=VALUE]...")
@click.option(
    "--secret", "references", multiple=True, metavar="KEY=NAME[:VERSION]", help="Take a variable from Secret Manager."
)
@click.option("--replace-secret", is_flag=True, help="Let a value in clear replace one that comes from a secret.")
@click.option("--not-secret", "plain", multiple=True, metavar="KEY", help="This looks like a secret and is none.")
@click.option("--dry-run", is_flag=True, help="Show the difference, and write nothing.")
@click.option(
    "--wait", type=click.IntRange(0, 3600), default=300, show_default=True, metavar="SECONDS", help="Until it is ready."
)
@PIPELINE_OPTION
@SCENARIO_OPTION
def merge_command(  # noqa: PLR0913, PLR0917 - one parameter an option
    service: str,
    values: tuple[str, ...],
    references: tuple[str, ...],
    replace_secret: bool,
    plain: tuple[str, ...],
    dry_run: bool,
    wait: int,
    pipeline_file: Path | None,
    scenario: str | None,
) -> int:
    """Set variables of a service; every other variable stays. Reads back, and waits until the revision is ready.

    What looks like a secret is not written in clear. No value is ever shown.

    \b
    Examples:
      reveille env merge prediction-worker GCP_PROJECT_ID=example-project
      reveille env merge live-export --secret BDL_API_KEY=bdl-api-key:latest --dry-run
    """  # noqa: D301 - click reads the backspace
    wanted = _wanted(values, references)
    with said_plainly(), repairing(pipeline_file, scenario) as ready:
        return _merged(
            ready,
            service,
            wanted,
            replace_secret=replace_secret,
            plain=frozenset(plain),
            dry_run=dry_run,
            wait=wait,
        )


def _wanted(values: tuple[str, ...], references: tuple[str, ...]) -> dict[str, Variable]:
    """Read what is to be set. Raises click.UsageError without repeating a value."""
    wanted: dict[str, Variable] = {}
    for place, text in enumerate((*values, *references), start=1):
        name, sign, value = text.partition("=")
        if not sign or not name:
            message = f"The {place}. assignment has no name or no '='; expected KEY=VALUE."
            raise click.UsageError(message)
        if name in wanted:
            message = f"{name} is given twice."
            raise click.UsageError(message)
        secret = place > len(values)
        wanted[name] = Variable(secret=service_commands.versioned(value)) if secret else Variable(value=value)
    if not wanted:
        message = "Name at least one KEY=VALUE, or --secret KEY=NAME."
        raise click.UsageError(message)
    return wanted


def _merged(
    ready: ShellRepairs,
    service: str,
    wanted: Mapping[str, Variable],
    *,
    replace_secret: bool,
    plain: frozenset[str],
    dry_run: bool,
    wait: float,
) -> int:
    merging = EnvironmentMerge(pipeline=ready.pipeline, platform=ready.platform, store=ready.store, now=ready.clock)
    try:
        before = merging.look(service).variables
        change = merge(before, wanted, replace_secret=replace_secret, not_secret=plain)
        for line in _lines(change, before, wanted):
            say(line)
        if not change.needed or dry_run:
            say(f"{service}: nothing to do." if not change.needed else "Dry run: nothing was written.")
            return FINE
        made = merging.write(service, wanted, shell_actor(), replace_secret=replace_secret, not_secret=plain)
        if not made.recorded:
            complain(f"{service} is written, but the store did not take the record of it.")
        return _until_ready(ready, service, wait)
    except MergeRefusedError as error:
        raise CannotGoOnError(str(error)) from None
    except RepairRefusedError as error:
        complain(str(error))
        return WRONG_USE if error.refusal in (RepairRefusal.NOT_RECORDED, RepairRefusal.NOT_ALLOWED) else FAILED


def _lines(change: Merge, before: Mapping[str, Variable], wanted: Mapping[str, Variable]) -> Iterator[str]:
    for name in change.added:
        yield f"+ {name}: {_words(wanted[name])}"
    for name in change.changed:
        same = not wanted[name].secret and not before[name].secret
        yield f"~ {name}: {_words(before[name])} → {'another value' if same else _words(wanted[name])}"
    for name in change.unchanged:
        yield f"= {name}"
    others = len(set(before) - set(wanted))
    yield f"{others} other variable{'' if others == 1 else 's'} stay{'s' if others == 1 else ''}."


def _words(variable: Variable) -> str:
    if variable.secret:
        return f"the secret {variable.secret}"
    return "a value" if variable.value.strip() else "empty"


def _until_ready(ready: ShellRepairs, service: str, wait: float) -> int:
    """Wait until what was written is the revision that is ready; return the exit code."""
    deadline = time.monotonic() + wait
    while True:
        try:
            state = ready.platform.configuration(service)
        except SourceError as error:
            words = f"{service} is written, but whether its revision is ready cannot be looked up"
            complain(f"{words}: {error.sentence}")
            return UNKNOWN
        if state is not None and not state.reconciling and state.latest_created == state.latest_ready:
            say(f"{service}: written, read back, and {state.latest_ready} is ready.")
            return FINE
        if time.monotonic() >= deadline:
            created = state.latest_created if state is not None else "its revision"
            complain(f"{service} is written, but {created} is not ready after {wait:.0f} s.")
            return UNKNOWN
        time.sleep(max(0.0, min(STEP, deadline - time.monotonic())))


@env.command()
@click.argument("service")
@PIPELINE_OPTION
@SCENARIO_OPTION
def diff(service: str, pipeline_file: Path | None, scenario: str | None) -> int:
    """Compare the variables of a service's two latest revisions, and with what the pipeline file requires.

    Names only, never a value. Exits with 1 when a required variable is missing or empty.

    \b
    Example:
      reveille env diff live-export
    """  # noqa: D301 - click reads the backspace
    with said_plainly(), repairing(pipeline_file, scenario) as ready:
        return compared(ready, service)


def compared(ready: ShellRepairs, service: str) -> int:
    """Print how the two latest revisions differ, and what is required; return the exit code."""
    try:
        revisions = ready.ports[CLOUD_RUN].revisions(service, 2)
        current = ready.ports[CLOUD_RUN].service(service)
    except SourceError as error:
        complain(error.sentence)
        return UNKNOWN
    if current is None:
        complain(f"there is no service {service} in {ready.pipeline.region}.")
        return FAILED
    if len(revisions) == 2:  # noqa: PLR2004 - the latest and the one before
        new, old = revisions
        found = difference(old.environment, new.environment)
        by = f" by {new.created_by}" if new.created_by else ""
        zone = ready.pipeline.zone
        when = in_words(new.created_at, zone, ready.clock().astimezone(zone).year)
        say(f"{new.name} ({when}{by}) after {old.name}:")
        for sign, names in (("+", found.added), ("-", found.removed), ("~", found.changed), ("0", found.emptied)):
            for name in names:
                say(f"  {sign} {name}" + (" (empty now)" if sign == "0" else ""))
        if not found.any:
            say("  no difference")
    else:
        say(f"{service} has no earlier revision to compare with.")
    return _required(ready, service, current.environment)


def _required(ready: ShellRepairs, service: str, environment: Mapping[str, str]) -> int:
    spec = spec_of(ready.pipeline, service)
    required = spec.environment if spec is not None else ()
    wrong = [name for name in required if not environment.get(name, "").strip()]
    for name in wrong:
        say(f"  required: {name} is {'empty' if name in environment else 'missing'}")
    if not wrong:
        say(f"  required: all {len(required)} are set" if required else "  required: the pipeline file names none")
    return FAILED if wrong else FINE
