"""Cloud Logging's entries over gRPC, on Google's published messages, with the part of its filters that we use."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import grpc
from google.cloud.audit.audit_log_pb2 import AuditLog  # type: ignore[import-untyped]
from google.cloud.logging_v2 import types
from google.iam.v1.logging.audit_data_pb2 import AuditData  # type: ignore[import-untyped]
from google.protobuf.any_pb2 import Any as AnyMessage

from tests.servers.scripted_grpc import ScriptedGrpcServer, handler

LIST_LOG_ENTRIES = "ListLogEntries"

ACTIVITY = "projects/example-project/logs/cloudaudit.googleapis.com%2Factivity"
STDERR = "projects/example-project/logs/run.googleapis.com%2Fstderr"

_LABELS = {"cloud_run_revision": "service_name", "cloud_run_job": "job_name", "cloud_function": "function_name"}


class CloudLoggingServer(ScriptedGrpcServer):
    """Serves log entries; calls are counted by project, ``requests`` holds what was asked."""

    def __init__(self, entries: Sequence[types.LogEntry] = (), *, delay: float = 0.0, page_size: int = 1000) -> None:
        self.entries = list(entries)
        self.requests: list[types.ListLogEntriesRequest] = []
        super().__init__(delay=delay, page_size=page_size)

    def _handlers(self) -> tuple[grpc.GenericRpcHandler[Any, Any], ...]:
        methods = {LIST_LOG_ENTRIES: handler(self._list, types.ListLogEntriesRequest, types.ListLogEntriesResponse)}
        return (grpc.method_handlers_generic_handler("google.logging.v2.LoggingServiceV2", methods),)

    def _list(self, request: types.ListLogEntriesRequest, context: grpc.ServicerContext) -> Any:
        self.requests.append(request)

        def page() -> types.ListLogEntriesResponse:
            matching = [each for each in self.entries if matches(request.filter, each)]
            matching.sort(key=_at, reverse=request.order_by == "timestamp desc")
            found, token = self._page(matching, request.page_size, request.page_token)
            return types.ListLogEntriesResponse(entries=found, next_page_token=token)

        return self._answer(LIST_LOG_ENTRIES, request.resource_names[0].rpartition("/")[2], context, page)


def matches(query: str, entry: types.LogEntry) -> bool:
    """Whether an entry is what a filter asks for: by time, by severity and name, or by the method of the audit log."""
    since = re.search(r'timestamp>="([^"]+)"', query)
    if since is not None and _at(entry) < datetime.fromisoformat(since[1]):
        return False
    methods = re.search(r'methodName=~"(.+)"$', query)
    if methods is not None:
        log = AuditLog()
        types.LogEntry.pb(entry).proto_payload.Unpack(log)
        pattern = methods[1].replace("\\\\", "\\")
        return entry.log_name == ACTIVITY and re.search(pattern, log.method_name) is not None
    label = _LABELS.get(entry.resource.type, "")
    names = re.search(rf"resource\.labels\.{label}=\(([^)]*)\)", query)
    named = names is not None and f'"{entry.resource.labels.get(label, "")}"' in names[1].split(" OR ")
    return named and entry.severity >= 500 and entry.log_name != ACTIVITY


def _at(entry: Any) -> datetime:
    """Return when an entry was logged; the wrapper gives what the types do not say."""
    at: datetime = entry.timestamp
    return at


def error(service: str, at: datetime, text: str = "it broke", **fields: Any) -> types.LogEntry:
    """Return an entry that a Cloud Run service logged as an error."""
    resource = {"type": "cloud_run_revision", "labels": {"service_name": service, "revision_name": f"{service}-2"}}
    said = {} if "json_payload" in fields or "http_request" in fields else {"text_payload": text}
    return types.LogEntry(
        {"log_name": STDERR, "timestamp": at, "severity": 500, "resource": resource, **said, **fields}
    )


def change(
    method: str,
    resource: str,
    at: datetime,
    *,
    actor: str = "dev@example.com",
    operation: str = "",
    status: int = 0,
    deltas: Sequence[tuple[str, str, str]] = (),
    labels: dict[str, str] | None = None,
) -> types.LogEntry:
    """Return an entry of the audit log; ``deltas`` are action, role and member."""
    log = AuditLog(method_name=method, resource_name=resource)
    log.authentication_info.principal_email = actor
    log.status.code = status
    if deltas:
        data = AuditData()
        for action, role, member in deltas:
            data.policy_delta.binding_deltas.add(action=action, role=role, member=member)
        log.service_data.Pack(data)
    payload = AnyMessage()
    payload.Pack(log)
    entry = types.LogEntry(log_name=ACTIVITY, timestamp=at, resource={"labels": labels or {}})
    if operation:
        entry.operation = types.LogEntryOperation(id=operation)
    types.LogEntry.pb(entry).proto_payload.CopyFrom(payload)
    return entry
