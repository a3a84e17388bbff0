from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.staging.ports import Dataset, StoredTable
from bot.staging.prefix import LABEL, StagingError
from bot.staging.seeds import PAUSES, Seeding, planned_copy, seeded_days
from bot.staging.steps import StagingStep, StepMark
from checks.pipeline import Table as TableSpec
from checks.source import Problem, SourceError
from checks.staging_spec import Seed
from tests.bot.staging.staging_world import NIGHT, OURS, PREFIX, STAGING, World, staged_pipeline

PLAYERS, QUEUE = "nba_analytics.players", "nba_orchestration.queue"


def marks(steps: list[StagingStep]) -> dict[str, StepMark]:
    return {step.subject: step.mark for step in steps}


def ready() -> World:
    world = World()
    world.ground().set_up()
    return world


def test_each_dataset_is_made_where_its_original_is_and_its_tables_expire() -> None:
    world = ready()

    assert world.tables.known["test_nba_analytics"] == Dataset(
        name="test_nba_analytics", location="us-west2", labels=OURS, expiry_days=7
    )
    assert world.tables.known["test_nba_orchestration"].location == "EU"


def test_setting_up_again_changes_nothing() -> None:
    world = ready()

    assert set(marks(world.ground().set_up()).values()) == {StepMark.SAME}


def test_a_dry_run_of_setting_up_creates_nothing() -> None:
    world = World()

    steps = world.ground().set_up(dry_run=True)

    assert set(marks(steps).values()) == {StepMark.WOULD}
    assert len(world.tables.known) == 2


def test_a_dataset_in_another_location_than_its_original_is_named() -> None:
    world = World()
    world.tables.known["test_nba_analytics"] = Dataset(name="test_nba_analytics", location="US", labels=OURS)

    steps = world.ground().set_up()

    assert marks(steps) == {"test_nba_analytics": StepMark.FAILED, "test_nba_orchestration": StepMark.DONE}
    assert "is in US, but nba_analytics is in us-west2" in steps[0].detail


def test_an_original_that_does_not_exist_is_named() -> None:
    world = World()
    del world.tables.known["nba_orchestration"]

    assert marks(world.ground().set_up())["test_nba_orchestration"] is StepMark.FAILED


def test_a_prefix_that_somebody_else_uses_stops_everything_that_writes() -> None:
    world = ready()
    world.tables.known["test_scratch"] = Dataset(name="test_scratch")
    ground = world.ground()

    with pytest.raises(StagingError, match="test_scratch"):
        ground.set_up()
    with pytest.raises(StagingError, match="test_scratch"):
        ground.seed(NIGHT)
    with pytest.raises(StagingError, match="test_scratch"):
        ground.deploy(["worker"])


def test_only_the_rows_of_the_date_are_copied() -> None:
    world = ready()

    steps = world.ground().seed(NIGHT)

    assert marks(steps) == {PLAYERS: StepMark.DONE, QUEUE: StepMark.DONE}
    assert [row["game_date"] for row in world.tables.rows["test_nba_analytics.players"]] == [NIGHT] * 3
    assert len(world.tables.rows["test_nba_orchestration.queue"]) == 1


def test_the_copy_has_all_columns_of_its_original_and_our_label() -> None:
    world = ready()

    world.ground().seed(NIGHT)

    copy = world.tables.content["test_nba_analytics.players"]
    assert copy.columns == world.tables.content[PLAYERS].columns
    assert copy.labels[LABEL] == "test"
    assert seeded_days(copy.labels) == {"2026-02-10": 3}


def test_seeding_again_copies_nothing_and_changes_nothing() -> None:
    world = ready()
    world.ground().seed(NIGHT)
    before = dict(world.tables.rows)
    world.tables.copied.clear()

    steps = world.ground().seed(NIGHT)

    assert set(marks(steps).values()) == {StepMark.SAME}
    assert world.tables.copied == []
    assert world.tables.rows == before


def test_again_replaces_the_date_and_keeps_the_others() -> None:
    world = ready()
    world.ground().seed(NIGHT - timedelta(days=1))
    world.ground().seed(NIGHT)

    world.ground().seed(NIGHT, again=True)

    dates = [row["game_date"] for row in world.tables.rows["test_nba_analytics.players"]]
    assert sorted(dates) == [NIGHT - timedelta(days=1), NIGHT, NIGHT, NIGHT]


def test_another_limit_copies_anew_and_says_that_it_cut() -> None:
    world = ready()
    world.ground().seed(NIGHT)

    (players, _) = world.ground().seed(NIGHT, limit=2)

    assert players.mark is StepMark.DONE
    assert "cut at the limit" in players.detail
    assert len(world.tables.rows["test_nba_analytics.players"]) == 2


def test_a_dry_run_of_seeding_writes_nothing_and_says_what_it_would_read() -> None:
    world = ready()

    steps = world.ground().seed(NIGHT, dry_run=True)

    assert set(marks(steps).values()) == {StepMark.WOULD}
    assert "5.0 MB" in steps[0].detail
    assert "test_nba_analytics.players" not in world.tables.content


def test_all_tables_are_copied_at_the_same_time() -> None:
    number = 11
    names = [f"nba_analytics.players{each}" for each in range(number)]
    spec = TableSpec(partition="game_date", columns={"game_date": "DATE"})
    world = ready()
    for name in names:
        table = StoredTable(dataset="nba_analytics", name=name.partition(".")[2], columns=spec.columns)
        world.tables.add(table, [{"game_date": NIGHT}])
    staging = STAGING.model_copy(update={"seed": tuple(Seed(table=name) for name in names)})
    # The barrier opens only when all eleven are in the middle of their copy.
    world.tables.gate = threading.Barrier(number)

    steps = world.ground(staged_pipeline(staging, tables=dict.fromkeys(names, spec))).seed(NIGHT)

    assert list(marks(steps).values()) == [StepMark.DONE] * number


