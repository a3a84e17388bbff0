"""What stands behind a cause: its facts, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from checks.actions import Action, Gcloud, Named, Thing
from checks.changes import Change
from checks.diagnosis.board import BY_CHANGE, OF_THE_CONTROL_PLANE, SHUT_OUT, Board, Suspect
from checks.diagnosis.symptom import Symptom
from checks.facts import Facts, part, several
from checks.facts.control_plane import (
    BuildsFacts,
    DeployFacts,
    DriftFacts,
    InvokerFacts,
    LagFacts,
    ReadyFacts,
    Redeploy,
    RevisionsFacts,
    ServiceFacts,
    TopicFacts,
    TrafficFacts,
    VariablesFacts,
    first_after,
)
from checks.facts.logs import ErrorsFacts
from checks.facts.orchestration import TriggerFacts
from checks.places import PlaceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseFacts(Facts):
    """What is known of a cause; what is not, is empty."""

    services: tuple[str, ...] = several()
    caller: tuple[str, ...] = several()
    deploy: DeployFacts | None = part()
    traffic: str = ""
    reason: str = ""
    trigger: str = ""
    commit: str = ""
    authors: str = ""
    missing: tuple[str, ...] = several()
    critical_missing: tuple[str, ...] = several()
    empty: tuple[str, ...] = several()
    removed: tuple[str, ...] = several()
    emptied: tuple[str, ...] = several()
    surplus: tuple[str, ...] = several()
    last_good_trigger: datetime | None = None
    triggered_at: datetime | None = None
    last_good: datetime | None = None
    changed: str = ""
    changed_at: datetime | None = None
    changed_by: str = ""
    suspects: tuple[str, ...] = several()
    not_looked_up: tuple[str, ...] = several("; ")


def facts_of(board: Board, suspect: Suspect) -> CauseFacts:
    """Return the facts behind the sentence."""
    facts = CauseFacts()
    if suspect.code in OF_THE_CONTROL_PLANE:
        facts = _of_services(board, suspect)
    elif suspect.triggers:
        first = suspect.triggers[0].of(TriggerFacts)
        facts = CauseFacts(
            missing=first.missing, critical_missing=first.critical_missing, triggered_at=first.triggered_at
        )
    if suspect.code == "broken-by-deploy":
        change = suspect.established
        deploy = DeployFacts(revision=change.what, deployed_at=change.at, deployed_by=change.actor)
        facts = replace(facts, services=(suspect.subject,), deploy=deploy, last_good=suspect.last_good)
    if suspect.code == "broken-by-change" or suspect.taken is not None:
        change = suspect.taken or suspect.established
        facts = replace(
            facts,
            changed=str(change.place),
            changed_at=change.at,
            changed_by=change.actor,
            last_good=suspect.last_good,
        )
    told = suspect.changes if suspect.code not in BY_CHANGE else ()
    suspects = tuple(f"{change.place.name} {change.at.isoformat()}" for change, _ in told)
    return replace(facts, suspects=suspects, not_looked_up=suspect.unread)


def _of_services(board: Board, suspect: Suspect) -> CauseFacts:
    first = removed_by(board, suspect) or suspect.primary[0]
    services = suspect.behind or tuple(dict.fromkeys(each.place.name for each in suspect.primary))
    facts = replace(_shown(first.finding.facts), services=services)
    if suspect.taken is not None:
        facts = replace(facts, deploy=None)
    elif suspect.code in SHUT_OUT and (redeploy := redeploy_of(board, first)) is not None:
        deploy = DeployFacts(revision=redeploy.revision, deployed_at=redeploy.at, deployed_by=redeploy.by)
        facts = replace(facts, deploy=deploy)
    if suspect.code in _OF_THE_TRIGGER:
        good = last_good_trigger(board, (*suspect.behind, first.place.name)[0])
        facts = replace(facts, last_good_trigger=good)
    return facts


def _shown(facts: Facts) -> CauseFacts:
    """Return what a cause shows of the facts of its first finding."""
    shown = CauseFacts(deploy=facts.deploy if isinstance(facts, ServiceFacts) else None)
    match facts:
        case InvokerFacts():
            return replace(shown, caller=facts.caller)
        case ReadyFacts():
            return replace(shown, reason=facts.reason)
        case TrafficFacts():
            return replace(shown, traffic=facts.traffic)
        case VariablesFacts():
            return replace(shown, missing=facts.missing, empty=facts.empty)
        case RevisionsFacts():
            return replace(shown, removed=facts.removed, emptied=facts.emptied, deploy=latest(facts))
        case TopicFacts():
            return replace(shown, missing=facts.missing, surplus=facts.surplus)
        case DriftFacts():
            authors = facts.lag.authors if facts.lag is not None else ""
            return replace(shown, commit=facts.commit, authors=authors, missing=facts.missing)
        case BuildsFacts():
            commit = facts.latest.commit if facts.latest is not None else ""
            authors = facts.lag.authors if facts.lag is not None else ""
            return replace(shown, trigger=facts.trigger, commit=commit, authors=authors)
        case _:
            return shown


def last_good_trigger(board: Board, service: str) -> datetime | None:
    """Return when a service was last known to be called, as far as the verdicts on the triggers tell.

    For an orchestrator that is its own last trigger. Any other service leaves no such trace, but while the
    pipeline moved at all its services were called: there it is the last trigger of any transition.
    """
    moved: tuple[str | None, ...] = board.moved_by.get(service) or (None,)
    return max((board.last_good[each] for each in moved if each in board.last_good), default=None)


def removing_deploy(board: Board, refusals: Iterable[Symptom]) -> Symptom | None:
    """Return the first refusal whose service was deployed after its last good trigger: the deploy that removed
    the binding."""
    for each in refusals:
        deploy, good = each.of(InvokerFacts).deploy, last_good_trigger(board, each.place.name)
        deployed = deploy.deployed_at if deploy is not None else None
        if each.finding.code == "caller-refused" and deployed is not None and good is not None and deployed > good:
            return each
    return None


def removed_by(board: Board, suspect: Suspect) -> Symptom | None:
    """Return the refusal that a deploy is behind; None where it is known who took the permission away."""
    return None if suspect.taken is not None else removing_deploy(board, suspect.primary)


def redeploy_of(board: Board, symptom: Symptom) -> Redeploy | None:
    """Return the first revision of a service after its last good trigger, as far as its revisions are known."""
    service = symptom.place.name
    revisions, good = board.revisions(service), last_good_trigger(board, service)
    if revisions is None or good is None:
        return None
    return first_after(revisions.of(RevisionsFacts).revisions, good)


def failing_since(suspect: Suspect) -> DeployFacts | None:
    """Return the deploy that the errors of a failing service began with."""
    began = (each.of(ErrorsFacts) for each in suspect.primary)
    return next((each.deploy for each in began if each.only_since_deploy), None)


def latest(facts: RevisionsFacts) -> DeployFacts | None:
    """Return the deploy of the latest revision."""
    first = next(iter(facts.revisions), None)
    if first is None:
        return None
    return DeployFacts(revision=first.name, deployed_at=first.created_at, deployed_by=first.created_by)


def lag_of(symptom: Symptom) -> LagFacts | None:
    """Return what a service or its build lacks, None where that is not known."""
    return symptom.of(DriftFacts).lag or symptom.of(BuildsFacts).lag


def broken_since(board: Board, suspect: Suspect) -> datetime | None:
    """When the fault itself began, where a fact says so: the deploy that took something away, or the first commit that
    was not deployed. A deploy that may be the wrong one says nothing."""
    match suspect.code:
        case "invoker-removed-by-deploy":
            redeploy = redeploy_of(board, removing_deploy(board, suspect.primary) or suspect.primary[0])
            return redeploy.at if redeploy is not None and redeploy.certain else None
        case "variable-removed-by-deploy" | "variable-misspelled":
            deploy = latest(suspect.primary[0].of(RevisionsFacts))
            return deploy.deployed_at if deploy is not None else None
        case "service-failing":
            deploy = failing_since(suspect)
            return deploy.deployed_at if deploy is not None else None
        case "broken-by-deploy" | "broken-by-change":
            return suspect.established.at
        case "invoker-missing" | "subscription-missing" if suspect.taken is not None:
            return suspect.taken.at
        case "drift" | "stale-build":
            lag = lag_of(suspect.primary[0])
            return lag.behind_since if lag is not None else None
        case _:
            return None


_OF_THE_TRIGGER = frozenset(OF_THE_CONTROL_PLANE) - {
    "subscription-surplus",
    "variable-removed-by-deploy",
    "variable-misspelled",
    "build-failed",
    "stale-build",
    "not-deployed",
    "drift",
}
"""The causes for which it matters when the service was last known to be called."""


def _of_deploy(board: Board, suspect: Suspect) -> Action:
    query = (
        f'resource.type="cloud_run_revision" AND resource.labels.service_name="{suspect.subject}" AND severity>=ERROR '
        f'AND timestamp>="{suspect.established.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"'
    )
    flags = (f"--project={board.pipeline.project}", "--limit=20")
    return Action(
        text=f"Read the log of {suspect.subject}; roll back to the previous revision, or fix the code.",
        commands=(Gcloud("logging", "read", query, flags, (Named(Thing.SERVICE, suspect.subject),)),),
    )


def _shown_by(kind: PlaceKind) -> tuple[str, str]:
    """Return the resource and the verb of the command that shows what is left of what was changed."""
    match kind:
        case PlaceKind.JOB:
            return "scheduler jobs", "describe"
        case PlaceKind.RUN_JOB:
            return "run jobs", "describe"
        case PlaceKind.SUBSCRIPTION:
            return "pubsub subscriptions", "describe"
        case PlaceKind.TOPIC:
            return "pubsub topics", "describe"
        case _:
            return "run services", "get-iam-policy"


def _of_change(board: Board, change: Change) -> Action:
    who = change.actor or "who did it"
    text = f"Find out what was changed of {change.place.name}, ask {who} why, and undo it unless it was meant."
    project = f"--project={board.pipeline.project}"
    if change.place.name == board.pipeline.project:
        return Action(text=text, commands=(Gcloud("projects", "get-iam-policy", change.place.name),))
    resource, verb = _shown_by(change.place.kind)
    located = change.place.kind in (PlaceKind.JOB, PlaceKind.RUN_JOB, PlaceKind.SERVICE)
    flag = "--location" if change.place.kind is PlaceKind.JOB else "--region"
    flags = (*([f"{flag}={board.pipeline.region}"] if located else []), project)
    return Action(text=text, commands=(Gcloud(resource, verb, change.place.name, flags),))


def action_of(board: Board, suspect: Suspect) -> Action | None:
    """The repairs of what shows the cause: one sentence, every command on a line of its own."""
    if suspect.code == "broken-by-deploy":
        return _of_deploy(board, suspect)
    if suspect.code == "broken-by-change":
        return _of_change(board, suspect.established)
    shown = suspect.primary or suspect.triggers
    if suspect.code in SHUT_OUT:
        shown = sorted(shown, key=board.order)
    if suspect.code in ("service-not-ready", "variable-removed-by-deploy", "upstream-check"):
        shown = shown[:1]
    actions = [each.finding.action for each in shown if each.finding.action is not None]
    if not actions:
        return None
    commands = dict.fromkeys(command for each in actions for command in each.commands)
    repairs = dict.fromkeys(key for each in actions for key in each.repairs)
    whole = all(each.repairs for each in actions)
    return Action(text=actions[0].text, commands=tuple(commands), repairs=tuple(repairs) if whole else ())
