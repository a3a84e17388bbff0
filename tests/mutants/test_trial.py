"""A change on trial, in a small tree of its own with a real pytest."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.__main__ import line, main, sampled, share
from tests.mutants.changes import Change, changes
from tests.mutants.trial import Ground, GroundError, Verdict

SOURCE = """def is_late(minutes):
    return minutes > 5 or minutes < 0
"""

TESTS = """import os
import bot.late

def test_always_fails():
    assert False

def test_at_the_limit():
    assert not bot.late.is_late(5)
    assert bot.late.is_late(6)
"""

SLOW = """import bot.late, pytest

@pytest.mark.slow
def test_before_its_time():
    assert not bot.late.is_late(0)
"""

pytestmark = pytest.mark.slow


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for folder in ("bot", "tests/bot"):
        (root / folder).mkdir(parents=True)
    for package in ("bot", "tests", "tests/bot"):
        (root / package / "__init__.py").touch()
    (root / "bot" / "late.py").write_text(SOURCE, "utf-8")
    (root / "tests" / "bot" / "test_late.py").write_text(TESTS, "utf-8")
    (root / "pytest.ini").write_text("[pytest]\naddopts = -p no:bqemulator -p no:anyio\nmarkers = slow\n", "utf-8")
    return root


@pytest.fixture
def ground(tree: Path, tmp_path: Path) -> Ground:
    return Ground(tree, tmp_path / "copy")


def change_to(becomes: str) -> Change:
    return next(each for each in changes(SOURCE) if each.becomes == becomes)


def test_the_test_that_notices_is_named_and_one_that_always_fails_is_left_out(ground: Ground) -> None:
    verdict = ground.judge("bot/late.py", change_to("(minutes >= 5)"), 60)

    assert verdict == Verdict("tests/bot/test_late.py::test_at_the_limit")
    assert ground.failing == {"tests/bot/test_late.py::test_always_fails"}


def test_what_no_test_holds_is_not_noticed(ground: Ground) -> None:
    assert ground.judge("bot/late.py", change_to("(minutes <= 0)"), 60) == Verdict()


def test_what_no_test_of_every_day_notices_is_put_to_the_slow_ones(tree: Path, tmp_path: Path) -> None:
    (tree / "tests" / "bot" / "test_slowly.py").write_text(SLOW, "utf-8")

    verdict = Ground(tree, tmp_path / "copy").judge("bot/late.py", change_to("(minutes <= 0)"), 60)

    assert verdict == Verdict("tests/bot/test_slowly.py::test_before_its_time", slow=True)
    assert "[slow: tests" in line("bot/late.py", change_to("(minutes <= 0)"), verdict)


def test_a_tree_whose_tests_cannot_run_at_all_is_no_ground(tree: Path, tmp_path: Path) -> None:
    (tree / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n", "utf-8")

    with pytest.raises(GroundError):
        Ground(tree, tmp_path / "copy").judge("bot/late.py", change_to("(minutes >= 5)"), 60)


def test_changes_do_not_add_up_and_the_tree_itself_stays_as_it_is(ground: Ground, tree: Path, tmp_path: Path) -> None:
    ground.judge("bot/late.py", change_to("(minutes >= 5)"), 60)

    assert not ground.judge("bot/late.py", change_to("(minutes <= 0)"), 60).noticed
    assert [each.joinpath("bot", "late.py").read_text("utf-8") for each in (tree, tmp_path / "copy")] == [SOURCE] * 2


def test_a_change_that_hangs_is_ended_with_all_that_it_started(ground: Ground) -> None:
    endless = Change(kind="", line=2, start=26, end=len(SOURCE), was="", becomes="while True: pass\n")

    assert ground.judge("bot/late.py", endless, 4) == Verdict(in_time=False)


def test_the_seed_decides_which_changes_are_tried(tree: Path) -> None:
    first, again, other = (sampled(tree, ["bot"], seed, 4) for seed in ("a", "a", "b"))

    assert first == again
    assert first != other


def test_no_more_is_sampled_than_there_is(tree: Path) -> None:
    assert len(sampled(tree, ["bot/late.py"], "a", 1000)) == len(changes(SOURCE))


def test_a_line_says_where_what_and_by_whom() -> None:
    said = line("bot/late.py", change_to("(minutes >= 5)"), Verdict("tests/bot/test_late.py::test_at_the_limit"))

    assert said.split() == [
        "noticed", "bot/late.py:2", "comparison:", "minutes", ">", "5", "->", "(minutes", ">=", "5)",
        "[tests/bot/test_late.py::test_at_the_limit]",
    ]  # fmt: skip


def test_time_that_ran_out_counts_as_not_noticed() -> None:
    assert not Verdict(in_time=False).noticed
    assert "time" in line("bot/late.py", change_to("(minutes <= 0)"), Verdict(in_time=False))


def test_the_share_is_of_what_was_tried() -> None:
    noticed, slowly, not_noticed = Verdict("a"), Verdict("b", slow=True), Verdict()

    assert share([noticed] * 11 + [not_noticed]) == "11 of 12 changes noticed (92 %)"
    assert share([noticed, slowly]) == "2 of 2 changes noticed (100 %), 1 of them by slow tests alone"
    assert "%" not in share([])


def test_a_path_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--seed", "a", "bot/no_such_module.py"])

    assert ended.value.code == 2
