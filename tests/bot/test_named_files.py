"""A file that somebody names and that cannot be used: one sentence that names it, at once, and the exit code for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.bot.in_process import run

NOBODY: Mapping[str, str] = {"REVEILLE_PIPELINE": "", "GOOGLE_APPLICATION_CREDENTIALS": ""}
SLACK = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_SIGNING_SECRET": "a" * 32,
    "REVEILLE_CHANNEL": "C0123456789",
}
FILES: Mapping[str, bytes | None] = {
    "missing.yaml": None,
    "folder": None,
    "empty.yaml": b"",
    "binary.yaml": bytes(range(128, 256)) * 9,
    "rows.yaml": b"id,amount\n1,2\n",
    "data.duckdb": b"\0\xff" * 400,
}
COMMANDS = [
    ("validate", "--pipeline"),
    ("validate", "--scenario"),
    ("validate", "--pipeline", "nba", "--data"),
    ("drill", "--pipeline"),
    ("drill", "--scenario"),
    ("drill", "--accept"),
    ("replay", "healthy-morning", "--pipeline"),
    ("replay",),
    ("config", "check", "--pipeline"),
    ("config", "upgrade"),
    ("checks", "--pipeline"),
    ("explain", "volume", "--pipeline"),
    ("graph", "--pipeline"),
    ("report", "interval", "--html", "page.html", "--scenario"),
    ("record", "--to", "new.yaml", "--scenario"),
    ("backtest", "--pipeline"),
    ("digest", "--dry-run", "--pipeline"),
    ("digest", "--dry-run", "--scenario"),
    ("round", "--pipeline"),
    ("slack", "check", "--pipeline"),
    ("demo", "--no-browser", "--scenario"),
    ("init", "--from"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_file_that_cannot_be_used_is_named_in_one_sentence(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "folder").mkdir()
    for name, content in FILES.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)

    for name in FILES:
        ended = run((*command, name), tmp_path, {**NOBODY, **SLACK})

        assert (ended.returncode, ended.stderr.count("\n")) == (3, 1), (name, ended.stderr)
        assert name in ended.stderr.partition(". ")[0]
        assert not any(word in ended.stderr for word in ("Errno", "codec", "Traceback"))


def test_what_is_printed_without_a_terminal_is_the_story_and_no_scenario(tmp_path: Path) -> None:
    ended = run(("demo", "--once", "--scenario", "invoker-lost"), tmp_path, NOBODY)

    assert (ended.returncode, ended.stdout) == (3, "")
    assert "validate --scenario invoker-lost" in ended.stderr


def test_of_a_scenario_that_is_not_there_no_other_command_is_advised(tmp_path: Path) -> None:
    ended = run(("demo", "--scenario", "invoker-los"), tmp_path, NOBODY)

    assert (ended.returncode, ended.stdout) == (3, "")
    assert "invoker-lost" in ended.stderr
    assert "validate" not in ended.stderr


def test_of_a_folder_the_file_that_cannot_be_read_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    for name in ("orders/a.csv", "orders/b.csv", "crm/people.csv"):
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / name).write_text("id,name\n1,a\n2,b\n", "utf-8")
    (tmp_path / "data" / "orders" / "b.csv").write_bytes("id,name\n1,Müller\n".encode("latin-1"))
    (tmp_path / "data" / "crm" / "torn.parquet").write_bytes(b"no Parquet")

    ended = run(("init", "--from", "data"), tmp_path, NOBODY)
    table = "tables: {orders.b: {columns: {id: INT64}, expect: {unique: [id]}}}\n"
    (tmp_path / "wanted.yaml").write_text(table, "utf-8")
    judged = run(("validate", "--pipeline", "wanted.yaml", "--data", "data"), tmp_path, NOBODY)

    assert ended.returncode == 0, ended.stderr
    assert "orders/b.csv is no text in UTF-8; save it with that encoding." in ended.stderr
    assert "crm.torn is left out" in ended.stderr
    assert (judged.returncode, judged.stderr.count("\n")) == (3, 1)
    assert "orders/b.csv is no text in UTF-8" in judged.stderr


def test_doctor_looks_for_dbts_artifacts_where_there_is_no_project(tmp_path: Path) -> None:
    file = "tables: {main.orders: {columns: {id: INT64}, expect: {unique: [id]}}}\ndbt: {artifacts: target}\n"
    (tmp_path / "pipeline.yaml").write_text(file, "utf-8")

    ended = run(("doctor", "--pipeline", "pipeline.yaml"), tmp_path, NOBODY)

    assert ended.returncode == 1
    assert "✗ dbt: not found: there is no manifest.json in" in ended.stdout
