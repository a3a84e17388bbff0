"""The store in Firestore: for any number of instances.

A record is one field of JSON beside the few fields that are looked for, so that a long report costs one
index entry. Every question is about one field, or about equality alone: no composite index is needed.
Times are kept as text that sorts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from google.cloud.firestore_v1.types import Write

from bot.google_cloud.clients import EMULATOR_METADATA, insecure_channel
from bot.store import transitions
from bot.store.codec import Record, moment_text
from bot.store.firestore_documents import (
    Fields,
    Filter,
    FirestoreCollections,
    OvertakenError,
    Result,
    StoredDocument,
    new_token,
)
from bot.store.firestore_fields import (
    HEAD,
    STILL_OPEN,
    alert_fields,
    delivery_fields,
    entry_fields,
    line,
    record,
    report_fields,
    report_head,
)
from bot.store.firestore_retention import ACTIONS, ALERTS, AUDIT, DELIVERIES, LEASES, REPORTS, prune
from bot.store.migrations import FORMAT, NEWEST, NewerStoreError
from bot.store.model import (
    EVERY_CHANNEL_WORKS,
    Alert,
    AuditEntry,
    Changes,
    Channels,
    ConflictError,
    Delivery,
    DeliveryState,
    Lease,
    ReportHead,
    StoredReport,
    StoreError,
)
from bot.store.queue import Choice, choose, in_order, referred

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

STORE = "store"
"""Holds one document, which names the version of the records."""

REQUEST_SECONDS = 5.0
RETRY_SECONDS = 10.0

_CLOSED_AT_ONCE = 100


def open_firestore_store(
    *,
    project: str,
    database: str = "(default)",
    emulator: str | None = None,
    prefix: str = "reveille_",
    credentials: Credentials | None = None,
) -> FirestoreStore:
    """Build the client, and the store on it; nothing is asked yet. ``emulator`` is ``host:port``."""
    if emulator is None:
        return FirestoreStore(FirestoreClient(credentials=credentials), prefix, project=project, database=database)
    client = FirestoreClient(transport=FirestoreGrpcTransport(channel=insecure_channel(emulator)))
    return FirestoreStore(client, prefix, project=project, database=database, metadata=EMULATOR_METADATA)


class FirestoreStore:
    """A StateStore in collections whose names begin with ``prefix``.

    ``request_seconds`` bounds one request, ``retry_seconds`` how long a method tries again.
    """

    def __init__(
        self,
        client: FirestoreClient,
        prefix: str = "reveille_",
        *,
        project: str,
        database: str = "(default)",
        metadata: Sequence[tuple[str, str]] = (),
        request_seconds: float = REQUEST_SECONDS,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._collections = FirestoreCollections(
            client,
            project=project,
            database=database,
            prefix=prefix,
            metadata=metadata,
            request_seconds=request_seconds,
            retry_seconds=retry_seconds,
        )

    def commit(self, changes: Changes) -> None:
        """Write everything or nothing; stored alerts get ``version + 1``. Raises ConflictError and StoreError."""
        token = new_token()
        wanted = self._documents(changes, token)
        if not wanted:
            return

        def attempt() -> None:
            stored = self._collections.get(wanted)
            if any(each.fields.get("commit") == token for each in stored.values()):
                # An earlier attempt did it, and only its answer was lost.
                return
            writes = self._alert_writes(changes.alerts, wanted, stored)
            alerts = {write.update.name for write in writes}
            for name, fields in wanted.items():
                if name not in alerts and name not in stored:
                    writes.append(self._collections.create(name, fields))
            self._collections.commit(writes)

        try:
            self._settled(attempt)
        except OvertakenError as error:
            raise ConflictError(f"others wrote the same records each time: {error}") from error

    def alert(self, key: str) -> Alert | None:
        return self._one(Alert, ALERTS, key)

    def open_alerts(self, pipeline: str) -> Sequence[Alert]:
        found = self._query(Alert, ALERTS, ("pipeline", "EQUAL", pipeline), ("ended_at", "EQUAL", STILL_OPEN))
        return sorted(found, key=lambda each: (each.opened_at, each.key))

    def recent_alerts(self, pipeline: str, since: datetime) -> Sequence[Alert]:
        found = self._query(Alert, ALERTS, ("ended_at", "GREATER_THAN_OR_EQUAL", moment_text(since)))
        ours = (each for each in found if each.pipeline == pipeline)
        return sorted(ours, key=lambda each: (each.changed_at, each.key), reverse=True)

    def claim(
        self,
        owner: str,
        now: datetime,
        lease_until: datetime,
        limit: int,
        channels: Channels = EVERY_CHANNEL_WORKS,
    ) -> Sequence[Delivery]:
        token = new_token()
        tried: dict[str, Delivery] = {}

        def attempt() -> Sequence[Delivery]:
            pending = {each.name: each for each in self._pending()}
            deliveries = {name: record(Delivery, document) for name, document in pending.items()}
            ours = {deliveries[name].key for name, each in pending.items() if each.fields.get("change") == token}
            if ours:
                # An earlier attempt did it, and only its answer was lost.
                return [each for key, each in tried.items() if key in ours]
            choice = choose(
                deliveries.values(),
                self._targets(deliveries.values()),
                owner=owner,
                now=now,
                lease_until=lease_until,
                limit=limit,
                channels=channels,
            )
            tried.update((each.key, each) for each in choice.claimed)
            self._collections.commit(self._claim_writes(choice, pending, token))
            return choice.claimed

        try:
            return self._settled(attempt)
        except OvertakenError:
            # The others took what there was; there is always a next time.
            return ()

    def record_sent(self, key: str, owner: str, *, ts: str, channel: str, now: datetime) -> bool:
        return self._change(key, lambda found: transitions.sent(found, owner, ts=ts, channel=channel, now=now))

    def hand_back(self, key: str, owner: str, *, now: datetime, not_before: datetime, error: str) -> bool:
        return self._change(
            key, lambda found: transitions.handed_back(found, owner, now=now, not_before=not_before, error=error)
        )

    def bury(self, key: str, owner: str, *, error: str) -> bool:
        return self._change(key, lambda found: transitions.buried(found, owner, error=error))

    def delivery(self, key: str) -> Delivery | None:
        return self._one(Delivery, DELIVERIES, key)

    def pending(self) -> Sequence[Delivery]:
        return in_order(record(Delivery, each) for each in self._settled(self._pending))

    def acquire(self, lease: str, owner: str, now: datetime, until: datetime) -> bool:
        name = self._collections.name(LEASES, lease)
        fields: Fields = {"owner": owner, "ended_at": moment_text(until)}

        def attempt() -> bool:
            held = self._collections.get([name]).get(name)
            if held is None:
                self._collections.commit([self._collections.create(name, fields)])
                return True
            if held.fields["owner"] != owner and str(held.fields["ended_at"]) > moment_text(now):
                return False
            self._collections.commit([self._collections.change(held, fields)])
            return True

        return self._decided(attempt)

    def release(self, lease: str, owner: str) -> None:
        name = self._collections.name(LEASES, lease)

        def attempt() -> bool:
            held = self._collections.get([name]).get(name)
            if held is not None and held.fields["owner"] == owner:
                self._collections.commit([self._collections.delete(held)])
            return True

        self._decided(attempt)

    def lease(self, lease: str, now: datetime) -> Lease | None:
        name = self._collections.name(LEASES, lease)
        held = self._settled(lambda: self._collections.get([name]).get(name))
        if held is None or str(held.fields["ended_at"]) <= moment_text(now):
            return None
        return Lease(str(held.fields["owner"]), datetime.fromisoformat(str(held.fields["ended_at"])))

    def first_time(self, action_key: str, now: datetime) -> bool:
        name = self._collections.name(ACTIONS, action_key)
        token = new_token()
        fields: Fields = {"token": token, "ended_at": moment_text(now)}

        def attempt() -> bool:
            known = self._collections.get([name]).get(name)
            if known is None:
                self._collections.commit([self._collections.create(name, fields)])
                return True
            # Ours already: an earlier attempt did it, and only its answer was lost.
            return known.fields["token"] == token

        return self._decided(attempt)

    def report(self, key: str) -> StoredReport | None:
        return self._one(StoredReport, REPORTS, key)

    def reports(
        self, pipeline: str, job: str | None, since: datetime, *, limit: int | None = None
    ) -> Sequence[StoredReport]:
        found = self._newest_reports(pipeline, job, since, limit)
        return sorted((record(StoredReport, each) for each in found), key=_newness, reverse=True)

    def report_heads(self, pipeline: str, job: str, since: datetime, limit: int) -> Sequence[ReportHead]:
        found = self._newest_reports(pipeline, job, since, limit, only=HEAD)
        # A report of an older version of this program has no such fields, so it is read whole.
        older = self._collections.settled(
            lambda: self._collections.get(each.name for each in found if "previous" not in each.fields)
        )
        heads = [report_head(each) for each in found if each.name not in older]
        heads += [record(StoredReport, each).head for each in older.values()]
        return sorted(heads, key=_newness, reverse=True)

    def audit_entry(self, key: str) -> AuditEntry | None:
        return self._one(AuditEntry, AUDIT, key)

    def audit(self, since: datetime, limit: int) -> Sequence[AuditEntry]:
        if limit < 1:
            return []
        found = self._settled(
            lambda: self._collections.query(
                AUDIT,
                ("ended_at", "GREATER_THAN_OR_EQUAL", moment_text(since)),
                newest_by="ended_at",
                limit=limit,
            )
        )
        return sorted((record(AuditEntry, each) for each in found), key=lambda each: (each.at, each.key), reverse=True)

    def prune(self, before: datetime) -> int:
        return prune(self._collections, moment_text(before), self.pending())

    def ping(self) -> None:
        """Write one small document; who asks for the health wants to know now and will ask again."""
        fields: Fields = {"owner": "", "ended_at": moment_text(datetime.now(UTC))}
        name = self._collections.name(LEASES, "probe")
        self._collections.settled(lambda: self._collections.put(name, fields), once=True)

    def close(self) -> None:
        self._collections.close()

    def _documents(self, changes: Changes, token: str) -> dict[str, Fields]:
        """Return what a commit writes by the document's name; of a key that is there twice, the first."""
        documents: dict[str, Fields] = {}
        for alert in changes.alerts:
            name = self._collections.name(ALERTS, alert.key)
            if name in documents:
                raise ConflictError(f"the alert {alert.key} is twice in one commit")
            documents[name] = alert_fields(replace(alert, version=alert.version + 1))
        for delivery in changes.deliveries:
            fields = {"key": delivery.key, "target": delivery.target or delivery.lane, **delivery_fields(delivery)}
            documents.setdefault(self._collections.name(DELIVERIES, delivery.key), fields)
        for report in changes.reports:
            documents.setdefault(self._collections.name(REPORTS, report.key), report_fields(report))
        for entry in changes.audit:
            documents.setdefault(self._collections.name(AUDIT, entry.key), entry_fields(entry))
        return {name: {**fields, "commit": token} for name, fields in documents.items()}

    def _alert_writes(
        self, alerts: Iterable[Alert], wanted: Mapping[str, Fields], stored: Mapping[str, StoredDocument]
    ) -> list[Write]:
        """Return the writes of alerts over the versions that they were made from. Raises ConflictError."""
        writes = []
        for alert in alerts:
            name = self._collections.name(ALERTS, alert.key)
            found = stored.get(name)
            if (0 if found is None else found.fields["version"]) != alert.version:
                raise ConflictError(f"the alert {alert.key} is no longer at version {alert.version}")
            fields = wanted[name]
            writes.append(
                self._collections.create(name, fields) if found is None else self._collections.change(found, fields)
            )
        return writes

    def _claim_writes(self, choice: Choice, pending: Mapping[str, StoredDocument], token: str) -> list[Write]:
        changed = (*choice.claimed, *choice.closed[:_CLOSED_AT_ONCE])
        return [
            self._collections.change(
                pending[self._collections.name(DELIVERIES, each.key)], {**delivery_fields(each), "change": token}
            )
            for each in changed
        ]

    def _change(self, key: str, transition: Callable[[Delivery | None], Delivery | None]) -> bool:
        """Store what a transition makes of a delivery; False when it makes nothing of it."""
        name = self._collections.name(DELIVERIES, key)
        token = new_token()

        def attempt() -> bool:
            stored = self._collections.get([name]).get(name)
            if stored is None:
                return False
            if stored.fields.get("change") == token:
                # An earlier attempt did it, and only its answer was lost.
                return True
            found = record(Delivery, stored)
            changed = transition(found)
            if changed is not None and changed != found:
                fields: Fields = {**delivery_fields(changed), "change": token}
                self._collections.commit([self._collections.change(stored, fields)])
            return changed is not None

        return self._decided(attempt)

    def _newest_reports(
        self, pipeline: str, job: str | None, since: datetime, limit: int | None, only: Sequence[str] = ()
    ) -> Sequence[StoredDocument]:
        if limit is not None and limit < 1:
            return []
        field, start = ("by_pipeline", line(pipeline)) if job is None else ("by_job", line(pipeline, job))
        return self._settled(
            lambda: self._collections.query(
                REPORTS,
                (field, "GREATER_THAN_OR_EQUAL", f"{start}{moment_text(since)}"),
                (field, "LESS_THAN", f"{start}~"),  # no time begins with it, and every time comes before it
                newest_by=field,
                limit=limit,
                only=only,
            )
        )

    def _pending(self) -> Sequence[StoredDocument]:
        return self._collections.query(DELIVERIES, ("state", "EQUAL", DeliveryState.PENDING.value))

    def _targets(self, pending: Iterable[Delivery]) -> Mapping[str, Delivery]:
        found = self._collections.get(self._collections.name(DELIVERIES, key) for key in referred(pending))
        deliveries = [record(Delivery, each) for each in found.values()]
        return {each.key: each for each in deliveries}

    def _one(self, kind: type[Record], collection: str, key: str) -> Record | None:
        name = self._collections.name(collection, key)
        found = self._settled(lambda: self._collections.get([name])).get(name)
        return None if found is None else record(kind, found)

    def _query(self, kind: type[Record], collection: str, *filters: Filter) -> list[Record]:
        found = self._settled(lambda: self._collections.query(collection, *filters))
        return [record(kind, each) for each in found]

    def _decided(self, attempt: Callable[[], bool]) -> bool:
        try:
            return self._settled(attempt)
        except OvertakenError as error:
            raise StoreError(f"others wrote the same record each time: {error}") from error

    def holds_records(self) -> bool:
        """Whether there is an alert or a record of the audit, asked once. Raises StoreError."""
        return any(
            self._collections.settled(
                lambda name=name: self._collections.query(name, limit=1, only=["__name__"]),  # type: ignore[misc]
                once=True,
            )
            for name in (ALERTS, AUDIT)
        )

    def meet_format(self) -> None:
        """Note which version of records this program writes. Raises StoreError for what a newer one writes to."""
        name = self._collections.name(STORE, FORMAT)
        wanted: Fields = {"version": NEWEST}

        def attempt() -> None:
            found = self._collections.get([name]).get(name)
            version = 1 if found is None else found.fields["version"]
            if not isinstance(version, int) or version > NEWEST:
                raise NewerStoreError(version)
            if found is None:
                self._collections.commit([self._collections.create(name, wanted)])
            elif version < NEWEST:
                self._collections.commit([self._collections.change(found, wanted)])

        # Another instance that was faster has noted the same.
        with suppress(OvertakenError):
            self._settled(attempt)

    def _settled(self, attempt: Callable[[], Result]) -> Result:
        return self._collections.settled(attempt)


def _newness(report: StoredReport | ReportHead) -> tuple[datetime, str]:
    return report.at, report.key
