"""Services answer requests without errors of their own.

A service that crashes on requests is ready, and is called: only its answers tell. Of the requests of the last hours the
share that ended with 5xx is judged; a few requests say nothing, and no figure proves nothing. Requests that never reach
a service are not counted here; the check 'delivery' sees those of Pub/Sub.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from checks.actions import Action
from checks.cells import in_words
from checks.context import Context, not_configured
from checks.control_plane import service_commands, services
from checks.control_plane_spec import ErrorLimits
from checks.effects import FailureEffect
from checks.facts.control_plane import ErrorRateFacts
from checks.model import Finding, Outcome, Severity
from checks.places import PlaceKind
from checks.ports.requests import MONITORING, VISIBLE_AFTER, read_answers
from checks.ports.services import Service, read_services
from checks.registry import check
from checks.services_spec import ServiceSpec
from checks.unanswered import attempt

SERVER_ERROR = "5xx"


def judge(answers: Mapping[str, int], limits: ErrorLimits) -> tuple[str, Severity | None]:
    """Return the code for the answers of a service by class, and how loud it is."""
    total, failed = sum(answers.values()), answers.get(SERVER_ERROR, 0)
    if total < limits.requests:
        return "few-requests", None
    share = 100 * failed / total
    if failed == total:
        return "every-request-fails", Severity.P1
    if share >= limits.act:
        return "many-errors", Severity.P1
    return ("some-errors", Severity.P2) if share >= limits.watch else ("answers-well", None)


def _finding(
    context: Context,
    spec: ServiceSpec,
    service: Service | None,
    answers: Mapping[str, int],
    verdict: tuple[str, Severity],
) -> Finding:
    limits = context.pipeline.invocations.errors if context.pipeline.invocations is not None else None
    hours = limits.hours if limits is not None else 0
    total, failed = sum(answers.values()), answers.get(SERVER_ERROR, 0)
    deploy = services.deployment(service)
    since = (
        f" It was deployed {in_words(deploy.deployed_at, context.pipeline.zone, context.today.year)}."
        if deploy is not None and deploy.deployed_at is not None
        else ""
    )
    finding = services.finding(
        context.pipeline,
        spec,
        Outcome.FAILED,
        verdict[0],
        f"{spec.name} failed on {failed:,} of {total:,} requests in {hours} h (5xx).{since}",
        severity=verdict[1],
        facts=ErrorRateFacts(
            requests=total,
            server_errors=failed,
            share_percent=round(100 * failed / total, 1),
            answers=tuple(f"{number:,} {name}" for name, number in sorted(answers.items())),
            hours=hours,
            deploy=deploy,
        ),
        impact=f"What {spec.name} is asked to do is not done, or done only after retries.",
        action=Action(
            text="Read its log; if the errors began with a deploy, roll back to the previous revision.",
            commands=(service_commands.command(context.pipeline, "describe", spec.name),),
        ),
        tab="logs",
    )
    return services.tolerated_if_optional(spec, finding)


@check(
    id="error-rate",
    place=PlaceKind.SERVICE,
    facts=ErrorRateFacts,
    short="answers",
    reason="the answers",
    effect=FailureEffect.HARMS,
    effects={"every-request-fails": FailureEffect.STOPS, "many-errors": FailureEffect.STOPS},
    worst=Severity.P1,
    codes={
        "answers-well": "Few requests, or none, ended with 5xx.",
        "every-request-fails": "Every request ended with 5xx.",
        "many-errors": "So many requests ended with 5xx that the service is of little use.",
        "some-errors": "More requests than usual ended with 5xx.",
        "few-requests": "Too few requests to judge by, or no figures.",
        "optional-service": services.SERVICE_CODES["optional-service"],
    },
    expected="The share of requests that end with 5xx is below the limits of the pipeline file.",
    unwanted="A service that is up and crashes on requests.",
)
def error_rate(context: Context) -> Iterator[Finding]:
    """Yield one finding for each service with too many errors, and one for all others together."""
    limits = context.pipeline.invocations.errors if context.pipeline.invocations is not None else None
    if limits is None or not context.reads.connected(MONITORING):
        yield not_configured(
            "services", "The section 'invocations' of the pipeline file has no 'errors'", configure="add 'errors: {}'"
        )
        return
    until = context.now.replace(second=0, microsecond=0) - VISIBLE_AFTER
    asked = read_answers(context.reads, until - timedelta(hours=limits.hours), until)
    running = read_services(context.reads)

    def judged() -> Iterator[Finding]:
        answers = asked.result()
        verdicts = [(spec, *judge(answers.get(spec.name, {}), limits)) for spec in context.services]
        loud = [(spec, code, severity) for spec, code, severity in verdicts if severity is not None]
        fine = sum(code == "answers-well" for _, code, _ in verdicts)
        known = {each.name: each for each in running.result()} if loud else {}
        for spec, code, severity in loud:
            yield _finding(context, spec, known.get(spec.name), answers[spec.name], (code, severity))
        if fine or not loud:
            yield Finding(
                outcome=Outcome.PASSED if fine else Outcome.SKIPPED,
                code="answers-well" if fine else "few-requests",
                subject="services",
                summary=f"{fine} services answer requests without many errors."
                if fine
                else "No service had enough requests to judge its answers by.",
            )

    yield from attempt(judged, subject="answers", severity=Severity.P2, whole=True)
