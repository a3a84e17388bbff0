"""The --set-... flags wipe what they do not name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.audit.calls import Call, Flag
from bot.audit.commands import read_call
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
Place = tuple[int, int]
_WIPING = {
    **{f"--{verb}-{kind}": kind for kind in _KINDS for verb in ("set", "clear")},
    "--env-vars-file": "env-vars",
    "--build-env-vars-file": "build-env-vars",
}


def find(deployment: Deployment) -> Iterator[Violation]:
    """Yield each command with flags that wipe, once, with the edits that make them update where the command can."""
    seen: set[Place] = set()
    calls: dict[Place, list[tuple[Call, frozenset[str]]]] = {}
    grouped: dict[Place, dict[Place, tuple[Call, Flag]]] = {}
    for command in deployment.commands:
        call = read_call(command)
        if call is None:
            continue
        given = frozenset(flag.name for flag in call.flags)
        for flag in call.all_flags(*_WIPING):
            place = command.place_of(flag)
            calls.setdefault(place, []).append((call, given))
            if call.path in _UPDATABLE and place not in seen:
                seen.add(place)
                grouped.setdefault((command.start, command.end), {})[place] = call, flag
    for flags in grouped.values():
        found = list(flags.values())
        edits = [
            Edit(deployment.span(*place), updating)
            for place, (_, flag) in flags.items()
            if (updating := _update(flag, calls[place]))
        ]
        yield RULE.violation(deployment.path, deployment.span(*next(iter(flags))), _message(found), edits=tuple(edits))


def _update(flag: Flag, calls: Sequence[tuple[Call, frozenset[str]]]) -> str:
    """Return what updates instead in every command that has the flag at this place; empty where one cannot."""
    ways = {_updating(call, flag) for call, _ in calls}
    updating = ways.pop()
    # Two flags of one name would be an error, or the second would win.
    twice = any(updating in given for _, given in calls)
    return "" if ways or twice or flag.word.place(0, len(flag.name)) is None else updating


def _updating(call: Call, flag: Flag) -> str:
    kind = _WIPING[flag.name]
    updatable = flag.name.startswith("--set-") and kind in _UPDATABLE.get(call.path, ())
    return f"--update-{kind}" if updatable else ""


def _message(found: Sequence[tuple[Call, Flag]]) -> str:
    names = list(dict.fromkeys(flag.name for _, flag in found))
    named = " and ".join(names)
    kinds = " and ".join(dict.fromkeys(_KINDS[_WIPING[name]] for name in names))
    several = len(names) > 1
    if all(name.startswith("--clear-") for name in names):
        return f"{named} {'remove' if several else 'removes'} all {kinds}"
    said = (
        f"{named} {'remove' if several else 'removes'} all {kinds} that {'they do' if several else 'it does'} not name"
    )
    updating = " and ".join(dict.fromkeys(filter(None, (_updating(*one) for one in found))))
    if updating:
        return f"{said}; write {updating}"
    path = found[0][0].path
    if not _UPDATABLE[path]:
        return f"{said}; not every version of `gcloud {path}` can update: use `gcloud run jobs update`"
    return said
