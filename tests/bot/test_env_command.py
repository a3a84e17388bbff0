"""``reveille env``: variables merged without loss, compared without a value."""

import sqlite3
from contextlib import closing
from pathlib import Path

import grpc
import pytest
from google.cloud import run_v2

from tests.bot.repairs.cloud import Cloud, Reveille
from tests.bot.repairs.conftest import on_cloud, reveille
from tests.servers.cloud_run import GET_SERVICE
from tests.servers.cloud_run_writes import UPDATE_SERVICE
from tests.servers.scripted_grpc import Failure

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


def test_a_source_that_fails_while_it_is_waited_for_is_said_plainly(on_cloud: Cloud, reveille: Reveille) -> None:
    """The service is read before, for the merge, for the write and to read back; then to see whether it is ready."""
    on_cloud.run.fail(GET_SERVICE, SERVICE, Failure(grpc.StatusCode.PERMISSION_DENIED, "denied", after=4))

    said = reveille("env", "merge", SERVICE, "MODE=fast")

    assert said.code == 2
    assert "is written" in said.err
    assert "something inside broke" not in said.err
    assert environment(on_cloud)["MODE"] == "fast"


def test_a_merge_that_cannot_be_read_back_is_written_and_not_proved(on_cloud: Cloud, reveille: Reveille) -> None:
    on_cloud.run.fail(GET_SERVICE, SERVICE, Failure(grpc.StatusCode.PERMISSION_DENIED, "denied", after=3))

    said = reveille("env", "merge", SERVICE, "MODE=fast")

    assert said.code == 1
    assert "was written" in said.err
    assert "Nothing was written" not in said.err


def test_an_answer_that_got_lost_is_found_by_reading(on_cloud: Cloud, reveille: Reveille) -> None:
    on_cloud.run.race = lambda _: None
    on_cloud.run.answers_lost = True

    said = reveille("env", "merge", SERVICE, "MODE=fast")

    assert (said.code, said.err) == (0, "")
    assert on_cloud.run.calls[UPDATE_SERVICE, SERVICE] == 1


def test_a_value_that_google_repeats_in_its_refusal_is_not_shown(
    on_cloud: Cloud, reveille: Reveille, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVEILLE_STORE", str(tmp_path / "store.db"))
    message = f"Invalid value for MODE: '{VALUE}'"
    on_cloud.run.fail(UPDATE_SERVICE, SERVICE, Failure(grpc.StatusCode.INVALID_ARGUMENT, message))

    said = reveille("--verbose", "env", "merge", SERVICE, f"MODE={VALUE}")

    assert said.code != 0
    assert "Invalid value for MODE" in said.err
    assert VALUE not in said.out + said.err + reveille("log", "--json").out


def test_a_merge_whose_end_the_store_does_not_take_is_said_to_be_written(
    on_cloud: Cloud, reveille: Reveille, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store.db"
    monkeypatch.setenv("REVEILLE_STORE", str(store))
    reveille("env", "merge", SERVICE, "FIRST=1")
    with closing(sqlite3.connect(store)) as ours:
        ours.execute(
            "CREATE TRIGGER full BEFORE INSERT ON audit WHEN NEW.record LIKE '%env-merge-ended%'"
            " BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        )
        ours.commit()

    said = reveille("env", "merge", SERVICE, "MODE=fast")

    assert said.code == 0
    assert "is ready" in said.out
    assert "did not take the record" in said.err


def test_nothing_is_merged_that_cannot_be_recorded_first(
    on_cloud: Cloud, reveille: Reveille, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store.db"
    monkeypatch.setenv("REVEILLE_STORE", str(store))
    reveille("env", "merge", SERVICE, "FIRST=1")
    with closing(sqlite3.connect(store)) as ours:
        ours.execute("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
        ours.commit()

    said = reveille("env", "merge", SERVICE, "MODE=fast")

    assert said.code == 3
    assert "Nothing was written" in said.err
    assert "MODE" not in environment(on_cloud)


@pytest.mark.parametrize("value", ["", " ", "a=b=c", "a b", "line one\nline two", "ключ"])
@pytest.mark.sampled(3)
def test_any_value_arrives_as_it_is_and_is_not_shown(value: str, on_cloud: Cloud, reveille: Reveille) -> None:
    said = reveille("env", "merge", SERVICE, f"MODE={value}")

    assert (said.code, said.err) == (0, "")
    written = {each.name: each.value for each in on_cloud.run.services[SERVICE].template.containers[0].env}
    assert written["MODE"] == value
    assert not value.strip() or value not in said.out
