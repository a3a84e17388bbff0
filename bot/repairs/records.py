"""The audit of repairs: plans and runs as records of the store, and runs put together from their records again.

A run has at most one record of each step, under a key of its own, so that nothing is written twice.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from bot.repairs.model import PlannedChange, Recurrence, RepairOutcome, RepairPlan, RepairRun
from bot.repairs.seals import hashed
from bot.store.model import AuditEntry
from checks.actions import RepairKey

_logger = logging.getLogger(__name__)

PREFIX = "repair-"
PLANNED, BEGUN, ENDED, VERIFIED, REFUSED = (
    "repair-planned",
    "repair-begun",
    "repair-ended",
    "repair-verified",
    "repair-refused",
)


def planned(plan: RepairPlan) -> AuditEntry:
    """Return the record of a plan."""
    outcome = "needed" if plan.needed else "nothing-to-do"
    return _entry(plan, PLANNED, plan.actor, plan.created_at, outcome, {"plan": plan_json(plan)})


def begun(plan: RepairPlan, actor: str, now: datetime) -> AuditEntry:
    """Return the record that must stand before anything is written."""
    return _entry(plan, BEGUN, actor, now, RepairOutcome.BEGUN, {"plan": plan_json(plan)})


def ended(run: RepairRun) -> AuditEntry:
    """Return the record of what was written. Raises ValueError for a run without an end."""
    if run.ended_at is None:
        raise ValueError(f"the repair {run.id} has not ended")
    details = {"detail": run.detail, "changes": [asdict(each) for each in run.plan.changes], "undoes": run.plan.undoes}
    return _entry(run.plan, ENDED, run.actor, run.ended_at, run.outcome, details)


def verified(run: RepairRun) -> AuditEntry:
    """Return the record of the end of verification. Raises ValueError for a run that is not verified."""
    if run.verified_at is None:
        raise ValueError(f"the repair {run.id} is not verified")
    return _entry(run.plan, VERIFIED, run.actor, run.verified_at, run.outcome, {"detail": run.detail})


def refused(plan: RepairPlan, actor: str, now: datetime, refusal: str, text: str) -> AuditEntry:
    """Return the record of an attempt that was refused; there may be several of one plan."""
    entry = _entry(plan, REFUSED, actor, now, refusal, {"detail": text})
    return replace(entry, key=f"{entry.key}:{now.isoformat()}")


def key_of_step(plan_id: str, action: str) -> str:
    """Return the key of the one record of a step of a plan or run."""
    return f"repair:{plan_id}:{action.removeprefix(PREFIX)}"


def _entry(
    plan: RepairPlan, action: str, actor: str, at: datetime, outcome: str, details: Mapping[str, Any]
) -> AuditEntry:
    return AuditEntry(
        key=key_of_step(plan.id, action),
        at=at,
        actor=actor,
        action=action,
        subject=str(plan.key),
        outcome=str(outcome),
        details=details,
    )


def id_of(entry: AuditEntry) -> str:
    """Return the id of the plan or run that a record belongs to, empty for another record."""
    return entry.key.split(":")[1] if entry.action.startswith(PREFIX) else ""


def runs_of(entries: Iterable[AuditEntry]) -> tuple[RepairRun, ...]:
    """Put the runs together that records tell of, the newest first."""
    by_run: dict[str, dict[str, AuditEntry]] = {}
    for entry in entries:
        if entry.action in (BEGUN, ENDED, VERIFIED):
            by_run.setdefault(id_of(entry), {})[entry.action] = entry
    # The store may keep the end of a run whose beginning is older than what was asked for: that is no run to tell.
    found = ((name, _readable_run(steps)) for name, steps in by_run.items() if BEGUN in steps)
    runs = {name: run for name, run in found if run is not None}
    for each in list(runs.values()):
        undone = runs.get(each.plan.undoes or "")
        if undone is not None and each.outcome not in (RepairOutcome.BEGUN, RepairOutcome.FAILED):
            runs[undone.id] = replace(undone, undone_by=each.actor)
    return tuple(sorted(runs.values(), key=lambda run: (run.begun_at, run.id), reverse=True))


def _readable_run(steps: Mapping[str, AuditEntry]) -> RepairRun | None:
    """Return a run, None for records that are none: one that somebody spoiled must not stop all other repairs."""
    try:
        return _run(steps)
    except _UNREADABLE:
        _logger.warning("the record %s is not that of a repair", steps[BEGUN].key, exc_info=True)
        return None


def _run(steps: Mapping[str, AuditEntry]) -> RepairRun:
    first, end, verification = steps[BEGUN], steps.get(ENDED), steps.get(VERIFIED)
    run = RepairRun(plan=plan_of(first.details["plan"]), actor=first.actor, begun_at=first.at)
    if end is not None:
        run = replace(
            run, outcome=RepairOutcome(end.outcome), ended_at=end.at, detail=str(end.details.get("detail", ""))
        )
    if verification is not None:
        run = replace(
            run,
            outcome=RepairOutcome(verification.outcome),
            verified_at=verification.at,
            detail=str(verification.details.get("detail", "")),
        )
    return run


def plan_in(entries: Sequence[AuditEntry], plan_id: str) -> RepairPlan | None:
    """Return a plan that was recorded, None for one that was not, or that cannot be read."""
    for entry in entries:
        if entry.action == PLANNED and id_of(entry) == plan_id:
            try:
                return plan_of(entry.details["plan"])
            except _UNREADABLE:
                _logger.warning("the record %s is not that of a plan", entry.key, exc_info=True)
                return None
    return None


_UNREADABLE = (AttributeError, KeyError, TypeError, ValueError)
"""What reading a record raises that somebody has spoiled."""


def shown_as(plan: RepairPlan, alert: str) -> str:
    """Return what a form carries of a plan that it shows for an alert.

    Slack keeps it, and the store cannot change it: a plan whose record was changed, or that was shown for another
    alert, has another one.
    """
    return hashed([alert, plan_json(plan)])


def plan_json(plan: RepairPlan) -> dict[str, Any]:
    """Return a plan as JSON."""
    recurrence = plan.recurrence
    return {
        **{name: getattr(plan, name) for name in _AS_IT_IS},
        "key": str(plan.key),
        "created_at": plan.created_at.isoformat(),
        "changes": [asdict(each) for each in plan.changes],
        "warnings": list(plan.warnings),
        "members": list(plan.members),
        "recurrence": None
        if recurrence is None
        else {
            **asdict(recurrence),
            "repaired_at": recurrence.repaired_at.isoformat(),
            "deployed_at": None if recurrence.deployed_at is None else recurrence.deployed_at.isoformat(),
        },
    }


_AS_IT_IS = ("id", "actor", "title", "command", "fingerprint", "wanted", "former", "undoes")


def plan_of(document: Mapping[str, Any]) -> RepairPlan:
    """Return the plan that was written as JSON. Raises KeyError, TypeError, ValueError for what is none."""
    recurrence = document["recurrence"]
    return RepairPlan(
        **{name: document[name] for name in _AS_IT_IS},
        key=RepairKey.read(document["key"]),
        created_at=datetime.fromisoformat(document["created_at"]),
        changes=tuple(PlannedChange(**each) for each in document["changes"]),
        warnings=tuple(document["warnings"]),
        members=tuple(document.get("members", ())),
        recurrence=None
        if recurrence is None
        else Recurrence(
            **{
                **recurrence,
                "repaired_at": datetime.fromisoformat(recurrence["repaired_at"]),
                "deployed_at": None
                if recurrence["deployed_at"] is None
                else datetime.fromisoformat(recurrence["deployed_at"]),
            }
        ),
    )
