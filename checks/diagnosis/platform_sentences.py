"""What the causes around the services say."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from checks.diagnosis.board import Board, Suspect
from checks.diagnosis.evidence import lag_of, last_good_trigger
from checks.diagnosis.symptom import Symptom
from checks.diagnosis.words import capitalised, listed
from checks.facts.control_plane import (
    BuildFacts,
    BuildsFacts,
    RulesFacts,
    SubscriptionFacts,
    TopicFacts,
    VariableAddressesFacts,
)

MOST_TOPICS = 4
"""Topics and services described one by one; more of them are counted."""

MOST_SIGNS = 2
"""Signs of one service that its sentence tells."""


def _without_identity(board: Board, suspect: Suspect) -> str:
    del board
    names = sorted(suspect.services)
    check, their = ("checks its", "it is") if len(names) == 1 else ("check their", "they are")
    reasons = {"no-identity": "without an identity", "wrong-audience": "with a token for another audience"}
    said = dict.fromkeys(reasons[each.finding.code] for each in suspect.primary if each.finding.code in reasons)
    how = " or ".join(said) or "without an identity"
    return f"{listed(names)} {check} callers, and {their} called {how}, so every such call is refused."


def _unheard(board: Board, suspect: Suspect) -> str:
    topics = [_push_count(each) for each in suspect.primary]
    known = [name for name in suspect.behind if name not in {each.place.name for each in suspect.primary}]
    good = max(filter(None, (last_good_trigger(board, name) for name in known)), default=None)
    last = f"; last good trigger {board.local(good)}" if good is not None else ""
    first = suspect.primary[0]
    if first.finding.code == "detached-subscription":
        topic = first.of(SubscriptionFacts).topic
        return f"The subscription {first.place.name} is detached from {topic}, which is for {listed(known)}{last}."
    to_whom = f"Nothing is sent to {listed(known)}: " if known else ""
    return f"{to_whom}{listed(topics, most=MOST_TOPICS)}{last}."


def _push_count(symptom: Symptom) -> str:
    topic, facts = symptom.place.name, symptom.of(TopicFacts)
    if symptom.finding.code == "topic-missing":
        return f"there is no topic {topic}"
    if symptom.finding.code == "none":
        return f"{topic} has no push subscription"
    if symptom.finding.code == "wrong-target":
        return f"{topic} pushes elsewhere"
    return f"{topic} has {facts.found} of {facts.expected} push subscriptions"


def _surplus(board: Board, suspect: Suspect) -> str:
    del board
    count = len(suspect.primary)
    who = "1 topic pushes" if count == 1 else f"{count} topics push"
    topics = listed([_with_surplus(each) for each in suspect.primary], most=MOST_TOPICS)
    return f"{who} to too many subscriptions, so each message is processed more than once: {topics}."


def _with_surplus(symptom: Symptom) -> str:
    facts = symptom.of(TopicFacts)
    left_over = f"; the surplus seems to be {listed(facts.surplus, most=2)}" if facts.surplus else ""
    return f"{symptom.place.name} ({facts.found} where {facts.expected} expected{left_over})"


def _failed_build(board: Board, suspect: Suspect) -> str:
    builds = [f"{each.place.name} ({_ending(board, each)})" for each in suspect.primary]
    return (
        f"The latest build of {listed(builds, most=MOST_TOPICS)} did not succeed; what was merged since does not run."
    )


def _ending(board: Board, symptom: Symptom) -> str:
    build = symptom.of(BuildsFacts).latest or BuildFacts()
    return ", ".join(filter(None, (build.status or "failed", board.local(build.built_at))))


def _stale_build(board: Board, suspect: Suspect) -> str:
    if len(suspect.primary) > 1:
        builds = [f"{each.place.name} ({_lag(board, each)})" for each in suspect.primary]
        return f"The latest builds of {len(builds)} services are of old code: {listed(builds, most=MOST_TOPICS)}."
    first = suspect.primary[0]
    trigger = first.of(BuildsFacts).trigger or first.place.name
    build = first.of(BuildsFacts).latest or BuildFacts()
    commit, at = build.commit[:9], board.local(build.built_at)
    built = f"built the old commit {commit}{f' of {at}' if at else ''}, which" if commit else "built nothing, although"
    it = "is" if commit else f"{first.place.name} is"
    return f"The trigger {trigger} {built} {it} {_lag(board, first)}."


def _drift(board: Board, suspect: Suspect) -> str:
    if len(suspect.primary) > 1:
        services = [f"{each.place.name} ({_lag(board, each)})" for each in suspect.primary]
        number = len(services)
        return f"{number} services run code that the repository has replaced: {listed(services, most=MOST_TOPICS)}."
    return f"{suspect.subject} runs code that the repository has replaced: {_lag(board, suspect.primary[0])}."


def _lag(board: Board, symptom: Symptom) -> str:
    lag = lag_of(symptom)
    if lag is None:
        return "behind"
    since = board.local(lag.behind_since)
    return f"{lag.behind} commit{'' if lag.behind == 1 else 's'} behind{f' since {since}' if since else ''}"


def _dead_address(board: Board, suspect: Suspect) -> str:
    first = suspect.primary[0]
    facts = first.of(VariableAddressesFacts)
    if not facts.hosts or not facts.variables:
        return _as_found(board, suspect)
    named = [
        f"{variable} of {suspect.subject} names {host}"
        for variable, host in zip(facts.variables, facts.hosts, strict=False)
    ]
    deployed = facts.deploy.deployed_at if facts.deploy is not None else None
    last = f"; last deploy {board.local(deployed)}" if deployed is not None else ""
    return f"{listed(named, most=MOST_TOPICS)}: no service has that address{last}."


def _as_found(board: Board, suspect: Suspect) -> str:
    """The findings say it themselves: they count, and name the first."""
    del board
    said = [capitalised(each.finding.summary.rstrip(".")) for each in suspect.primary if each.finding.summary]
    return f"{'. '.join(said) or suspect.subject}."


def _as_signs(board: Board, suspect: Suspect) -> str:
    """What a service says itself, then the gravest of its other signs; each names the service."""
    del board
    said = [each.finding.summary.rstrip(".") for each in suspect.primary if each.finding.summary]
    return f"{'. '.join(map(capitalised, said[:MOST_SIGNS])) or suspect.subject}."


def _unsafe(board: Board, suspect: Suspect) -> str:
    del board
    paths = listed([each.place.name for each in suspect.primary], most=MOST_TOPICS)
    first = suspect.primary[0]
    told = first.of(RulesFacts).shown or first.finding.summary.rstrip(".")
    return f"{paths}: {told}."


TELL_PLATFORM: Mapping[str, Callable[[Board, Suspect], str]] = {
    "identity-missing": _without_identity,
    "subscription-missing": _unheard,
    "subscription-surplus": _surplus,
    "variable-misspelled": _as_found,
    "variable-changed": _as_found,
    "build-failed": _failed_build,
    "stale-build": _stale_build,
    "not-deployed": _as_found,
    "drift": _drift,
    "address-missing": _dead_address,
    "service-failing": _as_signs,
    "messages-not-taken": _as_signs,
    "task-failed": _as_found,
    "processor-failed": _as_found,
    "run-job-failing": _as_found,
    "job-failing": _as_found,
    "jobs-missing": _as_found,
    "deploy-unsafe": _unsafe,
}
"""The sentence of each cause, without its consequences."""
