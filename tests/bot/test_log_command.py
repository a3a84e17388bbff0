"""``reveille log``: who did what, when, and what came of it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.definition.pipeline_file import shipped_pipeline
from bot.serving.serving_settings import DEFAULT_STORE
from bot.store.marked import marked
from bot.store.model import AuditEntry, Changes
from bot.store.sqlite import SqliteStore
from tests.bot.repairs.cloud import SERVICE, Cloud, Reveille
from tests.bot.repairs.conftest import on_cloud, reveille

__all__ = ["on_cloud", "reveille"]

NAME = shipped_pipeline().name
GRANT = f"grant-invoker:{SERVICE}"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "store.db"
    monkeypatch.setenv("REVEILLE_STORE", str(path))
    return path


def test_a_repair_is_one_line_with_its_actor_and_outcome(on_cloud: Cloud, store: Path, reveille: Reveille) -> None:
    reveille("repair", GRANT, "--yes")

    said = reveille("log")

    assert said.code == 0
    (line,) = said.out.splitlines()
    assert SERVICE in line
    assert " in a shell: done and verified" in line
    assert "done and verified" in line


def test_what_a_deploy_step_has_proved_is_verified(on_cloud: Cloud, store: Path, reveille: Reveille) -> None:
    reveille("iam", "ensure", SERVICE)

    (line,) = reveille("log").out.splitlines()

    assert "done and verified" in line


def test_a_refusal_and_what_else_people_did_are_told(on_cloud: Cloud, store: Path, reveille: Reveille) -> None:
    kept = SqliteStore(store)
    at = datetime.now(UTC) - timedelta(hours=2)
    entry = AuditEntry(key="a:1", at=at, actor="U1", action="acknowledged", subject="alert", outcome="done")
    kept.commit(Changes(audit=(entry,)))
    kept.close()
    on_cloud.run.forgets_grants = True
    reveille("repair", GRANT, "--yes")

    lines = reveille("log").out.splitlines()

    assert [word for line in lines for word in ("acknowledged", "repair-refused", "failed") if word in line]
    assert "acknowledged" in lines[-1]
    assert len(lines) == 3


def test_a_merge_of_variables_is_one_line_without_a_value(on_cloud: Cloud, store: Path, reveille: Reveille) -> None:
    reveille("env", "merge", "live-export", "MODE=hushhush")

    (line,) = reveille("log").out.splitlines()

    assert "env-merge-ended live-export" in line
    assert "hushhush" not in reveille("log", "--json").out


def test_what_is_older_is_left_out(store: Path, reveille: Reveille) -> None:
    kept = SqliteStore(store)
    at = datetime.now(UTC) - timedelta(hours=25)
    entry = AuditEntry(key="a:1", at=at, actor="U1", action="acknowledged", subject="alert", outcome="done")
    kept.commit(Changes(audit=(entry,)))
    kept.close()

    assert "acknowledged" not in reveille("log", "--since", "24h").out
    assert "acknowledged" in reveille("log", "--since", "2d").out
    assert "acknowledged" in reveille("log", "--since", at.isoformat()).out


def test_json_has_every_record(on_cloud: Cloud, store: Path, reveille: Reveille) -> None:
    reveille("repair", GRANT, "--yes")

    entries = json.loads(reveille("log", "--json").out)

    assert [each["action"] for each in entries] == ["repair-verified", "repair-ended", "repair-begun", "repair-planned"]


@pytest.mark.parametrize("since", ["then", "7", "7y", ""])
def test_a_span_that_is_none_is_wrong_use(since: str, store: Path, reveille: Reveille) -> None:
    assert reveille("log", "--since", since).code == 3


def test_the_store_of_a_bot_that_serves_from_this_folder_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reveille: Reveille
) -> None:
    monkeypatch.delenv("REVEILLE_STORE", raising=False)
    monkeypatch.chdir(tmp_path)
    kept = SqliteStore(DEFAULT_STORE)
    entry = AuditEntry(key="a:1", at=datetime.now(UTC), actor="U1", action="acknowledged", subject="a", outcome="done")
    kept.commit(Changes(audit=(entry,)))
    kept.close()

    assert "acknowledged" in reveille("log").out


def test_without_a_store_there_is_nothing_to_read(monkeypatch: pytest.MonkeyPatch, reveille: Reveille) -> None:
    monkeypatch.delenv("REVEILLE_STORE", raising=False)

    said = reveille("log")

    assert said.code == 3
    assert "REVEILLE_STORE" in said.err


@pytest.mark.parametrize("since", ["yesterday", "last monday", "2026-02-11", "24h"])
@pytest.mark.slow
def test_it_begins_where_somebody_says_in_words(since: str, on_cloud: Cloud, store: Path, reveille: Reveille) -> None:
    reveille("repair", GRANT, "--yes")

    assert len(reveille("log", "--since", since).out.splitlines()) == 1


def test_a_date_that_is_none_is_one_sentence(on_cloud: Cloud, store: Path, reveille: Reveille) -> None:
    said = reveille("log", "--since", "30 feb")

    assert (said.code, "no such day" in said.err) == (3, True)


def test_what_was_done_in_another_pipeline_is_not_told(on_cloud: Cloud, store: Path, reveille: Reveille) -> None:
    kept = SqliteStore(store)
    for name in ("events", NAME):
        at, action = datetime.now(UTC), "acknowledged"
        entry = AuditEntry(
            key=f"a:{name}", at=at, actor="U1", action=action, subject=f"alert of {name}", outcome="done"
        )
        marked(kept, name).commit(Changes(audit=(entry,)))
    kept.close()

    (line,) = reveille("log").out.splitlines()
    (record,) = json.loads(reveille("log", "--json").out)

    assert f"alert of {NAME}" in line
    assert record["details"] == {"pipeline": NAME}
