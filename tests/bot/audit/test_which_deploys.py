"""Which commands deploy, and which keep what is there."""

from __future__ import annotations

import pytest

from bot.audit.engine import audit_text


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
