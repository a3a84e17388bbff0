"""What only Firestore can do to its store: lose answers, hang, refuse, be overtaken, want an index."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any

import grpc
import pytest
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport

from bot.google_cloud.clients import insecure_channel
from bot.store.firestore import FirestoreStore, open_firestore_store
from bot.store.model import AlertState, Changes, ConflictError, DeliveryState, StateStore, StoreError, StoreProblem
from tests.bot.store.places import PROJECT
from tests.bot.store.records import NOW, PIPELINE, a_post, a_report, an_alert, an_entry, later
from tests.servers.firestore_emulator import write_documents
from tests.servers.lossy_firestore import LossyFirestore
from tests.servers.refusing_grpc import RefusingGrpcServer

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
LEASE = later(seconds=30)

emulated = pytest.mark.xdist_group("emulators")


def a_store(address: str, prefix: str = "test_", **options: Any) -> FirestoreStore:
    client = FirestoreClient(transport=FirestoreGrpcTransport(channel=insecure_channel(address)))
    return FirestoreStore(client, prefix, project=PROJECT, **options)


@pytest.fixture
def lossy(firestore_address: str) -> Iterator[LossyFirestore]:
    with LossyFirestore(firestore_address) as server:
        yield server


@pytest.fixture
def prefix() -> str:
    return f"test_{uuid.uuid4().hex}_"


@pytest.fixture
def store(lossy: LossyFirestore, prefix: str) -> Iterator[StateStore]:
    """The store behind the server that loses answers."""
    with closing(a_store(lossy.address, prefix)) as opened:
        yield opened


@pytest.fixture
def other(firestore_address: str, prefix: str) -> Iterator[StateStore]:
    """Another instance, whose answers arrive."""
    with closing(open_firestore_store(project=PROJECT, emulator=firestore_address, prefix=prefix)) as opened:
        yield opened


LOST = [
    pytest.param([UNAVAILABLE], id="unavailable"),
    pytest.param([grpc.StatusCode.DEADLINE_EXCEEDED], id="deadline exceeded"),
    pytest.param([grpc.StatusCode.INTERNAL], id="internal"),
    pytest.param([grpc.StatusCode.CANCELLED], id="cancelled"),
    pytest.param([grpc.StatusCode.UNKNOWN], id="unknown"),
    pytest.param([UNAVAILABLE] * 3, id="unavailable three times"),
]


@emulated
@pytest.mark.parametrize("codes", LOST)
def test_a_commit_whose_answer_is_lost_is_no_conflict_with_itself(
    lossy: LossyFirestore, store: StateStore, codes: Sequence[grpc.StatusCode]
) -> None:
    lossy.lose_answers(*codes)

    store.commit(Changes(alerts=[an_alert("one")], deliveries=[a_post()], reports=[a_report()], audit=[an_entry()]))

    assert store.alert("one") == an_alert("one", version=1)
    assert list(store.pending()) == [a_post()]
    assert lossy.commits == 1


@emulated
@pytest.mark.parametrize("codes", LOST)
def test_a_commit_that_was_not_done_is_done(
    lossy: LossyFirestore, store: StateStore, codes: Sequence[grpc.StatusCode]
) -> None:
    lossy.refuse(*codes)

    store.commit(Changes(alerts=[an_alert("one")]))

    assert store.alert("one") == an_alert("one", version=1)


@emulated
def test_a_change_of_an_alert_whose_answer_is_lost_counts_once(lossy: LossyFirestore, store: StateStore) -> None:
    store.commit(Changes(alerts=[an_alert("one")]))
    lossy.lose_answers(UNAVAILABLE)

    store.commit(Changes(alerts=[an_alert("one", version=1, title="changed")]))

    assert store.alert("one") == an_alert("one", version=2, title="changed")


@emulated
def test_our_own_commit_is_recognised_although_somebody_went_on_from_it(
    lossy: LossyFirestore, store: StateStore, other: StateStore
) -> None:
    lossy.lose_answers(UNAVAILABLE)
    lossy.meanwhile(lambda: other.commit(Changes(alerts=[an_alert("one", version=1, title="went on")])))
    lossy.meanwhile(lambda: other.claim("other", NOW, LEASE, 10))

    store.commit(Changes(alerts=[an_alert("one")], deliveries=[a_post()]))

    assert store.alert("one") == an_alert("one", version=2, title="went on")


@emulated
def test_a_real_conflict_stays_one_when_answers_are_lost(
    lossy: LossyFirestore, store: StateStore, other: StateStore
) -> None:
    other.commit(Changes(alerts=[an_alert("one")]))
    lossy.lose_answers(UNAVAILABLE)

    with pytest.raises(ConflictError):
        store.commit(Changes(alerts=[an_alert("one")], deliveries=[a_post()]))

    assert list(store.pending()) == []


@emulated
@pytest.mark.parametrize("codes", LOST)
def test_a_claim_whose_answer_is_lost_returns_what_it_leased(
    lossy: LossyFirestore, store: StateStore, codes: Sequence[grpc.StatusCode]
) -> None:
    store.commit(Changes(deliveries=[a_post("one"), a_post("two", urgent=True)]))
    lossy.lose_answers(*codes)

    found = store.claim("owner", NOW, LEASE, 10)

    assert [(each.key, each.attempts) for each in found] == [("two", 0), ("one", 0)]


@emulated
@pytest.mark.parametrize("codes", LOST)
def test_what_becomes_of_a_delivery_is_recorded_once_although_the_answer_is_lost(
    lossy: LossyFirestore, store: StateStore, codes: Sequence[grpc.StatusCode]
) -> None:
    store.commit(Changes(deliveries=[a_post(name) for name in ("sent", "again", "buried")]))
    store.claim("owner", NOW, LEASE, 10)

    lossy.lose_answers(*codes)
    assert store.record_sent("sent", "owner", ts="1.1", channel="C0000001", now=NOW)
    lossy.lose_answers(*codes)
    assert store.hand_back("again", "owner", now=NOW, not_before=LEASE, error="rate limited")
    lossy.lose_answers(*codes)
    assert store.bury("buried", "owner", error="is_archived")

    found = [store.delivery(key) for key in ("sent", "again", "buried")]
    assert [each.state for each in found if each] == [DeliveryState.SENT, DeliveryState.PENDING, DeliveryState.DEAD]
    assert [each.attempts for each in found if each] == [0, 1, 0]


@emulated
@pytest.mark.parametrize("codes", LOST)
def test_a_lease_and_an_action_key_are_ours_although_the_answer_is_lost(
    lossy: LossyFirestore, store: StateStore, other: StateStore, codes: Sequence[grpc.StatusCode]
) -> None:
    lossy.lose_answers(*codes)
    assert store.acquire("digest", "owner", NOW, LEASE)
    assert not other.acquire("digest", "other", NOW, LEASE)

    lossy.lose_answers(*codes)
    assert store.first_time("click", NOW)
    assert not other.first_time("click", NOW)

    lossy.lose_answers(*codes)
    store.release("digest", "owner")
    assert other.acquire("digest", "other", NOW, LEASE)


@emulated
def test_who_is_overtaken_does_not_get_the_lease(lossy: LossyFirestore, store: StateStore, other: StateStore) -> None:
    lossy.overtake(lambda: other.acquire("digest", "other", NOW, LEASE))

    assert not store.acquire("digest", "owner", NOW, LEASE)


@emulated
def test_who_is_overtaken_is_not_first(lossy: LossyFirestore, store: StateStore, other: StateStore) -> None:
    lossy.overtake(lambda: other.first_time("click", NOW))

    assert not store.first_time("click", NOW)


@emulated
def test_who_takes_over_a_lease_that_was_renewed_meanwhile_does_not_get_it(
    lossy: LossyFirestore, store: StateStore, other: StateStore
) -> None:
    other.acquire("digest", "other", NOW, LEASE)
    lossy.overtake(lambda: other.acquire("digest", "other", LEASE, later(minutes=5)))

    assert not store.acquire("digest", "owner", LEASE, later(minutes=5))


@emulated
def test_a_lease_that_somebody_took_over_meanwhile_is_not_released(
    lossy: LossyFirestore, store: StateStore, other: StateStore
) -> None:
    store.acquire("digest", "owner", NOW, LEASE)
    lossy.overtake(lambda: other.acquire("digest", "other", LEASE, later(minutes=5)))

    store.release("digest", "owner")

    assert not store.acquire("digest", "owner", LEASE, later(minutes=5))


@emulated
def test_who_is_overtaken_with_an_alert_conflicts(lossy: LossyFirestore, store: StateStore, other: StateStore) -> None:
    lossy.overtake(lambda: other.commit(Changes(alerts=[an_alert("one", title="faster")])))

    with pytest.raises(ConflictError):
        store.commit(Changes(alerts=[an_alert("one"), an_alert("two")], deliveries=[a_post()]))

    assert store.alert("one") == an_alert("one", version=1, title="faster")
    assert store.alert("two") is None
    assert list(store.pending()) == []


@emulated
def test_who_is_overtaken_with_a_delivery_leaves_it_and_writes_the_rest(
    lossy: LossyFirestore, store: StateStore, other: StateStore
) -> None:
    lossy.overtake(lambda: other.commit(Changes(deliveries=[a_post(channel="C0000002")])))

    store.commit(Changes(alerts=[an_alert("one")], deliveries=[a_post()]))

    assert [each.channel for each in store.pending()] == ["C0000002"]
    assert store.alert("one") is not None


@emulated
def test_who_is_overtaken_with_a_claim_gets_what_is_left(
    lossy: LossyFirestore, store: StateStore, other: StateStore
) -> None:
    store.commit(Changes(deliveries=[a_post("one"), a_post("two", created_at=later(seconds=1))]))
    lossy.overtake(lambda: other.claim("other", NOW, LEASE, 1))

    assert [each.key for each in store.claim("owner", NOW, LEASE, 10)] == ["two"]


@emulated
def test_a_delivery_that_was_taken_over_meanwhile_is_not_recorded(
    lossy: LossyFirestore, store: StateStore, other: StateStore
) -> None:
    store.commit(Changes(deliveries=[a_post("one")]))
    store.claim("slow", NOW, LEASE, 1)
    lossy.overtake(lambda: other.claim("other", LEASE, later(minutes=5), 1))

    assert not store.record_sent("one", "slow", ts="1.1", channel="C0000001", now=LEASE)

    assert [each.lease_owner for each in store.pending()] == ["other"]


@emulated
def test_an_alert_that_reopens_while_it_is_being_deleted_stays_with_its_thread(
    lossy: LossyFirestore, store: StateStore, other: StateStore
) -> None:
    alert = an_alert("one", state=AlertState.RESOLVED, resolved_at=NOW)
    store.commit(Changes(alerts=[alert], deliveries=[a_post(alert.thread)]))
    store.claim("owner", NOW, LEASE, 1)
    store.record_sent(alert.thread, "owner", ts="1.1", channel="C0000001", now=NOW)
    lossy.overtake(lambda: other.commit(Changes(alerts=[an_alert("one", version=1)])))

    assert store.prune(later(days=400)) == 0

    assert store.alert("one") == an_alert("one", version=2)
    assert store.delivery(alert.thread) is not None


@emulated
def test_who_is_overtaken_each_time_writes_nothing_and_says_so(lossy: LossyFirestore, prefix: str) -> None:
    with closing(a_store(lossy.address, prefix, retry_seconds=0.1)) as store:
        store.commit(Changes(deliveries=[a_post("one")]))
        lossy.refuse(*[grpc.StatusCode.ABORTED] * 100)

        with pytest.raises(ConflictError):
            store.commit(Changes(alerts=[an_alert("one")]))
        with pytest.raises(StoreError) as raised:
            store.acquire("digest", "owner", NOW, LEASE)
        assert list(store.claim("owner", NOW, LEASE, 10)) == []
        assert store.prune(later(days=400)) == 0

        assert raised.value.retryable
        assert store.alert("one") is None
        assert [each.lease_owner for each in store.pending()] == [None]


@emulated
@pytest.mark.parametrize("stored", ["{}", b"not compressed", None], ids=["no record", "no compressed one", "nothing"])
def test_a_document_that_is_no_record_is_said_and_no_retry_helps(
    firestore_address: str, prefix: str, other: StateStore, stored: str | bytes | None
) -> None:
    write_documents(firestore_address, PROJECT, {f"{prefix}alerts/one": {"record": stored}})

    with pytest.raises(StoreError) as raised:
        other.alert("one")

    assert not raised.value.retryable


@emulated
def test_no_question_needs_a_composite_index(lossy: LossyFirestore, store: StateStore) -> None:
    alert = an_alert("one")
    store.commit(Changes(alerts=[alert], deliveries=[a_post(alert.thread)], reports=[a_report()], audit=[an_entry()]))
    store.open_alerts(PIPELINE)
    store.recent_alerts(PIPELINE, NOW)
    store.claim("owner", NOW, LEASE, 10)
    store.pending()
    store.reports(PIPELINE, "digest", NOW)
    store.reports(PIPELINE, None, NOW)
    store.audit(NOW, 10)
    store.prune(later(days=1))

    assert len(lossy.queries) > 10
    for query in lossy.queries:
        filters = query.where.composite_filter.filters
        asked = [(each.field_filter.field.field_path, each.field_filter.op.name) for each in filters]
        equal = {field for field, operator in asked if operator == "EQUAL"}
        ranged = {field for field, operator in asked if operator != "EQUAL"}
        ordered = {each.field.field_path for each in query.order_by}
        assert len(ranged | ordered) <= 1
        assert not (equal and (ranged | ordered))


def _each_method() -> Sequence[Callable[[StateStore], object]]:
    return [
        lambda store: store.commit(Changes(alerts=[an_alert("one")])),
        lambda store: store.alert("one"),
        lambda store: store.open_alerts(PIPELINE),
        lambda store: store.recent_alerts(PIPELINE, NOW),
        lambda store: store.claim("owner", NOW, LEASE, 10),
        lambda store: store.record_sent("one", "owner", ts="1.1", channel="C0000001", now=NOW),
        lambda store: store.hand_back("one", "owner", now=NOW, not_before=NOW, error=""),
        lambda store: store.bury("one", "owner", error=""),
        lambda store: store.delivery("one"),
        lambda store: store.pending(),
        lambda store: store.acquire("digest", "owner", NOW, LEASE),
        lambda store: store.release("digest", "owner"),
        lambda store: store.first_time("click", NOW),
        lambda store: store.report("one"),
        lambda store: store.reports(PIPELINE, None, NOW),
        lambda store: store.audit(NOW, 10),
        lambda store: store.prune(NOW),
        lambda store: store.ping(),
    ]


@pytest.mark.parametrize(
    ("code", "retryable"),
    [
        (UNAVAILABLE, True),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, True),
        (grpc.StatusCode.PERMISSION_DENIED, False),
        (grpc.StatusCode.NOT_FOUND, False),
        (grpc.StatusCode.FAILED_PRECONDITION, False),
        (grpc.StatusCode.UNAUTHENTICATED, False),
    ],
    ids=lambda value: value.name.lower() if isinstance(value, grpc.StatusCode) else "",
)
def test_a_store_that_is_down_is_a_store_error_of_every_method(code: grpc.StatusCode, retryable: bool) -> None:
    server = RefusingGrpcServer(code, "token=ya29.secret at https://example.com/?key=AIzaSecret")
    with server, closing(a_store(server.address, retry_seconds=0.05)) as store:
        for method in _each_method():
            with pytest.raises(StoreError) as raised:
                method(store)

            assert raised.value.retryable is retryable
            assert "ecret" not in str(raised.value)


def test_a_store_that_hangs_costs_the_time_out_and_no_more() -> None:
    with (
        RefusingGrpcServer(None) as server,
        closing(a_store(server.address, request_seconds=0.2, retry_seconds=0.1)) as store,
    ):
        began = time.monotonic()
        with pytest.raises(StoreError) as raised:
            store.commit(Changes(alerts=[an_alert("one")]))

        assert raised.value.retryable
        assert time.monotonic() - began < 3


def test_the_health_of_a_store_that_is_down_is_known_after_one_question() -> None:
    with RefusingGrpcServer(UNAVAILABLE) as server, closing(a_store(server.address)) as store:
        with pytest.raises(StoreError):
            store.ping()

        assert server.calls == {"Commit": 1}


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        pytest.param(grpc.StatusCode.RESOURCE_EXHAUSTED, StoreProblem.QUOTA, id="quota"),
        pytest.param(grpc.StatusCode.PERMISSION_DENIED, StoreProblem.FORBIDDEN, id="permission"),
        pytest.param(grpc.StatusCode.UNAVAILABLE, StoreProblem.OTHER, id="unavailable"),
    ],
)
def test_the_health_of_a_store_that_takes_no_writes_says_why(code: grpc.StatusCode, problem: StoreProblem) -> None:
    with RefusingGrpcServer(code) as server, closing(a_store(server.address)) as store:
        with pytest.raises(StoreError) as raised:
            store.ping()

        assert raised.value.problem is problem


def test_nothing_to_write_asks_nothing() -> None:
    with (
        RefusingGrpcServer(grpc.StatusCode.INTERNAL) as server,
        closing(a_store(server.address, retry_seconds=0.05)) as store,
    ):
        store.commit(Changes())

        assert not server.calls


def test_a_closed_store_says_so() -> None:
    store = a_store("127.0.0.1:1")
    store.close()

    with pytest.raises(StoreError) as raised:
        store.ping()

    assert not raised.value.retryable


@emulated
def test_two_prefixes_are_two_stores(firestore_address: str, prefix: str) -> None:
    with (
        closing(a_store(firestore_address, f"{prefix}one_")) as one,
        closing(a_store(firestore_address, f"{prefix}two_")) as two,
    ):
        one.commit(Changes(alerts=[an_alert("one")], deliveries=[a_post()]))

        assert two.alert("one") is None
        assert list(two.pending()) == []
        assert two.prune(later(days=400)) == 0
        assert one.alert("one") is not None
