"""Whoever calls a service reaches one, and says who calls.

A subscription or a job outlives the service that it calls: its messages then fail for ever, and are retried. And a
call that carries no identity is refused by a service that checks its callers. The check draws the edges from push
subscriptions and HTTP jobs to the services of this project and region, and asks of each that its service exists,
and that it carries an OIDC token unless the service lets everyone in. Pull subscriptions and paused jobs call
nobody; addresses outside of this project and region are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from checks.context import Context, attempt, not_configured
from checks.control_plane import services
from checks.control_plane.callers import Edge, Kind, in_words
from checks.control_plane.discovery import Discovered, discover, incomplete, spec_of
from checks.control_plane.grants import decide
from checks.control_plane.removal import gcloud, removal
from checks.looks import Look
from checks.model import Action, Finding, Outcome, Severity
from checks.pipeline import Pipeline, ServiceSpec
from checks.ports import Policy, SourceError
from checks.registry import check

EVERYONE = "allUsers"
_HARMLESS_QUERY = "__GCP_CloudEventsMode="
"""What Eventarc puts behind an address; anything else there may be a secret."""


def missing(pipeline: Pipeline, spec: ServiceSpec, edges: Sequence[Edge]) -> Finding:
    """Return the finding about callers of a service, or of a function, that does not exist."""
    function = all(edge.function for edge in edges)
    what = "function" if function else "service"
    unsure = " It may be one of the first generation, which is no service; look before you delete." if function else ""
    return Finding(
        outcome=Outcome.FAILED,
        code="function-missing" if function else "target-missing",
        subject=spec.name,
        summary=f"There is no {what} {spec.name} in {pipeline.project}, {pipeline.region}, and "
        f"{in_words(edges)} {'calls' if len(edges) == 1 else 'call'} it.{unsure}",
        severity=Severity.P2 if function else Severity.P1,
        phase=services.phase_of(pipeline, spec),
        evidence=_evidence(edges),
        impact="What is sent there is lost, or tried again and again.",
        action=Action(
            text=f"Deploy the {what} again; if it is gone for good, delete what still calls it.",
            command="\n".join(dict.fromkeys(removal(pipeline, edge) for edge in edges)),
        ),
        link=f"https://console.cloud.google.com/run?project={pipeline.project}",
    )


def without_identity(pipeline: Pipeline, spec: ServiceSpec, edges: Sequence[Edge]) -> Finding:
    """Return the finding about callers without identity of a service that checks its callers."""
    return services.finding(
        pipeline,
        spec,
        Outcome.FAILED,
        "no-identity",
        f"{spec.name} checks its callers, and {in_words(edges)} {'calls' if len(edges) == 1 else 'call'} it without an "
        "OIDC token.",
        severity=Severity.P0,
        evidence=_evidence(edges),
        impact=f"{spec.name} refuses every such call.",
        action=Action(
            text="Give each call the account that may call the service. ADDRESS stands for the one that it has now.",
            command="\n".join(_identity(pipeline, edge) for edge in edges),
        ),
        tab="security",
    )


def _identity(pipeline: Pipeline, edge: Edge) -> str:
    """Return the command that gives a call the pipeline's invoker as its identity."""
    account = pipeline.invoker.partition(":")[2] or pipeline.invoker
    if edge.kind is Kind.JOB:
        place = f"--location={pipeline.region}"
        return gcloud(
            pipeline, "scheduler jobs update http", edge.name, place, f"--oidc-service-account-email={account}"
        )
    query = urlsplit(edge.url).query
    shown = edge.url if not query or query.startswith(_HARMLESS_QUERY) else "ADDRESS"
    flags = (f"--push-endpoint={shown}", f"--push-auth-service-account={account}")
    return gcloud(pipeline, "pubsub subscriptions modify-push-config", edge.name, *flags)


def _evidence(edges: Sequence[Edge]) -> dict[str, str | int]:
    return {
        "callers": in_words(edges, most=len(edges)),
        "subscriptions": sum(edge.kind is Kind.SUBSCRIPTION for edge in edges),
        "jobs": sum(edge.kind is Kind.JOB for edge in edges),
        "triggers": ", ".join(edge.trigger for edge in edges if edge.trigger),
    }


