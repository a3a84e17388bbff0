"""``reveille drill --pairs``: which faults are unrelated, and what a report of two of them is worth."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from bot.drill.fault import PutFault
from bot.drill.pairs import Alone, PairScore, alone, pair_score, pair_tally, unrelated
from checks.model import Cause, CheckResult, FindingKey, Report, Severity
from checks.places import Place, PlaceKind
from tests.bot.drill.test_drill import SUMMARY, ground, put
from tests.bot.in_process import run
from tests.checks.diagnosed import PIPELINE
from tests.fakes import MORNING, NIGHT, SLATE

ROWS, JOB = Place(PlaceKind.TABLE, "data.rows"), Place(PlaceKind.JOB, "nightly")


def key(check: str) -> FindingKey:
    return FindingKey(check, check, None)


def cause(code: str, place: Place, *checks: str, sentence: str = "It failed.") -> Cause:
    explains = tuple(map(key, checks))
    return Cause(code=code, subject=place.name, sentence=sentence, severity=Severity.P1, place=place, explains=explains)


def report(causes: Iterable[Cause] = (), results: Iterable[CheckResult] = ()) -> Report:
    return Report(
        pipeline="tiny",
        title="Tiny",
        previous=NIGHT,
        current=SLATE,
        now=MORNING,
        trigger="drill",
        partial=False,
        results=tuple(results),
        causes=tuple(causes),
    )


def of(place: Place, first: Cause, kind: str = "rows", unread: Iterable[str] = ()) -> Alone:
    fault = PutFault(kind=kind, name="broken", place=place, change=lambda world: world)
    return Alone(
        fault=fault, at=frozenset({place}), cause=first, facts=frozenset(first.explains), unread=frozenset(unread)
    )


HALF = of(ROWS, cause("upstream-check", ROWS, "rows", "signals"))
FAILING = of(JOB, cause("job-failing", JOB, "jobs"), "jobs")


def score(*causes: Cause, other: Alone = FAILING) -> PairScore:
    return pair_score(HALF, other, report(causes), PIPELINE)


def test_two_causes_at_their_places_are_named_and_nothing_is_stolen() -> None:
    found = score(*(each.cause for each in (HALF, FAILING) if each.cause))

    assert (found.is_named, found.is_one, found.facts, found.stolen) == (True, False, 3, ())


def test_a_cause_that_takes_the_other_leaves_it_unnamed_and_has_its_facts() -> None:
    found = score(cause("job-failing", JOB, "jobs", "rows", "signals"))

    assert (found.is_named, found.stolen) == (False, (key("rows"), key("signals")))


def test_a_consequence_behind_the_other_is_stolen_although_both_are_named() -> None:
    found = score(cause("job-failing", JOB, "jobs", "signals"), cause("upstream-check", ROWS, "rows"))

    assert (found.is_named, found.stolen) == (True, (key("signals"),))


def test_a_consequence_behind_a_third_cause_is_not_stolen() -> None:
    third = cause("upstream-check", Place(PlaceKind.TABLE, "data.signals"), "signals")

    assert score(cause("job-failing", JOB, "jobs"), cause("upstream-check", ROWS, "rows"), third).stolen == ()


@pytest.mark.parametrize(("code", "named"), [("job-failing", True), ("jobs-missing", False)], ids=["one sort", "two"])
def test_one_cause_that_names_both_counts_where_they_are_of_one_sort(code: str, *, named: bool) -> None:
    weekly = Place(PlaceKind.JOB, "weekly")
    one = of(weekly, cause(code, weekly, "weekly"), "jobs")
    told = cause("job-failing", JOB, "jobs", "weekly", sentence="2 of 9 jobs fail: nightly and weekly.")

    found = pair_score(one, FAILING, report([told]), PIPELINE)

    assert (found.is_named, found.is_one, found.stolen) == (named, named, ())


def test_what_fails_with_either_fault_belongs_to_neither() -> None:
    shared = of(JOB, cause("job-failing", JOB, "jobs", "signals"), "jobs")

    assert score(cause("job-failing", JOB, "jobs", "signals"), other=shared).facts == 1


def test_shares_are_of_pairs_and_of_facts() -> None:
    fine = score(*(each.cause for each in (HALF, FAILING) if each.cause))
    lost = score(cause("job-failing", JOB, "jobs", "rows", "signals"))

    total = pair_tally("all", [fine, lost])

    assert (total.pairs, total.named_percent, total.facts) == (2, 50, 6)
    assert total.stolen_percent == pytest.approx(100 * 2 / 6)


def drilled(fault: PutFault) -> Alone:
    healthy = ground().healthy
    said = ground().validated(fault.change)
    return alone(fault, said, ground().report, healthy.pipeline, healthy.world)


def test_a_fault_alone_is_known_by_its_first_cause_and_what_failed() -> None:
    closed = drilled(put("services", "closed", "prediction-worker"))

    assert closed.cause is not None
    assert closed.cause.code == "invoker-missing"
    assert {each.check for each in closed.facts} == {"invoker"}


def pairs(*every: Alone, count: int = 9, seed: int = 1) -> set[frozenset[Place]]:
    drawn = unrelated(every, count, seed, ground().healthy.pipeline)
    return {frozenset((one.fault.place, other.fault.place)) for one, other in drawn}


FEATURES = Place(PlaceKind.TABLE, "nba_predictions.ml_feature_store_v2")
PREDICTIONS = Place(PlaceKind.TABLE, "nba_predictions.player_prop_predictions")


def at(place: Place, unread: Iterable[str] = ()) -> Alone:
    return of(place, cause("upstream-check", place, place.name), unread=unread)


def test_places_with_a_path_between_them_are_related() -> None:
    assert pairs(at(FEATURES), at(PREDICTIONS)) == set()
    assert pairs(at(PREDICTIONS), at(FEATURES)) == set()
    assert pairs(at(FEATURES), at(JOB), at(PREDICTIONS)) == {frozenset((FEATURES, JOB)), frozenset((JOB, PREDICTIONS))}


def test_a_topic_is_where_those_are_for_whom_it_is() -> None:
    table, topic = Place(PlaceKind.TABLE, SUMMARY), Place(PlaceKind.TOPIC, "nba-phase2-raw-complete")

    assert pairs(at(table), at(topic)) == set()


@pytest.mark.parametrize("kind", [PlaceKind.JOB, PlaceKind.BUILD], ids=["the same", "of the same service"])
def test_two_faults_of_one_place_are_no_pair(kind: PlaceKind) -> None:
    other = PlaceKind.SERVICE if kind is PlaceKind.BUILD else kind

    assert pairs(at(Place(kind, "exporter")), at(Place(other, "exporter"))) == set()


def test_a_fault_that_hides_the_other_makes_no_pair_nor_does_one_that_is_not_named() -> None:
    hiding = at(JOB, unread=[FEATURES.name])
    unnamed = Alone(fault=at(JOB).fault, at=frozenset({JOB}), cause=None, facts=frozenset())

    assert pairs(at(FEATURES), hiding) == set()
    assert pairs(at(FEATURES), unnamed) == set()


def test_pairs_are_drawn_by_their_seed() -> None:
    jobs = [at(Place(PlaceKind.JOB, str(number))) for number in range(20)]

    assert pairs(*jobs, count=5) == pairs(*jobs, count=5) != pairs(*jobs, count=5, seed=2)
    assert len(pairs(*jobs, count=5)) == 5


def test_both_faults_are_in_the_world_whichever_is_put_first() -> None:
    world = ground().healthy.world
    faults = [put("rows", "half"), put("jobs", "paused"), put("services", "closed"), put("subscriptions", "missing")]

    for one in faults:
        for other in faults:
            assert one is other or one.change(other.change(world)) == other.change(one.change(world))


@pytest.mark.slow
def test_what_is_damaged_in_one_table_on_one_date_is_one_cause_whatever_is_wrong_with_it() -> None:
    of_table = f"{PREDICTIONS.name} 2026-02-10"
    few, same = put("rows", "half", of_table), put("values", "constant", of_table)

    found = ground().validated(few.change, same.change).causes

    assert {*drilled(few).facts, *drilled(same).facts} <= set(found[0].explains)
    assert [each.place.name for each in found if each.place] == [PREDICTIONS.name]


ASKED = ("drill", "--scenario", "healthy-morning", "--pairs", "1", "--only", "jobs", "--json")


@pytest.mark.slow
def test_the_command_counts_pairs_and_holds_its_floors(tmp_path: Path) -> None:
    done = run((*ASKED, "--floor", "100", "--stolen", "0"), tmp_path, {})

    said = json.loads(done.stdout)
    assert done.returncode == 0
    assert (said["total"]["pairs"], said["total"]["named_percent"], said["total"]["stolen"]) == (1, 100, 0)
    assert [each["kinds"] for each in said["pairs"]] == [["jobs", "jobs"]]


@pytest.mark.parametrize("other", [("--quiet",), ("--named", "85"), ("--accept", "FILE")], ids=lambda each: each[0])
def test_what_says_nothing_of_pairs_is_refused(other: tuple[str, ...], tmp_path: Path) -> None:
    assert run((*ASKED, *other), tmp_path, {}).returncode == 3
