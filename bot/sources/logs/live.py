"""Cloud Logging through Google's generated client: errors of services and jobs, and the audit log of the project.

The generated client is used rather than the one above it, which takes no time-out and adds filters by itself. A project
may read 60 times a minute, so all services are asked for at once and nothing is asked again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
from google.cloud.logging_v2.types import ListLogEntriesRequest, LogEntry
from google.protobuf.json_format import MessageToDict

from bot.google_cloud.adapter import GoogleAdapter
from bot.google_cloud.answers import every, time_of
from bot.google_cloud.clients import GoogleAccess
from bot.google_cloud.errors import Api
from bot.instants import EARLIEST
from bot.sources.logs.audit_log import ACTIVITY, METHODS, change_of, changes_of
from checks.facts.logs import LoggedChange
from checks.ports.logs import LOGS, LoggedErrors, LogLine

API = Api(LOGS, "logging.googleapis.com", "roles/logging.viewer")

PAGE = 1_000
"""The most entries that Cloud Logging gives at once."""

LONGEST_FILTER = 16_000
"""Characters of a filter. Cloud Logging takes 20,000 (https://cloud.google.com/logging/quotas)."""

LONGEST_TEXT = 16_000
"""Characters that are kept of a text; an entry may have 256 kB. Its end is kept too: there a traceback says what."""

MOST_AGAIN = 3
"""Further questions about services of which nothing was seen because others filled the answer, and as many about when
the errors of those began. All questions of a run together stay far below the quota."""

SECONDS = 20.0
"""For all questions about errors together; a check has 30."""

_KINDS = (
    ("cloud_run_revision", "service_name", "location"),
    ("cloud_run_job", "job_name", "location"),
    ("cloud_function", "function_name", "region"),
)
"""What logs, the label with its name, and the label with its region."""

_MESSAGES = ("message", "msg", "error", "exception", "err", "event", "textPayload")
"""Where structured entries say what happened, by the habits of the usual libraries."""


def connect(access: GoogleAccess) -> GoogleLogs:
    return GoogleLogs(access.client(LoggingServiceV2Client, access.settings.logging_endpoint), **access.place)


@dataclass(frozen=True, eq=False)
class GoogleLogs(GoogleAdapter):
    """Reads the log entries of one project."""

    client: LoggingServiceV2Client

    def errors(self, services: Sequence[str], since: datetime, limit: int) -> LoggedErrors:
        """Fetch what services have logged as errors. One that logs so much that others are not seen is left out of
        further questions. Raises SourceError."""
        found = [self._errors(part, since, limit) for part in parts(services)]
        return LoggedErrors(
            lines=sorted((line for each in found for line in each.lines), key=lambda line: line.at, reverse=True),
            began={name: at for each in found for name, at in each.began.items()},
        )

    def changes(self, since: datetime, limit: int) -> Sequence[LoggedChange]:
        """Fetch who changed what. Raises SourceError."""
        query = f'logName="projects/{self.project}/logs/{ACTIVITY}" AND timestamp>="{_stamp(since)}" AND {METHODS}'
        with self.mapped_errors(API, "the audit log"):
            entries = [change_of(entry) for entry in self._entries(query, limit)]
        return changes_of(each for each in entries if each is not None)

    def _errors(self, services: Sequence[str], since: datetime, limit: int) -> LoggedErrors:
        lines: list[LogLine] = []
        began: dict[str, datetime | None] = {}
        asked = list(services)
        for _ in range(1 + MOST_AGAIN):
            with self.mapped_errors(API, "the errors of services"):
                read = [_line(entry) for entry in self._entries(self._query(asked, since), limit + 1)]
            lines += read[:limit]
            loud = Counter(each.service for each in read)
            asked = [name for name in asked if name not in loud]
            if len(read) <= limit:
                break
            began |= {
                name: self._first(name, since) if place < MOST_AGAIN else None
                for place, (name, _) in enumerate(loud.most_common())
            }
            if not asked:
                break
        return LoggedErrors(lines=lines, began=began)

    def _first(self, service: str, since: datetime) -> datetime | None:
        """Return when the first error of the window was."""
        with self.mapped_errors(API, f"the first error of {service}"):
            entries = self._entries(self._query([service], since), 1, "timestamp asc")
            return next((_line(entry).at for entry in entries), None)

    def _query(self, services: Sequence[str], since: datetime) -> str:
        return (
            f'severity>=ERROR AND timestamp>="{_stamp(since)}" AND NOT logName:"cloudaudit.googleapis.com" '
            f"AND ({' OR '.join(_of_kind(*kind, services, self.region) for kind in _KINDS)})"
        )

    def _entries(self, query: str, limit: int, order: str = "timestamp desc") -> Iterator[Any]:
        request = ListLogEntriesRequest(
            resource_names=[f"projects/{self.project}"], filter=query, order_by=order, page_size=min(limit, PAGE)
        )
        pages = self.client.list_log_entries(request, timeout=self.request_seconds, retry=None)
        return (LogEntry.pb(entry) for entry in islice(every(pages, SECONDS), limit))


def parts(services: Sequence[str]) -> list[list[str]]:
    """Return services in as few groups as their filters allow."""
    result: list[list[str]] = []
    room = 0
    for name in services:
        size = len(_KINDS) * (len(_quoted(name)) + len(" OR "))
        if not result or size > room:
            result.append([])
            room = LONGEST_FILTER
        result[-1].append(name)
        room -= size
    return result


def _of_kind(kind: str, label: str, place: str, services: Sequence[str], region: str) -> str:
    names = " OR ".join(map(_quoted, services))
    there = f' AND resource.labels.{place}="{region}"' if region else ""
    return f'(resource.type="{kind}" AND resource.labels.{label}=({names}){there})'


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _stamp(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def _line(entry: Any) -> LogLine:
    labels = entry.resource.labels
    name = next((labels[label] for kind, label, _ in _KINDS if entry.resource.type == kind and label in labels), "")
    at = time_of(entry, "timestamp") or time_of(entry, "receive_timestamp")
    text = _text(entry)
    if len(text) > LONGEST_TEXT:
        text = text[: LONGEST_TEXT // 2] + "\n" + text[-LONGEST_TEXT // 2 :].partition("\n")[2]
    return LogLine(service=name, at=at or EARLIEST, text=text, revision=labels.get("revision_name", ""))


def _text(entry: Any) -> str:
    """Return what an entry says: its text, the message of its fields, else which request was answered how."""
    if entry.text_payload:
        return str(entry.text_payload)
    if entry.HasField("json_payload"):
        fields = entry.json_payload.fields
        said = next(
            (fields[name].string_value for name in _MESSAGES if name in fields and fields[name].string_value), ""
        )
        if said or not entry.HasField("http_request"):
            return said or json.dumps(MessageToDict(entry.json_payload), ensure_ascii=False)
    if entry.HasField("http_request"):
        asked = entry.http_request
        path = asked.request_url.partition("?")[0]
        return f"{asked.request_method} {path} answered {asked.status}".strip()
    return ""
