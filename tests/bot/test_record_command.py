"""``reveille record`` as a person calls it."""

from __future__ import annotations

import stat
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from bot.scenarios.scenario import load_scenario
from tests.bot.in_process import run


def record(folder: Path, *arguments: str) -> CompletedProcess[str]:
    return run(("record", *arguments), folder, {})


@pytest.mark.slow
def test_an_incident_is_written_for_its_owner_alone_and_says_the_same(tmp_path: Path) -> None:
    ran = record(tmp_path, "--scenario", "invoker-lost", "--to", "copy.yaml", "--hash", "player_lookup")

    copy = tmp_path / "copy.yaml"
    assert ran.returncode == 0, ran.stderr
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    original = load_scenario("invoker-lost").file.expect
    written = load_scenario(copy).file.expect
    assert (written.verdict, sorted(written.findings), sorted(written.causes)) == (
        original.verdict,
        sorted(original.findings),
        sorted(original.causes),
    )
    assert [path.name for path in tmp_path.iterdir()] == ["copy.yaml"]


@pytest.mark.slow
def test_a_file_is_overwritten_only_by_force(tmp_path: Path) -> None:
    (tmp_path / "copy.yaml").write_text("mine", encoding="utf-8")

    refused = record(tmp_path, "--scenario", "off-day", "--to", "copy.yaml")
    kept = (tmp_path / "copy.yaml").read_text(encoding="utf-8")
    forced = record(tmp_path, "--scenario", "off-day", "--to", "copy.yaml", "--force")

    assert (refused.returncode, kept) == (3, "mine")
    assert forced.returncode == 0, forced.stderr
    assert (tmp_path / "copy.yaml").read_text(encoding="utf-8") != "mine"


@pytest.mark.slow
def test_a_dry_run_names_tables_and_writes_nothing(tmp_path: Path) -> None:
    ran = record(tmp_path, "--scenario", "healthy-morning", "--dry-run")

    assert ran.returncode == 0, ran.stderr
    assert "nba_reference.nba_schedule: " in ran.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_copy_that_lost_rows_says_so_and_fails(tmp_path: Path) -> None:
    ran = record(tmp_path, "--scenario", "healthy-morning", "--to", "copy.yaml", "--rows", "2")

    assert ran.returncode == 1
    assert "is cut to its newest 2 rows" in ran.stderr
    assert (tmp_path / "copy.yaml").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param((), id="no file"),
        pytest.param(("--to", "copy.yaml", "--dry-run"), id="a file for a dry run"),
        pytest.param(("--to", "copy"), id="a name that is no scenario"),
        pytest.param(("--to", "nowhere/copy.yaml"), id="no folder"),
        pytest.param(("--to", "copy.yaml", "--hash", "no_such_column"), id="a column that no table has"),
        pytest.param(("2026-99-99", "--to", "copy.yaml"), id="no date"),
        pytest.param(("--to", "copy.yaml", "--rows", "0"), id="no rows"),
    ],
)
def test_wrong_use_writes_nothing(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    ran = record(tmp_path, "--scenario", "healthy-morning", *arguments)

    assert ran.returncode == 3
    assert ran.stderr.startswith("reveille: ")
    assert list(tmp_path.iterdir()) == []
