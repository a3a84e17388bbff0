"""No service logs errors.

What a service logs is the first thing that whoever is on call looks at: it says in the service's own words why there
are no rows. A line by itself is a note, since services of any size log some every day; errors that began with a deploy,
where there were none before, are more than that. The lines are evidence: the causes name the newest of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from checks.actions import Action, service_logs
from checks.cells import in_words
from checks.context import Context, not_configured
from checks.control_plane import services
from checks.control_plane.discovery import spec_of
from checks.control_plane.log_lines import ServiceErrors, grouped, merged
from checks.control_plane.log_reads import CONFIGURE, services_of, window
from checks.effects import FailureEffect
from checks.facts.control_plane import LATEST_REVISIONS, DeployFacts
from checks.facts.logs import ErrorsFacts
from checks.model import Finding, Outcome, Severity
from checks.pipeline import Pipeline
from checks.places import Place, PlaceKind
from checks.ports.logs import LOGS, LoggedErrors, LogLine, read_errors
from checks.ports.services import Revision, read_revisions
from checks.ports.warehouse import BIGQUERY, Row, read_rows
from checks.registry import check
from checks.services_spec import ServiceSpec
from checks.source import Problem, SourceError
from checks.unanswered import could_not_check

A = TypeVar("A")

PATTERN = 3
"""Errors since a deploy that are more than an accident: of fewer, each may have a reason of its own."""

QUIET = timedelta(hours=1)
"""A service must have been without errors for so long before a deploy for the deploy to have brought them."""


def begun_with(revisions: Iterable[Revision], first: datetime | None, window: datetime) -> Revision | None:
    """Return the revision that errors began with, which had none for a while before it; None where no deploy did."""
    before = [each for each in revisions if first is not None and each.created_at <= first]
    latest = max(before, key=lambda each: each.created_at, default=None)
    return latest if latest is not None and latest.created_at - window >= QUIET else None


def facts_of(
    found: ServiceErrors, logged: LoggedErrors, service: str, revisions: Sequence[Revision], window: datetime
) -> ErrorsFacts:
    """Return the facts of one service from what it logged and how it was deployed, the newest revision first."""
    complete = service not in logged.began
    began = logged.began.get(service)
    first = found.first if complete else min(began, found.first) if began is not None else None
    guilty = begun_with(revisions, first, window) if found.count >= PATTERN else None
    latest = guilty or next(iter(revisions), None)
    deploy = None
    if latest is not None:
        deploy = DeployFacts(revision=latest.name, deployed_at=latest.created_at, deployed_by=latest.created_by)
    return ErrorsFacts(
        deploy=deploy,
        logged=found.lines,
        count=found.count,
        window=window,
        since=first,
        last=found.last,
        revision=found.revision,
        complete=complete,
        only_since_deploy=guilty is not None,
    )


def judge(pipeline: Pipeline, spec: ServiceSpec, facts: ErrorsFacts, year: int) -> Finding:
    """Judge one service that logged errors; times of another ``year`` are written with theirs."""
    newest, number = facts.logged[0], f"{'' if facts.complete else 'at least '}{facts.count:,}"
    errors = "error" if facts.count == 1 and facts.complete else "errors"
    began = f" since {in_words(facts.since, pipeline.zone, year)}" if facts.since is not None else ""
    if facts.only_since_deploy and facts.deploy is not None:
        deployed = in_words(facts.deploy.deployed_at, pipeline.zone, year)
        by = f" by {facts.deploy.deployed_by}" if facts.deploy.deployed_by else ""
        code, severity = "errors-since-deploy", Severity.P2
        summary = f"{spec.name} logs errors only since it was deployed {deployed}{by}: {number}{began}"
    else:
        code, severity = "errors-logged", Severity.P3
        summary = f"{spec.name} logged {number} {errors}{began}"
    finding = services.finding(
        pipeline,
        spec,
        Outcome.FAILED,
        code,
        f"{summary}, the newest: {newest.text}",
        severity=severity,
        facts=facts,
        action=Action(
            text=f"Read what {spec.name} logged.",
            commands=(service_logs(spec.name, facts.since or facts.logged[-1].first, f"--project={pipeline.project}"),),
        ),
        tab="logs",
    )
    return services.tolerated_if_optional(spec, finding)


@check(
    id="service-errors",
    place=PlaceKind.SERVICE,
    facts=ErrorsFacts,
    short="errors logged",
    worst=Severity.P2,
    effect=FailureEffect.NOTE,
    effects={"errors-since-deploy": FailureEffect.STOPS},
    codes={
        "no-errors": "No service logged an error.",
        "errors-logged": "A service logged errors.",
        "errors-since-deploy": "A service logs errors since a deploy, and logged none before it.",
        "optional-service": services.SERVICE_CODES["optional-service"],
    },
    expected="No service logs errors, in particular none that began with a deploy.",
    unwanted="Errors that began when a service was deployed.",
)
def service_errors(context: Context) -> Iterator[Finding]:
    """Yield one finding for each service that logged errors, or one that none did."""
    rules = context.pipeline.errors
    logging = rules is not None and rules.logging and context.reads.connected(LOGS)
    if rules is None or not (logging or rules.query is not None):
        what = "The pipeline file has no section 'errors'" if rules is None else "Cloud Logging is not connected"
        yield not_configured("services", what, configure=CONFIGURE if rules is None else "set 'logging: true' there")
        return
    since = window(context, rules)
    names = [name for name in services_of(context.pipeline) if _in_scope(context, name)]
    asked = read_errors(context.reads, names, since) if logging and names else None
    kept_rows: Callable[[], Sequence[Row]] = tuple
    if rules.query is not None:
        read_rows(context.reads, context.query(rules.query, "errors", context.previous))
        kept_rows = partial(context.rows, rules.query, "errors", context.previous)
    logged, unread = _answer(LoggedErrors if asked is None else asked.result, LoggedErrors())
    nothing: Sequence[Row] = ()
    rows, table_unread = _answer(kept_rows, nothing)
    try:
        kept = list(_lines(rows, since))
    except SourceError as wrong:
        kept, table_unread = [], wrong
    found = merged(grouped(logged.lines, context.hidden), grouped(kept, context.hidden))
    for error in filter(None, (unread, table_unread)):
        place = Place(PlaceKind.SOURCE, error.source, "errors")
        yield could_not_check(error, subject=f"errors in {error.source}", severity=Severity.P3, place=place)
    yield from _judged(context, found, logged, since)
    if not found and not unread and not table_unread:
        summary = f"None of {len(names)} services logged an error since {in_words(since, context.pipeline.zone)}."
        # That nobody wrote into a table of errors proves nothing.
        passed = Finding(outcome=Outcome.PASSED, code="no-errors", subject="services", summary=summary)
        yield replace(passed, read=None if asked is not None else False)


def _answer(asked: Callable[[], A], nothing: A) -> tuple[A, SourceError | None]:
    """Return an answer, ``nothing`` where it did not come, and why it did not."""
    try:
        return asked(), None
    except SourceError as error:
        return nothing, error


def _judged(
    context: Context, found: Mapping[str, ServiceErrors], logged: LoggedErrors, since: datetime
) -> Iterator[Finding]:
    asked = {name: read_revisions(context.reads, name, LATEST_REVISIONS) for name in found}
    unknown: Sequence[Revision] = ()
    for name, errors in sorted(found.items()):
        revisions, _ = _answer(asked[name].result, unknown)
        facts = facts_of(errors, logged, name, revisions, since)
        yield judge(context.pipeline, spec_of(context.pipeline, name), facts, context.today.year)


def _lines(rows: Iterable[Row], since: datetime) -> Iterator[LogLine]:
    """Return the rows of the platform's own table of errors as lines. Raises SourceError for a time that is none."""
    for row in rows:
        at, service = row.get("at"), row.get("service")
        if not isinstance(at, datetime) or at.tzinfo is None:
            raise SourceError(
                BIGQUERY,
                Problem.INVALID,
                "the query of 'errors' gives a column 'at' that is no TIMESTAMP",
                advice="Correct it in the pipeline file.",
            )
        if service and at >= since:
            yield LogLine(service=str(service), at=at, text=str(row.get("message") or ""))


def _in_scope(context: Context, name: str) -> bool:
    return context.in_scope(services.phase_of(context.pipeline, spec_of(context.pipeline, name)))
