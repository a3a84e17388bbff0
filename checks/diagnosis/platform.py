"""Causes around the services: who calls them, what was built and deployed, the scheduler's jobs, the deploy scripts."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase

from checks.diagnosis.board import MISSING, Board, Suspect
from checks.diagnosis.symptom import Symptom
from checks.diagnosis.unread import unread_before
from checks.facts import Facts
from checks.facts.control_plane import (
    BuildsFacts,
    CallFacts,
    DriftFacts,
    InventoryFacts,
    JobsFacts,
    NumberOfJobsFacts,
    RequestsFacts,
    RulesFacts,
    RunJobFacts,
    SubscriptionFacts,
    TopicFacts,
)
from checks.services_spec import service_name

UNHEARD = frozenset({"none", "too-few", "topic-missing", "wrong-target"})
DETACHED = frozenset({"detached-subscription"})
IDLE = DETACHED | {"orphan-subscription"}
SURPLUS = frozenset({"one-too-many", "too-many"})
OLD_CODE = frozenset({"stale-commit", "not-built"})
NO_TRIGGER = frozenset({"trigger-missing", "trigger-disabled"})
FAILED_BUILD = frozenset({"build-failed", "build-cancelled", "build-stuck"})
REFUSED = frozenset({"PERMISSION_DENIED", "UNAUTHENTICATED"})
FAILING_JOBS = frozenset({"jobs-failing", "jobs-refused", "some-jobs-failing"})
NOT_DONE = frozenset(
    {"execution-failed", "execution-cancelled", "execution-too-long", "no-execution", "run-job-missing"}
)
LOST_JOBS = frozenset({"jobs-missing", "jobs-paused", "too-few-jobs", "no-jobs", "all-jobs-paused"})
SILENCING = frozenset(
    {
        "invoker-removed-by-deploy",
        "invoker-missing",
        "identity-missing",
        "subscription-missing",
        "service-not-ready",
        "messages-not-taken",
    }
)
"""Causes for which no request reaches a service."""

_GLOB = frozenset("*?[")


def without_identity(board: Board) -> list[Suspect]:
    """Calls without an identity are one cause, whatever services refuse them."""
    return _together(board, "identity-missing", _grave(board, CallFacts, frozenset({"no-identity", "wrong-audience"})))


def subscription_causes(board: Board) -> list[Suspect]:
    """Topics that do not push to whom they should are one cause, with what was detached from them or is left over of
    them; topics that push too often are another. What was deleted with its service is told with that."""
    gone = {each.place.name for each in board.free(says_missing)}
    unheard = [each for each in _grave(board, TopicFacts, UNHEARD) if not _lacks_only(each, gone)]
    missing = _together(board, "subscription-missing", unheard)
    for suspect in missing:
        idle = {name for each in suspect.primary for name in each.of(TopicFacts).idle}
        suspect.consequences += board.explain(
            each for each in _grave(board, SubscriptionFacts, IDLE) if each.place.name in idle
        )
    surplus = _together(board, "subscription-surplus", _grave(board, TopicFacts, SURPLUS))
    for suspect in (*missing, *surplus):
        suspect.behind = tuple(dict.fromkeys(name for each in suspect.primary for name in listeners(board, each)))
    return [*missing, *surplus]


def says_missing(symptom: Symptom) -> bool:
    """Whether a service is not there."""
    return symptom.place.service is not None and symptom.finding.code in MISSING


def topics_without(board: Board, service: str) -> list[Symptom]:
    """Return the findings about topics that lack one service and no other: its subscriptions were deleted with it."""
    return [each for each in _grave(board, TopicFacts, UNHEARD) if _lacks_only(each, {service})]


def _lacks_only(symptom: Symptom, services: Collection[str]) -> bool:
    """Whether a topic that exists misses services, and none but some of these."""
    missed = {service_name(each) for each in symptom.of(TopicFacts).missing}
    known = {service_name(each) for each in services}
    return symptom.finding.code != "topic-missing" and bool(missed) and missed <= known


def possible_causes(board: Board) -> list[Suspect]:
    """Return what is a cause only where something follows from it: a subscription that was detached from its topic may
    have been replaced long ago. Nothing of it is explained yet."""
    messaging = board.pipeline.messaging
    targets = messaging.targets if messaging is not None else {}
    return [
        Suspect(code="subscription-missing", subject=each.of(SubscriptionFacts).topic, primary=[each], behind=behind)
        for each in _grave(board, SubscriptionFacts, DETACHED)
        if (behind := tuple(targets.get(each.of(SubscriptionFacts).topic, ())))
    ]


def listeners(board: Board, symptom: Symptom) -> tuple[str, ...]:
    """Return the services that a topic's finding is about: those that it misses, else all that listen to it."""
    messaging = board.pipeline.messaging
    known = messaging.targets.get(symptom.place.name, ()) if messaging is not None else ()
    return symptom.of(TopicFacts).missing or known or (symptom.place.name,)


