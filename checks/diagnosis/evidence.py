"""What stands behind a cause: its facts, for machines, and what to do about it."""

from __future__ import annotations

from datetime import datetime

from checks.diagnosis.board import OF_THE_CONTROL_PLANE, Board, Suspect
from checks.diagnosis.control_plane import last_good_trigger, redeploy_of, removing_deploy
from checks.diagnosis.words import days
from checks.model import Action, Evidence, Scalar


def evidence_of(board: Board, suspect: Suspect) -> Evidence:
    """The facts behind the sentence, for machines; what is not known is left out."""
    evidence: dict[str, Scalar] = {}
    if suspect.code in OF_THE_CONTROL_PLANE:
        evidence |= _of_services(board, suspect)
    elif suspect.triggers:
        first = suspect.triggers[0]
        evidence |= {name: ", ".join(first.names(name)) for name in ("missing", "critical_missing")}
        evidence["triggered_at"] = first.instant("triggered_at")
    evidence["transitions"] = ", ".join(dict.fromkeys(each.finding.subject for each in suspect.triggers))
    evidence["dates"] = ", ".join(days(suspect.triggers or suspect.primary))
    evidence["broken_since"] = _broken_since(board, suspect)
    evidence["not_looked_up"] = "; ".join(suspect.unread)
    return {name: value for name, value in evidence.items() if value not in (None, "")}


def _of_services(board: Board, suspect: Suspect) -> dict[str, Scalar]:
    first = removing_deploy(board, suspect.primary) or suspect.primary[0]
    redeploy = redeploy_of(board, first) if suspect.code.startswith("invoker") else None
    found: dict[str, Scalar] = {
        "services": ", ".join(suspect.behind or dict.fromkeys(each.finding.subject for each in suspect.primary)),
        **{name: first.text(name) for name in _SHOWN},
        **{name: ", ".join(first.names(name)) for name in ("missing", "empty", "removed", "emptied", "surplus")},
        "deployed_at": first.instant("deployed_at"),
    }
    if suspect.code in _OF_THE_TRIGGER:
        found["last_good_trigger"] = last_good_trigger(board, (*suspect.behind, first.finding.subject)[0])
    if suspect.code == "variable-removed-by-deploy":
        found |= {"revision": first.text("revision_1"), "deployed_by": first.text("revision_1_by")}
        found["deployed_at"] = first.instant("revision_1_at")
    if redeploy is not None:
        found |= {"revision": redeploy.revision, "deployed_at": redeploy.at, "deployed_by": redeploy.by}
    return found


def _broken_since(board: Board, suspect: Suspect) -> datetime | None:
    """When the fault itself began, where a fact says so: the deploy that took something away, or the first commit that
    was not deployed. A deploy that may be the wrong one says nothing."""
    match suspect.code:
        case "invoker-removed-by-deploy":
            redeploy = redeploy_of(board, removing_deploy(board, suspect.primary) or suspect.primary[0])
            return redeploy.at if redeploy is not None and redeploy.certain else None
        case "variable-removed-by-deploy":
            return (removing_deploy(board, suspect.primary) or suspect.primary[0]).instant("revision_1_at")
        case "drift" | "stale-build":
            return suspect.primary[0].instant("behind_since")
        case _:
            return None


_SHOWN = ("caller", "revision", "deployed_by", "traffic", "reason", "trigger", "commit", "authors")
"""What the cause shows of the evidence of its first finding."""

_OF_THE_TRIGGER = frozenset(OF_THE_CONTROL_PLANE) - {
    "subscription-surplus",
    "variable-removed-by-deploy",
    "build-failed",
    "stale-build",
    "drift",
}
"""The causes for which it matters when the service was last known to be called."""


def action_of(board: Board, suspect: Suspect) -> Action | None:
    """The repairs of what shows the cause: one sentence, every command on a line of its own."""
    shown = suspect.primary or suspect.triggers
    if suspect.code.startswith("invoker"):
        shown = sorted(shown, key=board.order)
    if suspect.code in ("service-not-ready", "variable-removed-by-deploy", "upstream-check"):
        shown = shown[:1]
    actions = [each.finding.action for each in shown if each.finding.action is not None]
    if not actions:
        return None
    commands = list(dict.fromkeys(each.command for each in actions if each.command))
    repairs = list(dict.fromkeys(each.repair for each in actions if each.repair))
    return Action(
        text=actions[0].text,
        command="\n".join(commands) or None,
        repair=" ".join(repairs) if all(each.repair for each in actions) else None,
    )
