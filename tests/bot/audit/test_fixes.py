"""Automatic fixes: exact, all or none, in one step, and applied by others as well as by us."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.audit.fixes import FileFix, FixError, apply, difference, plan, write
from bot.audit.model import Edit, Position, SourceFile, Span, Violation
from bot.audit.patch import changes
from tests.bot.audit.found import SCRIPT, WIPES, by_path, violation

SET, UPDATE = "--set-env-vars", "--update-env-vars"
TEXTS = st.lists(st.sampled_from(["a", "b ", "日", "\t", "\n", "\r\n", "\r", "é"]), max_size=30).map("".join)


def a_file(folder: Path, content: str | bytes = SCRIPT, path: str = "bin/deploy.sh") -> SourceFile:
    """Write a file; return it as the audit reads it."""
    raw = content.encode() if isinstance(content, str) else content
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(raw)
    return SourceFile(path, raw.decode("utf-8-sig").replace("\r\n", "\n"))


def planned(folder: Path, source: SourceFile, *violations: Violation) -> FileFix:
    fixes, problems = plan(folder, violations, by_path(source))
    assert problems == ()
    (file_fix,) = fixes
    return file_fix


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(SCRIPT, id="as usual"),
        pytest.param(SCRIPT.replace("\n", "\r\n"), id="Windows line ends"),
        pytest.param("\ufeff" + SCRIPT, id="a byte order mark"),
        pytest.param(f"\ufeffgcloud {SET}=A", id="a mark on the same line"),
        pytest.param(f"gcloud {SET}=A", id="no line end at the end"),
        pytest.param(f"echo a\r\necho b\n\tgcloud {SET}=日本\r\n", id="mixed line ends"),
        pytest.param(f"echo 'a\rb\x0b\x0c\u2028' \ngcloud {SET}=A\n", id="what others take for line ends"),
        pytest.param(f"echo 日本語 e\u0301 🏀; gcloud {SET}=A\n", id="wide characters before it"),
    ],
)
def test_nothing_but_the_words_changes(content: str, tmp_path: Path) -> None:
    source = a_file(tmp_path, content)

    file_fix = planned(tmp_path, source, violation(source, SET, becomes=UPDATE))
    write(tmp_path, file_fix)

    assert (tmp_path / source.path).read_bytes() == content.replace(SET, UPDATE).encode()


def test_new_lines_end_as_the_others_do(tmp_path: Path) -> None:
    source = a_file(tmp_path, "#!/bin/bash\r\ngcloud run\r\n")
    found = violation(source, "gcloud", becomes="set -e\ngcloud")

    assert planned(tmp_path, source, found).after == b"#!/bin/bash\r\nset -e\r\ngcloud run\r\n"


@given(TEXTS, st.data())
def test_edits_replace_exactly_their_spans(text: str, data: st.DataObject) -> None:
    source = SourceFile("a", text.replace("\r\n", "\n"))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(source.text)), max_size=8)))
    spans = [source.span(start, end) for start, end in zip(cuts[::2], cuts[1::2], strict=False)]
    edits = [Edit(span, f"<{number}>") for number, span in enumerate(spans)]
    expected = source.text
    for number, (start, end) in reversed(list(enumerate(zip(cuts[::2], cuts[1::2], strict=False)))):
        expected = f"{expected[:start]}<{number}>{expected[end:]}"

    result = apply(text, data.draw(st.permutations(edits)))

    assert result.replace("\r\n", "\n") == expected


@pytest.mark.parametrize("place", [Position(0, 1), Position(3, 1), Position(1, 5), Position(1, 0)])
def test_an_edit_outside_the_file_is_an_error_of_ours(place: Position) -> None:
    with pytest.raises(ValueError, match="outside the file"):
        apply("abc\nd", [Edit(Span(place, place), "x")])


def overlapping(source: SourceFile) -> tuple[Violation, Violation]:
    return violation(source, f"{SET}=GCP", becomes="first"), violation(source, "GCP_PROJECT", becomes="second")


def test_the_second_of_two_overlapping_repairs_waits(tmp_path: Path) -> None:
    source = a_file(tmp_path)
    first, second = overlapping(source)

    file_fix = planned(tmp_path, source, first, second)

    assert (file_fix.fixed, file_fix.left) == ((first,), (second,))
    assert b"first_PROJECT" in file_fix.after


@pytest.mark.parametrize("turned", [False, True], ids=["in order", "turned round"])
@pytest.mark.parametrize(
    ("second", "fixed"),
    [
        pytest.param("=GCP_PROJECT", 2, id="side by side"),
        pytest.param("s=GCP_PROJECT", 1, id="over one letter"),
    ],
)
def test_repairs_that_only_touch_are_both_made(tmp_path: Path, second: str, fixed: int, turned: bool) -> None:
    source = a_file(tmp_path)
    both = [violation(source, SET, becomes=UPDATE), violation(source, second, becomes="=A")]

    file_fix = planned(tmp_path, source, *(reversed(both) if turned else both))

    assert len(file_fix.fixed) == fixed
    assert (f"{UPDATE}=A=example-project".encode() in file_fix.after) is (fixed == 2)


def test_a_violation_is_fixed_wholly_or_not_at_all(tmp_path: Path) -> None:
    source = a_file(tmp_path)
    first, second = overlapping(source)
    far = violation(source, "--set-secrets", becomes="--update-secrets")
    both = WIPES.violation(source.path, far.span, "Two places.", edits=(*far.edits, *second.edits))

    file_fix = planned(tmp_path, source, first, both)

    assert file_fix.left == (both,)
    assert b"--set-secrets" in file_fix.after


def test_two_insertions_at_one_place_do_not_race(tmp_path: Path) -> None:
    source = a_file(tmp_path)
    here = Position(1, 1)
    one, other = (
        WIPES.violation(source.path, Span(here, here), "Here.", edits=(Edit(Span(here, here), words),))
        for words in ("# one\n", "# other\n")
    )

    file_fix = planned(tmp_path, source, one, other)

    assert (file_fix.fixed, file_fix.left) == ((one,), (other,))


def test_the_same_edit_fixes_two_violations_at_once(tmp_path: Path) -> None:
    source = a_file(tmp_path)
    one, other = violation(source, SET, becomes=UPDATE), violation(source, SET, becomes=UPDATE)

    file_fix = planned(tmp_path, source, one, other)

    assert (len(file_fix.fixed), file_fix.after.count(UPDATE.encode())) == (2, 1)


def test_edits_that_only_touch_are_both_made() -> None:
    edits = [Edit(Span(Position(1, 1), Position(1, 3)), "x"), Edit(Span(Position(1, 3), Position(1, 5)), "y")]

    assert apply("aabb", edits) == "xy"


def test_a_violation_without_edits_plans_nothing(tmp_path: Path) -> None:
    source = a_file(tmp_path)

    assert plan(tmp_path, [violation(source, SET)], by_path(source)) == ((), ())


def test_a_file_that_changed_while_it_was_audited_is_left(tmp_path: Path) -> None:
    source = a_file(tmp_path)
    (tmp_path / source.path).write_text(f"# a new line\n{SCRIPT}", encoding="utf-8")

    fixes, problems = plan(tmp_path, [violation(source, SET, becomes=UPDATE)], by_path(source))

    assert fixes == ()
    assert problems == ("bin/deploy.sh changed while it was audited, and is left as it is: run the audit again.",)


def test_a_file_that_changed_after_it_was_shown_is_left(tmp_path: Path) -> None:
    source = a_file(tmp_path)
    file_fix = planned(tmp_path, source, violation(source, SET, becomes=UPDATE))
    (tmp_path / source.path).write_text("echo other\n", encoding="utf-8")

    with pytest.raises(FixError, match="changed meanwhile"):
        write(tmp_path, file_fix)

    assert (tmp_path / source.path).read_text(encoding="utf-8") == "echo other\n"


def test_a_file_that_is_gone_does_not_keep_others_from_being_fixed(tmp_path: Path) -> None:
    gone, there = a_file(tmp_path, path="a/deploy.sh"), a_file(tmp_path, path="b/deploy.sh")
    (tmp_path / gone.path).unlink()

    fixes, problems = plan(
        tmp_path, [violation(each, SET, becomes=UPDATE) for each in (gone, there)], by_path(gone, there)
    )

    assert [file_fix.path for file_fix in fixes] == ["b/deploy.sh"]
    assert problems == ("a/deploy.sh could not be read: No such file or directory.",)


@pytest.mark.parametrize("mode", [0o755, 0o640, 0o700, 0o444], ids=oct)
def test_a_file_keeps_its_mode(mode: int, tmp_path: Path) -> None:
    source = a_file(tmp_path)
    file = tmp_path / source.path
    file.chmod(mode)

    write(tmp_path, planned(tmp_path, source, violation(source, SET, becomes=UPDATE)))

    assert (file.stat().st_mode & 0o7777, UPDATE in file.read_text(encoding="utf-8")) == (mode, True)


def test_nothing_is_left_beside_it(tmp_path: Path) -> None:
    source = a_file(tmp_path)

    write(tmp_path, planned(tmp_path, source, violation(source, SET, becomes=UPDATE)))

    assert [path.name for path in (tmp_path / "bin").iterdir()] == ["deploy.sh"]


def test_whoever_has_the_file_open_reads_the_whole_old_one(tmp_path: Path) -> None:
    source = a_file(tmp_path)
    with (tmp_path / source.path).open(encoding="utf-8") as reader:
        write(tmp_path, planned(tmp_path, source, violation(source, SET, becomes=UPDATE)))

        assert reader.read() == SCRIPT


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    a_file(tmp_path, path="scripts/real.sh")
    (tmp_path / "deploy.sh").symlink_to("scripts/real.sh")
    source = SourceFile("deploy.sh", SCRIPT)

    write(tmp_path, planned(tmp_path, source, violation(source, SET, becomes=UPDATE)))

    assert (tmp_path / "deploy.sh").is_symlink()
    assert UPDATE in (tmp_path / "scripts/real.sh").read_text(encoding="utf-8")


def test_a_link_out_of_the_tree_is_not_followed(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    a_file(tmp_path, path="outside.sh")
    tree.mkdir()
    (tree / "deploy.sh").symlink_to(tmp_path / "outside.sh")
    source = SourceFile("deploy.sh", SCRIPT)
    file_fix = planned(tree, source, violation(source, SET, becomes=UPDATE))

    with pytest.raises(FixError, match="leads out of tree"):
        write(tree, file_fix)

    assert (tmp_path / "outside.sh").read_text(encoding="utf-8") == SCRIPT


@contextmanager
def unwritable(folder: Path) -> Iterator[None]:
    """Nothing can be made or replaced in the folder; root needs an attribute of the file system for that."""
    if os.geteuid() != 0:
        folder.chmod(0o500)
        yield
        folder.chmod(0o700)
        return
    if shutil.which("chattr") is None or subprocess.run(["chattr", "+i", folder], check=False).returncode:
        pytest.skip("root can write everywhere, and this file system has no immutable folders")
    yield
    subprocess.run(["chattr", "-i", folder], check=True)


def test_a_file_that_cannot_be_written_stays_whole(tmp_path: Path) -> None:
    source = a_file(tmp_path)
    file_fix = planned(tmp_path, source, violation(source, SET, becomes=UPDATE))

    with unwritable(tmp_path / "bin"), pytest.raises(FixError, match=r"deploy\.sh could not be written: "):
        write(tmp_path, file_fix)

    assert [path.name for path in (tmp_path / "bin").iterdir()] == ["deploy.sh"]
    assert (tmp_path / source.path).read_text(encoding="utf-8") == SCRIPT


def test_a_name_as_long_as_names_can_be_is_no_obstacle(tmp_path: Path) -> None:
    source = a_file(tmp_path, path="d" * 252 + ".sh")

    write(tmp_path, planned(tmp_path, source, violation(source, SET, becomes=UPDATE)))

    assert UPDATE in (tmp_path / source.path).read_text(encoding="utf-8")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    return tmp_path


@pytest.mark.parametrize(
    ("content", "path"),
    [
        pytest.param(SCRIPT, "bin/deploy.sh", id="as usual"),
        pytest.param(SCRIPT.replace("\n", "\r\n"), "bin/deploy.sh", id="Windows line ends"),
        pytest.param(f"echo a\ngcloud {SET}=A", "deploy.sh", id="no line end at the end"),
        pytest.param(f"gcloud {SET}=A\u2028b\x0cc\n", "deploy.sh", id="what others take for line ends"),
        pytest.param(SCRIPT, "a folder/deploy it.sh", id="spaces in the name"),
        pytest.param(SCRIPT, "日本/deploy.sh", id="a name that is not ASCII"),
        pytest.param(SCRIPT, 'a\n"b"\\ c/deploy.sh', id="a name with all that needs quotes"),
        pytest.param(SCRIPT, "\udcff/deploy.sh", id="a name that is no text"),
    ],
)
def test_git_applies_the_difference_as_we_do(content: str, path: str, repository: Path) -> None:
    source = a_file(repository, content, path)
    file_fix = planned(repository, source, violation(source, SET, becomes=UPDATE))
    shown = "".join(difference(file_fix))

    subprocess.run(["git", "apply", "--whitespace=nowarn", "-"], input=shown.encode(), cwd=repository, check=True)

    assert (repository / path).read_bytes() == file_fix.after


@given(st.text(st.sampled_from("ab\n"), max_size=60), st.data())
def test_a_difference_made_of_edits_turns_one_text_into_the_other(text: str, data: st.DataObject) -> None:
    source = SourceFile("a", text)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=8)))
    edits = [
        Edit(source.span(start, end), data.draw(st.text(st.sampled_from("ax\n"), max_size=4)))
        for start, end in zip(cuts[::2], cuts[1::2], strict=False)
    ]
    before, after = (each.splitlines(keepends=True) for each in (text, apply(text, edits)))

    made = list(before)
    for change in reversed(list(changes(before, after, edits))):
        assert before[change.before : change.before_end] != after[change.after : change.after_end]
        made[change.before : change.before_end] = after[change.after : change.after_end]

    assert made == after
