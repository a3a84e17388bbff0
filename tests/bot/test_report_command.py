"""``reveille report incident``: the draft of a post-mortem from the store of the bot."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.store.model import AlertState, Changes
from bot.store.sqlite import SqliteStore
from tests.bot.repairs.cloud import Reveille
from tests.bot.repairs.conftest import reveille
from tests.handlers.rig import an_alert
from tests.sections import ROOT

__all__ = ["reveille"]

KEY = "nba:players:MIL_OKC:2026-02-10"
SECRET = "example-signing-secret-of-tests"


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SqliteStore:
    path = tmp_path / "store.db"
    monkeypatch.setenv("REVEILLE_STORE", str(path))
    monkeypatch.setenv("REVEILLE_PIPELINE", "nba")
    monkeypatch.setenv("SLACK_SIGNING_SECRET", SECRET)
    store = SqliteStore(path)
    now = datetime.now(UTC)
    alert = an_alert(
        key=KEY,
        pipeline="nba",
        phase="phase5",
        title=f"3 players, {SECRET}, and <script>",
        state=AlertState.RESOLVED,
        opened_at=now - timedelta(hours=2),
        notified_at=now - timedelta(hours=2),
        changed_at=now,
        resolved_at=now,
    )
    store.commit(Changes(alerts=(alert,)))
    return store


def test_an_incident_is_written_as_markdown(kept: SqliteStore, reveille: Reveille) -> None:
    said = reveille("report", "incident", KEY)

    assert said.code == 0
    assert said.out.startswith("# Post-mortem draft: No longer: 3 players")
    assert "```mermaid\nflowchart" in said.out
    assert "phase Scrapers" not in said.out  # the graph around the incident, not the whole pipeline
    assert "## Open questions" in said.out
    assert SECRET not in said.out
    assert "<script>" not in said.out


def test_a_file_is_for_its_owner_alone(kept: SqliteStore, reveille: Reveille, tmp_path: Path) -> None:
    file = tmp_path / "post-mortem.md"

    said = reveille("report", "incident", KEY, "--markdown", str(file))

    assert said.code == 0
    assert "## Timeline (America/New_York)" in file.read_text(encoding="utf-8")
    assert SECRET not in file.read_text(encoding="utf-8")
    assert os.stat(file).st_mode & 0o077 == 0  # noqa: PTH116 - the mode alone


def test_without_an_id_the_incidents_are_listed(kept: SqliteStore, reveille: Reveille) -> None:
    said = reveille("report", "incident")

    assert said.code == 0
    assert KEY in said.out
    assert "resolved" in said.out


def test_an_unknown_id_is_answered_with_the_nearest(kept: SqliteStore, reveille: Reveille) -> None:
    said = reveille("report", "incident", KEY[:-2])

    assert said.code == 3
    assert KEY in said.err


@pytest.mark.parametrize("file", ["no-such-folder/report.md", "."])
def test_a_file_that_cannot_be_written_is_wrong_use(kept: SqliteStore, reveille: Reveille, file: str) -> None:
    assert reveille("report", "incident", KEY, "--markdown", file).code == 3


def test_a_file_without_an_incident_is_wrong_use(kept: SqliteStore, reveille: Reveille) -> None:
    assert reveille("report", "incident", "--markdown", "x.md").code == 3


def test_without_a_store_there_is_nothing_to_read(monkeypatch: pytest.MonkeyPatch, reveille: Reveille) -> None:
    monkeypatch.delenv("REVEILLE_STORE", raising=False)

    said = reveille("report", "incident")

    assert said.code == 3
    assert "REVEILLE_STORE" in said.err


def test_an_interval_is_written_as_one_web_page_for_its_owner_alone(
    reveille: Reveille, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "report.html"

    said = reveille("report", "10", "feb", "--html", str(file), "--scenario", "invoker-lost")

    assert said.code == 1
    assert "2026-02-10: BLOCKED" in said.out
    written = file.read_text(encoding="utf-8")
    assert written.startswith("<!doctype html>")
    assert "3 orchestrators refuse Pub/Sub" in written
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "arguments",
    [("10", "feb"), ("nonsense", "--html", "a.html"), ("--html", "no-such-folder/a.html"), ("--html", ".")],
    ids=["no file", "no date", "no folder", "a folder"],
)
def test_a_page_that_cannot_be_written_is_wrong_use(reveille: Reveille, arguments: tuple[str, ...]) -> None:
    said = reveille("report", *arguments, "--scenario", "invoker-lost")

    assert said.code == 3
    assert said.err.count("\n") == 1


def test_the_page_about_being_on_call_shows_commands_that_work(
    reveille: Reveille, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = (ROOT / "docs" / "on-call.md").read_text(encoding="utf-8").splitlines()
    (line,) = (each for each in shown if each.startswith("reveille report --html"))

    assert reveille(*line.partition("#")[0].split()[1:]).code == 1
    assert (tmp_path / "report.html").is_file()
