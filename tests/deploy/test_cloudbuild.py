"""The build that deploys the product: in order, and with the product's own word on itself at the end."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from google.cloud import run_v2

from tests.bot.repairs.cloud import cloud, reveille_of
from tests.sections import ROOT

BUILD: dict[str, Any] = yaml.safe_load((ROOT / "cloudbuild.yaml").read_text(encoding="utf-8"))
STEPS = {step["id"]: step for step in BUILD["steps"]}


def test_nothing_is_deployed_that_was_not_audited_tested_and_imported() -> None:
    assert [*STEPS] == ["audit and test", "image", "push", "imports", "deploy", "traffic", "verify"]
    assert not any("allowFailure" in step or "waitFor" in step for step in BUILD["steps"])
    assert {"make audit", "make test"} <= set(STEPS["audit and test"]["script"].splitlines())


def test_what_is_set_on_the_service_stays() -> None:
    flags = {word.partition("=")[0] for word in STEPS["deploy"]["args"] if word.startswith("--")}

    assert {"--update-env-vars", "--update-labels"} <= flags
    assert not {flag for flag in flags if flag.startswith(("--set-", "--clear-", "--remove-"))}


def test_the_image_is_told_what_its_provenance_says() -> None:
    given = {word.split("=")[1] for word in STEPS["image"]["args"] if word.startswith("--build-arg=")}

    assert given == {"PYTHON_IMAGE", "COMMIT", "BUILDER"}


@pytest.mark.parametrize(
    ("ready", "is_open", "code"),
    [
        pytest.param(True, True, 0, id="right"),
        pytest.param(False, True, 1, id="not ready"),
        pytest.param(True, False, 1, id="closed to Slack"),
    ],
)
def test_the_last_step_says_whether_the_deploy_of_itself_is_right(
    ready: bool, is_open: bool, code: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [word.replace("${_SERVICE}", "reveille") for word in STEPS["verify"]["args"]]
    words[words.index("--wait") + 1] = "0"
    with cloud() as platform:
        platform.run.serve("reveille", run_v2.Revision(service="reveille"), generation=1, observed_generation=1)
        if is_open:
            platform.grant("reveille", "allUsers")
        if not ready:
            platform.run.services["reveille"].terminal_condition = run_v2.Condition(
                type_="Ready", state=run_v2.Condition.State.CONDITION_FAILED
            )
        for name, value in {**platform.environment, "GOOGLE_CLOUD_PROJECT": "example-project"}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(ROOT)
        said = reveille_of(capsys)(*words)

    assert said.code == code, said.out + said.err
