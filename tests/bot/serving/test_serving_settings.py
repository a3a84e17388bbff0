from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.redaction.shown import Secret
from bot.serving.serving_settings import (
    DEFAULT_PORT,
    DEFAULT_STORE,
    SLACK_API,
    ServingSettings,
    SlackSettings,
    StoreDatabase,
    TaskSettings,
)
from bot.settings import SettingsError

HTTP = {"SLACK_BOT_TOKEN": "xoxb-1-example", "SLACK_SIGNING_SECRET": "signing-example"}
SOCKET = {"SLACK_BOT_TOKEN": "xoxb-1-example", "SLACK_APP_TOKEN": "xapp-1-example"}


def test_a_signing_secret_means_http() -> None:
    settings = SlackSettings.from_environment(HTTP)

    assert settings.mode == "HTTP"
    assert settings.bot_token.reveal() == "xoxb-1-example"
    assert settings.signing_secret == Secret("signing-example")
    assert settings.app_token is None
    assert settings.api_url == SLACK_API


def test_an_app_token_means_socket_mode() -> None:
    settings = SlackSettings.from_environment(SOCKET)

    assert settings.mode == "Socket Mode"
    assert settings.app_token == Secret("xapp-1-example")


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        pytest.param({**HTTP, **SOCKET}, "both", id="both ways in"),
        pytest.param({"SLACK_BOT_TOKEN": "xoxb-1"}, "SLACK_SIGNING_SECRET", id="no way in"),
        pytest.param({**HTTP, "SLACK_SIGNING_SECRET": ""}, "SLACK_SIGNING_SECRET is empty", id="an empty secret"),
        pytest.param({**HTTP, "SLACK_SIGNING_SECRET": " "}, "SLACK_SIGNING_SECRET is empty", id="a blank secret"),
        pytest.param(
            {**SOCKET, "SLACK_SIGNING_SECRET": ""}, "SLACK_SIGNING_SECRET is empty", id="an empty secret beside a token"
        ),
        pytest.param({**SOCKET, "SLACK_APP_TOKEN": ""}, "SLACK_APP_TOKEN is empty", id="an empty app token"),
        pytest.param({**SOCKET, "SLACK_APP_TOKEN": "xoxb-1"}, "SLACK_APP_TOKEN", id="a bot token for an app token"),
        pytest.param({"SLACK_SIGNING_SECRET": "s"}, "SLACK_BOT_TOKEN is not set", id="no bot token"),
        pytest.param({**HTTP, "SLACK_BOT_TOKEN": "xoxp-1"}, "SLACK_BOT_TOKEN", id="a user's token"),
        pytest.param({**HTTP, "SLACK_API_URL": "slack.example.com"}, "SLACK_API_URL", id="a URL without a scheme"),
        pytest.param({**HTTP, "SLACK_API_URL": "http://[::1"}, "SLACK_API_URL", id="a URL that cannot be read"),
        pytest.param({**HTTP, "REVEILLE_CHANNEL": "#alerts"}, "REVEILLE_CHANNEL", id="a channel's name"),
    ],
)
def test_settings_that_cannot_work_are_refused_by_name(environment: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        SlackSettings.from_environment(environment)

    assert named in str(refusal.value)


@given(st.text(min_size=1, alphabet=st.characters(categories=("L", "N"))))
def test_no_refusal_shows_a_secret(secret: str) -> None:
    environment = {"SLACK_BOT_TOKEN": f"xoxb-{secret}-9", "SLACK_APP_TOKEN": f"wrong-{secret}-9"}

    with pytest.raises(SettingsError) as refusal:
        SlackSettings.from_environment(environment)

    assert f"{secret}-9" not in str(refusal.value)


def test_no_secret_ever_prints() -> None:
    settings = SlackSettings.from_environment(HTTP)

    shown = f"{settings} {settings!r} {settings.bot_token} {settings.bot_token!r} {settings.signing_secret}"

    assert "xoxb-1" not in shown
    assert "signing-example" not in shown


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from-a-file\n")

    settings = SlackSettings.from_environment({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET_FILE": str(file)})

    assert settings.signing_secret == Secret("from-a-file")


@pytest.mark.parametrize(
    "content",
    [pytest.param(None, id="no file"), pytest.param(b"", id="an empty file"), pytest.param(b"\xff\xfe", id="no text")],
)
def test_a_secret_file_that_holds_none_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(SettingsError, match="SLACK_SIGNING_SECRET_FILE"):
        SlackSettings.from_environment({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET_FILE": str(file)})


def test_a_secret_and_its_file_exclude_each_other(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("other")

    with pytest.raises(SettingsError, match="both set"):
        SlackSettings.from_environment({**HTTP, "SLACK_SIGNING_SECRET_FILE": str(file)})


def test_the_address_of_the_api_ends_in_a_slash() -> None:
    settings = SlackSettings.from_environment({**HTTP, "SLACK_API_URL": "http://127.0.0.1:3000/api"})

    assert settings.api_url == "http://127.0.0.1:3000/api/"


def test_posting_alone_needs_no_way_in() -> None:
    settings = SlackSettings.outgoing({"SLACK_BOT_TOKEN": "xoxb-1"})

    assert settings.bot_token == Secret("xoxb-1")


def test_an_empty_environment_serves_from_a_file_on_the_usual_port() -> None:
    settings = ServingSettings.from_environment({})

    assert settings == ServingSettings()
    assert (settings.store, settings.port) == (DEFAULT_STORE, DEFAULT_PORT)


QUEUE = "projects/example-project/locations/us-west2/queues/reveille"


def test_every_variable_of_serving_is_read() -> None:
    settings = ServingSettings.from_environment(
        {
            "REVEILLE_STORE": "state/reveille.db",
            "REVEILLE_HEARTBEAT_URL": "https://heartbeat.example.com/key",
            "REVEILLE_TASKS_AUDIENCE": "https://reveille.example.com",
            "REVEILLE_TASKS_ACCOUNT": "scheduler@example-project.iam.gserviceaccount.com",
            "REVEILLE_TASKS_QUEUE": QUEUE,
            "REVEILLE_TASKS_ENDPOINT": "127.0.0.1:8123",
            "PORT": "9090",
            "REVEILLE_SCENARIO": "invoker-lost",
        }
    )

    assert settings == ServingSettings(
        store=Path("state/reveille.db"),
        heartbeat_url=Secret("https://heartbeat.example.com/key"),
        tasks=TaskSettings(
            audience="https://reveille.example.com",
            account="scheduler@example-project.iam.gserviceaccount.com",
            queue=QUEUE,
            endpoint="127.0.0.1:8123",
        ),
        port=9090,
        scenario="invoker-lost",
    )


@pytest.mark.parametrize("word", ["firestore", "Firestore"])
def test_the_store_may_be_firestore(word: str) -> None:
    assert ServingSettings.from_environment({"REVEILLE_STORE": word}).store == StoreDatabase("reveille")


@pytest.mark.parametrize("name", ["(default)", "another-database"])
def test_the_database_of_the_store_may_be_named(name: str) -> None:
    found = ServingSettings.from_environment({"REVEILLE_STORE": f"firestore:{name}"}).store

    assert found == StoreDatabase(name, chosen=True)


def test_the_word_before_a_colon_names_another_kind_of_store() -> None:
    found = ServingSettings.from_environment({"REVEILLE_STORE": "Other:place"}).store

    assert found == StoreDatabase("place", chosen=True, kind="other")


@pytest.mark.parametrize("path", ["./a:b.db", "a.b:c", "state/reveille:1.db"])
def test_what_has_a_folder_or_a_dot_before_its_colon_is_a_file(path: str) -> None:
    assert ServingSettings.from_environment({"REVEILLE_STORE": path}).store == Path(path)


@pytest.mark.parametrize("name", ["", "a/b", "UPPER", "x"])
def test_what_is_no_name_of_a_database_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="REVEILLE_STORE"):
        ServingSettings.from_environment({"REVEILLE_STORE": f"firestore:{name}"})


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        pytest.param({"PORT": "0"}, "PORT", id="port 0"),
        pytest.param({"PORT": "65536"}, "PORT", id="just past the last port"),
        pytest.param({"PORT": "http"}, "PORT", id="a port that is no number"),
        pytest.param({"PORT": "9" * 5000}, "PORT", id="a port of thousands of digits"),
        pytest.param({"REVEILLE_TASKS_AUDIENCE": "https://a.example.com"}, "REVEILLE_TASKS_ACCOUNT", id="no account"),
        pytest.param({"REVEILLE_TASKS_ACCOUNT": "a@b.example.com"}, "REVEILLE_TASKS_AUDIENCE", id="no audience"),
        pytest.param(
            {"REVEILLE_TASKS_ACCOUNT": "anybody", "REVEILLE_TASKS_AUDIENCE": "x"}, "TASKS_ACCOUNT", id="no address"
        ),
        pytest.param({"REVEILLE_TASKS_QUEUE": "reveille"}, "REVEILLE_TASKS_QUEUE", id="a queue without its place"),
        pytest.param({"REVEILLE_TASKS_QUEUE": QUEUE}, "REVEILLE_TASKS_AUDIENCE", id="a queue and nobody's token"),
        pytest.param(
            {
                "REVEILLE_TASKS_QUEUE": QUEUE,
                "REVEILLE_TASKS_ACCOUNT": "a@b.example.com",
                "REVEILLE_TASKS_AUDIENCE": "reveille",
            },
            "https://",
            id="a queue and an audience that is no address",
        ),
        pytest.param({"REVEILLE_HEARTBEAT_URL": "ftp://x.example.com"}, "REVEILLE_HEARTBEAT_URL", id="no URL"),
    ],
)
def test_serving_settings_that_cannot_work_are_refused_by_name(environment: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        ServingSettings.from_environment(environment)


@pytest.mark.parametrize("port", [pytest.param("1", id="the first"), pytest.param("65535", id="the last")])
def test_every_port_there_is_may_be_served(port: str) -> None:
    assert ServingSettings.from_environment({"PORT": port}).port == int(port)


def test_a_heartbeat_url_that_is_refused_is_not_shown() -> None:
    with pytest.raises(SettingsError) as refusal:
        ServingSettings.from_environment({"REVEILLE_HEARTBEAT_URL": "heartbeat-key-4711"})

    assert "4711" not in str(refusal.value)


OPERATIONS_TOKEN = "operations-" + "example"


def test_operations_have_neither_port_nor_token_unless_set_and_an_address_half_of_the_connections() -> None:
    settings = ServingSettings.from_environment({})

    assert (settings.operations_port, settings.operations_token, settings.peer_connections) == (None, None, 200)


def test_a_port_a_token_and_a_share_are_read() -> None:
    settings = ServingSettings.from_environment(
        {
            "REVEILLE_OPERATIONS_PORT": "9090",
            "REVEILLE_OPERATIONS_TOKEN": OPERATIONS_TOKEN,
            "REVEILLE_PEER_CONNECTIONS": "400",
        }
    )

    assert settings.operations_port == 9090
    assert settings.operations_token == Secret(OPERATIONS_TOKEN)
    assert settings.peer_connections == 400


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("REVEILLE_OPERATIONS_PORT", "8080", id="the port of Slack"),
        pytest.param("REVEILLE_OPERATIONS_PORT", "0", id="no port"),
        pytest.param("REVEILLE_OPERATIONS_PORT", "9" * 5000, id="a port without end"),
        pytest.param("REVEILLE_OPERATIONS_TOKEN", "x" * 15, id="a token just too short"),
        pytest.param("REVEILLE_OPERATIONS_TOKEN", "tokens with blanks", id="a token with blanks"),
        pytest.param("REVEILLE_BOARD_TOKEN", "x" * 15, id="a token of the board just too short"),
        pytest.param("REVEILLE_PEER_CONNECTIONS", "0", id="no connection"),
        pytest.param("REVEILLE_PEER_CONNECTIONS", "401", id="more than there are"),
        pytest.param("REVEILLE_PEER_CONNECTIONS", "half", id="a word"),
    ],
)
def test_operations_that_cannot_be_are_refused_by_name_and_never_by_a_token(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        ServingSettings.from_environment({name: value})

    assert name in str(refusal.value)
    assert "TOKEN" not in name or value not in str(refusal.value)
