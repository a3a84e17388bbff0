"""The --set-... flags wipe what they do not name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.audit.model import AuditRule, Edit, RuleSeverity, Violation
from bot.audit.rules.audited_file import AuditedFile
from bot.audit.shell.calls import CliCall, CliFlag
from bot.audit.shell.commands import ShellCommand

RULE = AuditRule(
    id="REV003",
    title="Variables, secrets and labels are updated, never set",
    rationale=(
        "--set-env-vars, --set-secrets and --set-labels replace everything that is there: whatever the script "
        "does not name is gone. An API key once vanished for an evening like that."
    ),
    fix=("Write --update-env-vars, --update-secrets or --update-labels: what is not named stays as it is."),
    severity=RuleSeverity.ERROR,
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


@dataclass(frozen=True, slots=True)
class _Wipe:
    """A flag that wipes, with the call that it stands in, and what is written in the file for it."""

    call: CliCall
    flag: CliFlag
    written: str

    @property
    def kind(self) -> str:
        return _WIPING[self.flag.name]

    @property
    def name(self) -> str:
        """The flag for people, or the input of an action that becomes it."""
        if self.written == "overwrite":
            return f"{self.kind.replace('-', '_')}_update_strategy: overwrite"
        return self.written or self.flag.name

    @property
    def updating(self) -> str:
        """What to write instead; empty where the command has nothing of the kind."""
        if self.written:
            return "merge" if self.written == "overwrite" else ""
        updatable = self.flag.name.startswith("--set-") and self.kind in _UPDATABLE.get(self.call.path, ())
        return f"--update-{self.kind}" if updatable else ""


def find(deployment: AuditedFile) -> Iterator[Violation]:
    """Yield each command with flags that wipe, once, with the edits that make them update where the command can."""
    seen: set[Place] = set()
    at_place: dict[Place, list[_Wipe]] = {}
    updated: dict[Place, bool] = {}
    grouped: dict[Place, list[Place]] = {}
    for command in deployment.commands:
        call = command.gcloud
        wiping = (
            [flag for flag in call.all_flags(*_WIPING) if deployment.has(command, flag)] if call is not None else []
        )
        if call is None or not wiping:
            continue
        given = frozenset(flag.name for flag in call.flags)
        for flag in wiping:
            place = command.place_of(flag)
            wipe = _Wipe(call, flag, _input(deployment, command, flag))
            at_place.setdefault(place, []).append(wipe)
            # Two flags of one name would be an error, or the second would win.
            updated[place] = updated.get(place, False) or wipe.updating in given
            if call.path in _UPDATABLE and place not in seen:
                seen.add(place)
                grouped.setdefault((command.start, command.end), []).append(place)
    for places in grouped.values():
        edits = [
            Edit(deployment.span(*place), updating)
            for place in places
            if not updated[place] and (updating := _replacement(deployment, place, at_place[place]))
        ]
        message = _message([next(one for one in at_place[place] if one.call.path in _UPDATABLE) for place in places])
        yield deployment.violation(RULE, places[0], message, *edits)


def _input(deployment: AuditedFile, command: ShellCommand, flag: CliFlag) -> str:
    """Return what stands in a workflow for a flag that an action of it makes; empty for a flag that is written."""
    made = command.words[0].place(0, 1) is None and not command.origin
    if not made or flag.word.place(0, len(flag.name)) is not None:
        return ""
    written = deployment.source.text[flag.word.start : flag.word.end].strip("'\"")
    return "overwrite" if written == "overwrite" else "this list" if deployment.is_build else ""


def _replacement(deployment: AuditedFile, place: Place, wipes: Sequence[_Wipe]) -> str:
    """Return what to write at a place, so that it is right in every command that has its flag from there."""
    ways = {wipe.updating for wipe in wipes}
    updating = ways.pop()
    if ways or not updating:
        return ""
    written = deployment.source.text[place[0] : place[1]]
    if wipes[0].written:
        return written.replace(wipes[0].written, updating)
    return updating if written == wipes[0].flag.name else ""


def _message(wipes: Sequence[_Wipe]) -> str:
    names = list(dict.fromkeys(wipe.name for wipe in wipes))
    named = " and ".join(names)
    kinds = " and ".join(dict.fromkeys(_KINDS[wipe.kind] for wipe in wipes))
    several = len(names) > 1
    if all(wipe.flag.name.startswith("--clear-") for wipe in wipes):
        return f"{named} {'remove' if several else 'removes'} all {kinds}"
    said = (
        f"{named} {'remove' if several else 'removes'} all {kinds} that {'they do' if several else 'it does'} not name"
    )
    updating = " and ".join(dict.fromkeys(filter(None, (wipe.updating for wipe in wipes))))
    if updating:
        return f"{said}; write {updating}"
    path = wipes[0].call.path
    if not _UPDATABLE[path]:
        return f"{said}; not every version of `gcloud {path}` can update: use `gcloud run jobs update`"
    return said
