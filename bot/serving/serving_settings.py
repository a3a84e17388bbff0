"""What the environment decides about serving: Slack, the store, the web server."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from bot.redaction.shown import Secret
from bot.serving.connections import CONNECTIONS
from bot.setting_names import AddressSetting, PathSetting, SecretSetting
from bot.settings import DATABASE, PROJECT, SettingsError, Variables, web_fault, wrong

SLACK_API = "https://slack.com/api/"
DEFAULT_PORT = 8080
DEFAULT_STORE = Path("reveille.db")
FIRESTORE = "firestore"
STORE_DATABASE = "reveille"
"""A database of the store's own: whoever may write the pipeline's documents need not be able to write its records."""

_CHANNEL = re.compile(r"[CG][A-Z0-9]{6,}")
_ACCOUNT = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{16,}")
_OTHER_STORE = re.compile(r"([A-Za-z][A-Za-z0-9]+):((?!//)[\w./()-]+)", re.ASCII)
"""A kind of store and its place, which is no address: those hold passwords. A file is told from it by its folder:
``./a:b.db``."""
_QUEUE = re.compile(r"projects/[a-z0-9.:-]+/locations/[a-z0-9-]+/queues/[A-Za-z0-9-]{1,100}")
_TRACES = re.compile("otlp")
_PEERS = f"a number of connections, 1 to {CONNECTIONS}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackSettings:
    """How Slack is reached, and how it reaches us: over HTTP with a signing secret, or through a socket with an
    app token; exactly one of the two is set."""

    bot_token: Secret
    signing_secret: Secret | None = None
    app_token: Secret | None = None
    api_url: str = SLACK_API
    """Where the methods of the Web API lie, with a slash at its end."""
    channel: str | None = None
    """Takes every message instead of the channels of the pipeline file: for trying things out."""
    sends: bool = True
    """False where messages are only written, and go another way."""

    @property
    def mode(self) -> Literal["HTTP", "Socket Mode"]:
        return "HTTP" if self.signing_secret is not None else "Socket Mode"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> SlackSettings:
        """Read what Slack needs. Raises SettingsError, also when it is not clear how Slack is to reach us."""
        signing_secret, app_token = _one_way_in(environment, Variables(environment))
        return replace(cls.outgoing(environment), signing_secret=signing_secret, app_token=app_token)

    @classmethod
    def outgoing(cls, environment: Mapping[str, str] = os.environ) -> SlackSettings:
        """Read what posting alone needs: nothing has to reach us. Raises SettingsError."""
        variables = Variables(environment)
        return cls(
            bot_token=_bot_token(variables),
            api_url=_slack_api(variables),
            channel=variables.matching("REVEILLE_CHANNEL", _CHANNEL, "a channel's ID, such as C0123456789"),
        )

    @classmethod
    def silent(cls, environment: Mapping[str, str] = os.environ) -> SlackSettings:
        """Read what a message is written with, for a run that sends none: there is no token. Raises SettingsError."""
        return replace(cls.outgoing({**environment, "SLACK_BOT_TOKEN": "xoxb-not-used"}), sends=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSettings:
    """Whose tokens the endpoint for Cloud Scheduler takes. ``queue`` is that of Cloud Tasks which wakes the service in
    between, at the address that is the audience; ``endpoint`` a server of this machine that stands for Google's."""

    audience: str
    account: str
    queue: str | None = None
    endpoint: str | None = None


