"""What wipes, by command, and which trap removes which directory: one row for each spelling people use."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bot.audit.discovery import deploys, discover
from bot.audit.model import SourceFile, Violation
from tests.bot.audit.in_memory import audit_text

START = "set -euo pipefail\n"


def found(rule: str, text: str) -> list[Violation]:
    return [one for one in audit_text("bin/deploy.sh", START + text) if one.rule == rule]


def fixed(text: str) -> str:
    source = SourceFile("bin/deploy.sh", START + text)
    lines = list(source.lines)
    edits = [edit for one in found("REV003", text) for edit in one.edits]
    for edit in sorted(edits, key=lambda one: one.span, reverse=True):
        row, start, end = edit.span.start.line - 1, edit.span.start.column - 1, edit.span.end.column - 1
        lines[row] = lines[row][:start] + edit.replacement + lines[row][end:]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("command", "updates"),
    [
        ("run deploy", True),
        ("beta run deploy", True),
        ("run services update", True),
        ("run jobs update", True),
        ("functions deploy", True),
        ("run jobs deploy", False),
    ],
)
@pytest.mark.parametrize("kind", ["env-vars", "secrets", "labels"])
def test_a_flag_that_wipes_is_found_and_fixed_only_where_the_command_can_update(
    command: str, updates: bool, kind: str
) -> None:
    text = f"gcloud {command} live-export --set-{kind}=A=b\n"

    assert len(found("REV003", text)) == 1
    after = fixed(text)
    assert (f"--update-{kind}=A=b" in after) is updates
    assert subprocess.run(["bash", "-n"], input=after, text=True, check=False).returncode == 0


@pytest.mark.parametrize("command", ["run jobs create", "run jobs execute"])
def test_a_command_that_makes_a_job_or_runs_it_once_wipes_nothing(command: str) -> None:
    assert found("REV003", f"gcloud {command} live-export --set-env-vars=A=b\n") == []


@pytest.mark.parametrize("flag", ["--env-vars-file=e.yaml", "--clear-env-vars", "--clear-secrets", "--clear-labels"])
def test_a_file_of_variables_and_a_clearing_flag_wipe_and_have_no_mechanical_repair(flag: str) -> None:
    (one,) = found("REV003", f"gcloud run deploy live-export {flag}\n")

    assert one.edits == ()


def test_one_command_with_many_wiping_flags_is_one_finding_with_an_edit_for_each() -> None:
    flags = "--set-env-vars=A=b --set-secrets=C=d:latest --set-labels=e=f"

    (one,) = found("REV003", f"gcloud run deploy live-export {flags}\n")

    assert len(one.edits) == 3


def test_a_flag_is_not_doubled_where_the_updating_one_is_given_already() -> None:
    (one,) = found("REV003", "gcloud run deploy live-export --set-env-vars=A=b --update-env-vars=C=d\n")

    assert one.edits == ()


@pytest.mark.parametrize(
    "script",
    [
        'D=$(mktemp -d)\ntrap "rm -rf $D" EXIT\n',
        "D=$(mktemp -d)\ntrap \"rm -rf '$D'\" EXIT\n",
        "D=$(mktemp -d)\ntrap 'rm -rf \"$D\"' EXIT INT TERM\n",
        "D=$(mktemp -d)\ntrap 'rm -rf -- \"${D:?}\"' exit\n",
        'D=$(mktemp -d)\ntrap \'[ -d "$D" ] && rm -r "$D"\' SIGINT 0\n',
        'cleanup() { rm -rf "$D"; }\nD=$(mktemp -d)\ntrap cleanup EXIT\n',
        'cleanup() { rm -rf "$1"; }\nD=$(mktemp -d)\ntrap "cleanup $D" EXIT\n',
        'D=$(mktemp -d)\nGONE+=("$D")\ntrap \'rm -rf "${GONE[@]}"\' EXIT\n',
        'D=/tmp/build-$$\nmkdir -p "$D"\ntrap \'rm -rf "$D"\' EXIT\n',
        'D=/tmp/build\nmkdir -p "$D"\ntrap "rm -rf $D" EXIT\n',
    ],
)
def test_a_trap_that_removes_the_directory_is_a_clean_up(script: str) -> None:
    assert found("REV007", script) == []


@pytest.mark.parametrize(
    "script",
    [
        "D=$(mktemp -d)\n",
        'D=$(mktemp -d)\ntrap "echo $D" EXIT\n',
        'D=$(mktemp -d)\ntrap "rm -rf $D" INT\n',
        'D=$(mktemp -d)\nsource="$D"\ntrap \'rm -rf "$OTHER"\' EXIT\n',
        'D=$(mktemp -d)\ngcloud run deploy one --source="$D"\ntrap \'rm -f "$LOCK"\' EXIT\n',
        'D=/tmp/build\nmkdir -p "$D"\ntrap \'rm -rf "$OTHER"\' EXIT\n',
    ],
)
def test_a_trap_that_removes_something_else_is_none(script: str) -> None:
    assert len(found("REV007", script)) == 1


@pytest.mark.parametrize(
    ("path", "read"),
    [
        ("cloudbuild.yaml", True),
        ("ci/export.cloudbuild.yaml", True),
        ("nightly-cloudbuild-jobs.yml", True),
        ("cloudbuild.yaml.txt", False),
        ("build.yaml", False),
    ],
)
def test_a_build_file_is_found_wherever_its_name_says_cloudbuild(path: str, read: bool) -> None:
    assert deploys(path) is read


def test_a_link_that_leads_nowhere_is_said_to_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "deploy.sh").symlink_to("gone.sh")

    assert discover(tmp_path).skipped == [("deploy.sh", "is a link; it leads nowhere")]
