"""What travels to the builder of an image."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from tests.fresh.context import Context, rules


@pytest.mark.parametrize(
    ("lines", "path", "travels"),
    [
        pytest.param([], "a/b", True, id="no rule"),
        pytest.param(["*"], "a/b", False, id="all ignored"),
        pytest.param(["*", "!a"], "a/b/c", True, id="but a folder"),
        pytest.param(["*", "!a"], "ab", False, id="of that name only"),
        pytest.param(["*", "!a", "**/*.pyc"], "a/b/c.pyc", False, id="without some files"),
        pytest.param(["**/x"], "x", False, id="at the top as well"),
        pytest.param(["**/x"], "a/b/x/c", False, id="and all that is in it"),
        pytest.param(["/a/?.md"], "a/b.md", False, id="one character"),
        pytest.param(["/a/?.md"], "a/bc.md", True, id="and not two"),
        pytest.param(["# a", "", "b.c"], "bxc", True, id="a dot is a dot"),
        pytest.param(["a", "!a/b", "a/b"], "a/b", False, id="the last rule decides"),
    ],
)
def test_the_last_rule_that_matches_decides(lines: list[str], path: str, travels: bool) -> None:
    assert Context(Path(), rules(lines)).holds(PurePosixPath(path)) is travels


def test_a_folder_is_copied_without_what_is_ignored(tmp_path: Path) -> None:
    for path in ("bot/a.py", "bot/deep/b.py", "bot/__pycache__/a.pyc", "secret.env"):
        (tmp_path / "from" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "from" / path).touch()
    (tmp_path / "from" / ".dockerignore").write_text("*\n!bot\n**/__pycache__\n")
    context = Context.of(tmp_path / "from")

    copied = [context.copy("bot/", tmp_path / "to"), context.copy("secret.env", tmp_path / "to" / "secret.env")]

    assert copied == [2, 0]
    files = [path.relative_to(tmp_path / "to").as_posix() for path in (tmp_path / "to").rglob("*") if path.is_file()]
    assert sorted(files) == ["a.py", "deep/b.py"]
