"""Every call reaches a service, and says who calls.

A subscription or a job outlives the service that it calls: its messages then fail for ever, and are retried. And a
call that carries no identity is refused by a service that checks its callers. The check draws the edges from push
subscriptions and HTTP jobs to the services of this project and region, and asks of each that its service exists,
and that it carries an OIDC token unless the service lets everyone in, for an audience that the service accepts: one
of its addresses, or one of its own choice. A call that is let in as somebody whom the pipeline file does not name is
noted. Pull subscriptions and paused jobs call nobody; addresses outside of this project and region are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from checks.actions import Action, Gcloud
from checks.context import Context, not_configured
from checks.control_plane import services
from checks.control_plane.addresses import Addresses
from checks.control_plane.call_identity import call_command, shown
from checks.control_plane.callers import CallerKind, Edge, in_words
from checks.control_plane.discovery import Discovered, discover, incomplete, spec_of
from checks.control_plane.grants import decide
from checks.control_plane.removal import removal
from checks.control_plane.undeclared import undeclared
from checks.effects import FailureEffect
from checks.facts import known
from checks.facts.control_plane import CallFacts
from checks.model import Finding, Outcome, Severity
from checks.pipeline import Pipeline
from checks.places import PlaceKind
from checks.ports.policies import Policy, read_project_policy
from checks.ports.services import Service, read_service_policy
from checks.reads import Read
from checks.registry import check
from checks.services_spec import ServiceSpec
from checks.source import SourceError
from checks.unanswered import after, attempt

EVERYONE = "allUsers"


def missing(pipeline: Pipeline, spec: ServiceSpec, edges: Sequence[Edge]) -> Finding:
    """Return the finding about callers of a service, or of a function, that does not exist."""
    function = all(edge.function for edge in edges)
    what = "function" if function else "service"
    unsure = " It may be one of the first generation, which is no service; check before you delete." if function else ""
    return Finding(
        outcome=Outcome.FAILED,
        code="function-missing" if function else "target-missing",
        subject=spec.name,
        summary=f"There is no {what} {spec.name} in {pipeline.project}, {pipeline.region}, and "
        f"{in_words(edges)} {'calls' if len(edges) == 1 else 'call'} it.{unsure}",
        severity=Severity.P2 if function else Severity.P1,
        phase=services.phase_of(pipeline, spec),
        facts=_facts(edges),
        impact="What is sent there is lost, or tried again and again.",
        action=Action(
            text=f"Deploy the {what} again; if it is gone for good, delete what still calls it.",
            commands=tuple(dict.fromkeys(removal(pipeline, edge) for edge in edges)),
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
        facts=_facts(edges),
        impact=f"{spec.name} refuses every such call.",
        action=Action(
            text="Give each call the account that can call the service. ADDRESS is the one that it has now.",
            commands=tuple(_identity(pipeline, edge) for edge in edges),
        ),
        tab="security",
    )


def wrong_audience(pipeline: Pipeline, service: Service, edges: Sequence[Edge]) -> Finding:
    """Return the finding about callers whose token is for somebody else."""
    audiences = tuple(dict.fromkeys(shown(edge.audience) for edge in edges))
    one = len(edges) == 1
    return services.finding(
        pipeline,
        spec_of(pipeline, service.name),
        Outcome.FAILED,
        "wrong-audience",
        f"{in_words(edges)} {'calls' if one else 'call'} {service.name} with {'a token' if one else 'tokens'} for "
        f"{', '.join(audiences)}, which {service.name} does not accept.",
        severity=Severity.P0,
        facts=_facts(edges, audiences),
        impact=f"{service.name} refuses every such call.",
        action=Action(
            text=f"Give the token the address of {service.name} as its audience. ADDRESS is the one that the "
            "call has now.",
            commands=tuple(call_command(pipeline, edge, edge.account, service.uri) for edge in edges),
        ),
        tab="security",
    )


def accepts(addresses: Addresses, service: Service, audience: str) -> bool:
    """Whether a service accepts a token for an audience; without one the address that is called is the audience.

    Source: https://cloud.google.com/run/docs/authenticating/service-to-service ("the URL of the receiving service or
    a configured custom audience").
    """
    if not audience or audience in service.audiences:
        return True
    target = addresses.target(audience)
    return target is not None and target.exists and target.service == service.name


def _identity(pipeline: Pipeline, edge: Edge) -> Gcloud:
    """Return the command that gives a call the pipeline's invoker as its identity."""
    return call_command(pipeline, edge, pipeline.invoker.partition(":")[2] or pipeline.invoker)


