"""Which commands deploy, and which keep what is there."""

from __future__ import annotations

import pytest

from bot.audit.shell.calls import read_words
from bot.audit.shell.script import Script
from bot.audit.source_text import Text
from tests.bot.audit.in_memory import audit_text


def rules(command: str) -> set[str]:
    return {one.rule for one in audit_text("bin/deploy.sh", f"set -euo pipefail\ngcloud {command}\n")}


@pytest.mark.parametrize("track", ["", "alpha ", "beta "])
def test_a_new_image_for_a_service_is_a_deploy_that_keeps_the_account(track: str) -> None:
    found = rules(f"{track}run services update live-export --image=i")

    assert {"REV001", "REV010"} <= found
    assert "REV004" not in found


def test_an_update_without_an_image_is_no_deploy() -> None:
    assert rules("run services update live-export --memory=1Gi") == set()


@pytest.mark.parametrize("command", ["run jobs create", "beta run jobs create", "run jobs deploy"])
def test_a_job_is_deployed_under_an_account_and_serves_nobody(command: str) -> None:
    found = rules(f"{command} nightly --image=i")

    assert "REV004" in found
    assert not {"REV001", "REV002", "REV010"} & found


def test_a_new_image_for_a_job_keeps_the_account() -> None:
    found = rules("run jobs update nightly --image=i")

    assert "REV005" in found
    assert "REV004" not in found


def severities(command: str) -> dict[str, str]:
    return {
        one.rule: one.severity.value for one in audit_text("bin/deploy.sh", f"set -euo pipefail\ngcloud {command}\n")
    }


def test_traffic_that_is_held_back_on_purpose_is_a_note() -> None:
    deploy = "run deploy live-export --image=i"

    assert severities(deploy)["REV010"] == "error"
    assert severities(f"{deploy} --no-traffic --tag=next")["REV010"] == "note"


def test_a_canary_that_gets_its_share_is_no_finding() -> None:
    found = severities(
        "run deploy live-export --image=i --no-traffic --tag=next\n"
        "gcloud run services update-traffic live-export --to-tags=next=10"
    )

    assert "REV010" not in found


FIRST_GENERATION = {
    "a flag": "functions deploy grading --no-gen2",
    "a flag with a value": "functions deploy grading --gen2=false",
    "a flag that only the first generation has": "functions deploy grading --security-level=secure-always",
    "a property": "config set functions/gen2 off\ngcloud functions deploy grading",
    "a variable": "--version; CLOUDSDK_FUNCTIONS_GEN2=off gcloud functions deploy grading",
}


@pytest.mark.parametrize("trigger", ["--trigger-topic=t", "--trigger-http"])
@pytest.mark.parametrize("command", FIRST_GENERATION.values(), ids=FIRST_GENERATION.keys())
def test_a_function_of_the_first_generation_is_not_on_cloud_run(command: str, trigger: str) -> None:
    found = rules(f"{command} {trigger}")

    assert "REV004" in found
    assert not {"REV001", "REV002", "REV010"} & found


@pytest.mark.parametrize(
    "command",
    [
        "functions deploy grading",
        "functions deploy grading --gen2",
        "config set functions/gen2 off\ngcloud functions deploy grading --gen2",
        "config set functions/gen2 on\ngcloud functions deploy grading",
    ],
)
def test_a_function_is_on_cloud_run_unless_it_says_otherwise(command: str) -> None:
    assert {"REV001", "REV010"} <= rules(f"{command} --trigger-http")


def test_the_role_of_first_generation_functions_lets_nobody_call_a_second_generation_one() -> None:
    bind = "functions add-iam-policy-binding grading --member=user:a --role="

    assert "REV001" in rules(f"functions deploy grading\ngcloud {bind}roles/cloudfunctions.invoker")
    assert "REV001" not in rules(f"functions deploy grading\ngcloud {bind}roles/run.invoker")


def test_the_account_and_the_labels_of_a_described_service_stand_in_the_description() -> None:
    found = rules("run services replace service.yaml")

    assert "REV001" in found
    assert not {"REV004", "REV005"} & found


@pytest.mark.parametrize(
    "switch",
    [
        "--allow-unauthenticated",
        "--no-allow-unauthenticated",
        "--async",
        "--cpu-boost",
        "--no-cpu-throttling",
        "--execute-now",
        "--force",
        "--gen2",
        "--http2",
        "--iap",
        "--no-invoker-iam-check",
        "--log-http",
        "--quiet",
        "--retry",
        "--serve-all-traffic-latest-revision",
        "--session-affinity",
        "--no-session-affinity",
        "--to-latest",
        "--trigger-http",
        "--no-use-http2",
        "--no-user-output-enabled",
        "--wait",
        "--clear-env-vars",
        "--clear-secrets",
        "--clear-labels",
        "--delete-tags",
        "-q",
    ],
)
def test_a_switch_takes_no_value_so_the_name_behind_it_is_the_service(switch: str) -> None:
    (call,) = (
        read_words(each.words[1:]) for each in Script(Text(f"gcloud run deploy {switch} live-export")).follow()[0]
    )

    assert ([each.text for each in call.arguments], [each.value for each in call.flags]) == (["live-export"], [""])


@pytest.mark.parametrize("flag", ["--region", "--image", "--service-account", "--set-env-vars", "--tag"])
def test_a_flag_with_a_value_takes_the_word_behind_it(flag: str) -> None:
    (call,) = (
        read_words(each.words[1:]) for each in Script(Text(f"gcloud run deploy {flag} a live-export")).follow()[0]
    )

    assert ([each.text for each in call.arguments], [each.value for each in call.flags]) == (["live-export"], ["a"])


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        pytest.param("commit-sha=$C", False, id="the label itself"),
        pytest.param("team=data,commit-sha=$C", False, id="among others"),
        pytest.param("^;^team=data;commit-sha=$C", False, id="with another separator"),
        pytest.param("$LABELS", False, id="a list that only the run has"),
        pytest.param("team=data,$LABELS", False, id="of which a part is known"),
        pytest.param("$TEAM=data", True, id="another label with a name that only the run has"),
        pytest.param("team=$TEAM", True, id="another label with such a value"),
    ],
)
def test_a_commit_is_recorded_in_a_label_or_may_be_where_labels_are_unknown(labels: str, found: bool) -> None:
    deploy = f"run deploy live-export --source=. --update-env-vars=BUILD_COMMIT=$C --update-labels='{labels}'"

    assert ("REV005" in rules(deploy.replace("'", '"'))) is found
