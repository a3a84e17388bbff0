"""The script that makes everything in a project, against a gcloud of this machine that records every call."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import yaml

from tests.deploy.gcloud import GcloudCall, StandInGcloud
from tests.sections import ROOT

SCRIPT = ROOT / "deploy" / "google-cloud.sh"
EVERYTHING = {
    "PROJECT": "example-project",
    "REGION": "us-west2",
    "PIPELINE": "nba",
    "IMAGE": "images.example.com/example-project/reveille@sha256:0",
    "COMMIT": "abc1234",
    "CLOCK": "tasks",
    "JOBS": "shop=/etc/reveille/shop.yaml",
    "REPAIRABLE": "prediction-worker",
    "SLACK_BOT_TOKEN": "xoxb-not-a-token",
    "SLACK_SIGNING_SECRET": "not-a-secret",
}
ACCOUNT = "serviceAccount:reveille@example-project.iam.gserviceaccount.com"


@pytest.fixture
def gcloud() -> Iterator[StandInGcloud]:
    with StandInGcloud() as stand_in:
        stand_in.things["projects", "example-project"] = {"number": "123456789012"}
        stand_in.things["services", "run.googleapis.com"] = {}
        stand_in.things["run services", "prediction-worker"] = {
            "service-account": "worker@example-project.iam.gserviceaccount.com"
        }
        yield stand_in


def script(
    gcloud: StandInGcloud, *arguments: str, without: tuple[str, ...] = (), **settings: str
) -> CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], **gcloud.environment, **EVERYTHING, **settings}
    kept = {name: value for name, value in environment.items() if name not in without}
    return subprocess.run([str(SCRIPT), *arguments], env=kept, capture_output=True, text=True, check=False, timeout=60)


def test_the_first_run_makes_everything_and_the_second_changes_nothing(gcloud: StandInGcloud) -> None:
    first = script(gcloud)
    made = len(gcloud.written)
    second = script(gcloud, without=("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"))

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert len(gcloud.written) == made == len([line for line in first.stdout.splitlines() if line.startswith("+")])
    assert second.stdout.startswith("0 changed.")
    assert {kind for kind, _ in gcloud.things} >= {
        *("services", "iam service-accounts", "iam roles", "firestore databases", "firestore indexes fields"),
        *("secrets", "secrets versions", "run services", "run jobs", "scheduler jobs", "tasks queues"),
    }


def test_the_account_holds_its_own_roles_and_no_other(gcloud: StandInGcloud) -> None:
    script(gcloud)

    held = {
        (kind, name, role.removeprefix("projects/example-project/"))
        for kind, name, role, who in gcloud.grants
        if who == ACCOUNT
    }
    assert held == {
        ("projects", "example-project", "roles/reveille"),
        ("projects", "example-project", "roles/reveille_store"),
        ("projects", "example-project", "roles/reveille_jobs"),
        ("tasks queues", "reveille", "roles/reveille_waker"),
        (
            "iam service-accounts",
            "reveille-clock@example-project.iam.gserviceaccount.com",
            "roles/iam.serviceAccountUser",
        ),
        ("run services", "prediction-worker", "roles/reveille_repairs"),
        ("iam service-accounts", "worker@example-project.iam.gserviceaccount.com", "roles/iam.serviceAccountUser"),
        ("secrets", "reveille-slack-bot-token", "roles/secretmanager.secretAccessor"),
        ("secrets", "reveille-slack-signing-secret", "roles/secretmanager.secretAccessor"),
    }
    (store,) = (call for call in gcloud.written if call.flags.get("role", "").endswith("reveille_store"))
    assert store.flags["condition"].endswith('resource.name=="projects/example-project/databases/reveille"')


def test_without_more_words_there_is_no_clock_and_no_repair(gcloud: StandInGcloud) -> None:
    done = script(gcloud, without=("CLOCK", "JOBS", "REPAIRABLE"))

    assert done.returncode == 0, done.stderr
    (deploy,) = (call for call in gcloud.written if call.command == "run deploy")
    assert {"no-cpu-throttling", "min-instances"} <= set(deploy.flags)
    assert not {kind for kind, _ in gcloud.things} & {"scheduler jobs", "run jobs"}
    assert {name for kind, name in gcloud.things if kind == "iam roles"} == {"reveille", "reveille_store"}


def test_the_clock_calls_with_a_token_that_the_service_expects(gcloud: StandInGcloud) -> None:
    script(gcloud)

    variables = dict(
        each.split("=", 1) for each in gcloud.things["run services", "reveille"]["update-env-vars"].split(",")
    )
    clock = gcloud.things["scheduler jobs", "reveille-round"]
    assert clock["uri"] == f"{variables['REVEILLE_TASKS_AUDIENCE']}/tasks/round"
    assert (
        clock["oidc-token-audience"]
        == variables["REVEILLE_TASKS_AUDIENCE"]
        == "https://reveille-123456789012.us-west2.run.app"
    )
    assert clock["oidc-service-account-email"] == variables["REVEILLE_TASKS_ACCOUNT"]


def test_the_queue_that_the_service_is_told_of_is_the_one_that_is_made(gcloud: StandInGcloud) -> None:
    script(gcloud)

    told = gcloud.things["run services", "reveille"]["update-env-vars"]
    assert "REVEILLE_TASKS_QUEUE=projects/example-project/locations/us-west2/queues/reveille" in told.split(",")
    assert gcloud.things["tasks queues", "reveille"]["location"] == "us-west2"
    made = [call.kind for call in gcloud.written]
    assert made.index("tasks queues") < made.index("run services")


def test_a_clock_without_tasks_has_no_queue(gcloud: StandInGcloud) -> None:
    done = script(gcloud, CLOCK="scheduler")

    assert done.returncode == 0, done.stderr
    assert ("scheduler jobs", "reveille-round") in gcloud.things
    assert not {kind for kind, _ in gcloud.things} & {"tasks queues"}
    assert ("services", "cloudtasks.googleapis.com") not in gcloud.things
    assert "TASKS_QUEUE" not in gcloud.things["run services", "reveille"]["update-env-vars"]


OF_A_CLOCK: Mapping[str, set[str]] = {
    "always": set(),
    "scheduler": {"REVEILLE_TASKS_AUDIENCE", "REVEILLE_TASKS_ACCOUNT"},
    "tasks": {"REVEILLE_TASKS_AUDIENCE", "REVEILLE_TASKS_ACCOUNT", "REVEILLE_TASKS_QUEUE"},
}


def variables_of(calls: Iterable[GcloudCall]) -> set[str]:
    """The variables that a service has after these deploys: what a deploy does not name stays."""
    names: set[str] = set()
    for call in calls:
        if call.command == "run deploy":
            names -= set(call.flags.get("remove-env-vars", "").split(","))
            names |= {each.partition("=")[0] for each in call.flags["update-env-vars"].split(",")}
    return names


@pytest.mark.parametrize(("former", "clock"), [("tasks", "scheduler"), ("tasks", "always"), ("scheduler", "always")])
def test_what_another_clock_has_set_goes(gcloud: StandInGcloud, former: str, clock: str) -> None:
    script(gcloud, CLOCK=former)
    before = {each for each in variables_of(gcloud.written) if "TASKS" in each}

    done = script(gcloud, CLOCK=clock)

    assert done.returncode == 0, done.stderr
    assert before == OF_A_CLOCK[former]
    assert {each for each in variables_of(gcloud.written) if "TASKS" in each} == OF_A_CLOCK[clock]
    jobs = {name for kind, name in gcloud.things if kind == "scheduler jobs"}
    assert ({"reveille-round", "reveille-prune"} <= jobs) == (clock != "always")
    assert "reveille-shop" in jobs
    assert script(gcloud, CLOCK=clock).stdout.startswith("0 changed.")


def test_what_changed_is_brought_up_to_date_alone(gcloud: StandInGcloud) -> None:
    script(gcloud)
    before = len(gcloud.written)

    done = script(gcloud, IMAGE="images.example.com/example-project/reveille@sha256:1")

    assert done.returncode == 0, done.stderr
    assert [call.command for call in gcloud.written[before:]] == [
        "run deploy",
        "run services update-traffic",
        "run jobs deploy",
    ]


def test_a_dry_run_shows_what_a_run_does_and_changes_nothing(gcloud: StandInGcloud) -> None:
    shown = script(gcloud, "--dry-run")
    assert (shown.returncode, gcloud.written) == (0, []), shown.stderr

    done = script(gcloud)

    lines = [[line for line in each.stdout.splitlines() if line.startswith("+")] for each in (shown, done)]
    assert lines[0] == lines[1]
    assert "not-a-" not in shown.stdout


@pytest.mark.parametrize("failing", [2, 9, 17])
def test_a_run_that_failed_half_way_is_taken_up_again(gcloud: StandInGcloud, failing: int) -> None:
    gcloud.fails[failing] = "ERROR: (gcloud.x) UNAVAILABLE: The service is currently unavailable."

    stopped = script(gcloud)
    resumed = script(gcloud)

    assert stopped.returncode == 1
    assert len(stopped.stderr.splitlines()) == 1
    assert "UNAVAILABLE" in stopped.stderr
    assert resumed.returncode == 0, resumed.stderr
    assert (
        len(gcloud.written) == len({(call.command, call.name, call.flags.get("role")) for call in gcloud.written}) + 1
    )


def test_a_right_that_is_missing_is_one_sentence(gcloud: StandInGcloud) -> None:
    gcloud.denied = "iam roles create"

    done = script(gcloud)

    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "iam.roles.create" in line
    assert "owner of example-project" in line


def test_an_api_that_is_not_enabled_yet_is_no_right_that_is_missing(gcloud: StandInGcloud) -> None:
    script(gcloud)
    gcloud.things.pop(("services", "secretmanager.googleapis.com"))
    gcloud.fails[len(gcloud.written) + 1] = "ERROR: (gcloud) INTERNAL: try again"

    done = script(gcloud)

    assert done.returncode == 1
    assert "INTERNAL" in done.stderr
    assert script(gcloud).returncode == 0


def test_what_may_not_be_read_is_not_taken_for_missing(gcloud: StandInGcloud) -> None:
    gcloud.denied = "secrets describe"

    done = script(gcloud)

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert ("secrets", "reveille-slack-bot-token") not in gcloud.things


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"PROJECT": ""}, "PROJECT is not set"),
        ({"PROJECT": "Example"}, "PROJECT is 'Example'"),
        ({"REGION": "here"}, "REGION is 'here'"),
        ({"CLOCK": "sometimes"}, "CLOCK is 'sometimes'"),
        ({"JOBS": "shop"}, "JOBS has 'shop'"),
        ({"JOBS": "round=nba"}, "JOBS has 'round=nba'"),
        ({"REPAIRABLE": "$(id)"}, "REPAIRABLE has '$(id)'"),
        ({"SLACK_BOT_TOKEN": ""}, "set SLACK_BOT_TOKEN"),
        ({"REPAIRABLE": "no-such-service"}, "no service no-such-service"),
    ],
)
def test_a_wrong_setting_is_one_sentence(gcloud: StandInGcloud, settings: Mapping[str, Any], named: str) -> None:
    done = script(gcloud, **settings)

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert named in done.stderr


def test_a_word_that_it_does_not_know_is_refused(gcloud: StandInGcloud) -> None:
    assert script(gcloud, "--dryrun").returncode == 1
    assert gcloud.calls == []


def test_shellcheck_has_nothing_to_say() -> None:
    program = shutil.which("shellcheck")
    if program is None:
        pytest.skip("shellcheck is not installed")
    said = subprocess.run([program, str(SCRIPT)], capture_output=True, text=True, check=False, timeout=60)

    assert said.returncode == 0, said.stdout


@pytest.mark.slow  # reading the table takes two seconds
def test_gcloud_knows_every_command_and_flag(gcloud: StandInGcloud) -> None:
    script(gcloud)
    tree = known_words()
    page = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8").replace("\\\n", " ")
    told = [GcloudCall(tuple(shlex.split(line)[1:])) for line in re.findall(r"^gcloud .+$", page, re.MULTILINE)]
    build = yaml.safe_load((ROOT / "cloudbuild.yaml").read_text(encoding="utf-8"))
    built = [GcloudCall(tuple(step["args"])) for step in build["steps"] if step.get("entrypoint") == "gcloud"]
    assert len(told) == 1
    assert len(built) == 2

    for call in (*gcloud.calls, *told, *built):
        level = tree
        for word in call.command.split():
            assert word in level["commands"], call.command
            level = level["commands"][word]
        known = {*level["flags"], *tree["flags"]}
        assert {f"--{name}" for name in call.flags} <= known, call.command


def known_words() -> Any:
    program = shutil.which("gcloud")
    table = (
        Path(os.path.realpath(program or "")).parents[1] / "data" / "cli" / "gcloud_completions.py" if program else None
    )
    if table is None or not table.exists():
        pytest.skip("the Cloud SDK's table of commands is not here")
    names: dict[str, object] = {}
    exec(table.read_text(encoding="utf-8"), names)  # Google's own data, written as Python
    return names["STATIC_COMPLETION_CLI_TREE"]