def test_each_step_is_told_once_when_it_ends() -> None:
    world = ready()
    told: list[StagingStep] = []

    steps = world.ground().seed(NIGHT, told.append)

    assert sorted(told, key=lambda step: step.subject) == steps


def test_a_quota_that_is_over_soon_is_waited_for() -> None:
    world = ready()
    world.tables.throttled = {PLAYERS: len(PAUSES)}

    steps = world.ground().seed(NIGHT)

    assert marks(steps)[PLAYERS] is StepMark.DONE
    assert world.pauses == list(PAUSES)


def test_a_quota_in_the_middle_leaves_the_rest_for_the_next_run() -> None:
    world = ready()
    world.tables.throttled = {PLAYERS: len(PAUSES) + 1}

    first = world.ground().seed(NIGHT)
    second = world.ground().seed(NIGHT)

    assert marks(first) == {PLAYERS: StepMark.FAILED, QUEUE: StepMark.DONE}
    assert first[0].passing
    assert marks(second) == {PLAYERS: StepMark.DONE, QUEUE: StepMark.SAME}
    assert world.tables.copied.count(QUEUE) == 1


def test_a_refusal_of_one_table_does_not_keep_the_others() -> None:
    world = ready()
    world.tables.refused[QUEUE] = SourceError(
        "BigQuery", Problem.DENIED, "copying: Access Denied", advice="Grant roles/bigquery.dataViewer."
    )

    steps = world.ground().seed(NIGHT)

    assert marks(steps) == {PLAYERS: StepMark.DONE, QUEUE: StepMark.FAILED}
    assert "Grant roles/bigquery.dataViewer." in steps[1].detail
    assert not steps[1].passing
    assert world.pauses == []


def test_a_table_of_that_name_that_is_not_ours_is_left_alone() -> None:
    world = ready()
    world.tables.add(StoredTable(dataset="test_nba_analytics", name="players"), [{"game_date": NIGHT}])

    steps = world.ground().seed(NIGHT)

    assert marks(steps)[PLAYERS] is StepMark.FAILED
    assert world.tables.rows["test_nba_analytics.players"] == [{"game_date": NIGHT}]


def test_without_the_datasets_one_sentence_says_what_comes_first() -> None:
    with pytest.raises(StagingError, match="'test_nba_analytics' yet: run 'reveille staging setup' first"):
        World().ground().seed(NIGHT)


def test_a_source_table_that_is_gone_is_named() -> None:
    world = ready()
    world.tables.delete_table(PLAYERS)

    assert "there is no table nba_analytics.players" in world.ground().seed(NIGHT)[0].detail


def test_a_pipeline_that_seeds_nothing_says_so() -> None:
    with pytest.raises(StagingError, match="'seed'"):
        ready().ground(staged_pipeline(STAGING.model_copy(update={"seed": ()}))).seed(NIGHT)


def plan(
    seed: Seed, spec: TableSpec, source: StoredTable, day: date = NIGHT
) -> tuple[datetime | None, datetime | None]:
    pipeline = staged_pipeline(tables={seed.table: spec})
    copy = planned_copy(seed, source, "US", Seeding(pipeline=pipeline, prefix=PREFIX, day=day, limit=5))
    return copy.since, copy.until


SOURCE = StoredTable(dataset="nba_orchestration", name="queue", columns={"inserted_at": "TIMESTAMP", "name": "STRING"})


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        pytest.param(date(2026, 2, 10), 24, id="an ordinary day"),
        pytest.param(date(2026, 3, 8), 23, id="the clock goes forward"),
        pytest.param(date(2026, 11, 1), 25, id="the clock goes back"),
    ],
)
def test_a_day_of_timestamps_is_the_local_day(day: date, hours: int) -> None:
    spec = TableSpec(columns=SOURCE.columns)

    since, until = plan(Seed(table=QUEUE, date="inserted_at"), spec, SOURCE, day)

    assert since is not None
    assert until is not None
    assert until - since == timedelta(hours=hours)
    assert since.tzinfo is UTC


@pytest.mark.parametrize(
    ("seed", "spec", "source", "why"),
    [
        pytest.param(
            Seed(table=QUEUE),
            TableSpec(columns=SOURCE.columns),
            SOURCE,
            "has no date partition, so that one date of it cannot be told",
            id="no date partition",
        ),
        pytest.param(
            Seed(table=QUEUE, date="name"),
            TableSpec(columns=SOURCE.columns),
            SOURCE,
            "no column 'name' of the type DATE or TIMESTAMP",
            id="a text for a date",
        ),
        pytest.param(
            Seed(table=QUEUE, date="inserted_at"),
            TableSpec(columns={**SOURCE.columns, "status": "STRING"}),
            SOURCE,
            "has no column 'status'",
            id="a column that the pipeline file names is gone",
        ),
        pytest.param(
            Seed(table=QUEUE, date="inserted_at"),
            TableSpec(columns=SOURCE.columns),
            replace(SOURCE, columns={**SOURCE.columns, "a`, (SELECT 1) AS `b": "STRING"}),
            "whose name cannot be part of a statement",
            id="a column that would break out of its quotes",
        ),
    ],
)
def test_a_table_that_cannot_be_copied_by_date_is_refused(
    seed: Seed, spec: TableSpec, source: StoredTable, why: str
) -> None:
    with pytest.raises(StagingError, match=why):
        plan(seed, spec, source)


def test_the_partition_of_the_table_itself_serves_where_the_file_names_none() -> None:
    source = replace(SOURCE, partition="inserted_at")

    since, _ = plan(Seed(table=QUEUE), TableSpec(columns=SOURCE.columns), source)

    assert since is not None
