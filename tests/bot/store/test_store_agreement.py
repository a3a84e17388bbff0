"""Both stores give the same answers to the same questions, whatever the order."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.store.model import AlertState, Changes, Channels, ConflictError, StateStore
from bot.store.sqlite import SqliteStore
from tests.bot.store.places import firestore_place, open_store
from tests.bot.store.records import NOW, PIPELINE, a_post, a_reply, a_report, an_alert, an_entry, an_update, later
from tests.thoroughness import examples

Step = Callable[[StateStore], object]

owners = st.sampled_from(["one", "two"])
moments = st.integers(-2, 6).map(lambda minutes: later(minutes=minutes))
POSTS = ["post", "alert:alert 1:0"]
MESSAGES = [*POSTS, "reply 1", "reply 2", "edit 1", "edit 2", "edit 3"]
JOBS = ["digest", "watch"]
CHANNELS = ["C0000001", "C0000002"]

posts = st.sampled_from(POSTS)
names = st.sampled_from(MESSAGES)
some_channels = st.frozensets(st.sampled_from(CHANNELS))
alert_keys = st.sampled_from(["alert 1", "alert 2"])
numbers = st.integers(0, 3)


def _delivery(key: str, post: str, order: int, urgent: bool, created: Any) -> Any:
    known = {"order": order, "urgent": urgent, "created_at": created, "channel": CHANNELS[order % 2]}
    if key in POSTS:
        return a_post(key, **known)
    return (a_reply if key.startswith("reply") else an_update)(key, post, **known)


def _alert(key: str, version: int, state: AlertState, at: Any) -> Any:
    resolved = at if state is AlertState.RESOLVED else None
    return an_alert(key, version=version, state=state, changed_at=at, resolved_at=resolved)


alerts = st.builds(_alert, alert_keys, numbers, st.sampled_from(AlertState), moments)
deliveries = st.builds(_delivery, names, posts, numbers, st.booleans(), moments)
reports = st.builds(
    lambda number, job, at: a_report(f"report {number}", job=job, at=at), numbers, st.sampled_from(JOBS), moments
)
entries = st.builds(lambda number, at: an_entry(f"entry {number}", at=at), numbers, moments)
changes = st.builds(
    Changes,
    alerts=st.lists(alerts, max_size=2),
    deliveries=st.lists(deliveries, max_size=4),
    reports=st.lists(reports, max_size=2),
    audit=st.lists(entries, max_size=2),
)

steps: st.SearchStrategy[Step] = st.one_of(
    changes.map(lambda each: lambda store: store.commit(each)),
    st.builds(
        lambda owner, at, limit, known: lambda store: store.claim(owner, at, at + timedelta(minutes=2), limit, known),
        owners,
        moments,
        numbers,
        st.builds(Channels, waiting=some_channels, edits_waiting=some_channels, failing=some_channels),
    ),
    st.builds(
        lambda key, owner, at: lambda store: store.record_sent(key, owner, ts="1.1", channel="C0000001", now=at),
        names,
        owners,
        moments,
    ),
    st.builds(
        lambda key, owner, at: (
            lambda store: store.hand_back(key, owner, now=at, not_before=at + timedelta(minutes=1), error="busy")
        ),
        names,
        owners,
        moments,
    ),
    st.builds(lambda key, owner: lambda store: store.bury(key, owner, error="is_archived"), names, owners),
    st.builds(
        lambda key, owner, at: lambda store: store.acquire(key, owner, at, at + timedelta(minutes=2)),
        posts,
        owners,
        moments,
    ),
    st.builds(lambda key, owner: lambda store: store.release(key, owner), posts, owners),
    st.builds(lambda key, at: lambda store: store.first_time(key, at), posts, moments),
    moments.map(lambda at: lambda store: store.prune(at)),
)


def _answer(store: StateStore, step: Step) -> object:
    try:
        found = step(store)
    except ConflictError:
        return ConflictError
    return list(found) if isinstance(found, tuple | list) else found


def _everything(store: StateStore) -> object:
    since = later(days=-1)
    return (
        list(store.open_alerts(PIPELINE)),
        list(store.recent_alerts(PIPELINE, NOW)),
        list(store.pending()),
        [store.delivery(key) for key in MESSAGES],
        list(store.reports(PIPELINE, None, since)),
        list(store.reports(PIPELINE, "digest", NOW)),
        list(store.report_heads(PIPELINE, "digest", since, 100)),
        list(store.audit(since, 10)),
    )


@pytest.fixture
def firestores(firestore_address: str) -> Callable[[], StateStore]:
    """Open a new store at each call."""
    return lambda: open_store(firestore_place(firestore_address, f"test_{uuid.uuid4().hex}_"))


@pytest.mark.xdist_group("emulators")
@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(steps, min_size=3, max_size=25))
def test_both_stores_agree(firestores: Callable[[], StateStore], todo: list[Step]) -> None:
    with closing(SqliteStore(":memory:")) as one, closing(firestores()) as other:
        for step in todo:
            assert _answer(one, step) == _answer(other, step)
        assert _everything(one) == _everything(other)
