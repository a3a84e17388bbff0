"""Finding the files, and files that cannot be read: each is reported, and the others go on."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from bot.audit.engine import audit
from bot.audit.model import Audit
from bot.audit.source_text import LARGEST_FILE
from bot.git_program import git_files

BAD = "set -e\ngcloud run jobs deploy a --set-env-vars=A=b\n"


def write(root: Path, path: str, content: str | bytes = BAD) -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def unreadable(result: Audit) -> list[tuple[str, int, int]]:
    return [(one.path, one.span.start.line, one.span.start.column) for one in result.violations if one.rule == "REV000"]


def flagged(result: Audit) -> set[str]:
    return {one.path for one in result.violations if one.rule == "REV003"}


def test_files_are_found_by_their_names_and_by_what_they_run(tmp_path: Path) -> None:
    wanted = ["bin/deploy_a.sh", "bin/x/y/deploy-b.sh", "deploy.sh", "services/a/deploy.sh", "tools/bin/deploy.sh"]
    wanted += ["deploy_a.sh", "bin/build.sh", "bin/redeploy_a.sh"]
    for path in [*wanted, "bin/deploy.py"]:
        write(tmp_path, path)
    for path in ["cloudbuild.yaml", "x/cloudbuild-a.yml", "build.yaml"]:
        write(tmp_path, path, "steps: []\n")
    write(tmp_path, "node_modules/a/deploy.sh")

    result = audit(tmp_path)

    assert result.files == tuple(sorted([*wanted, "cloudbuild.yaml", "x/cloudbuild-a.yml"]))
    assert flagged(result) == set(wanted)


def test_a_file_that_is_named_is_audited_whatever_its_name(tmp_path: Path) -> None:
    file = write(tmp_path, "tools/release")
    write(tmp_path, "deploy.sh")

    result = audit(tmp_path, [file])

    assert result.files == ("tools/release",)
    assert flagged(result) == {"tools/release"}


def test_a_folder_that_is_named_is_audited_alone(tmp_path: Path) -> None:
    write(tmp_path, "a/deploy.sh")
    write(tmp_path, "ab/deploy.sh")

    assert audit(tmp_path, [Path("a")]).files == ("a/deploy.sh",)


def test_in_a_git_tree_ignored_files_are_left_out_and_new_ones_are_not(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    write(tmp_path, ".gitignore", "build/\n")
    write(tmp_path, "build/deploy.sh")
    write(tmp_path, "bin/deploy_new.sh")

    assert audit(tmp_path, git_files=git_files).files == ("bin/deploy_new.sh",)


def test_settings_of_the_repository_run_no_program(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    witness = tmp_path / "ran"
    subprocess.run(["git", "config", "core.fsmonitor", f"touch {witness}; false"], cwd=tmp_path, check=True)
    write(tmp_path, "deploy.sh")

    result = audit(tmp_path, git_files=git_files)

    assert result.files == ("deploy.sh",)
    assert not witness.exists()


@pytest.mark.parametrize(
    ("content", "place"),
    [
        pytest.param('set -e\nif [ "$1" ]; then\n  echo a\n', (3, 9), id="an if without its fi"),
        pytest.param("set -e\necho a\necho b )\n", (3, 8), id="a closing bracket too many"),
        pytest.param(b"#!/bin/bash\n\0\x01\x02", (1, 1), id="a binary file"),
        pytest.param("echo 'ä'\n".encode("latin-1"), (1, 1), id="another encoding"),
        pytest.param("echo a\n" * (LARGEST_FILE // 7 + 1), (1, 1), id="a file that is too large"),
        pytest.param("echo a\n" * (5_000_000 // 7), (1, 1), id="a script of 5 MB"),
        pytest.param("(" * 3000 + ")" * 3000, (1, 1), id="nested without end"),
        pytest.param("for a in {1..9}; do\n" + "f() { f; f; f; }\nf\ndone", None, id="a function that calls itself"),
        pytest.param(
            "X='a b c d e f g h i j'\n" + "for a in $X; do " * 6 + ":" + "; done" * 6, (1, 1), id="loops of loops"
        ),
    ],
)
@pytest.mark.sampled(3)
def test_a_script_that_cannot_be_read_is_reported_and_the_others_go_on(
    tmp_path: Path, content: str | bytes, place: tuple[int, int] | None
) -> None:
    write(tmp_path, "bin/deploy_bad.sh", content)
    write(tmp_path, "bin/deploy_good.sh")

    result = audit(tmp_path)

    found = unreadable(result)
    assert [path for path, _, _ in found] == ([] if place is None else ["bin/deploy_bad.sh"])
    if place is not None and place != (1, 1):
        assert found[0][1:] == place
    assert flagged(result) == {"bin/deploy_good.sh"}


@pytest.mark.parametrize(
    ("content", "places"),
    [
        pytest.param("steps:\n  - name: a\n    name: b\n", [(3, 5)], id="a key twice"),
        pytest.param("steps:\n  - name: a\n   args: b\n", [(3, 4)], id="a wrong indentation"),
        pytest.param("steps: *nothing\n", [(1, 8)], id="an alias without its anchor"),
        pytest.param("- a\n- b\n", [(1, 1)], id="a list"),
        pytest.param("", [(1, 1)], id="nothing"),
        pytest.param(
            "steps:\n- name: a\n  entrypoint: bash\n  args: ['-c', 'if x; then']\n", [(4, 27)], id="bad shell in a step"
        ),
        pytest.param(
            "steps:\n- name: a\n  script: |\n    echo a\n    echo b )\n", [(5, 12)], id="bad shell in a block"
        ),
    ],
)
def test_a_build_file_that_cannot_be_read_is_reported(
    tmp_path: Path, content: str, places: list[tuple[int, int]]
) -> None:
    write(tmp_path, "cloudbuild.yaml", content)
    write(tmp_path, "deploy.sh")

    result = audit(tmp_path)

    assert [(line, column) for _, line, column in unreadable(result)] == places
    assert flagged(result) == {"deploy.sh"}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("steps: nothing\n", id="steps that are a text"),
        pytest.param("steps: [a, 1, null]\n", id="steps that are no mappings"),
        pytest.param("steps: [{args: 5}, {script: 7}, {entrypoint: [a]}, {name: {}}]\n", id="values of other kinds"),
        pytest.param(
            "substitutions: [a]\nsteps: [{args: ['$_A'], env: 3}]\noptions: 4\n", id="settings of other kinds"
        ),
        pytest.param(
            "substitutions: {_A: $_B, _B: $_A}\nsteps: [{name: a, args: ['$_A']}]\n", id="substitutions in a ring"
        ),
        pytest.param("steps: [{id: a, waitFor: [a, b, 3], args: [x]}]\n", id="a step that waits for itself"),
    ],
)
def test_a_build_file_of_another_shape_breaks_nothing(tmp_path: Path, content: str) -> None:
    write(tmp_path, "cloudbuild.yaml", content)

    assert flagged(audit(tmp_path)) == set()


def test_windows_line_ends_change_neither_findings_nor_places(tmp_path: Path) -> None:
    unix = write(tmp_path / "a", "deploy.sh", "set -e\ngcloud run jobs deploy a \\\n  --set-env-vars=A=b\n")
    write(tmp_path / "b", "deploy.sh", unix.read_bytes().replace(b"\n", b"\r\n"))

    assert audit(tmp_path / "a").violations == audit(tmp_path / "b").violations


def test_a_mark_at_the_beginning_of_the_file_is_no_part_of_it(tmp_path: Path) -> None:
    write(tmp_path, "deploy.sh", b"\xef\xbb\xbfgcloud run jobs deploy a --set-env-vars=A=b\n")

    (violation,) = (one for one in audit(tmp_path).violations if one.rule == "REV003")

    assert (violation.span.start.line, violation.span.start.column) == (1, 26)


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", "deploy.sh")
    root = tmp_path / "root"
    write(root, "real/deploy.sh")
    (root / "loop").symlink_to(root)
    (root / "ring").symlink_to(root / "ring")
    (root / "linked").mkdir()
    (root / "linked" / "deploy.sh").symlink_to(outside)

    result = audit(root)

    assert result.files == ("real/deploy.sh",)
    assert [path for path, _ in result.skipped] == ["linked/deploy.sh"]


def test_a_link_that_is_named_is_read_inside_the_root_only(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", "deploy.sh")
    root = tmp_path / "root"
    write(root, "real.sh")
    (root / "inside.sh").symlink_to(root / "real.sh")
    (root / "outside.sh").symlink_to(outside)
    (root / "ring.sh").symlink_to(root / "ring.sh")

    result = audit(root, [Path(name) for name in ("inside.sh", "outside.sh", "ring.sh", "missing.sh", "../outside")])

    assert result.files == ("inside.sh",)
    assert {path for path, _ in result.skipped} == {"outside.sh", "../outside"}
    assert {path for path, _, _ in unreadable(result)} == {"ring.sh", "missing.sh"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_reported(tmp_path: Path) -> None:
    write(tmp_path, "deploy.sh").chmod(0)

    assert unreadable(audit(tmp_path)) == [("deploy.sh", 1, 1)]


def test_a_pipe_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "deploy.sh")
    os.mkfifo(tmp_path / "named")

    result = audit(tmp_path, [tmp_path, tmp_path / "named"])

    assert result.files == ()
    assert [path for path, _ in result.skipped] == ["deploy.sh"]
    assert [path for path, _, _ in unreadable(result)] == ["named"]


def test_backup_files_are_violations_and_are_not_read(tmp_path: Path) -> None:
    for name in ("bin/deploy_a.sh.bak", "deploy.sh.backup", "x.backup.2026", "cloudbuild.yaml.BAK"):
        write(tmp_path, name, b"\0")
    write(tmp_path, "backup.sh", b"\0")

    result = audit(tmp_path)

    assert [(one.rule, one.path) for one in result.violations] == [
        ("REV012", name) for name in ("bin/deploy_a.sh.bak", "cloudbuild.yaml.BAK", "deploy.sh.backup", "x.backup.2026")
    ]


def test_the_import_validation_that_differs_is_flagged_where_it_stands(tmp_path: Path) -> None:
    deploy = "gcloud run jobs deploy a"
    for name in ("a", "b"):
        write(tmp_path, f"bin/deploy_{name}.sh", f"python bin/validate_imports.py {name}\n{deploy}\n")
    write(tmp_path, "bin/deploy_c.sh", f"set -e\n  python -c 'import main'\n{deploy}\n")

    result = audit(tmp_path)

    found = [
        (one.path, one.span.start.line, one.span.start.column) for one in result.violations if one.rule == "REV008"
    ]
    assert found == [("bin/deploy_c.sh", 2, 3)]


@pytest.mark.slow
def test_a_large_script_is_followed_in_bounded_time(tmp_path: Path) -> None:
    write(tmp_path, "deploy.sh", "set -e\n" + "gcloud run jobs deploy a --set-env-vars=A=b\n" * 5_000)

    begun = time.monotonic()
    result = audit(tmp_path)

    assert len([one for one in result.violations if one.rule == "REV003"]) == 5_000
    assert time.monotonic() - begun < 20
