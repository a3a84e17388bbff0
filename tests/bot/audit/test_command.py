"""``reveille audit``: what it prints where, and with which code it ends."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from bot.audit.rules.catalog import EVERY_RULE
from tests.bot.audit.runs import FIXED, WIPES, audit, audit_on_a_terminal, audit_process, tree

ONLY = ("--rule", "REV003")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def wiping(tmp_path: Path) -> Path:
    """A tree of two deploys, one of which wipes variables."""
    return tree(tmp_path, {"bin/deploy_one.sh": f"#!/bin/bash\n{WIPES}", "two/deploy.sh": f"#!/bin/bash\n{FIXED}"})


def test_a_violation_is_shown_with_its_place_and_its_repair(wiping: Path) -> None:
    done = audit_process(wiping, *ONLY)

    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("bin/deploy_one.sh:2:42: error REV003 ")
    assert lines[1] == f"    2 | {WIPES.rstrip()}"
    assert lines[2].index("^") == lines[1].index("--set-env-vars")
    assert lines[3].startswith("  fix: ")
    assert lines[-1].startswith("1 violation in 1 of 2 files: 1 error.")


def test_a_clean_tree_ends_with_zero(tmp_path: Path) -> None:
    done = audit(tree(tmp_path, {"deploy.sh": FIXED}), *ONLY)

    assert (done.returncode, done.stdout, done.stderr) == (0, "No violations in 1 file.\n", "")


@pytest.mark.parametrize(("options", "code"), [((), 0), (("--strict",), 1)], ids=["usually", "strict"])
def test_warnings_fail_only_when_it_is_strict(options: tuple[str, ...], code: int, tmp_path: Path) -> None:
    tree(tmp_path, {"deploy.sh": f"# reveille: ignore[REV003] nothing is here\n{FIXED}"})

    done = audit(tmp_path, "--rule", "REV013", "--rule", "REV003", *options)

    assert done.returncode == code
    assert "deploy.sh:1:1: warning REV013" in done.stdout


def test_json_is_alone_on_standard_output(wiping: Path) -> None:
    done = audit_process(wiping, *ONLY, "--format", "json")

    document = json.loads(done.stdout)
    assert (done.returncode, document["summary"]["errors"]) == (1, 1)
    assert [each["path"] for each in document["violations"]] == ["bin/deploy_one.sh"]
    assert done.stderr.startswith("1 violation in 1 of 2 files")


def test_sarif_is_alone_on_standard_output(wiping: Path) -> None:
    done = audit(wiping, *ONLY, "--format", "sarif")

    (run,) = json.loads(done.stdout)["runs"]
    assert (done.returncode, [result["ruleId"] for result in run["results"]]) == (1, ["REV003"])


def test_github_gets_annotations(wiping: Path) -> None:
    done = audit(wiping, *ONLY, "--format", "github")

    assert done.returncode == 1
    assert done.stdout.startswith("::error file=bin/deploy_one.sh,line=2,endLine=2,col=42,")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("missing.sh",), "There is no missing.sh."),
        (("--rule", "REV0003"), "There is no rule 'REV0003'; did you mean REV003?"),
        (("--ignore", "x"), "--list-rules"),
        (("--explain", "REV99"), "There is no rule 'REV99'"),
        (("--format", "xml"), "'xml'"),
        (("--fix", "--diff"), "exclude each other"),
        (("--yes",), "--fix"),
        (("--write-baseline",), "--baseline FILE"),
        (("--write-baseline", "--baseline", "b.json", "--diff"), "--write-baseline excludes"),
        (("--baseline", "missing.json"), "There is no baseline missing.json"),
        (("--fix",), "nobody can answer here"),
        (("empty",), "There is nothing to audit"),
        (("two", "/"), "one tree at a time"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_use_is_said_in_a_sentence(arguments: tuple[str, ...], said: str, wiping: Path) -> None:
    (wiping / "empty").mkdir()

    done = audit(wiping, *arguments)

    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("reveille: ")
    assert said in done.stderr
    assert (wiping / "bin/deploy_one.sh").read_text(encoding="utf-8").endswith(WIPES)


def test_a_rule_can_be_left_out(wiping: Path) -> None:
    done = audit(wiping, *(word for rule in EVERY_RULE for word in ("--ignore", rule.id)))

    assert (done.returncode, done.stdout) == (0, "No violations in 2 files.\n")


def test_a_file_that_is_named_is_audited_whatever_its_name(tmp_path: Path) -> None:
    tree(tmp_path, {"release": WIPES, "deploy.sh": WIPES})

    done = audit(tmp_path, *ONLY, "release")

    assert done.stdout.startswith("release:1:")
    assert "1 violation in 1 of 1 file" in done.stdout


def test_what_cannot_be_read_is_an_error_whatever_was_asked_for(wiping: Path) -> None:
    (wiping / "deploy.sh").write_bytes(b"\x7fELF\0\0\xff")

    done = audit(wiping, "--rule", "REV011")

    assert done.returncode == 1
    assert "deploy.sh:1:1: error REV000" in done.stdout


def repository(folder: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    return folder


@pytest.mark.parametrize(
    ("start", "arguments", "shown"),
    [
        pytest.param(".", (), "bin/deploy_one.sh:2:", id="at the top"),
        pytest.param("bin", (), "deploy_one.sh:2:", id="in a folder"),
        pytest.param("two", ("../bin",), "{tree}/bin/deploy_one.sh:2:", id="in another folder"),
    ],
)
def test_paths_are_shown_from_here_and_written_from_the_top(
    start: str, arguments: tuple[str, ...], shown: str, wiping: Path
) -> None:
    repository(wiping)

    text = audit(wiping / start, *ONLY, *arguments)
    document = json.loads(audit(wiping / start, *ONLY, "--format", "json", *arguments).stdout)

    assert text.stdout.startswith(shown.format(tree=wiping))
    assert [each["path"] for each in document["violations"]] == ["bin/deploy_one.sh"]


def test_a_baseline_keeps_old_violations_from_failing_and_new_ones_fail(wiping: Path) -> None:
    written = audit(wiping, *ONLY, "--baseline", "b.json", "--write-baseline")
    known = audit(wiping, *ONLY, "--baseline", "b.json", "--strict")
    tree(wiping, {"bin/deploy_one.sh": f"#!/bin/bash\n# moved\n\n{WIPES}gcloud run deploy b --set-env-vars=B=1\n"})
    new = audit(wiping, *ONLY, "--baseline", "b.json")

    assert (written.returncode, known.returncode, new.returncode) == (0, 0, 1)
    assert written.stdout == "b.json holds 1 violation now. Commit it: only what is not in it fails.\n"
    assert known.stdout == "No violations in 2 files. 1 in the baseline.\n"
    assert new.stdout.startswith("bin/deploy_one.sh:5:")


@pytest.mark.parametrize(("options", "code"), [((), 0), (("--strict",), 1)], ids=["usually", "strict"])
def test_a_stale_baseline_is_said(options: tuple[str, ...], code: int, wiping: Path) -> None:
    audit(wiping, *ONLY, "--baseline", "b.json", "--write-baseline")
    tree(wiping, {"bin/deploy_one.sh": FIXED})

    done = audit(wiping, *ONLY, "--baseline", "b.json", *options)

    assert done.returncode == code
    assert "Stale in the baseline: REV003 in bin/deploy_one.sh, line 2 when it was written." in done.stdout


def test_an_audit_of_a_part_neither_calls_the_rest_stale_nor_forgets_it(wiping: Path) -> None:
    tree(wiping, {"two/deploy.sh": WIPES})
    audit(wiping, *ONLY, "--baseline", "b.json", "--write-baseline")
    tree(wiping, {"two/deploy.sh": FIXED})

    part = audit(wiping, *ONLY, "--baseline", "b.json", "bin")
    other_rule = audit(wiping, "--rule", "REV011", "--baseline", "b.json")
    audit(wiping, *ONLY, "--baseline", "b.json", "--write-baseline", "two")

    assert "Stale" not in part.stdout + other_rule.stdout
    assert [each["path"] for each in json.loads((wiping / "b.json").read_bytes())["violations"]] == [
        "bin/deploy_one.sh"
    ]


def test_a_difference_is_all_that_diff_prints_and_writes(wiping: Path) -> None:
    repository(wiping)

    done = audit(wiping, *ONLY, "--diff")
    before = (wiping / "bin/deploy_one.sh").read_text(encoding="utf-8")
    subprocess.run(["git", "apply", "-"], input=done.stdout, text=True, cwd=wiping, check=True)

    assert (done.returncode, before) == (1, f"#!/bin/bash\n{WIPES}")
    assert (wiping / "bin/deploy_one.sh").read_text(encoding="utf-8") == f"#!/bin/bash\n{FIXED}"
    assert done.stderr.startswith("1 violation in 1 of 2 files: 1 error. It can be fixed with --fix.")


def test_fix_shows_fixes_and_audits_again(wiping: Path) -> None:
    done = audit(wiping, *ONLY, "--fix", "--yes")

    assert done.returncode == 0
    assert done.stdout.startswith("--- a/bin/deploy_one.sh\n")
    assert done.stdout.endswith("No violations in 2 files.\n")
    assert done.stderr == "Fixed 1 violation.\n"
    assert (wiping / "bin/deploy_one.sh").read_text(encoding="utf-8") == f"#!/bin/bash\n{FIXED}"


def test_fix_leaves_standard_output_to_the_program_that_reads_it(wiping: Path) -> None:
    done = audit(wiping, *ONLY, "--fix", "--yes", "--format", "json")

    assert json.loads(done.stdout)["violations"] == []
    assert done.stderr.startswith("--- a/bin/deploy_one.sh\n")


def test_fix_has_nothing_to_do_the_second_time(wiping: Path) -> None:
    audit(wiping, *ONLY, "--fix", "--yes")

    done = audit(wiping, *ONLY, "--fix", "--yes")

    assert (done.returncode, done.stderr) == (0, "There is nothing that can be fixed automatically.\n")


@pytest.mark.parametrize(("answer", "code", "content"), [("y", 0, FIXED), ("n", 1, WIPES)], ids=["yes", "no"])
def test_fix_asks_on_a_terminal(answer: str, code: int, content: str, wiping: Path) -> None:
    ended, shown = audit_on_a_terminal(wiping, *ONLY, "--fix", answer=answer)

    assert (ended, (wiping / "bin/deploy_one.sh").read_text(encoding="utf-8")) == (code, f"#!/bin/bash\n{content}")
    assert shown.index("--update-env-vars") < shown.index("Fix 1 violation in 1 file? [y/N]")


@pytest.mark.parametrize(
    ("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)], ids=["a terminal", "NO_COLOR"]
)
@pytest.mark.slow
def test_a_terminal_has_colours_unless_somebody_minds(variables: dict[str, str], coloured: bool, wiping: Path) -> None:
    _, shown = audit_on_a_terminal(wiping, *ONLY, answer="", **variables)

    assert bool(re.search(r"\x1b\[[0-9;]*3[0-7]m", shown)) is coloured
    assert "bin/deploy_one.sh:2:42:" in COLOUR.sub("", shown)


def test_the_rules_are_listed() -> None:
    done = audit(Path("/"), "--list-rules")

    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines() if line.startswith("REV")] == [
        rule.id for rule in EVERY_RULE
    ]


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.id)
def test_every_rule_is_explained(rule: object) -> None:
    wanted = next(each for each in EVERY_RULE if each is rule)

    done = audit(Path("/"), "--explain", wanted.id.lower())

    shown = " ".join(done.stdout.split())
    assert done.returncode == 0
    assert all(" ".join(text.split()) in shown for text in (wanted.title, wanted.rationale, wanted.fix))


def test_what_was_left_out_is_said(tmp_path: Path) -> None:
    tree(tmp_path, {"inside/deploy.sh": FIXED, "outside/deploy.sh": WIPES})
    (tmp_path / "inside/bin").mkdir()
    (tmp_path / "inside/bin/deploy_linked.sh").symlink_to(tmp_path / "outside/deploy.sh")

    done = audit(tmp_path / "inside", *ONLY)

    assert done.returncode == 0
    assert "Skipped: bin/deploy_linked.sh is a link" in done.stdout
    assert done.stdout.endswith("No violations in 1 file. 1 skipped.\n")


def test_a_tree_that_is_named_by_a_link_is_audited(wiping: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    link = tmp_path_factory.mktemp("elsewhere") / "link"
    link.symlink_to(wiping)

    done = audit(wiping.parent, *ONLY, str(link))

    assert done.stdout.startswith(f"{wiping.name}/bin/deploy_one.sh:2:42: error REV003 ")
