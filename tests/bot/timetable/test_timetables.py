"""The timetables of several pipelines: together, and each by its name."""

from __future__ import annotations

import time

import pytest

from bot.store.model import StoreError
from bot.timetable.slots import UnknownJobError
from bot.timetable.timetables import Timetables


class Timetable:
    def __init__(self, failure: Exception | None = None, stops_in: float = 0.0) -> None:
        self.done: list[str] = []
        self.running = False
        self._failure = failure
        self._stops_in = stops_in

    def start(self) -> None:
        self.running = True

    def stop(self, seconds: float = 0.0) -> bool:
        time.sleep(min(self._stops_in, seconds))
        return self._stops_in <= seconds

    def run(self, job: str) -> str:
        if self._failure is not None:
            raise self._failure
        self.done.append(job)
        return "posted"


def test_a_job_without_a_name_is_done_for_each() -> None:
    first, second = Timetable(), Timetable()

    assert Timetables({"nba": first, "events": second}).run("digest") == "nba: posted; events: posted"
    assert first.done == second.done == ["digest"]


def test_a_job_with_a_name_is_done_for_that_one() -> None:
    first, second = Timetable(), Timetable()

    assert Timetables({"nba": first, "events": second}).run("events/digest") == "posted"
    assert (first.done, second.done) == ([], ["digest"])


def test_of_one_alone_nothing_is_said_but_what_came_of_it() -> None:
    assert Timetables({"nba": Timetable()}).run("digest") == "posted"
    assert Timetables({"nba": Timetable()}).run("nba/digest") == "posted"


def test_one_that_fails_keeps_no_other_from_its_own() -> None:
    works = Timetable()

    with pytest.raises(StoreError):
        Timetables({"nba": Timetable(StoreError("down")), "events": works}).run("digest")

    assert works.done == ["digest"]


@pytest.mark.parametrize("job", ["other/digest", "/digest", "nba/events/digest"])
def test_a_pipeline_that_there_is_not_is_told(job: str) -> None:
    with pytest.raises(UnknownJobError, match="there are nba, events"):
        Timetables({"nba": Timetable(), "events": Timetable()}).run(job)


def test_it_runs_when_all_of_them_run() -> None:
    parts = {"nba": Timetable(), "events": Timetable()}
    together = Timetables(parts)
    parts["nba"].start()
    before = together.running

    together.start()

    assert (before, together.running) == (False, True)


def test_the_time_to_end_is_shared_and_not_added_up() -> None:
    began = time.monotonic()

    ended = Timetables({name: Timetable(stops_in=0.3) for name in "abcdef"}).stop(0.5)

    assert ended
    assert time.monotonic() - began < 1.5
    assert not Timetables({"a": Timetable(), "b": Timetable(stops_in=9)}).stop(0.1)
