from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.redaction.shown import Secret
from bot.serving.serving_settings import ServingSettings, SlackSettings
from bot.setting_names import LARGEST_FILE, AddressSetting, PathSetting, SecretSetting
from bot.settings import DEFAULT_BYTES_CAP, Settings, SettingsError, Variables, is_loopback

HTTP = {"SLACK_BOT_TOKEN": "xoxb-1-example", "SLACK_SIGNING_SECRET": "signing-example"}


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = Settings.from_environment({})

    assert settings == Settings()
    assert settings.pipeline is None
    assert settings.bytes_cap == DEFAULT_BYTES_CAP


def test_every_variable_is_read() -> None:
    settings = Settings.from_environment(
        {
            "REVEILLE_PIPELINE": "other.yaml",
            "GOOGLE_CLOUD_PROJECT": "example-project",
            "DATASET_PREFIX": "staging_",
            "COLLECTION_PREFIX": "test_",
            "FIRESTORE_DATABASE": "second-database",
            "FIRESTORE_EMULATOR_HOST": "127.0.0.1:8080",
            "BIGQUERY_EMULATOR_HOST": "http://localhost:9050/",
            "BIGQUERY_LOCATION": "us-west2",
            "REVEILLE_RUN_ENDPOINT": "localhost:9001",
            "REVEILLE_RESOURCE_MANAGER_ENDPOINT": "[::1]:9002",
            "PUBSUB_EMULATOR_HOST": "127.0.0.1:8085",
            "REVEILLE_SCHEDULER_ENDPOINT": "127.0.0.1:9003",
            "REVEILLE_CLOUD_BUILD_ENDPOINT": "127.0.0.1:9004",
            "REVEILLE_MONITORING_ENDPOINT": "127.0.0.1:9005",
            "REVEILLE_LOGGING_ENDPOINT": "127.0.0.1:9006",
            "REVEILLE_REPOSITORY": "clones/platform",
            "REVEILLE_AUDIT_BASELINE": "baseline.json",
            "GITHUB_TOKEN": "ghp_very-secret",
            "GITHUB_API_URL": "https://github.example.com/api/v3",
            "REVEILLE_BYTES_CAP": "10485760",
        }
    )

    assert settings == Settings(
        pipeline=Path("other.yaml"),
        project="example-project",
        dataset_prefix="staging_",
        collection_prefix="test_",
        firestore_database="second-database",
        firestore_emulator="127.0.0.1:8080",
        bigquery_emulator="localhost:9050",
        bigquery_location="us-west2",
        run_endpoint="localhost:9001",
        resource_manager_endpoint="[::1]:9002",
        pubsub_emulator="127.0.0.1:8085",
        scheduler_endpoint="127.0.0.1:9003",
        build_endpoint="127.0.0.1:9004",
        monitoring_endpoint="127.0.0.1:9005",
        logging_endpoint="127.0.0.1:9006",
        repository=Path("clones/platform"),
        audit_baseline=Path("baseline.json"),
        github_token=Secret("ghp_very-secret"),
        github_api="https://github.example.com/api/v3",
        bytes_cap=10485760,
    )


