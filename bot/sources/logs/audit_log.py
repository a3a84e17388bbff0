"""The audit log of a project: which entries are changes of a pipeline, and what each says. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from google.cloud.audit.audit_log_pb2 import AuditLog  # type: ignore[import-untyped]
from google.iam.v1.logging.audit_data_pb2 import AuditData  # type: ignore[import-untyped]
from google.iam.v1.policy_pb2 import BindingDelta  # type: ignore[import-untyped]
from google.protobuf.message import DecodeError

from bot.google_cloud.answers import short_name, time_of
from checks.facts.logs import GrantChange, LoggedChange
from checks.places import Place, PlaceKind

ACTIVITY = "cloudaudit.googleapis.com%2Factivity"
"""The log of what administrators and deploys change; Google keeps it for 400 days, and nobody can turn it off."""

_VERBS: tuple[tuple[str, str], ...] = (
    ("SetIamPolicy", "changed the policy"),
    ("CreateService", "created"),
    ("ReplaceService", "deployed"),
    ("UpdateService", "deployed"),
    ("DeleteService", "deleted"),
    ("CreateFunction", "created"),
    ("UpdateFunction", "deployed"),
    ("DeleteFunction", "deleted"),
    ("CreateJob", "created"),
    ("ReplaceJob", "edited"),
    ("UpdateJob", "edited"),
    ("DeleteJob", "deleted"),
    ("PauseJob", "paused"),
    ("ResumeJob", "resumed"),
    ("CreateSubscription", "created"),
    ("UpdateSubscription", "edited"),
    ("ModifyPushConfig", "edited"),
    ("DetachSubscription", "detached"),
    ("DeleteSubscription", "deleted"),
    ("CreateTopic", "created"),
    ("UpdateTopic", "edited"),
    ("DeleteTopic", "deleted"),
    ("CreateTrigger", "created"),
    ("UpdateTrigger", "edited"),
    ("DeleteTrigger", "deleted"),
)
"""The last word of a method, and what it does in words; the same for every version of an API."""

METHODS = f'protoPayload.methodName=~"(^|\\.)({"|".join(method for method, _ in _VERBS)})$"'

_COLLECTIONS: Mapping[str, PlaceKind] = {
    "services": PlaceKind.SERVICE,
    "functions": PlaceKind.SERVICE,
    "jobs": PlaceKind.JOB,
    "subscriptions": PlaceKind.SUBSCRIPTION,
    "topics": PlaceKind.TOPIC,
}
"""What is changed, by the collection in its name: ``projects/P/locations/L/services/NAME``."""

_LABELS = ("service_name", "function_name", "job_id", "job_name", "subscription_id", "topic_id")
"""Where an entry names what its resource's name leaves out: a new service is created in its location."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEntry:
    """One entry. A long operation has several, with one ``operation``."""

    change: LoggedChange
    operation: str
    failed: bool


def change_of(entry: Any) -> ChangeEntry | None:
    """Return what an entry says of a change, None for one that says nothing of it."""
    log = AuditLog()
    try:
        if not entry.proto_payload.Unpack(log):
            return None
    except DecodeError:
        return None
    verb = next((words for method, words in _VERBS if log.method_name.rpartition(".")[2] == method), None)
    at = time_of(entry, "timestamp")
    if verb is None or at is None:
        return None
    change = LoggedChange(
        place=_place(entry, log),
        at=at,
        verb=verb,
        actor=log.authentication_info.principal_email,
        grants=_grants(log) if log.method_name.endswith("SetIamPolicy") else (),
    )
    return ChangeEntry(change=change, operation=entry.operation.id, failed=log.status.code != 0)


def changes_of(entries: Iterable[ChangeEntry]) -> list[LoggedChange]:
    """Return the changes that succeeded, the newest first: what the entries of one operation say, once."""
    operations: dict[object, ChangeEntry] = {}
    for number, each in enumerate(entries):
        key = (each.operation, each.change.place) if each.operation else number
        known = operations.get(key)
        if known is None:
            operations[key] = each
            continue
        first, other = sorted((known, each), key=lambda entry: entry.change.at)
        actor, grants = first.change.actor or other.change.actor, first.change.grants or other.change.grants
        change = replace(first.change, actor=actor, grants=grants)
        operations[key] = replace(first, change=change, failed=first.failed or other.failed)
    found = (each.change for each in operations.values() if not each.failed)
    return sorted(found, key=lambda change: change.at, reverse=True)


def _place(entry: Any, log: AuditLog) -> Place:
    parts = log.resource_name.split("/")
    kind = _COLLECTIONS.get(parts[-2], PlaceKind.PERMISSION) if len(parts) > 1 else PlaceKind.PERMISSION
    name = short_name(log.resource_name)
    if len(parts) > 1 and parts[-2] == "locations":
        labels = entry.resource.labels
        name = next((labels[label] for label in _LABELS if label in labels), name)
        kind = next((each for word, each in _COLLECTIONS.items() if word[:-1] in log.method_name.lower()), kind)
    if log.method_name.endswith("SetIamPolicy") and kind is PlaceKind.SERVICE:
        kind = PlaceKind.PERMISSION
    return Place(kind, name)


def _grants(log: AuditLog) -> tuple[GrantChange, ...]:
    data = AuditData()
    try:
        if not log.service_data.Unpack(data):
            return ()
    except DecodeError:
        return ()
    added = BindingDelta.Action.ADD
    return tuple(
        GrantChange(added=each.action == added, role=each.role, member=each.member)
        for each in data.policy_delta.binding_deltas
    )
