"""What holds of causes on any graph, for any failures."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.causes import Carries, Dependency, Explanation, Fact, Graph, Health, diagnose
from checks.changes import Change
from checks.effects import FailureEffect
from checks.places import Place, PlaceKind
from checks.severity import Severity
from tests.fakes import NIGHT, SLATE

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
STOPS, HARMS, NOTE, RISK = FailureEffect.STOPS, FailureEffect.HARMS, FailureEffect.NOTE, FailureEffect.RISK


def table(name: str) -> Place:
    return Place(PlaceKind.TABLE, name)


def service(name: str) -> Place:
    return Place(PlaceKind.SERVICE, name)


PLACES = [table(str(number)) for number in range(6)]
SERVICES = [service(str(number)) for number in range(3)]


def fact(
    place: Place, effect: FailureEffect = STOPS, severity: Severity = Severity.P1, rank: int = 0, **more: object
) -> Fact:
    return Fact(place=place, effect=effect, severity=severity, rank=rank, **more)  # type: ignore[arg-type]


edges = st.lists(
    st.builds(
        Dependency,
        st.sampled_from([*PLACES, *SERVICES]),
        st.sampled_from(PLACES),
        st.sampled_from(Carries),
        st.booleans(),
    ),
    min_size=6,
    max_size=16,
)


INTERVALS = (None, NIGHT, SLATE)
instants = st.none() | st.integers(-24, 24).map(lambda hours: NOON + timedelta(hours=hours))


@st.composite
def failures(draw: st.DrawFn) -> list[Fact]:
    """Failures at some places, mechanisms at some services; each has its own rank."""
    what = st.tuples(st.sampled_from(PLACES), st.sampled_from(FailureEffect), st.sampled_from(Severity))
    when = st.tuples(st.sampled_from(INTERVALS), instants, instants)
    facts = [
        fact(place, effect, severity, rank, interval=interval, due=due, last_good=good)
        for rank, ((place, effect, severity), (interval, due, good)) in enumerate(
            draw(st.lists(st.tuples(what, when), min_size=2, max_size=6))
        )
    ]
    broken = draw(st.dictionaries(st.sampled_from(range(len(SERVICES))), instants, min_size=1))
    return [
        *facts,
        *(fact(SERVICES[each], rank=100 + each, mechanism=True, since=broken[each]) for each in sorted(broken)),
    ]


healthy = st.lists(st.builds(Health, st.sampled_from(PLACES), st.sampled_from(INTERVALS)), max_size=4)


def ancestors(graph: Graph, place: Place) -> set[Place]:
    return {place, *(each for each, _ in graph.upstream(place, lambda _: True))}


def behind(found: Sequence[Explanation]) -> dict[Fact, Fact]:
    return {each: one.root for one in found for each in (one.root, *one.behind)}


@given(edges, failures(), healthy)
def test_a_root_is_an_ancestor_of_everything_that_it_explains(
    given_edges: list[Dependency], facts: list[Fact], health: list[Health]
) -> None:
    graph = Graph(given_edges)

    for each in diagnose(graph, facts, health):
        assert all(each.root.place in ancestors(graph, one.place) for one in each.behind)
        assert each.mechanism is None or each.mechanism.place in ancestors(graph, each.root.place)


@given(edges, failures(), healthy)
def test_every_failure_is_behind_exactly_one_root(
    given_edges: list[Dependency], facts: list[Fact], health: list[Health]
) -> None:
    found = diagnose(Graph(given_edges), facts, health)

    told = [each for one in found for each in (one.root, *one.behind)]
    assert len(told) == len(set(told))
    assert set(told) >= {each for each in facts if each.effect in (STOPS, HARMS) and not each.mechanism}
    assert set(told) <= {each for each in facts if each.effect is not RISK and not each.mechanism}


@given(edges, failures(), healthy, st.randoms(use_true_random=False))
def test_the_order_of_the_facts_does_not_matter(
    given_edges: list[Dependency], facts: list[Fact], health: list[Health], chance: random.Random
) -> None:
    shuffled, also = list(facts), list(health)
    chance.shuffle(shuffled)
    chance.shuffle(also)

    assert diagnose(Graph(given_edges), shuffled, also) == diagnose(Graph(given_edges), facts, health)


@given(edges, failures(), healthy)
def test_a_consequence_more_leaves_every_root(
    given_edges: list[Dependency], facts: list[Fact], health: list[Health]
) -> None:
    graph = Graph(given_edges)
    before = behind(diagnose(graph, facts, health))

    # What belongs to no interval may follow in one and lead in another.
    for place, interval in product(PLACES, (NIGHT, SLATE)):
        more = fact(place, HARMS, Severity.P2, rank=50, interval=interval)
        after = behind(diagnose(graph, [*facts, more], health))

        # What is a root itself may take what was in no better hands; what follows from something takes nothing.
        if after[more] != more:
            assert {each: root for each, root in after.items() if each != more} == before


def test_that_more_follows_from_a_root_is_no_argument_for_it() -> None:
    near, far, more, shared = (table(name) for name in ("near", "far", "more", "shared"))
    graph = Graph(Dependency(*each, Carries.DATA) for each in ((near, shared), (far, more), (more, shared)))
    near_root, far_root, effect = fact(near, rank=0), fact(far, rank=1), fact(shared, rank=3)

    for also in ([], [fact(more, rank=2)]):
        assert behind(diagnose(graph, [near_root, far_root, effect, *also]))[effect] == near_root


@given(edges, failures())
def test_an_unrelated_failure_steals_nothing(given_edges: list[Dependency], facts: list[Fact]) -> None:
    before = diagnose(Graph(given_edges), facts)
    graph = Graph([*given_edges, Dependency(table("elsewhere"), table("beyond"), Carries.DATA)])
    stranger = fact(table("elsewhere"), rank=60, severity=Severity.P0)

    after = diagnose(graph, [*facts, stranger])

    assert [each for each in after if each.root != stranger] == list(before)


@given(edges, failures(), st.sets(st.sampled_from(SERVICES)))
def test_hiding_a_mechanism_leaves_its_place_as_unread(
    given_edges: list[Dependency], facts: list[Fact], hidden: set[Place]
) -> None:
    graph = Graph(given_edges)
    before = diagnose(graph, facts)

    after = diagnose(graph, [each for each in facts if each.place not in hidden], unread=hidden)

    roots = {each.root: each for each in after}
    for each in before:
        if each.mechanism is not None and each.mechanism.place in hidden and each.root in roots:
            assert each.mechanism.place in roots[each.root].unread


@given(edges, failures(), st.sets(st.sampled_from([*PLACES, *SERVICES])))
def test_an_unread_place_only_adds_doubt(given_edges: list[Dependency], facts: list[Fact], unread: set[Place]) -> None:
    graph = Graph(given_edges)

    found = diagnose(graph, facts, unread=unread)

    assert tuple(replace(each, unread=()) for each in found) == diagnose(graph, facts)


@given(st.lists(st.integers(-48, 48), max_size=5), st.integers(-24, 24), st.none() | st.integers(-24, 24))
def test_a_later_change_never_explains_an_earlier_failure(hours: list[int], due: int, good: int | None) -> None:
    graph = Graph([Dependency(service("writer"), table("rows"))])
    changes = [Change(place=service("writer"), at=NOON + timedelta(hours=each), kind="deploy") for each in hours]
    last_good = None if good is None else NOON + timedelta(hours=good)
    failed = fact(table("rows"), due=NOON + timedelta(hours=due), last_good=last_good)

    (found,) = diagnose(graph, [failed], changes=changes)

    for change, established in found.suspects:
        assert failed.due is not None
        assert change.at <= failed.due
        assert established == (last_good is not None)
        assert last_good is None or change.at > last_good
    assert [change.at for change, _ in found.suspects] == sorted((each.at for each, _ in found.suspects), reverse=True)


def test_nothing_has_no_cause() -> None:
    assert diagnose(Graph([]), []) == ()


def test_a_cycle_ends() -> None:
    graph = Graph([Dependency(table("a"), table("b")), Dependency(table("b"), table("a"))])

    (found,) = diagnose(graph, [fact(table("a"), rank=1), fact(table("b"), rank=2)])

    assert len(found.behind) == 1


CHAIN = [Dependency(table("a"), table("b"), Carries.DATA), Dependency(table("b"), table("c"))]


@pytest.mark.parametrize(
    ("root", "effect", "follows"),
    [
        pytest.param(STOPS, STOPS, True, id="an absence explains an absence"),
        pytest.param(STOPS, HARMS, True, id="an absence explains damage"),
        pytest.param(HARMS, HARMS, True, id="damage explains damage"),
        pytest.param(HARMS, STOPS, False, id="damage explains no absence"),
        pytest.param(NOTE, HARMS, False, id="a note explains nothing"),
        pytest.param(RISK, STOPS, False, id="a risk explains nothing"),
    ],
)
def test_what_a_failure_explains(root: FailureEffect, effect: FailureEffect, *, follows: bool) -> None:
    found = behind(diagnose(Graph(CHAIN), [fact(table("a"), root, rank=1), fact(table("b"), effect, rank=2)]))

    assert (found[fact(table("b"), effect, rank=2)].place == table("a")) is follows


def test_damage_does_not_follow_where_only_a_start_is_passed_on() -> None:
    found = diagnose(Graph(CHAIN), [fact(table("b"), HARMS, rank=1), fact(table("c"), HARMS, rank=2)])

    assert [each.behind for each in found] == [(), ()]


def test_what_did_its_work_ends_an_absence_and_passes_damage_on() -> None:
    graph = Graph([Dependency(table("a"), table("b"), Carries.DATA), Dependency(table("b"), table("c"), Carries.DATA)])
    health = [Health(table("b"), None)]
    gone, damaged = fact(table("a"), rank=1), fact(table("a"), HARMS, rank=1)

    assert len(diagnose(graph, [gone, fact(table("c"), rank=2)], health)) == 2
    assert len(diagnose(graph, [damaged, fact(table("c"), HARMS, rank=2)], health)) == 1


@pytest.mark.parametrize(
    ("place", "follows"), [(table("a"), True), (service("a"), False)], ids=["a table", "a service"]
)
def test_a_table_that_was_made_without_one_of_its_inputs_is_damaged_by_that(place: Place, *, follows: bool) -> None:
    graph = Graph([Dependency(place, table("b"), Carries.DATA)])
    facts = [fact(place, rank=1, interval=NIGHT), fact(table("b"), HARMS, rank=2, interval=NIGHT)]

    found = diagnose(graph, facts, [Health(table("b"), NIGHT)])

    assert (len(found) == 1) is follows


@pytest.mark.parametrize(
    ("of_keys", "joined", "follows"),
    [
        pytest.param(STOPS, (table("a"),), True, id="its keys are others"),
        pytest.param(HARMS, (table("a"),), False, id="its figures are others"),
        pytest.param(STOPS, (), False, id="not compared with it"),
    ],
)
def test_rows_that_are_there_and_not_found_follow_from_the_keys_that_they_are_compared_with(
    of_keys: FailureEffect, joined: tuple[Place, ...], *, follows: bool
) -> None:
    facts = [
        fact(table("a"), of_keys, rank=1, interval=NIGHT),
        fact(table("b"), rank=2, interval=NIGHT, joined=joined),
    ]

    found = diagnose(Graph(CHAIN), facts, [Health(table("b"), NIGHT)])

    assert (len(found) == 1) is follows


def test_what_belongs_to_no_interval_and_did_its_work_is_explained_by_no_interval() -> None:
    gone, of_none = fact(table("a"), rank=1, interval=NIGHT), fact(table("b"), rank=2)

    assert len(diagnose(Graph(CHAIN), [gone, of_none])) == 1
    assert len(diagnose(Graph(CHAIN), [gone, of_none], [Health(table("b"), None)])) == 2


def test_one_of_several_callers_that_fails_does_not_stop_what_the_others_start() -> None:
    graph = Graph([Dependency(table(name), table("c"), alternative=True) for name in ("a", "b")])
    first, other, effect = fact(table("a"), rank=1), fact(table("b"), rank=2), fact(table("c"), rank=3)

    assert len(diagnose(graph, [first, effect])) == 2
    assert len(diagnose(graph, [first, other, effect])) == 2
    assert behind(diagnose(graph, [first, other, effect]))[effect] == first


def test_only_a_root_looks_for_a_mechanism() -> None:
    graph = Graph([*CHAIN, Dependency(service("writer"), table("b"))])
    broken = fact(service("writer"), rank=9, mechanism=True)

    (found,) = diagnose(graph, [fact(table("a"), rank=1), fact(table("b"), rank=2), broken])

    assert found.mechanism is None
    assert diagnose(graph, [fact(table("b"), rank=2), broken])[0].mechanism == broken


@pytest.mark.parametrize(
    ("since", "explains"),
    [
        pytest.param(None, True, id="nobody knows since when"),
        pytest.param(0, True, id="when the effect was due"),
        pytest.param(1, False, id="after the effect was due"),
        pytest.param(-3, False, id="before the place last worked"),
        pytest.param(-2, True, id="when the place last worked"),
    ],
)
def test_a_mechanism_fits_the_times(since: int | None, *, explains: bool) -> None:
    began = None if since is None else NOON + timedelta(hours=since)
    broken = fact(service("writer"), rank=9, mechanism=True, since=began)
    failed = fact(table("rows"), due=NOON, last_good=NOON - timedelta(hours=2))

    (found,) = diagnose(Graph([Dependency(service("writer"), table("rows"))]), [failed, broken])

    assert (found.mechanism == broken) is explains


def test_of_two_failures_in_one_place_the_absence_is_the_root() -> None:
    gone, damaged = fact(table("a"), rank=2), fact(table("a"), HARMS, Severity.P0, rank=1)

    (found,) = diagnose(Graph(CHAIN), [damaged, gone])

    assert (found.root, found.behind) == (gone, (damaged,))


def seconds(size: int) -> float:
    """The best of three diagnoses of a chain of tables, each with a writer, all of which failed."""
    given_edges = [Dependency(table(str(number)), table(str(number + 1)), Carries.DATA) for number in range(size)]
    given_edges += [Dependency(service(str(number)), table(str(number))) for number in range(size)]
    facts = [fact(table(str(number)), rank=number) for number in range(size)]

    def once() -> float:
        began = process_time()
        diagnose(Graph(given_edges), facts)
        return process_time() - began

    return min(once() for _ in range(3))


def test_it_grows_no_faster_than_its_input() -> None:
    small, large = seconds(500), seconds(4_000)

    assert large < 8 * small * 3


@pytest.mark.parametrize(
    ("severity", "roots"),
    [
        pytest.param(Severity.P0, ["0"], id="a graver failure"),
        pytest.param(Severity.P1, ["0"], id="one as grave"),
        pytest.param(Severity.P2, ["0", "1"], id="a lesser one"),
    ],
)
def test_what_was_to_be_there_before_its_interval_follows_from_no_lesser_failure(
    severity: Severity, roots: list[str]
) -> None:
    graph = Graph([Dependency(table("0"), table("1"), Carries.DATA), Dependency(table("1"), table("2"), Carries.DATA)])
    before = fact(table("0"), severity=severity, interval=NIGHT)
    calendar = fact(table("1"), rank=1, interval=NIGHT, ahead=True)
    after = fact(table("2"), rank=2, interval=NIGHT)

    found = diagnose(graph, [before, calendar, after])

    assert [each.root.place.name for each in found] == roots
    assert after in found[-1].behind