def test_a_variable_that_is_empty_counts_as_not_set() -> None:
    environment = dict.fromkeys(("DATASET_PREFIX", "FIRESTORE_EMULATOR_HOST", "REVEILLE_BYTES_CAP"), " ")

    assert Settings.from_environment(environment) == Settings()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        pytest.param("DATASET_PREFIX", "staging-", id="a dash in a prefix"),
        pytest.param("DATASET_PREFIX", "a.b", id="a dot in a prefix"),
        pytest.param("DATASET_PREFIX", "`; DROP", id="a quote in a prefix"),
        pytest.param("COLLECTION_PREFIX", "other/", id="a slash in a prefix"),
        pytest.param("COLLECTION_PREFIX", "prüf_", id="a letter beyond ASCII"),
        pytest.param("GOOGLE_CLOUD_PROJECT", "Example Project", id="a project's title"),
        pytest.param("FIRESTORE_DATABASE", "a/b", id="a database with a slash"),
        pytest.param("FIRESTORE_EMULATOR_HOST", "localhost", id="no port"),
        pytest.param("FIRESTORE_EMULATOR_HOST", "localhost:0", id="port zero"),
        pytest.param("BIGQUERY_EMULATOR_HOST", "localhost:65536", id="port past the last"),
        pytest.param("BIGQUERY_EMULATOR_HOST", "https://localhost:1", id="an encrypted emulator"),
        pytest.param("REVEILLE_RUN_ENDPOINT", "run.googleapis.com:443", id="Google without encryption"),
        pytest.param("REVEILLE_RUN_ENDPOINT", "127.0.0.1.example.com:443", id="a name that looks like loopback"),
        pytest.param("REVEILLE_RESOURCE_MANAGER_ENDPOINT", "10.0.0.1:80", id="another machine"),
        pytest.param("REVEILLE_CLOUD_BUILD_ENDPOINT", "10.0.0.1:80", id="Cloud Build on another machine"),
        pytest.param("REVEILLE_MONITORING_ENDPOINT", "10.0.0.1:80", id="Cloud Monitoring on another machine"),
        pytest.param("REVEILLE_LOGGING_ENDPOINT", "10.0.0.1:80", id="Cloud Logging on another machine"),
        pytest.param("REVEILLE_BYTES_CAP", "10485759", id="just below what BigQuery bills at least"),
        pytest.param("REVEILLE_BYTES_CAP", str(1024**5 + 1), id="just above a pebibyte"),
        pytest.param("REVEILLE_BYTES_CAP", "10GB", id="a unit"),
        pytest.param("REVEILLE_BYTES_CAP", "-1", id="a negative number"),
        pytest.param("REVEILLE_BYTES_CAP", "²", id="a digit that is no number"),
        pytest.param("BIGQUERY_LOCATION", "us west", id="a location with a space"),
    ],
)
def test_a_wrong_value_is_one_sentence_that_names_it(variable: str, value: str) -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.from_environment({variable: value})

    message = str(raised.value)
    assert message.startswith(f"{variable} is ")
    assert repr(value) in message
    assert "expected" in message
    assert "\n" not in message


@given(st.text())
def test_no_prefix_can_leave_its_identifier(prefix: str) -> None:
    try:
        accepted = Settings.from_environment({"DATASET_PREFIX": prefix}).dataset_prefix
    except SettingsError:
        return

    assert accepted == "" or (accepted.isascii() and accepted.replace("_", "a").isalnum())


