"""What the services of a cause logged, as its evidence, with the change that the errors began with. Pure.

A line of a log proves nothing of what broke, so no cause is found here: causes that were found are given what whoever
is on call would look up next, and the command that reads the rest of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from checks.actions import Action, Command, Gcloud, service_logs
from checks.changes import Change
from checks.facts import known
from checks.facts.control_plane import RevisionsFacts
from checks.facts.logs import ChangeFacts, ErrorsFacts, LoggedEvidence
from checks.model import Cause, CheckResult, Finding, FindingKey, Outcome
from checks.pipeline import Pipeline
from checks.places import Place, PlaceKind

CHECK = "service-errors"

SERVICES_AT_MOST = 3
"""Services of one cause whose lines are shown."""

EARLIER = timedelta(minutes=15)
"""A deploy is logged when it begins, and its revision is created minutes later."""


def with_logs(pipeline: Pipeline, causes: Iterable[Cause], results: Sequence[CheckResult]) -> tuple[Cause, ...]:
    """Return causes with what their services logged; what is shown so is explained by the cause, if by none other."""
    findings = {finding.key(each.check): finding for each in results for finding in each.findings}
    errors = {
        key.subject: facts
        for key, finding in findings.items()
        if key.check == CHECK and (facts := known(finding.facts, ErrorsFacts)) is not None
    }
    found = tuple(causes)
    if not errors:
        return found
    explained = {key for cause in found for key in cause.explains}
    told: list[Cause] = []
    for cause in found:
        services = _services_of(pipeline, cause, findings, errors)[:SERVICES_AT_MOST]
        logged = tuple(_evidence(name, errors[name], findings.values()) for name in services)
        keys = [FindingKey(CHECK, name, None) for name in services]
        failed = [key for key in keys if key in findings and findings[key].outcome is Outcome.FAILED]
        more = tuple(key for key in failed if key not in explained)
        explained.update(more)
        action = _action(pipeline, cause.action, logged)
        told.append(replace(cause, logged=logged, explains=(*cause.explains, *more), action=action))
    return tuple(told)


def _services_of(
    pipeline: Pipeline, cause: Cause, findings: Mapping[FindingKey, Finding], errors: Mapping[str, ErrorsFacts]
) -> list[str]:
    """Return the services with errors that a cause is about: those that it or what it explains names, and of the phases
    that failed those whose errors began with a deploy. The last come first, then those with most errors."""
    behind = [findings[key] for key in cause.explains if key in findings]
    places = [each for each in (cause.place, *(finding.place for finding in behind)) if each is not None]
    named = {each.service for each in places}
    phases = {cause.phase, *(each.phase for each in behind)} - {None}
    named |= {each.name for each in pipeline.services if each.phase in phases and _began(errors.get(each.name))}
    there = [name for name in errors if name in named]
    return sorted(there, key=lambda name: (not errors[name].only_since_deploy, -errors[name].count, name))


def _began(facts: ErrorsFacts | None) -> bool:
    return facts is not None and facts.only_since_deploy


def _evidence(service: str, facts: ErrorsFacts, findings: Iterable[Finding]) -> LoggedEvidence:
    if not facts.only_since_deploy or facts.deploy is None or facts.deploy.deployed_at is None:
        return LoggedEvidence(service=service, errors=facts)
    every = tuple(findings)
    deploy, place = facts.deploy, Place(PlaceKind.SERVICE, service)
    at = facts.deploy.deployed_at
    told = (known(finding.facts, ChangeFacts) for finding in every if finding.place == place)
    logged = (each for facts in told if facts is not None for each in facts.changes)
    near = (each.actor for each in logged if each.actor and abs(each.at - at) <= EARLIER)
    actor = next(near, deploy.deployed_by)
    what = "; ".join((deploy.revision, *_differences(service, deploy.revision, every)))
    return LoggedEvidence(
        service=service, errors=facts, change=Change(place=place, at=at, kind="deploy", actor=actor, what=what)
    )


def _differences(service: str, revision: str, findings: Iterable[Finding]) -> Iterator[str]:
    """Yield how a revision differs from the one before it, where that is known: variables by name, and the commit."""
    for finding in findings:
        facts = known(finding.facts, RevisionsFacts)
        if facts is None or finding.subject != service or not facts.revisions or facts.revisions[0].name != revision:
            continue
        for word, names in (
            ("removed", (*facts.removed, *facts.emptied)),
            ("added", facts.added),
            ("changed", facts.changed),
        ):
            if names:
                yield f"{word} {', '.join(names)}"
        if facts.commit_before and facts.commit_now and facts.commit_before != facts.commit_now:
            yield f"commit {facts.commit_before[:7]} to {facts.commit_now[:7]}"
        return


def _action(pipeline: Pipeline, action: Action | None, logged: Sequence[LoggedEvidence]) -> Action | None:
    """Return what to do, with the command that reads these logs in the place of one that reads others."""
    if not logged:
        return action
    first = logged[0]
    since = first.errors.since or first.errors.logged[-1].first
    command = service_logs(first.service, since, f"--project={pipeline.project}")
    if action is None:
        return Action(text=f"Read what {first.service} logged.", commands=(command,))
    others = [each for each in action.commands if not _reads_logs(each)]
    if len(others) == len(action.commands) and others:
        return action
    return replace(action, commands=(command, *others))


def _reads_logs(command: Command) -> bool:
    return isinstance(command, Gcloud) and (command.verb == "logs read" or command.resource == "logging")
