"""No deploy wiped a variable.

Two revisions of a service, the latest and the one before it, should differ in what somebody changed, and not in
what a deploy with --set-env-vars left out. A variable that was there and is gone, or is empty now, is what such a
deploy wiped; the service is ready all the same. A value that a deploy changed only where nobody sees it, by a blank at
its end, quotes around it, or the case of its letters, was hardly meant: nothing is found by it. Values are compared and
never shown.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from checks.actions import Action, RepairKey
from checks.cells import in_words
from checks.context import Context
from checks.control_plane import service_commands, services
from checks.control_plane.drift_state import stated_commits
from checks.control_plane.spelling import slip
from checks.effects import FailureEffect
from checks.facts.control_plane import LATEST_REVISIONS, DeployedRevision, RevisionsFacts
from checks.model import Finding, Outcome, Severity
from checks.pipeline import Pipeline
from checks.places import PlaceKind
from checks.ports.services import Revision, read_revisions
from checks.reads import Read
from checks.registry import check
from checks.services_spec import ServiceSpec

RECENT = timedelta(days=2)
"""How long another value of a required variable is told: until a whole interval has run with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariablesChange:
    """The names of the variables in which two revisions differ, each group sorted."""

    removed: tuple[str, ...] = ()
    emptied: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    slips: Mapping[str, str] = field(default_factory=dict)
    """By what alone a changed value differs, where that can hardly be meant."""

    @property
    def lost(self) -> tuple[str, ...]:
        """What has no value any more."""
        return tuple(sorted(self.removed + self.emptied))

    def verdict(
        self, required: Sequence[str], *, recent: bool = False, works: bool = False
    ) -> tuple[str, Severity | None]:
        """Return the code, and how loud it is when the service must have some of the variables; ``recent`` tells that
        it was deployed lately, ``works`` that a phase needs it."""
        if set(self.lost) & set(required):
            return "required-variable-lost", Severity.P1
        if self.lost:
            return "variable-lost", Severity.P2
        if recent and self.slips:
            return "variable-misspelled", Severity.P1 if self.slips.keys() & set(required) else Severity.P2
        if recent and set(self.changed) & set(required):
            return "required-variable-changed", Severity.P2 if works else Severity.P3
        return ("variables-changed" if self.added or self.changed else "variables-kept"), None


def change(before: Mapping[str, str], now: Mapping[str, str], required: Sequence[str] = ()) -> VariablesChange:
    """Compare the variables of two revisions; a value of blanks alone is none."""
    both = sorted(before.keys() & now.keys())
    slips = {name: slip(before[name], now[name], required=name in required) for name in both}
    return VariablesChange(
        removed=tuple(sorted(name for name in before.keys() - now.keys() if before[name].strip())),
        emptied=tuple(name for name in both if before[name].strip() and not now[name].strip()),
        added=tuple(sorted(now.keys() - before.keys())),
        changed=tuple(name for name in both if before[name] != now[name] and now[name].strip()),
        slips={name: words for name, words in slips.items() if words and now[name].strip()},
    )


def judge(pipeline: Pipeline, spec: ServiceSpec, revisions: Sequence[Revision], now: datetime) -> Finding:
    """Judge one service by its revisions, the newest first; times of another year than ``now`` are written with
    theirs."""
    if len(revisions) < 2:  # noqa: PLR2004 - it takes two to compare
        code, outcome = ("first-revision", Outcome.PASSED) if revisions else ("no-revision", Outcome.SKIPPED)
        summary = f"{spec.name} has {'one revision' if revisions else 'no revision'}: there is nothing to compare."
        facts = RevisionsFacts(revisions=_bare(revisions))
        return services.finding(pipeline, spec, outcome, code, summary, facts=facts)
    latest, before = revisions[0], revisions[1]
    found = change(before.environment, latest.environment, spec.environment)
    recent = timedelta(0) <= now - latest.created_at <= RECENT
    code, severity = found.verdict(spec.environment, recent=recent, works=spec.phase is not None)
    facts = RevisionsFacts(
        revisions=_bare(revisions),
        removed=found.removed,
        emptied=found.emptied,
        added=found.added,
        changed=found.changed,
        required_lost=tuple(name for name in found.lost if name in spec.environment),
        commit_before=_commit(before),
        commit_now=_commit(latest),
        required_changed=tuple(name for name in found.changed if name in spec.environment),
        misspelled=tuple(found.slips),
    )
    if severity is None:
        summary = f"{latest.name} kept all variables of {before.name}{_differences(found)}."
        return services.finding(pipeline, spec, Outcome.PASSED, code, summary, facts=facts)
    year = now.astimezone(pipeline.zone).year
    by = f" by {latest.created_by}" if latest.created_by else ""
    deployed = f"{latest.name}, deployed {in_words(latest.created_at, pipeline.zone, year)}{by},"
    if code in ("required-variable-changed", "variable-misspelled"):
        told = [f"{name} ({found.slips[name]})" if name in found.slips else name for name in _told(code, facts)]
        summary = f"{deployed} has another value in {', '.join(told)} than {before.name}."
        action = Action(
            text=f"Compare the values of {latest.name} and {before.name}. If the change was not intended, or "
            f"{spec.name} has failed since, restore those of {before.name}.",
            commands=(service_commands.command(pipeline, "describe", spec.name),),
        )
        return services.finding(
            pipeline,
            spec,
            Outcome.FAILED,
            code,
            summary,
            severity=severity,
            facts=facts,
            impact=f"{spec.name} may behave differently and still report success.",
            action=action,
        )
    return services.finding(
        pipeline,
        spec,
        Outcome.FAILED,
        code,
        f"{deployed} lost {', '.join(found.lost)}, which {before.name} had.",
        severity=severity,
        facts=facts,
        impact=f"{spec.name} runs but cannot do its work." if code == "required-variable-lost" else "",
        action=_action(pipeline, spec, found, before),
    )