def _facts(edges: Sequence[Edge], audiences: tuple[str, ...] = ()) -> CallFacts:
    return CallFacts(
        callers=in_words(edges, most=len(edges)),
        subscriptions=sum(edge.kind is CallerKind.SUBSCRIPTION for edge in edges),
        jobs=sum(edge.kind is CallerKind.JOB for edge in edges),
        triggers=tuple(edge.trigger for edge in edges if edge.trigger),
        audience=audiences,
    )


@check(
    id="edges",
    place=PlaceKind.SERVICE,
    facts=CallFacts,
    short="callers",
    effect=FailureEffect.STOPS,
    worst=Severity.P0,
    codes={
        "callers-in-order": "Every caller reaches a service and carries an identity where one is needed.",
        "target-missing": "A subscription or a job calls a service that does not exist.",
        "function-missing": "A subscription or a job calls a function that is no service of this region.",
        "no-identity": "A call carries no OIDC token, and its service checks its callers.",
        "wrong-audience": "A call carries a token for an audience that its service does not accept.",
        "undeclared-caller": "A call is let in whose account the pipeline file does not name.",
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
    yield from undeclared(context, found.edges)
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
    misdirected = _misdirected(pipeline, found)
    asked = [name for name in names if (nameless[name] or name in misdirected) and name in exists - open_to_all]
    policies = {name: read_service_policy(context.reads, name) for name in asked}
    project = read_project_policy(context.reads) if asked else None
    for name in names:
        spec = spec_of(pipeline, name)
        if name not in exists:
            yield services.tolerated_if_optional(spec, missing(pipeline, spec, found.of(name))), name
        elif project is not None and name in policies:
            refused = [
                *([without_identity(pipeline, spec, nameless[name])] if nameless[name] else []),
                *([misdirected[name]] if name in misdirected else []),
            ]

            def judged(
                name: str = name, project: Read[Policy] = project, refused: Sequence[Finding] = refused
            ) -> Iterator[Finding]:
                if not _is_open(policies[name], project):
                    yield _both(refused)

            for finding in attempt(judged, subject=name, severity=Severity.P0, phase=services.phase_of(pipeline, spec)):
                yield services.tolerated_if_optional(spec, _explained(finding, refused)), name


def _misdirected(pipeline: Pipeline, found: Discovered) -> Mapping[str, Finding]:
    """Return the findings about tokens for somebody else, by the service that is called."""
    addresses = Addresses(pipeline, found.services)
    findings = {}
    for each in found.services:
        wrong = [edge for edge in found.of(each.name) if edge.account and not accepts(addresses, each, edge.audience)]
        if wrong:
            findings[each.name] = wrong_audience(pipeline, each, wrong)
    return findings


def _both(refused: Sequence[Finding]) -> Finding:
    """Return one finding about a service that refuses callers for one reason or for two."""
    first = refused[0]
    commands = tuple(command for each in refused if each.action is not None for command in each.action.commands)
    return replace(
        first,
        summary=" ".join(each.summary for each in refused),
        facts=_both_facts([known(each.facts, CallFacts) or CallFacts() for each in refused]),
        action=replace(first.action, commands=commands) if first.action is not None else None,
    )


def _both_facts(facts: Sequence[CallFacts]) -> CallFacts:
    """Return the facts of the first reason, with the audiences of the other."""
    return replace(facts[0], audience=facts[0].audience or facts[-1].audience)


def _is_open(own: Read[Policy | None], project: Read[Policy]) -> bool:
    """Whether everyone can call a service. Raises SourceError where what is known does not decide it."""
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


def _explained(finding: Finding, refused: Sequence[Finding]) -> Finding:
    if finding.outcome is not Outcome.UNKNOWN:
        return finding
    said = " ".join(each.summary for each in refused)
    words = f"Whether {finding.subject} refuses its callers depends on its policy. {said}"
    return after(words, finding)