@pytest.mark.parametrize(
    ("host", "expected"),
    [("localhost", True), ("127.1.2.3", True), ("[::1]", True), ("0.0.0.0", False), ("example.com", False)],
)
def test_loopback_is_told_from_other_machines(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize("address", ["https://github.example.com/api/v3", "http://127.0.0.1:8080", "http://[::1]:80/"])
def test_github_may_be_elsewhere_but_only_here_without_encryption(address: str) -> None:
    assert Settings.from_environment({"GITHUB_API_URL": address}).github_api == address


@pytest.mark.parametrize(
    "address",
    [
        "http://github.example.com",
        "ftp://127.0.0.1",
        "github.example.com",
        "https://",
        "https://user:hidden@github.example.com",
        "https://github.example.com?token=hidden",
        "https://github.example.com:hidden",
        "http://[::1",
    ],
)
def test_an_address_of_github_that_is_not_safe_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.from_environment({"GITHUB_API_URL": address})

    assert "GITHUB_API_URL" in str(raised.value)
    assert "hidden" not in str(raised.value)


def test_the_token_of_github_may_stand_in_a_file_and_never_prints(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("ghp_very-secret\n")

    settings = Settings.from_environment({"GITHUB_TOKEN_FILE": str(file)})

    assert settings.github_token == Secret("ghp_very-secret")
    assert "very-secret" not in repr(settings)


@pytest.mark.parametrize("fault", [" ", "\n", "\r", "\t", "\0", "\x7f", "\x1b", "\u2603", "\u00a0"], ids=repr)
def test_a_secret_with_a_character_that_none_has_is_refused_by_name_and_not_by_value(
    fault: str, tmp_path: Path
) -> None:
    value = f"before-4711{fault}after-4711"
    file = tmp_path / "secret"
    file.write_text(value, encoding="utf-8", newline="")
    said = {
        (setting, name): refusal(partial(Variables({name: given}).secret, setting))
        for setting in SecretSetting
        for name, given in ((str(setting), value), (f"{setting}_FILE", str(file)))
    }

    assert [name for (setting, name), text in said.items() if setting not in text or "4711" in text] == []


@pytest.mark.parametrize("content", ["4711-example\n", "4711-example\r\n", " 4711-example "])
def test_blanks_around_the_secret_of_a_file_are_not_part_of_it(content: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(content, newline="")

    secret = Variables({"GITHUB_TOKEN_FILE": str(file)}).secret(SecretSetting.GITHUB_TOKEN)

    assert secret == Secret("4711-example")


@pytest.mark.parametrize(("size", "refused"), [(LARGEST_FILE, False), (LARGEST_FILE + 1, True)])
def test_a_file_too_large_for_a_secret_is_refused(size: int, refused: bool, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("x" * size)
    variables = Variables({"GITHUB_TOKEN_FILE": str(file)})

    if refused:
        with pytest.raises(SettingsError, match="GITHUB_TOKEN_FILE"):
            variables.secret(SecretSetting.GITHUB_TOKEN)
    else:
        assert variables.secret(SecretSetting.GITHUB_TOKEN) == Secret("x" * size)


def test_a_secret_that_stands_where_its_file_should_be_named_is_not_shown() -> None:
    with pytest.raises(SettingsError) as refusal:
        Variables({"GITHUB_TOKEN_FILE": "hidden-4711"}).secret(SecretSetting.GITHUB_TOKEN)

    assert "hidden" not in str(refusal.value)


@pytest.mark.parametrize(
    "value",
    [
        "user:hidden@example.com:1",
        "http://user:hidden@example.com:1/",
        "ftp://hidden@example.com",
        "http://user:hidden@example.com:1/ x",
        "http://user:hid@hidden@[::1",
        "http://user:hidden/@example.com",
        "example.com:1?token=hidden",
        "example.com:1#hidden",
        "user:hidden@://",
    ],
)
def test_no_refusal_of_an_address_shows_user_password_or_query(value: str) -> None:
    said = {setting: refusal(partial(_read, {str(setting): value})) for setting in AddressSetting}

    assert [setting for setting, text in said.items() if setting not in text or "hidden" in text] == []


def refusal(read: Callable[[], object]) -> str:
    """What is said of a setting that cannot be read, and nothing where it can."""
    try:
        read()
    except SettingsError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("setting", PathSetting)
def test_an_address_where_a_path_should_be_is_refused_without_its_password(setting: PathSetting) -> None:
    environment = {str(setting): "postgres://user:hidden@db.example.com/x"}

    with pytest.raises(SettingsError) as refusal:
        _read(environment)

    assert str(setting) in str(refusal.value)
    assert "hidden" not in str(refusal.value)


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://chat.example.com/api", True),
        ("http://127.0.0.1:1/api", True),
        ("http://localhost/", True),
        ("http://[::1]:1/", True),
        ("http://chat.example.com/api", False),
        ("http://10.0.0.1/api", False),
        ("http://127.0.0.1.example.com/", False),
        ("http://localhost:0/", False),
    ],
)
def test_plain_http_goes_to_this_machine_only(address: str, safe: bool) -> None:
    for name in ("SLACK_API_URL", "GITHUB_API_URL", "REVEILLE_HEARTBEAT_URL"):
        if safe:
            _read({name: address})
        else:
            with pytest.raises(SettingsError, match=name):
                _read({name: address})


def _read(environment: Mapping[str, str]) -> None:
    """Read every setting there is, as a process that serves does."""
    Settings.from_environment(environment)
    ServingSettings.from_environment(environment)
    SlackSettings.from_environment({**HTTP, **environment})


def test_a_number_of_thousands_of_digits_is_refused_in_a_short_sentence() -> None:
    with pytest.raises(SettingsError, match=r"^REVEILLE_BYTES_CAP is '9+…': expected") as raised:
        Settings.from_environment({"REVEILLE_BYTES_CAP": "9" * 5000})

    assert len(str(raised.value)) < 200
