"""The --set-... flags wipe what they do not name."""

from __future__ import annotations

from collections.abc import Iterator

from bot.audit.calls import Call, Flag
from bot.audit.commands import Command, read_call
from bot.audit.deploys import Deployment
from bot.audit.model import Edit, Rule, Severity, Violation

RULE = Rule(
    id="REV003",
    title="Variables, secrets and labels are updated, never set",
    rationale=(
        "--set-env-vars, --set-secrets and --set-labels replace everything that is there: whatever the script "
        "does not name is gone. An API key once vanished for an evening like that."
    ),
    fix=("Write --update-env-vars, --update-secrets or --update-labels: what is not named stays as it is."),
    severity=Severity.ERROR,
    example_bad="""\
gcloud run deploy live-export --source=. --set-env-vars=GCP_PROJECT=example-project
""",
    example_good="""\
gcloud run deploy live-export --source=. --update-env-vars=GCP_PROJECT=example-project
""",
)


_KINDS = {
    "env-vars": "environment variables",
    "secrets": "secrets",
    "labels": "labels",
    "build-env-vars": "build environment variables",
}
_UPDATABLE = {
    "run deploy": frozenset(_KINDS),
    "run services update": frozenset(("env-vars", "secrets", "labels")),
    "run jobs update": frozenset(("env-vars", "secrets", "labels")),
    "run jobs deploy": frozenset[str](),
    "run worker-pools deploy": frozenset(("env-vars", "secrets", "labels")),
    "run worker-pools update": frozenset(("env-vars", "secrets", "labels")),
    "functions deploy": frozenset(_KINDS),
}
"""The kinds that each command can change with --update-KIND, as the parser of gcloud 528.0.0 takes them.

`run jobs deploy` is left empty: older versions refuse --update-secrets, and 528.0.0 still refuses --update-labels.
A command that is not here wipes nothing: `run jobs create` fails where the job exists, and `run jobs execute`
changes a single execution.
"""
_WIPING = {
    **{f"--{verb}-{kind}": kind for kind in _KINDS for verb in ("set", "clear")},
    "--env-vars-file": "env-vars",
    "--build-env-vars-file": "build-env-vars",
}


def find(deployment: Deployment) -> Iterator[Violation]:
    """Yield each command with flags that wipe, once, with the edits that make them update where the command can."""
    seen: set[int] = set()
    grouped: dict[tuple[int, int], tuple[Command, Call, list[Flag]]] = {}
    for command in deployment.commands:
        call = read_call(command)
        if call is None or call.path not in _UPDATABLE:
            continue
        for flag in call.all_flags(*_WIPING):
            if (start := command.place_of(flag)[0]) not in seen:
                seen.add(start)
                grouped.setdefault((command.start, command.end), (command, call, []))[2].append(flag)
    for command, call, flags in grouped.values():
        edits = (Edit(deployment.span(*place), updating) for place, updating in _edits(call, flags))
        span = deployment.span(*command.place_of(flags[0]))
        yield RULE.violation(deployment.path, span, _message(call, flags), edits=tuple(edits))


def _edits(call: Call, flags: list[Flag]) -> Iterator[tuple[tuple[int, int], str]]:
    given = {flag.name for flag in call.flags}
    for flag in flags:
        place, updating = flag.word.place(0, len(flag.name)), _updating(call, flag)
        # Two flags of one name would be an error, or the second would win.
        if place is not None and updating and updating not in given:
            yield place, updating


def _updating(call: Call, flag: Flag) -> str:
    kind = _WIPING[flag.name]
    return f"--update-{kind}" if flag.name.startswith("--set-") and kind in _UPDATABLE[call.path] else ""


def _message(call: Call, flags: list[Flag]) -> str:
    named = " and ".join(dict.fromkeys(flag.name for flag in flags))
    kinds = " and ".join(dict.fromkeys(_KINDS[_WIPING[flag.name]] for flag in flags))
    several = len({flag.name for flag in flags}) > 1
    if all(flag.name.startswith("--clear-") for flag in flags):
        return f"{named} {'remove' if several else 'removes'} all {kinds}"
    said = (
        f"{named} {'remove' if several else 'removes'} all {kinds} that {'they do' if several else 'it does'} not name"
    )
    updating = " and ".join(dict.fromkeys(filter(None, (_updating(call, flag) for flag in flags))))
    if updating:
        return f"{said}; write {updating}"
    if not _UPDATABLE[call.path]:
        return f"{said}; not every version of `gcloud {call.path}` can update: use `gcloud run jobs update`"
    return said
