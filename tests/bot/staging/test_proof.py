from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.staging.ports import StoredTable
from bot.staging.prefix import StagingError
from bot.staging.proof import Snapshot, TableState, changes, from_json, to_json
from checks.source import Problem, SourceError
from tests.bot.staging.staging_world import NIGHT, NOW, FakeCollections, World

PLAYERS = "nba_analytics.players"
MOMENTS = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is given beside it
STATES = st.builds(
    TableState, rows=st.integers(0, 10**12), buffered=st.integers(0, 10**6), modified=st.none() | MOMENTS
)
SNAPSHOTS = st.builds(
    Snapshot,
    project=st.just("example-project"),
    at=MOMENTS,
    tables=st.dictionaries(st.text(max_size=8), STATES, max_size=4),
    documents=st.fixed_dictionaries({"phase3_completion": st.dictionaries(st.text(max_size=8), MOMENTS, max_size=4)}),
)


def seen(world: World) -> Snapshot:
    return world.ground().look(NOW)


def test_all_tables_and_documents_of_production_are_looked_at() -> None:
    snapshot = seen(World())

    assert set(snapshot.tables) == {PLAYERS, "nba_orchestration.queue"}
    assert set(snapshot.documents["phase3_completion"]) == {"2026-02-10"}


def test_nothing_that_staging_does_changes_production() -> None:
    world = World()
    ground = world.ground()
    before = seen(world)

    ground.set_up()
    ground.seed(NIGHT)
    ground.deploy(["worker", "exporter"])
    world.collections.known["test_phase3_completion"] = {"2026-02-10": NOW}
    ground.tear_down(ground.plan_teardown())

    assert changes(before, seen(world)) == ()


def test_one_row_more_in_production_is_named() -> None:
    world = World()
    before = seen(world)
    world.tables.content[PLAYERS] = replace(world.tables.content[PLAYERS], rows=6)

    (change,) = changes(before, seen(world))

    assert (change.subject, change.detail) == (PLAYERS, "5 → 6 rows")


def test_a_change_that_keeps_the_number_of_rows_is_named() -> None:
    world = World()
    before = seen(world)
    world.tables.content[PLAYERS] = replace(world.tables.content[PLAYERS], modified=NOW)

    (change,) = changes(before, seen(world))

    assert change.detail == "last changed 2026-02-11 10:00:00 UTC → 2026-02-11 13:00:00 UTC"


def test_rows_that_wait_in_the_streaming_buffer_are_a_change() -> None:
    world = World()
    before = seen(world)
    world.tables.content[PLAYERS] = replace(world.tables.content[PLAYERS], buffered=2)

    assert changes(before, seen(world))[0].detail == "0 → 2 rows in the streaming buffer"


def test_tables_that_came_and_went_are_named() -> None:
    world = World()
    before = seen(world)
    world.tables.add(StoredTable(dataset="nba_analytics", name="extra"))
    world.tables.delete_table(PLAYERS)

    found = {change.subject: change.detail for change in changes(before, seen(world))}

    assert found == {"nba_analytics.extra": "is new", PLAYERS: "is gone"}


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        pytest.param({"2026-02-10": NOW}, "phase3_completion/2026-02-10", id="written again"),
        pytest.param({}, "phase3_completion/2026-02-10", id="deleted"),
        pytest.param(
            {"2026-02-10": NOW - timedelta(hours=2), "2026-02-11": NOW}, "phase3_completion/2026-02-11", id="new"
        ),
    ],
)
def test_a_completion_document_of_production_that_changed_is_named(
    documents: dict[str, datetime], expected: str
) -> None:
    world = World()
    before = seen(world)
    world.collections.known["phase3_completion"] = documents

    assert [change.subject for change in changes(before, seen(world))] == [expected]


def test_what_could_not_be_looked_at_is_no_proof() -> None:
    class Down(FakeCollections):
        def documents(self, collection: str) -> dict[str, datetime]:
            raise SourceError("Firestore", Problem.UNAVAILABLE, f"the collection {collection!r}: no answer")

    with pytest.raises(SourceError):
        seen(World(collections=Down()))


@given(before=SNAPSHOTS)
def test_a_snapshot_comes_back_as_it_was_kept(before: Snapshot) -> None:
    assert from_json(to_json(before)) == before


@given(before=SNAPSHOTS, after=SNAPSHOTS)
def test_no_change_means_that_all_is_equal(before: Snapshot, after: Snapshot) -> None:
    same = (before.tables, before.documents) == (after.tables, after.documents)

    assert (changes(before, after) == ()) == same


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"version": 2}',
        '{"version": 1, "project": "p", "at": 3}',
        "[" * 9999,
    ],
    ids=["empty", "a list", "no keys", "null", "another version", "a wrong type", "deep"],
)
def test_a_file_that_is_no_snapshot_is_refused(text: str) -> None:
    with pytest.raises(StagingError, match="prove start"):
        from_json(text)


def test_looks_at_two_projects_are_not_compared() -> None:
    before = seen(World())

    with pytest.raises(StagingError, match="'other-project'"):
        changes(before, replace(before, project="other-project"))


def test_looks_at_other_collections_are_not_compared() -> None:
    before = seen(World())

    with pytest.raises(StagingError, match="collections"):
        changes(before, replace(before, documents={}))
