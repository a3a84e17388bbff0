"""Every service that subscriptions target was called.

A service that nobody reaches any more is ready, has its variables, and does nothing: a lost permission, a
subscription that is gone and a topic without messages all look alike from inside. On a date with games a day without
a single request is a fault; without games it is only noted. A request that is refused for its caller never
reaches the service, so it does not count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from checks.actions import Action
from checks.conditions import Standing
from checks.conditions import standing as standing_of
from checks.context import Context, not_configured
from checks.control_plane import service_commands, services
from checks.control_plane.callers import CallerKind
from checks.control_plane.discovery import Discovered, Discovery, spec_of
from checks.control_plane_spec import Invocations
from checks.effects import FailureEffect
from checks.facts.control_plane import RequestsFacts
from checks.model import Finding, Outcome, Severity
from checks.pipeline import Pipeline
from checks.places import Place, PlaceKind
from checks.ports.messaging import read_subscriptions
from checks.ports.requests import MONITORING, read_request_counts
from checks.ports.services import read_services
from checks.registry import check
from checks.unanswered import could_not_check


def silent(targets: Sequence[str], counts: Mapping[str, int]) -> tuple[str, ...]:
    """Return the services that received nothing, in the order given."""
    return tuple(name for name in targets if counts.get(name, 0) <= 0)


def loudness(count: int, many: int) -> Severity:
    """Return how loud it is that so many services received nothing on a date with games."""
    return Severity.P0 if count >= many else Severity.P2


def targets_of(pipeline: Pipeline, found: Discovered | None) -> tuple[str, ...]:
    """Return the services that must be called, ordered: those that subscriptions target, and the orchestrators.

    What may be missing, what only watches, and what does not exist is left out.
    """
    edges = found.edges if found is not None else ()
    called = {edge.service for edge in edges if edge.kind is CallerKind.SUBSCRIPTION and edge.exists}
    called |= {each.orchestrator for each in pipeline.transitions if each.orchestrator and not each.monitoring_only}
    return tuple(sorted(name for name in called if not spec_of(pipeline, name).optional))


def _all(outcome: Outcome, code: str, summary: str, silent: Sequence[str] = ()) -> Finding:
    facts = RequestsFacts(silent_count=len(silent), silent=tuple(silent))
    return Finding(outcome=outcome, code=code, subject="services", summary=summary, facts=facts)


def _finding(pipeline: Pipeline, name: str, names: Sequence[str], rules: Invocations) -> Finding:
    spec = spec_of(pipeline, name)
    return services.finding(
        pipeline,
        spec,
        Outcome.FAILED,
        "not-invoked",
        f"{name} received no request for {rules.hours} hours, on a date with games.",
        severity=loudness(len(names), rules.many),
        facts=RequestsFacts(hours=rules.hours, silent_count=len(names), silent=tuple(names)),
        impact=f"What {name} should have done was done by nobody, or by another path.",
        action=Action(
            text=f"Check whether its caller can invoke {name}, and whether its topic still pushes to it: the checks "
            "'invoker' and 'subscriptions' say so.",
            commands=(service_commands.command(pipeline, "get-iam-policy", name),),
        ),
        tab="metrics",
    )


@check(
    id="zero-invocations",
    place=PlaceKind.SERVICE,
    facts=RequestsFacts,
    short="requests",
    effect=FailureEffect.NOTE,
    effects={"not-invoked": FailureEffect.STOPS},
    worst=Severity.P0,
    codes={
        "invoked": "Every service that must be called received requests.",
        "not-invoked": "A service that must be called received no request.",
        "quiet-off-day": "Services received nothing, and there was nothing to do.",
        "no-targets": "No subscription targets a service of this project.",
        **services.SERVICE_CODES,
    },
    expected="Every service that a subscription targets received requests within a day.",
    unwanted="A service that is up and that nobody calls any more.",
)
def zero_invocations(context: Context) -> Iterator[Finding]:
    """Yield one finding for each service that received nothing, and one for all others together."""
    pipeline, rules = context.pipeline, context.pipeline.invocations
    if rules is None or not context.reads.connected(MONITORING):
        yield not_configured("services", "The pipeline file has no section 'invocations'", configure="add it")
        return
    until = context.now.replace(second=0, microsecond=0)
    asked = read_request_counts(context.reads, until - timedelta(hours=rules.hours), until)
    found = _discovered(context)
    for error in found.errors if found is not None else ():
        yield could_not_check(
            error,
            subject=f"callers from {error.source}",
            severity=Severity.P0,
            place=Place(PlaceKind.SOURCE, error.source, "callers"),
        )
    targets = [name for name in targets_of(pipeline, found) if _in_scope(context, name)]
    if not targets:
        yield _all(Outcome.SKIPPED, "no-targets", "No subscription targets a service, and there is no orchestrator.")
        return
    names = silent(targets, asked.result())
    standing = standing_of(context, rules.when, context.previous) if names else Standing.HOLDS
    if not standing.applies:
        listed = ", ".join(names)
        summary = f"{len(names)} of {len(targets)} services received nothing for {rules.hours} hours: {listed}. "
        reason = context.why_off(rules.when, context.previous)
        yield _all(Outcome.PASSED, "quiet-off-day", f"{summary}There were {reason}.", names)
        return
    for name in names:
        yield standing.tempered(_finding(pipeline, name, names, rules))
    if len(names) < len(targets):
        summary = f"{len(targets) - len(names)} of {len(targets)} services were called in {rules.hours} hours."
        yield _all(Outcome.PASSED, "invoked", summary)


def _discovered(context: Context) -> Discovered | None:
    """Return who is called by subscriptions; scheduler jobs may rest for longer than a day."""
    if context.pipeline.messaging is None:
        return None
    reads = context.reads
    return Discovery(
        pipeline=context.pipeline,
        services=read_services(reads),
        subscriptions=read_subscriptions(reads),
        jobs=None,
    ).read()


def _in_scope(context: Context, name: str) -> bool:
    return context.in_scope(services.phase_of(context.pipeline, spec_of(context.pipeline, name)))
