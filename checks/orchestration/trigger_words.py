"""What the trigger check says to people: the sentence, what it means, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from checks.actions import Action, Command, Gcloud
from checks.orchestration.gathering import document_link_of, local_time
from checks.orchestration.trigger_case import Case
from checks.orchestration_spec import Transition
from checks.pipeline import Pipeline

SUMMARIES: Mapping[str, str] = {
    "triggered": "{target} was triggered{reason}{triggered_at}: {evidence}.",
    "effect-pending": "{target} was triggered{reason}{triggered_at}; its data is due by {due}.",
    "triggered-without-effect": "{target} is marked as triggered{triggered_at}, but {rows}; it was due by {due}.",
    "trigger-pending": "{counted}{since}; the trigger of {target} has until {limit}.",
    "not-triggered": "{target} is blocked: {counted}{since}, nothing triggered it and {rows}.",
    "bypassed": "{target} got its data without its orchestrator: {counted}, {rows}, {no_log}.",
    "flag-not-set": "{target} was triggered and {rows}, but the completion document does not say so: "
    "the flag is wrong, the data is fine.",
    "processors-running": "{target} waits: {counted}{missing}; due by {due}.",
    "processors-missing": "{target} cannot start: {counted}{missing}; it was due by {due}.",
    "too-few-rows": "{target} has nothing to do: {counted}.",
    "untracked": "{target} has its data, {rows}, although only {counted}: backfills do not report.",
    "no-record": "{target} has its data, {rows}, but the completion document does not exist.",
    "not-started": "{target} has not started: there is no completion document and {rows}; it was due by {due}.",
    "not-started-yet": "{target} has not started yet; due by {due}.",
    "flag-unreadable": "Whether {target} was triggered cannot be told: {flag} where true or false is expected.",
    "expired": "The completion document was deleted after {retention} days; nothing can be said about this date.",
    "no-evidence": "Nothing shows whether {target} was triggered: {no_evidence}.",
}

BLOCKED = "{target} has no data for this date, and what follows it will have none."
UNWATCHED = "Nobody would notice if the trigger really failed."

IMPACTS: Mapping[str, str] = {
    "triggered-without-effect": BLOCKED,
    "not-triggered": BLOCKED,
    "processors-missing": BLOCKED,
    "not-started": BLOCKED,
    "bypassed": "Something else moves the data, later than the orchestrator would; "
    "when that fails too, nothing starts {target}.",
    "flag-not-set": UNWATCHED,
    "untracked": UNWATCHED,
    "no-record": UNWATCHED,
}

ACTIONS: Mapping[str, tuple[str, str]] = {
    "triggered-without-effect": ("Read what the services of {target} logged since the trigger.", "target log"),
    "not-triggered": ("Check whether {invoker} can still call {orchestrator}, then read its log.", "policy"),
    "bypassed": ("Check whether {invoker} can still call {orchestrator}, then read its log.", "policy"),
    "flag-not-set": ("Nothing to repair today; fix how {orchestrator} sets _triggered.", ""),
    "processors-missing": ("Read the run history and the logs of {missing_names} to find out what did not finish.", ""),
    "untracked": ("If no backfill ran, find out why {missing_names} did not report.", ""),
    "no-record": ("Read the log of {orchestrator}: it should have written the document.", "orchestrator log"),
    "not-started": ("Start with the previous phase: no processor of {source} has reported for this date.", ""),
    "flag-unreadable": ("Find out which program wrote _triggered, and set it to true or false.", ""),
    "no-evidence": ("Check the log of {orchestrator} and the phase log's table.", "orchestrator log"),
}


def summary(case: Case, code: str) -> str:
    """Return one or more plain sentences about a judged case."""
    sentence = SUMMARIES[code].format_map(_words(case))
    extra = ""
    if case.stale and case.completion is not None and case.completion.triggered_at is not None:
        extra = f" The trigger of {local_time(case.context, case.completion.triggered_at)} belongs to an earlier run."
    if case.not_counted():
        extra += f" Not counted: {', '.join(case.not_counted())}."
    return sentence[0].upper() + sentence[1:] + extra


def impact(case: Case, code: str) -> str:
    """Return what a failure means; an outage means what the pipeline file says it does."""
    text = IMPACTS.get(code, "")
    if text == BLOCKED and case.transition.impact:
        return case.transition.impact
    return text.format_map(_words(case))


def action(case: Case, code: str) -> Action | None:
    """Return what to do, with the exact command where the service to look at is known."""
    if code not in ACTIONS:
        return None
    text, kind = ACTIONS[code]
    pipeline, orchestrator = case.context.pipeline, case.transition.orchestrator
    commands: Mapping[str, tuple[Command, ...]] = {
        "policy": _about(pipeline, orchestrator, "get-iam-policy"),
        "orchestrator log": _read_log(pipeline, orchestrator),
        "target log": read_target_log(pipeline, case.transition),
    }
    return Action(text=text.format_map(_words(case)), commands=commands.get(kind, ()))


def read_target_log(pipeline: Pipeline, transition: Transition) -> tuple[Command, ...]:
    """Return the command that reads the log of the service that a transition triggers; none without one."""
    workers = (
        service.name
        for service in pipeline.services
        if service.phase == transition.target and service.name != transition.orchestrator and not service.optional
    )
    return _read_log(pipeline, next(workers, None))


def _read_log(pipeline: Pipeline, service: str | None) -> tuple[Command, ...]:
    return _about(pipeline, service, "logs read", "--limit=50")


def _about(pipeline: Pipeline, service: str | None, verb: str, *flags: str) -> tuple[Command, ...]:
    where = (f"--region={pipeline.region}", f"--project={pipeline.project}")
    return (Gcloud("run services", verb, service, (*where, *flags)),) if service is not None else ()


def document_link(case: Case) -> str | None:
    """Return where the completion document stands in the Cloud Console, None without one."""
    return document_link_of(case.context.pipeline, case.transition, case.interval)


def _words(case: Case) -> Mapping[str, str]:
    pipeline, transition, situation = case.context.pipeline, case.transition, case.situation()
    limit = case.run.due if situation.since is None else max(case.run.due, situation.since + situation.grace)
    triggered_at = case.completion.triggered_at if case.completion is not None else None
    reason = case.completion.reason if case.completion is not None else None
    flag = case.completion.flag_oddity if case.completion is not None else ""
    return {
        "target": pipeline.phase(transition.target).title,
        "source": pipeline.phase(transition.source).title,
        "orchestrator": transition.orchestrator or f"whatever triggers {transition.target}",
        "invoker": pipeline.invoker.partition(":")[2] or pipeline.invoker,
        "counted": _counted(case),
        "rows": _rows(case),
        "evidence": _evidence(case),
        "no_log": "no trigger was logged" if transition.logged else "the flag says that it was not triggered",
        "no_evidence": _no_evidence(case),
        "reason": f" ({reason})" if reason else "",
        "triggered_at": _at(case, " at ", triggered_at),
        "since": _at(case, ", enough since ", situation.since),
        "due": local_time(case.context, case.run.due),
        "limit": local_time(case.context, limit),
        "missing": _missing(case),
        "missing_names": _missing_names(case),
        "flag": flag,
        "retention": str(transition.retention_days),
    }


def _at(case: Case, word: str, moment: datetime | None) -> str:
    return "" if moment is None else f"{word}{local_time(case.context, moment)}"


def _counted(case: Case) -> str:
    if case.progress is not None:
        return case.progress.counted
    source = case.context.pipeline.phase(case.transition.source).title
    if case.source_rows is None:
        return f"{source} cannot show how far it is"
    return f"{source} has {_number_of_rows(case.source_rows.count)} ({case.transition.minimum_rows:,} needed)"


def _missing(case: Case) -> str:
    if case.progress is None or not case.progress.missing:
        return ""
    critical = case.progress.critical_missing
    names = (f"{name} (critical)" if name in critical else name for name in case.progress.missing)
    return f", missing {', '.join(names)}"


def _missing_names(case: Case) -> str:
    if case.progress is not None and case.progress.missing:
        return ", ".join(case.progress.missing)
    return case.context.pipeline.phase(case.transition.source).title


def _rows(case: Case) -> str:
    if case.target_rows is None:
        return "its run is in the phase log" if case.effect else "the phase log has no row for it"
    return f"{_number_of_rows(case.target_rows.count)} arrived"


def _number_of_rows(count: int) -> str:
    return "no rows" if count == 0 else f"{count:,} row{'' if count == 1 else 's'}"


def _evidence(case: Case) -> str:
    parts = [_rows(case)]
    if case.target_rows is not None and case.logged:
        parts.append("the phase log has its row")
    return ", ".join(parts)


def _no_evidence(case: Case) -> str:
    if case.log_empty:
        return f"{_counted(case)}, and the phase log has no row for any transition on this date"
    return f"{_counted(case)}, but neither rows nor a log are there to check"
