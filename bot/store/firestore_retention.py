"""What the Firestore store deletes when the history is over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from bot.store.firestore_documents import FirestoreCollections, OvertakenError, StoredDocument
from bot.store.model import Delivery

ALERTS, DELIVERIES, REPORTS, AUDIT = "alerts", "deliveries", "reports", "audit"
LEASES, ACTIONS = "leases", "actions"

_DELETED_AT_ONCE = 200


def prune(collections: FirestoreCollections, limit: str, waiting: Iterable[Delivery]) -> int:
    """Delete what ended before a time; what changes meanwhile stays until the next time. Return how many.

    An alert goes with all messages of its thread, in one commit: a key of theirs may come back with a later
    incident. The message that opened a thread stays as long as its alert, and as long as anything waits
    to be said in it.
    """
    in_use = {key for each in waiting for key in (each.key, each.target) if key is not None}
    deleted = sum(
        _delete(collections, _with_thread(collections, each))
        for each in _ended(collections, ALERTS, limit, "thread")
        if each.fields["thread"] not in in_use
    )
    every_alert = collections.settled(lambda: collections.query(ALERTS, only=["thread"]))
    in_use |= {str(each.fields["thread"]) for each in every_alert}
    messages = _ended(collections, DELIVERIES, limit, "key")
    deleted += _delete_all(collections, (each for each in messages if each.fields["key"] not in in_use))
    for name in (REPORTS, AUDIT, ACTIONS, LEASES):
        deleted += _delete_all(collections, _ended(collections, name, limit, "ended_at"))
    return deleted


def _ended(collections: FirestoreCollections, name: str, limit: str, field: str) -> Sequence[StoredDocument]:
    return collections.settled(lambda: collections.query(name, ("ended_at", "LESS_THAN", limit), only=[field]))


def _with_thread(collections: FirestoreCollections, alert: StoredDocument) -> Sequence[StoredDocument]:
    thread = str(alert.fields["thread"])
    name = collections.name(DELIVERIES, thread)
    post = collections.settled(lambda: collections.get([name]))
    answers = collections.settled(lambda: collections.query(DELIVERIES, ("target", "EQUAL", thread), only=["key"]))
    return [alert, *post.values(), *answers]


def _delete_all(collections: FirestoreCollections, documents: Iterable[StoredDocument]) -> int:
    remaining, deleted = iter(documents), 0
    while some := list(islice(remaining, _DELETED_AT_ONCE)):
        deleted += _delete(collections, some)
    return deleted


def _delete(collections: FirestoreCollections, documents: Sequence[StoredDocument]) -> int:
    """Delete all or, when one of them changed meanwhile, none; return how many."""

    def attempt() -> int:
        try:
            collections.commit([collections.delete(each) for each in documents])
        except OvertakenError:
            return 0
        return len(documents)

    return collections.settled(attempt)