def _told(code: str, facts: RevisionsFacts) -> tuple[str, ...]:
    return facts.misspelled if code == "variable-misspelled" else facts.required_changed


def _commit(revision: Revision) -> str:
    return next((commit for _, commit in stated_commits(revision)), "")


def _bare(revisions: Sequence[Revision]) -> tuple[DeployedRevision, ...]:
    """Return the latest revisions without their variables, which may hold secrets."""
    return tuple(
        DeployedRevision(name=each.name, created_at=each.created_at, created_by=each.created_by)
        for each in revisions[:LATEST_REVISIONS]
    )


def _differences(found: VariablesChange) -> str:
    words = [("added", found.added), ("changed", found.changed)]
    return "".join(f"; {word}: {', '.join(names)}" for word, names in words if names)


def _action(pipeline: Pipeline, spec: ServiceSpec, found: VariablesChange, before: Revision) -> Action:
    """Secrets that the file names can be bound again as they are; other values the revision before still has."""
    versions = {name: service_commands.versioned(each) for name, each in spec.secrets.items()}
    secrets = [f"{name}={versions[name]}" for name in found.lost if name in versions]
    values = [f"{name}=VALUE" for name in found.lost if name not in spec.secrets]
    # gcloud refuses to turn a variable with a literal, even an empty one, into a reference.
    literals = [name for name in found.emptied if name in spec.secrets]
    first = [service_commands.command(pipeline, "update", spec.name, f"--remove-env-vars={','.join(literals)}")]
    flags = [f"--update-secrets={','.join(secrets)}"] if secrets else []
    flags += [f"--update-env-vars={','.join(values)}"] if values else []
    where = f" Each VALUE is still in {shlex.quote(before.name)}." if values else ""
    return Action(
        text=f"Restore what was lost.{where} Then find the deploy that uses a --set- flag: only the --update- flags "
        "leave the other variables alone. If the variable was removed on purpose, deploy once more or suppress it.",
        commands=(*(first if literals else []), service_commands.command(pipeline, "update", spec.name, *flags)),
        repairs=(RepairKey("restore-variables", spec.name),) if secrets and not values else (),
    )


@check(
    id="environment-change",
    place=PlaceKind.REVISION,
    facts=RevisionsFacts,
    short="changes of variables",
    effects={"required-variable-lost": FailureEffect.STOPS, "variable-misspelled": FailureEffect.STOPS},
    worst=Severity.P1,
    codes={
        "variables-kept": "The latest revision has the same variables as the one before.",
        "variables-changed": "Variables were added or have another value; none was lost.",
        "variable-lost": "The latest revision lost a variable, or its value.",
        "required-variable-changed": "A deploy of the last two days changed the value of a required variable.",
        "variable-misspelled": "A deploy of the last two days changed a value only by blanks, quotes, case, http for "
        "https or a slash at its end.",
        "required-variable-lost": "The latest revision lost a variable that the pipeline file requires.",
        "first-revision": "There is one revision only.",
        "no-revision": "There is no revision.",
        **services.SERVICE_CODES,
    },
    expected="A deploy changes the variables that it names and leaves the others alone.",
    unwanted="A variable that the last deploy wiped.",
)
def environment_change(context: Context) -> Iterator[Finding]:
    """Yield one finding a service."""
    reads = [(spec, read_revisions(context.reads, spec.name, LATEST_REVISIONS)) for spec in context.services]
    if not reads:
        yield services.none_named()
    for spec, look in reads:

        def judged(spec: ServiceSpec = spec, look: Read[Sequence[Revision]] = look) -> Iterator[Finding]:
            yield judge(context.pipeline, spec, look.result(), context.now)

        worst = Severity.P1 if spec.environment else Severity.P2
        yield from services.attempt_service(context.pipeline, spec, worst, judged)
