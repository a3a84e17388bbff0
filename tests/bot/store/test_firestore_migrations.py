"""Firestore with records of the former version: read as they are, and refused where a newer program has written."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from bot.store.codec import encode
from bot.store.firestore import STORE, FirestoreStore, open_firestore_store
from bot.store.firestore_fields import report_fields
from bot.store.firestore_retention import REPORTS
from bot.store.migrations import FORMAT, NEWEST, NewerStoreError
from tests.bot.store.places import PROJECT
from tests.bot.store.records import a_report, later

pytestmark = pytest.mark.xdist_group("emulators")


@pytest.fixture
def store(firestore_address: str) -> Iterator[FirestoreStore]:
    with closing(
        open_firestore_store(project=PROJECT, emulator=firestore_address, prefix=f"test_{uuid.uuid4().hex}_")
    ) as opened:
        yield opened


def test_several_instances_note_the_version_at_once(store: FirestoreStore) -> None:
    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(lambda _: store.meet_format(), range(8)))

    name = store._collections.name(STORE, FORMAT)
    assert store._collections.get([name])[name].fields["version"] == NEWEST


def test_what_a_newer_program_writes_to_is_refused(store: FirestoreStore) -> None:
    store._collections.put(store._collections.name(STORE, FORMAT), {"version": NEWEST + 1})

    with pytest.raises(NewerStoreError):
        store.meet_format()


def test_a_report_of_the_former_version_is_listed_and_read(store: FirestoreStore) -> None:
    report = a_report()
    record = {name: each for name, each in json.loads(encode(report)).items() if name not in (FORMAT, "previous")}
    fields = {name: each for name, each in report_fields(report).items() if name != "previous"}
    former = {**fields, "night": report.previous}
    former["record"] = json.dumps({**record, "night": report.previous})
    store._collections.put(store._collections.name(REPORTS, report.key), former)

    heads = store.report_heads(report.pipeline, report.job, later(days=-1), 10)
    found = store.report(report.key)

    assert heads == [report.head]
    assert found is not None
    assert found.previous == report.previous
