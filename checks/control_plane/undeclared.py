"""Accounts that call a service, can call it, and that nobody declared: a note, until somebody says that they should."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from checks.actions import Action
from checks.context import Context
from checks.control_plane.callers import Edge, in_words
from checks.control_plane.grants import decide, spelled
from checks.facts.control_plane import CallFacts
from checks.model import Finding, Outcome, Severity
from checks.ports.policies import read_project_policy
from checks.ports.services import read_service_policy
from checks.source import SourceError


def undeclared(context: Context, edges: Sequence[Edge]) -> Iterator[Finding]:
    """Yield the note about calls to services of the pipeline file by accounts that it does not name. Where a policy
    could not be read, the check of permissions says so."""
    strange = [edge for edge in _strange(context, edges) if _can_call(context, edge)]
    if not strange:
        return
    accounts = tuple(dict.fromkeys(edge.account for edge in strange))
    services = tuple(dict.fromkeys(edge.service for edge in strange))
    yield Finding(
        outcome=Outcome.FAILED,
        code="undeclared-caller",
        subject="accounts of callers",
        summary=f"{in_words(strange)} {'calls' if len(strange) == 1 else 'call'} {', '.join(services)} as "
        f"{', '.join(accounts)}, which the pipeline file does not name.",
        severity=Severity.P3,
        facts=CallFacts(callers=in_words(strange, most=len(strange)), accounts=accounts),
        action=Action(
            text="If they should call, name them under 'callers' of the service; if not, take the permission away."
        ),
    )


def _strange(context: Context, edges: Sequence[Edge]) -> Iterator[Edge]:
    for spec in context.services:
        declared = {spelled(each) for each in ((context.pipeline.invoker,) if spec.callers is None else spec.callers)}
        if any(declared):
            own = (each for each in edges if each.service == spec.name and each.account)
            yield from (each for each in own if spelled(_member(each)) not in declared)


def _can_call(context: Context, edge: Edge) -> bool:
    try:
        own = read_service_policy(context.reads, edge.service).result()
        project = read_project_policy(context.reads).result()
    except SourceError:
        return False
    return decide(own, project, _member(edge)).callable


def _member(edge: Edge) -> str:
    return f"serviceAccount:{edge.account}"
