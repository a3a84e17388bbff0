from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store.codec import decode, encode, moment_text
from bot.store.model import (
    Alert,
    AlertState,
    AuditEntry,
    Delivery,
    DeliveryKind,
    DeliveryState,
    SnoozeUntil,
    StoredReport,
    StoreError,
)
from checks.model import Severity
from tests.bot.store.records import NOW, a_post, a_report, an_alert, an_entry

moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).flatmap(  # noqa: DTZ001 - the zone is drawn next
    lambda naive: st.integers(-14, 14).map(lambda hours: naive.replace(tzinfo=timezone(timedelta(hours=hours))))
)
texts = st.text(st.characters(), max_size=30)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(texts, json_values, max_size=3)
alerts = st.builds(
    Alert,
    **dict.fromkeys(
        ("key", "pipeline", "check", "code", "subject", "title", "channel", "fingerprint", "reason"), texts
    ),
    **dict.fromkeys(("opened_at", "changed_at", "notified_at"), moments),
    **{name: st.none() | moments for name in ("resolved_at", "snoozed_until")},
    **{name: st.none() | texts for name in ("interval", "phase", "owner")},
    **{name: st.integers(0) for name in ("generation", "unknown_runs", "version")},
    severity=st.sampled_from(Severity),
    state=st.sampled_from(AlertState),
    snooze_ends_on=st.sampled_from(SnoozeUntil),
    details=objects,
)
deliveries = st.builds(
    Delivery,
    **dict.fromkeys(("key", "channel", "error"), texts),
    **{name: st.none() | moments for name in ("not_before", "lease_until", "sent_at")},
    **{name: st.none() | texts for name in ("target", "lease_owner", "ts", "posted_channel")},
    kind=st.sampled_from(DeliveryKind),
    state=st.sampled_from(DeliveryState),
    body=objects,
    created_at=moments,
    urgent=st.booleans(),
    order=st.integers(),
    attempts=st.integers(0),
)
reports = st.builds(
    StoredReport,
    **dict.fromkeys(("key", "pipeline", "job", "previous", "verdict"), texts),
    at=moments,
    document=objects,
)
entries = st.builds(
    AuditEntry,
    **dict.fromkeys(("key", "actor", "action", "subject", "outcome"), texts),
    at=moments,
    details=objects,
)


@given(alerts | deliveries | reports | entries)
def test_every_record_comes_back_as_it_was(record: Any) -> None:
    text = encode(record)

    assert decode(type(record), text) == record
    assert text.isascii()


@given(moments, moments)
def test_times_sort_as_text(one: datetime, other: datetime) -> None:
    assert (one < other) == (moment_text(one) < moment_text(other))


def test_a_time_is_written_in_utc_with_all_its_digits() -> None:
    assert (
        moment_text(datetime(2026, 2, 11, 8, tzinfo=timezone(timedelta(hours=-5))))
        == "2026-02-11T13:00:00.000000+00:00"
    )


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(replace(an_alert(), opened_at=NOW.replace(tzinfo=None)), id="a time without a zone"),
        pytest.param(a_report(document={"rate": float("nan")}), id="no number"),
        pytest.param(an_entry(details={"at": {1, 2}}), id="no JSON"),
    ],
)
def test_what_cannot_be_kept_is_refused(record: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        encode(record)


@pytest.mark.parametrize(
    "record", [an_alert(), a_post(), a_report(), an_entry()], ids=lambda record: type(record).__name__
)
def test_a_field_of_a_newer_version_is_ignored(record: Any) -> None:
    document = {**json.loads(encode(record)), "later": "field"}

    assert decode(type(record), json.dumps(document)) == record


def test_a_field_that_an_older_version_did_not_know_has_its_default() -> None:
    document = json.loads(encode(an_alert(unknown_runs=3)))
    del document["unknown_runs"], document["snooze_ends_on"]

    assert decode(Alert, json.dumps(document)) == an_alert()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("{", id="no JSON"),
        pytest.param("[]", id="no object"),
        pytest.param("{}", id="no fields"),
        pytest.param(encode(an_alert()).replace('"firing"', '"exploded"'), id="a state of a newer version"),
        pytest.param(encode(an_alert()).replace('"P0"', '"P9"'), id="no severity"),
        pytest.param(encode(an_alert()).replace(f'"{moment_text(NOW)}"', "7"), id="no time"),
    ],
)
def test_what_is_no_record_is_a_store_error_that_no_retry_helps(text: str) -> None:
    with pytest.raises(StoreError) as raised:
        decode(Alert, text)

    assert not raised.value.retryable


def test_a_time_comes_back_aware() -> None:
    found = decode(StoredReport, encode(a_report()))

    assert found.at.tzinfo == UTC