def build_causes(board: Board) -> list[Suspect]:
    """Builds that failed are one cause, builds of old commits another, services that nothing builds a third; services
    that are behind follow from them."""
    found = []
    for code, said in (("build-failed", FAILED_BUILD), ("stale-build", OLD_CODE), ("not-deployed", NO_TRIGGER)):
        for suspect in _together(board, code, _grave(board, BuildsFacts, said)):
            services = suspect.services
            behind = [each for each in _behind(board) if each.place.service in services]
            suspect.consequences += board.explain(behind)
            found.append(suspect)
    return found


def drift_causes(board: Board) -> list[Suspect]:
    """Services that run old code, for whatever reason, are one cause."""
    return _together(board, "drift", _behind(board))


def run_job_causes(board: Board) -> list[Suspect]:
    """Each Cloud Run job that did not do its work is a cause of its own."""
    return [
        Suspect(code="run-job-failing", subject=each.place.name, primary=board.explain([each]))
        for each in _grave(board, RunJobFacts, NOT_DONE)
    ]


def job_causes(board: Board) -> list[Suspect]:
    """Jobs that fail are one cause, with the failures that the pipeline file says they explain; lost jobs another."""
    refused = refused_jobs(board)
    failing = _together(board, "job-failing", _grave(board, JobsFacts, FAILING_JOBS))
    for suspect in failing:
        if suspect.primary == refused:
            called = [name for each in refused for job in each.of(JobsFacts).failing for name in job.services]
            suspect.unread = unread_before(board, refused[0], called, found=True)
        suspect.covers = _explained(board, suspect)
        suspect.consequences += board.explain(_explained_by_jobs(board, suspect))
        named = _failing_jobs(suspect)
        suspect.consequences += board.explain(
            each for each in _lost(board) if each.lost_jobs and each.lost_jobs <= named
        )
    lost = _lost(board)
    return [*failing, *_together(board, "jobs-missing", lost)]


def _lost(board: Board) -> list[Symptom]:
    families = (JobsFacts, InventoryFacts, NumberOfJobsFacts)
    return [each for family in families for each in _grave(board, family, LOST_JOBS)]


def _failing_jobs(suspect: Suspect) -> frozenset[str]:
    return frozenset(job.name for each in suspect.primary for job in each.of(JobsFacts).failing)


def audit_causes(board: Board) -> list[Suspect]:
    """Deploy scripts that would break what works are one cause."""
    return _together(board, "deploy-unsafe", _grave(board, RulesFacts, frozenset({"rules-broken"})))


def refused_jobs(board: Board) -> list[Symptom]:
    """Return the finding about failing jobs if every one of them is refused: then it follows from a lost permission."""
    return [
        each
        for each in _grave(board, JobsFacts, FAILING_JOBS)
        if (failing := each.of(JobsFacts).failing) and {job.word for job in failing} <= REFUSED
    ]


def jobs_failing_on(board: Board, service: str) -> list[Symptom]:
    """Return the finding about failing jobs if all of them call one service: then it follows from that one's fault."""
    return [
        each
        for each in _grave(board, JobsFacts, FAILING_JOBS)
        if {job.services for job in each.of(JobsFacts).failing} == {(service,)}
    ]


def explain_silence(board: Board, found: Iterable[Suspect]) -> None:
    """Let what keeps calls from a service explain that nobody called it."""
    for suspect in found:
        if suspect.code in SILENCING:
            services = suspect.services
            silent = _grave(board, RequestsFacts, frozenset({"not-invoked"}))
            suspect.consequences += board.explain(each for each in silent if each.place.service in services)


def _explained(board: Board, suspect: Suspect) -> frozenset[str]:
    """The checks and phases that the pipeline file says the failing jobs explain."""
    jobs = _failing_jobs(suspect)
    spec = board.pipeline.scheduler
    patterns = spec.explains.items() if spec is not None else ()
    return frozenset(what for pattern, named in patterns if _names_one(pattern, jobs) for what in named)


def _names_one(pattern: str, jobs: Collection[str]) -> bool:
    """Whether a pattern names one of the jobs; most are plain names, which need no comparison with each."""
    return pattern in jobs or (not _GLOB.isdisjoint(pattern) and any(fnmatchcase(job, pattern) for job in jobs))


def _explained_by_jobs(board: Board, suspect: Suspect) -> list[Symptom]:
    checks = suspect.covers & board.sql_checks.keys()
    return board.ranked(each for check in checks for each in board.free_of(check))


def _behind(board: Board) -> list[Symptom]:
    return _grave(board, DriftFacts, frozenset({"behind"}))


def _grave(board: Board, family: type[Facts], codes: frozenset[str]) -> list[Symptom]:
    return list(board.free(lambda each: each.grave and each.finding.code in codes, family=family))


def _together(board: Board, code: str, symptoms: list[Symptom]) -> list[Suspect]:
    """Make one cause of findings of one kind; none of none."""
    if not symptoms:
        return []
    worst = min(symptoms, key=lambda each: (each.finding.severity or 0, board.order(each)))
    return [Suspect(code=code, subject=worst.place.name, primary=board.explain(symptoms))]
