from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from checks.pipeline import Limits
from checks.ports.documents import read_document
from checks.ports.services import read_service
from checks.ports.warehouse import BIGQUERY, Query, read_rows
from checks.reads import ReadCache, Reads
from checks.source import Problem, SourceError
from tests.fakes import FakeControlPlane, FakeDocuments, FakeWarehouse, ports

SOON = 5.0


class Counter:
    """Counts calls, and how many were under way at once."""

    def __init__(self, work: Callable[[], Any] = lambda: None) -> None:
        self.calls = 0
        self.most_at_once = 0
        self._now = 0
        self._work = work
        self._lock = threading.Lock()

    def __call__(self) -> Any:
        with self._lock:
            self.calls += 1
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            return self._work()
        finally:
            with self._lock:
                self._now -= 1


def test_a_question_is_asked_once_whoever_asks() -> None:
    cache = ReadCache(Limits(bigquery=4))
    question = Counter(lambda: "answer")

    asked = [cache.ask(BIGQUERY, "the same", 1, question) for _ in range(20)]
    answers = {each.answer.result(SOON) for each in asked}

    assert answers == {"answer"}
    assert question.calls == 1
    assert len(cache.records) == 1


def test_a_failed_question_is_not_asked_again_in_the_same_run() -> None:
    cache = ReadCache(Limits(bigquery=4))

    def fail() -> None:
        raise SourceError("BigQuery", Problem.DENIED, "no")

    question = Counter(fail)
    for _ in range(3):
        with pytest.raises(SourceError):
            cache.ask(BIGQUERY, "denied", 1, question).answer.result(SOON)

    assert question.calls == 1
    assert [record.answered for record in cache.records] == [False]


def test_a_source_is_never_asked_more_at_once_than_its_bound() -> None:
    cache = ReadCache(Limits(bigquery=3))
    question = Counter(lambda: time.sleep(0.005))

    asked = [cache.ask(BIGQUERY, str(number), 1, question) for number in range(30)]
    for each in asked:
        each.answer.result(SOON)

    assert question.calls == 30
    assert question.most_at_once == 3


def test_independent_questions_are_under_way_at_the_same_time() -> None:
    everyone = threading.Barrier(8)
    cache = ReadCache(Limits(bigquery=8))

    asked = [cache.ask(BIGQUERY, str(number), 1, lambda: everyone.wait(SOON)) for number in range(8)]

    assert sorted(each.answer.result(SOON) for each in asked) == list(range(8))


def test_planned_documents_travel_in_one_request() -> None:
    documents = FakeDocuments({"done/a": {"x": 1}})
    reads = Reads(ReadCache(Limits(firestore=4)), ports(documents=documents), frozenset({"done/a", "done/b"}), SOON)

    first, second = read_document(reads, "done/a"), read_document(reads, "done/b")
    other = read_document(reads, "elsewhere/c")

    found = first.result()
    assert found is not None
    assert found.data == {"x": 1}
    assert second.result() is None
    assert other.result() is None
    assert sorted(documents.requests) == [("done/a", "done/b"), ("elsewhere/c",)]


def test_a_look_that_hangs_ends_at_the_deadline_and_names_its_source() -> None:
    released = threading.Event()
    warehouse = FakeWarehouse(lambda _: released.wait(SOON) and ())
    reads = Reads(ReadCache(Limits(bigquery=1)), ports(warehouse=warehouse), frozenset(), 0.05)

    with pytest.raises(SourceError) as caught:
        read_rows(reads, Query("SELECT 1")).result()
    released.set()

    assert caught.value.source == BIGQUERY.name
    assert caught.value.problem == Problem.TIMED_OUT


def test_the_depth_of_a_look_counts_the_answers_that_it_waited_for() -> None:
    cache = ReadCache(Limits(bigquery=4, control_plane=4))
    reads = Reads(cache, ports(warehouse=FakeWarehouse(lambda _: ()), control_plane=FakeControlPlane()), frozenset(), 5)

    first, beside = read_rows(reads, Query("SELECT 1")), read_rows(reads, Query("SELECT 2"))
    first.result()
    beside.result()
    read_service(reads, "a").result()

    assert sorted((record.source, record.depth) for record in cache.records) == [
        (BIGQUERY.name, 1),
        (BIGQUERY.name, 1),
        ("Cloud Run", 2),
    ]