@check(
    id="edges",
    worst=Severity.P0,
    codes={
        "callers-in-order": "Every caller reaches a service and carries an identity where one is needed.",
        "target-missing": "A subscription or a job calls a service that does not exist.",
        "function-missing": "A subscription or a job calls a function that is no service of this region.",
        "no-identity": "A call carries no OIDC token, and its service checks its callers.",
        "no-callers": "No subscription and no job calls a service of this project and region.",
        "optional-service": services.SERVICE_CODES["optional-service"],
    },
    expected="Every push subscription and every HTTP job reaches a service, with an identity that it can check.",
    unwanted="A subscription that outlived its service; a push without an OIDC token.",
    quick=True,
)
def edges(context: Context) -> Iterator[Finding]:
    """Yield one finding for each service whose callers are not in order, and one for all others together."""
    discovery = discover(context)
    if not discovery.on:
        yield not_configured(
            "callers",
            "The pipeline file has neither 'messaging' nor 'scheduler', so no caller is discovered",
            configure="add one of them",
        )
        return
    found = discovery.read()
    yield from incomplete(found)
    wanting = list(_wanting(context, found))
    yield from (finding for finding, _ in wanting)
    wrong = {name for _, name in wanting}
    fine = [edge for edge in found.edges if edge.service not in wrong and _in_scope(context, edge.service)]
    if fine:
        names = {edge.service for edge in fine}
        yield _all(
            Outcome.PASSED, "callers-in-order", f"{len(fine)} callers reach {len(names)} services as they should."
        )
    elif not wanting and not found.errors:
        yield _all(
            Outcome.SKIPPED, "no-callers", "No subscription and no job calls a service of this project and region."
        )


def _all(outcome: Outcome, code: str, summary: str) -> Finding:
    return Finding(outcome=outcome, code=code, subject="callers", summary=summary)


def _in_scope(context: Context, service: str) -> bool:
    return context.in_scope(services.phase_of(context.pipeline, spec_of(context.pipeline, service)))


def _wanting(context: Context, found: Discovered) -> Iterator[tuple[Finding, str]]:
    """Yield what is wrong, each with the service that it is about."""
    pipeline = context.pipeline
    names = sorted({edge.service for edge in found.edges if _in_scope(context, edge.service)})
    nameless = {name: [edge for edge in found.of(name) if not edge.account] for name in names}
    open_to_all = {each.name for each in found.services if each.invoker_check_disabled}
    exists = {each.name for each in found.services}
    asked = [name for name in names if nameless[name] and name in exists - open_to_all]
    policies = {name: context.looks.service_policy(name) for name in asked}
    project = context.looks.project_policy() if asked else None
    for name in names:
        spec = spec_of(pipeline, name)
        if name not in exists:
            yield services.excused_if_optional(spec, missing(pipeline, spec, found.of(name))), name
        elif project is not None and name in policies:

            def judged(spec: ServiceSpec = spec, project: Look[Policy] = project) -> Iterator[Finding]:
                if not _is_open(policies[spec.name], project):
                    yield without_identity(pipeline, spec, nameless[spec.name])

            for finding in attempt(judged, subject=name, severity=Severity.P0, phase=services.phase_of(pipeline, spec)):
                yield services.excused_if_optional(spec, _explained(finding, nameless[name])), name


def _is_open(own: Look[Policy | None], project: Look[Policy]) -> bool:
    """Whether everyone may call a service. Raises SourceError where what is known does not decide it."""
    errors: list[SourceError] = []
    known: list[Policy | None] = []
    for answer in (own.result, project.result):
        try:
            known.append(answer())
        except SourceError as error:
            errors.append(error)
            known.append(None)
    if decide(known[0], known[1], EVERYONE).callable:
        return True
    if errors:
        raise errors[0]
    return False


def _explained(finding: Finding, edges: Sequence[Edge]) -> Finding:
    if finding.outcome is not Outcome.UNKNOWN:
        return finding
    words = f"Whether {finding.subject} lets in {in_words(edges)}, without an OIDC token, depends on its policy."
    return replace(finding, summary=f"{words} {finding.summary}")
