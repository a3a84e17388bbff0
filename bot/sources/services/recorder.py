"""Cloud Run as a scenario states it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bot.recording.calls import Call
from bot.recording.recorder import Recording, differing
from bot.recording.veil import Veil, stated
from bot.scenarios.platform_states import RevisionState
from bot.scenarios.scenario import ServiceState
from bot.sources.policies.recorder import grants_of
from checks.control_plane.drift_state import VARIABLE
from checks.ports.services import Revision, Service


def sections(recording: Recording) -> Mapping[str, Any]:
    calls, veil = recording.calls, recording.veil
    services = {each.name: each for _, answer in calls.answered("services") for each in answer}
    services |= {answer.name: answer for _, answer in calls.answered("service") if answer is not None}
    policies = {name: answer for (name,), answer in calls.answered("service_policy") if answer is not None}
    revisions: dict[str, dict[str, Any]] = {}
    for (name, _), answer in calls.answered("revisions"):
        revisions.setdefault(name, {}).update({each.name: _revision(each, veil) for each in answer})
    return {
        "services": {name: _service(services[name], veil) for name in sorted(services)},
        "policies": {name: grants_of(policies[name], veil) for name in sorted(policies)},
        "revisions": {name: revisions[name] for name in sorted(revisions) if revisions[name]},
    }


def narrowed(call: Call) -> str | None:
    return str(call.arguments[0]) if call.arguments else "services"


def _service(service: Service, veil: Veil) -> dict[str, Any]:
    state = asdict(service)
    for key in ("name", "latest_created_revision", "latest_ready_revision", "environment"):
        del state[key]
    usual = {**ServiceState().model_dump(), "audiences": []}
    state |= {
        "revision": service.latest_created_revision,
        "ready_revision": service.latest_ready_revision,
        "reason": veil.text(service.reason),
        "deployed_by": veil.person(service.deployed_by),
    }
    return differing({**stated(state), "environment": _environment(service, veil)}, usual)


def _revision(revision: Revision, veil: Veil) -> dict[str, Any]:
    state = asdict(revision)
    for key in ("name", "service", "environment"):
        del state[key]
    usual = RevisionState(created_at=revision.created_at).model_dump(exclude={"created_at"})
    state["created_by"] = veil.person(revision.created_by)
    return differing({**stated(state), "environment": _environment(revision, veil)}, usual)


def _environment(holder: Service | Revision, veil: Veil) -> dict[str, str]:
    """Return the variables; the one that names the commit is no secret."""
    shown = veil.environment(holder.environment)
    return {**shown, VARIABLE: holder.environment[VARIABLE]} if VARIABLE in shown else shown
