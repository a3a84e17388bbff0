"""What was changed before something broke: the deploys that the revisions show, and what the audit log holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from checks.causes import Dependency
from checks.changes import Change
from checks.diagnosis.board import SHUT_OUT, Board, Suspect
from checks.diagnosis.evidence import redeploy_of, removing_deploy
from checks.diagnosis.lineage import service
from checks.diagnosis.symptom import Symptom
from checks.facts import known
from checks.facts.control_plane import InvokerFacts, JobsFacts, RevisionsFacts, ServiceFacts
from checks.facts.logs import ChangeFacts, LoggedChange
from checks.model import Finding, Outcome
from checks.places import Place, PlaceKind

OF_A_DEPLOY = timedelta(minutes=15)
"""A deploy that sets a policy does so within minutes of its revision."""

OF_ONE_WRITE = timedelta(minutes=1)
"""The audit log and the record of a repair tell one write at two instants."""

OWN = "own-changes"
"""Stands in the place of the check that found what Reveille changed."""

GIVING = frozenset({"created", "resumed"})
"""What takes nothing away."""


def changes_of(board: Board) -> list[Change]:
    """Return every deploy that the revisions show, and every change that the audit log names."""
    found: dict[tuple[str, datetime], Change] = {}
    for each in board.everything:
        for logged in _logged(each):
            # A deploy is told by its revision, which knows its name.
            if logged.change.kind != "deploy" or logged.verb == "deleted":
                change = replace(logged.change, place=_place(board, logged.place), takes=_takes(logged))
                found[str(logged.place), logged.at] = change
        for revision, at, by in _deploys(each):
            place = service(each.place.name)
            found.setdefault((each.place.name, at), Change(place=place, at=at, kind="deploy", actor=by, what=revision))
    return [each for each in found.values() if each.at.tzinfo is not None]


def own_symptoms(own: Iterable[LoggedChange]) -> Iterator[Symptom]:
    """Yield what Reveille itself changed as if a check had found it."""
    for each in own:
        finding = Finding(
            outcome=Outcome.PASSED,
            code="changed",
            subject=each.place.name,
            summary=str(each),
            place=each.place,
            facts=ChangeFacts(changes=(each,)),
            read=False,
        )
        yield Symptom(OWN, finding)


def started_by(board: Board) -> Iterator[Dependency]:
    """Yield what the changed jobs, subscriptions and policies lead to."""
    for each in board.everything:
        facts = known(each.finding.facts, ChangeFacts)
        for name in facts.services if facts is not None else ():
            place = _place(board, each.place)
            if place != service(name):
                yield Dependency(place, service(name))


def blame(board: Board, suspects: Iterable[Suspect]) -> None:
    """Name who took away what causes lack. A permission that somebody took was removed by no deploy."""
    logged = [(each, change) for each in board.everything for change in _logged(each)]
    own = [change for each, change in logged if each.check == OWN]
    taken = [
        (each, change) for each, change in logged if _takes(change) and (change in own or not _is_told(change, own))
    ]
    for suspect in suspects:
        if (found := _taken(board, suspect, taken)) is None:
            continue
        symptom, change = found
        suspect.taken, suspect.lacked_before = change.change, symptom.check == OWN
        same = (each.place.name for about, each in taken if _is_one_deed(each, change) and _is_of(suspect, about, each))
        suspect.taken_of = tuple(dict.fromkeys(same))
        if suspect.code == "invoker-removed-by-deploy":
            suspect.code = "invoker-missing"


def _is_told(change: LoggedChange, own: Sequence[LoggedChange]) -> bool:
    """Whether a change of the audit log is a write of Reveille's, which is known with who told it to."""
    return any(each.place == change.place and abs(each.at - change.at) <= OF_ONE_WRITE for each in own)


def _taken(
    board: Board, suspect: Suspect, taken: Iterable[tuple[Symptom, LoggedChange]]
) -> tuple[Symptom, LoggedChange] | None:
    """Return the newest change that took away what a cause lacks, None where the audit log holds none."""
    logged = (pair for pair in taken if _is_of(suspect, *pair))
    found = max(logged, key=lambda pair: pair[1].at, default=None)
    if found is None or _is_deploys_own(board, suspect, found[1].at):
        return None
    return found


def _is_one_deed(change: LoggedChange, other: LoggedChange) -> bool:
    """Whether two changes are one to people: of several services one after the other."""
    same = (change.actor, str(change)) == (other.actor, str(other))
    return same and abs(change.at - other.at) <= OF_ONE_WRITE


def _is_deploys_own(board: Board, suspect: Suspect, at: datetime) -> bool:
    removing = removing_deploy(board, suspect.primary) if suspect.code == "invoker-removed-by-deploy" else None
    redeploy = redeploy_of(board, removing) if removing is not None else None
    return redeploy is not None and abs(redeploy.at - at) <= OF_A_DEPLOY


def _is_of(suspect: Suspect, symptom: Symptom, change: LoggedChange) -> bool:
    facts = symptom.of(ChangeFacts)
    if suspect.code in SHUT_OUT:
        callers = {name for each in suspect.primary for name in each.of(InvokerFacts).caller}
        reached = not suspect.services.isdisjoint((change.place.name, *facts.services))
        return reached and any(
            not each.added and each.member in callers and each.role == "roles/run.invoker" for each in change.grants
        )
    if suspect.code in ("job-failing", "jobs-missing"):
        return change.place.kind is PlaceKind.JOB and change.place.name in _resting(suspect)
    if suspect.code == "subscription-missing":
        of_messages = change.place.kind in (PlaceKind.SUBSCRIPTION, PlaceKind.TOPIC)
        return of_messages and not suspect.services.isdisjoint(facts.services)
    gone = suspect.code in ("service-not-ready", "run-job-failing") and change.verb == "deleted"
    return gone and change.place.name == suspect.subject and change.place.kind in (PlaceKind.SERVICE, PlaceKind.JOB)


def _resting(suspect: Suspect) -> set[str]:
    """The jobs that nobody started."""
    found: set[str] = set()
    for each in suspect.primary:
        found.update(job.name for job in each.of(JobsFacts).failing if job.unstarted)
        found.update(each.lost_jobs)
    return found


def _takes(change: LoggedChange) -> bool:
    """Whether a change can have taken away what works: no role of a person runs a service."""
    if change.grants:
        return any(not each.added and "serviceAccount:" in each.member for each in change.grants)
    return change.verb not in GIVING and change.place.kind is not PlaceKind.PERMISSION


def _place(board: Board, place: Place) -> Place:
    if place.service is not None and place.service != board.pipeline.project:
        return service(place.service)
    executed = place.kind is PlaceKind.JOB and any(each.name == place.name for each in board.pipeline.run_jobs)
    return Place(PlaceKind.RUN_JOB, place.name) if executed else place


def _logged(symptom: Symptom) -> tuple[LoggedChange, ...]:
    facts = known(symptom.finding.facts, ChangeFacts)
    return facts.changes if facts is not None else ()


def _deploys(symptom: Symptom) -> Iterator[tuple[str, datetime, str]]:
    revisions = known(symptom.finding.facts, RevisionsFacts)
    for one in revisions.revisions if revisions is not None else ():
        yield one.name, one.created_at, one.created_by
    facts = known(symptom.finding.facts, ServiceFacts)
    deploy = facts.deploy if facts is not None and symptom.place.service is not None else None
    if deploy is not None and deploy.deployed_at is not None:
        yield deploy.revision, deploy.deployed_at, deploy.deployed_by