@dataclass(frozen=True, slots=True)
class StoreDatabase:
    """A database of Firestore, or of another ``kind`` of store; ``chosen`` says whether somebody named it. ``project``
    is named where it is not that of the pipelines."""

    name: str = STORE_DATABASE
    chosen: bool = False
    kind: str = FIRESTORE
    project: str | None = None

    def __str__(self) -> str:
        return f"the {self.kind.capitalize()} database {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingSettings:
    """Everything that is particular to a process that serves, beside ``Settings`` and ``SlackSettings``."""

    store: Path | StoreDatabase = DEFAULT_STORE
    """The file of the SQLite store, or a database of another kind of store."""
    heartbeat_url: Secret | None = None
    """Asked for after each digest that Slack has confirmed; it is a secret, because it contains a key."""
    tasks: TaskSettings | None = None
    """Without it there is no endpoint for Cloud Scheduler."""
    port: int = DEFAULT_PORT
    operations_port: int | None = None
    """Where metrics are served, and the reasons for not being ready; None is nowhere, or ``port`` with a token."""
    operations_token: Secret | None = None
    """What whoever asks for them has to show."""
    board_token: Secret | None = None
    """What whoever reads the board has to show; without it there is none."""
    peer_connections: int = CONNECTIONS // 2
    """Connections that one address may have open: half of all, because behind a proxy all come from one."""
    scenario: str | None = None
    """The scenario to serve instead of a project."""
    traces: bool = False
    """Whether runs and deliveries are traced, to the collector that OpenTelemetry's own variables name."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> ServingSettings:
        """Read the settings. Raises SettingsError."""
        variables = Variables(environment)
        return cls(
            store=_store(variables),
            heartbeat_url=_heartbeat_url(variables),
            tasks=_tasks(variables),
            port=variables.port("PORT") or DEFAULT_PORT,
            operations_port=_operations_port(variables),
            operations_token=_own_token(variables, SecretSetting.REVEILLE_OPERATIONS_TOKEN),
            board_token=_own_token(variables, SecretSetting.REVEILLE_BOARD_TOKEN),
            peer_connections=variables.number("REVEILLE_PEER_CONNECTIONS", 1, CONNECTIONS, _PEERS) or CONNECTIONS // 2,
            scenario=variables.text("REVEILLE_SCENARIO"),
            traces=variables.matching("REVEILLE_TRACES", _TRACES, "otlp, or nothing at all") is not None,
        )


def _one_way_in(environment: Mapping[str, str], variables: Variables) -> tuple[Secret | None, Secret | None]:
    """An empty secret is a mistake and never means HTTP without signatures: Bolt would start and refuse everything."""
    for name in (SecretSetting.SLACK_SIGNING_SECRET, SecretSetting.SLACK_APP_TOKEN):
        if name in environment and variables.text(name) is None and variables.text(f"{name}_FILE") is None:
            raise SettingsError(f"{name} is empty: set it, or take it out of the environment.")
    signing_secret = variables.secret(SecretSetting.SLACK_SIGNING_SECRET)
    app_token = variables.secret(SecretSetting.SLACK_APP_TOKEN)
    if signing_secret is not None and app_token is not None:
        message = (
            "SLACK_SIGNING_SECRET and SLACK_APP_TOKEN are both set, so every event would come twice:"
            " keep the signing secret for HTTP, or the app token for Socket Mode."
        )
        raise SettingsError(message)
    if signing_secret is None and app_token is None:
        message = (
            "Slack has no way to reach this bot: set SLACK_SIGNING_SECRET for HTTP, or SLACK_APP_TOKEN for Socket Mode."
        )
        raise SettingsError(message)
    if app_token is not None and not app_token.reveal().startswith("xapp-"):
        raise SettingsError("SLACK_APP_TOKEN is no app-level token: those begin with xapp-.")
    return signing_secret, app_token


def _bot_token(variables: Variables) -> Secret:
    token = variables.secret(SecretSetting.SLACK_BOT_TOKEN)
    if token is None:
        raise SettingsError(
            "SLACK_BOT_TOKEN is not set: it begins with xoxb- and stands under OAuth & Permissions of the Slack app."
        )
    if not token.reveal().startswith("xoxb-"):
        raise SettingsError("SLACK_BOT_TOKEN is no bot token: those begin with xoxb-.")
    return token


def _store(variables: Variables) -> Path | StoreDatabase:
    value = variables.text("REVEILLE_STORE")
    word, colon, database = (value or "").partition(":")
    if value is None or word.lower() != FIRESTORE:
        if other := _OTHER_STORE.fullmatch(value or ""):
            return StoreDatabase(other[2], chosen=True, kind=other[1].lower())
        return variables.path(PathSetting.REVEILLE_STORE) or DEFAULT_STORE
    if not colon:
        return StoreDatabase()
    project, slash, name = database.rpartition("/")
    if DATABASE.fullmatch(name) is None or (slash and PROJECT.fullmatch(project) is None):
        raise wrong(
            "REVEILLE_STORE",
            value,
            f"{FIRESTORE}:DATABASE or {FIRESTORE}:PROJECT/DATABASE with the id of a database, such as {STORE_DATABASE}",
        )
    return StoreDatabase(name, chosen=True, project=project or None)


def _tasks(variables: Variables) -> TaskSettings | None:
    audience = variables.text("REVEILLE_TASKS_AUDIENCE")
    account = variables.matching(
        "REVEILLE_TASKS_ACCOUNT",
        _ACCOUNT,
        "a service account, such as scheduler@example-project.iam.gserviceaccount.com",
    )
    queue = variables.matching("REVEILLE_TASKS_QUEUE", _QUEUE, "projects/PROJECT/locations/REGION/queues/QUEUE")
    endpoint = variables.loopback_address(AddressSetting.REVEILLE_TASKS_ENDPOINT)
    if audience is None and account is None and queue is None:
        return None
    if audience is None or account is None:
        missing = "REVEILLE_TASKS_AUDIENCE" if audience is None else "REVEILLE_TASKS_ACCOUNT"
        message = f"{missing} is not set: a scheduled task is accepted only for an audience and from an account."
        raise SettingsError(message)
    if queue is not None and not audience.startswith("https://"):
        raise SettingsError(
            "REVEILLE_TASKS_QUEUE wakes the service at its address, so REVEILLE_TASKS_AUDIENCE has to be that, with"
            " https://."
        )
    return TaskSettings(audience=audience, account=account, queue=queue, endpoint=endpoint)


def _slack_api(variables: Variables) -> str:
    value = variables.web_address(AddressSetting.SLACK_API_URL, SLACK_API) or SLACK_API
    return value if value.endswith("/") else f"{value}/"


def _heartbeat_url(variables: Variables) -> Secret | None:
    secret = variables.secret(SecretSetting.REVEILLE_HEARTBEAT_URL)
    fault = None if secret is None else web_fault(secret.reveal())
    if fault is not None:
        raise SettingsError(
            f"REVEILLE_HEARTBEAT_URL {fault}: expected an address such as https://watcher.example.com/KEY."
        )
    return secret


def _operations_port(variables: Variables) -> int | None:
    port = variables.port("REVEILLE_OPERATIONS_PORT")
    if port is not None and port == (variables.port("PORT") or DEFAULT_PORT):
        raise SettingsError("REVEILLE_OPERATIONS_PORT is the same as PORT: give it another, or set a token instead.")
    return port


def _own_token(variables: Variables, name: SecretSetting) -> Secret | None:
    """Read a token that is ours to choose."""
    token = variables.secret(name)
    if token is not None and not _TOKEN.fullmatch(token.reveal()):
        raise SettingsError(
            f"{name} is no token: it takes 16 letters, digits or -._~+/= at least, such as openssl rand -hex 24 gives."
        )
    return token
