from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.staging.ports import Copied, Dataset, StoredTable
from bot.staging.prefix import LABEL, Prefix
from bot.staging.removal import chosen
from bot.staging.steps import StepMark
from tests.bot.staging.staging_world import NIGHT, OURS, World

ORIGINALS = ("nba_analytics", "nba_orchestration")
NAMES = st.sampled_from([*ORIGINALS, "test_nba_analytics", "test_x", "other", "dev_nba_analytics", "tests", "test"])
LABELS = st.sampled_from([{}, {LABEL: "test"}, {LABEL: "dev"}, {LABEL: ""}, {"team": "test"}])


def staged() -> World:
    world = World()
    ground = world.ground()
    ground.set_up()
    ground.seed(NIGHT)
    ground.deploy(["worker", "exporter"])
    return world


def test_everything_that_staging_made_is_listed_and_nothing_else() -> None:
    removal = staged().ground().plan_teardown()

    assert removal.datasets == ("test_nba_analytics", "test_nba_orchestration")
    assert removal.tables == ("test_nba_analytics.players", "test_nba_orchestration.queue")
    assert removal.services == ("exporter-staging", "worker-staging")
    assert removal.topics == ("test_ready-prod",)
    assert removal.left == ()


def test_afterwards_the_world_is_as_it_was_before() -> None:
    world = staged()
    ground = world.ground()

    steps = ground.tear_down(ground.plan_teardown())

    fresh = World()
    assert {step.mark for step in steps} == {StepMark.DONE}
    assert world.tables.known == fresh.tables.known
    assert set(world.tables.content) == set(fresh.tables.content)
    assert world.topics.known == {}
    assert world.services.others == {}
    assert ground.plan_teardown().empty


def test_a_foreign_table_and_the_dataset_around_it_are_left_alone_and_said() -> None:
    world = staged()
    world.tables.add(StoredTable(dataset="test_nba_analytics", name="mine"), [{"a": 1}])
    ground = world.ground()

    removal = ground.plan_teardown()
    ground.tear_down(removal)

    assert [left.subject for left in removal.left] == ["table test_nba_analytics.mine", "dataset test_nba_analytics"]
    assert world.tables.rows["test_nba_analytics.mine"] == [{"a": 1}]
    assert "test_nba_analytics" in world.tables.known
    assert "test_nba_orchestration" not in world.tables.known


def test_a_table_that_comes_between_list_and_removal_is_left_alone() -> None:
    world = staged()
    ground = world.ground()
    removal = ground.plan_teardown()
    world.tables.add(StoredTable(dataset="test_nba_analytics", name="late"))

    steps = {step.subject: step.mark for step in ground.tear_down(removal)}

    assert steps["dataset test_nba_analytics"] is StepMark.LEFT
    assert "test_nba_analytics.late" in world.tables.content


def test_what_loses_our_label_between_list_and_removal_is_left_alone() -> None:
    world = staged()
    ground = world.ground()
    removal = ground.plan_teardown()
    mine = replace(world.tables.content["test_nba_analytics.players"], labels={})
    world.tables.content["test_nba_analytics.players"] = mine

    steps = {step.subject: step.mark for step in ground.tear_down(removal)}

    assert steps["table test_nba_analytics.players"] is StepMark.FAILED
    assert "test_nba_analytics.players" in world.tables.content


def test_what_is_gone_already_is_no_failure() -> None:
    world = staged()
    ground = world.ground()
    removal = ground.plan_teardown()
    ground.tear_down(removal)

    assert {step.mark for step in ground.tear_down(removal)} == {StepMark.SAME}


def test_a_service_of_production_that_carries_our_label_is_never_listed() -> None:
    world = staged()
    world.services.others["worker"] = Copied(name="worker", labels=OURS)

    assert "worker" not in world.ground().plan_teardown().services


def test_the_ground_of_another_prefix_is_not_touched() -> None:
    world = staged()
    world.tables.known["dev_nba_analytics"] = Dataset(name="dev_nba_analytics", labels={LABEL: "dev"})
    world.services.others["exporter-staging"] = Copied(name="exporter-staging", labels={LABEL: "dev"})
    world.topics.known["dev_ready-prod"] = {LABEL: "dev"}

    removal = world.ground().plan_teardown()

    listed = {*removal.datasets, *removal.services, *removal.topics}
    assert not listed & {"dev_nba_analytics", "exporter-staging", "dev_ready-prod"}


def test_lists_that_differ_have_other_fingerprints() -> None:
    world = staged()
    before = world.ground().plan_teardown()
    world.topics.known["test_more"] = OURS

    assert world.ground().plan_teardown().fingerprint != before.fingerprint


@given(st.dictionaries(NAMES, LABELS))
def test_only_what_carries_label_and_name_is_chosen_and_never_an_original(known: dict[str, dict[str, str]]) -> None:
    names, left = chosen(Prefix("test_"), ORIGINALS, known)

    for name in names:
        assert name.startswith("test_")
        assert known[name][LABEL] == "test"
    assert not set(names) & set(ORIGINALS)
    assert not set(names) & {each.subject for each in left}
    ours = {n for n, labels in known.items() if n.startswith("test_") and labels.get(LABEL) == "test"}
    assert set(names) == ours


@given(st.dictionaries(NAMES, LABELS))
def test_even_originals_that_begin_with_the_prefix_are_never_chosen(known: dict[str, dict[str, str]]) -> None:
    names, _ = chosen(Prefix("test_"), tuple(known), known)

    assert names == ()


def test_what_looks_like_ours_without_the_label_is_said_to_be_left() -> None:
    known = {"test_x": {}, "test_y": {LABEL: "dev"}, "z": {LABEL: "test"}, "other": {}, ORIGINALS[0]: {LABEL: "test"}}

    names, left = chosen(Prefix("test_"), ORIGINALS, known)

    assert (names, [each.subject for each in left]) == ((), ["test_x", "test_y", "z"])
