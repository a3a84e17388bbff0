"""``reveille env``: variables merged without loss, compared without a value."""

import pytest
from google.cloud import run_v2

from tests.bot.repairs.cloud import Cloud, Reveille
from tests.bot.repairs.conftest import on_cloud, reveille
from tests.servers.cloud_run_writes import UPDATE_SERVICE

__all__ = ["on_cloud", "reveille"]

SERVICE = "live-export"
VALUE = "d41d8cd98f00b204e9800998ecf8427e"


def environment(served: Cloud) -> dict[str, str]:
    return {
        each.name: each.value or f"{each.value_source.secret_key_ref.secret}:{each.value_source.secret_key_ref.version}"
        for each in served.run.services[SERVICE].template.containers[0].env
    }


def test_a_merge_keeps_every_other_variable(on_cloud: Cloud, reveille: Reveille) -> None:
    said = reveille("env", "merge", SERVICE, "MODE=fast", "--secret", "BDL_API_KEY=bdl")

    assert (said.code, said.err) == (0, "")
    assert environment(on_cloud) == {
        "GCP_PROJECT": f"of-{SERVICE}",
        "MODE": "fast",
        "BDL_API_KEY": "bdl:latest",
    }
    assert "1 other variable stays." in said.out


def test_a_merge_that_is_so_already_writes_nothing(on_cloud: Cloud, reveille: Reveille) -> None:
    said = reveille("env", "merge", SERVICE, f"GCP_PROJECT=of-{SERVICE}")

    assert said.code == 0
    assert on_cloud.run.calls[UPDATE_SERVICE, SERVICE] == 0


def test_a_dry_run_shows_names_and_no_value_and_writes_nothing(on_cloud: Cloud, reveille: Reveille) -> None:
    said = reveille("env", "merge", SERVICE, f"MODE={VALUE}", "GCP_PROJECT=other-project", "--dry-run")

    assert said.code == 0
    assert "+ MODE" in said.out
    assert "~ GCP_PROJECT" in said.out
    assert VALUE not in said.out + said.err
    assert "other-project" not in said.out + said.err
    assert on_cloud.run.calls[UPDATE_SERVICE, SERVICE] == 0


@pytest.mark.parametrize(
    "arguments",
    [
        (f"BDL_API_KEY={VALUE}",),
        (f"{VALUE}",),
        (f"={VALUE}",),
        ("A=1", "A=2"),
        ("PORT=80",),
        (),
    ],
    ids=["a secret in clear", "no sign", "no name", "twice", "reserved", "nothing"],
)
def test_what_must_not_be_written_is_refused_without_repeating_it(
    arguments: tuple[str, ...], on_cloud: Cloud, reveille: Reveille
) -> None:
    said = reveille("env", "merge", SERVICE, *arguments)

    assert said.code == 3
    assert VALUE not in said.out + said.err
    assert on_cloud.run.calls[UPDATE_SERVICE, SERVICE] == 0


def test_a_secret_is_replaced_in_clear_only_when_asked(on_cloud: Cloud, reveille: Reveille) -> None:
    reveille("env", "merge", SERVICE, "--secret", "MODE=mode:2")

    assert reveille("env", "merge", SERVICE, "MODE=fast").code == 3
    assert environment(on_cloud)["MODE"] == "mode:2"
    assert reveille("env", "merge", SERVICE, "MODE=fast", "--replace-secret").code == 0
    assert environment(on_cloud)["MODE"] == "fast"


def test_a_deploy_that_comes_between_is_merged_into(on_cloud: Cloud, reveille: Reveille) -> None:
    deployed: list[str] = []

    def deploy(name: str) -> None:
        if not deployed:
            deployed.append(name)
            service = on_cloud.run.services[name]
            service.template.containers[0].env = [run_v2.EnvVar(name="DEPLOYED", value="now")]
            service.etag = '"77"'

    on_cloud.run.race = deploy

    assert reveille("env", "merge", SERVICE, "MODE=fast").code == 0
    assert environment(on_cloud) == {"DEPLOYED": "now", "MODE": "fast"}


def test_a_deploy_that_comes_between_each_time_is_given_up(on_cloud: Cloud, reveille: Reveille) -> None:
    def deploy(name: str) -> None:
        on_cloud.run.services[name].etag += "!"

    on_cloud.run.race = deploy

    said = reveille("env", "merge", SERVICE, "MODE=fast")

    assert said.code == 1
    assert "MODE" not in environment(on_cloud)


@pytest.mark.parametrize(("service", "code"), [("unknown", 3), ("phase6-export", 1)], ids=["not listed", "vanished"])
def test_a_service_that_cannot_be_changed_is_said(service: str, code: int, on_cloud: Cloud, reveille: Reveille) -> None:
    on_cloud.run.services.pop("phase6-export")

    assert reveille("env", "merge", service, "MODE=fast").code == code


def test_a_revision_that_does_not_become_ready_is_not_known_to_work(on_cloud: Cloud, reveille: Reveille) -> None:
    on_cloud.run.services[SERVICE].reconciling = True

    assert reveille("env", "merge", SERVICE, "MODE=fast", "--wait", "0").code == 2


def test_the_two_latest_revisions_are_compared_by_name(reveille: Reveille) -> None:
    said = reveille("env", "diff", SERVICE, "--scenario", "live-export-key-lost")

    assert said.code == 1
    assert "- BDL_API_KEY" in said.out
    assert "required: BDL_API_KEY is missing" in said.out


def test_an_environment_with_all_that_is_required_is_fine(reveille: Reveille) -> None:
    said = reveille("env", "diff", SERVICE, "--scenario", "healthy-morning")

    assert said.code == 0


def test_a_service_that_does_not_exist_cannot_be_compared(on_cloud: Cloud, reveille: Reveille) -> None:
    assert reveille("env", "diff", "nobody").code == 1
