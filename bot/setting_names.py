"""Which settings are secret, and which hold an address: what the redaction has to know of settings."""

from __future__ import annotations

from enum import StrEnum

LARGEST_FILE = 65_536
"""Bytes. A file with a secret is far smaller; whatever is larger is none."""


WEBHOOK_PREFIX = "REVEILLE_WEBHOOK_"
"""Whatever begins with it holds the address or the key of a webhook, and is secret."""


class SecretSetting(StrEnum):
    """A setting whose whole value is secret. Each may stand in the file that ``NAME_FILE`` names."""

    SLACK_BOT_TOKEN = "SLACK_BOT_TOKEN"  # noqa: S105 - the name of a setting
    SLACK_APP_TOKEN = "SLACK_APP_TOKEN"  # noqa: S105 - likewise
    SLACK_SIGNING_SECRET = "SLACK_SIGNING_SECRET"  # noqa: S105 - likewise
    GITHUB_TOKEN = "GITHUB_TOKEN"  # noqa: S105 - likewise
    REVEILLE_HEARTBEAT_URL = "REVEILLE_HEARTBEAT_URL"
    REVEILLE_OPERATIONS_TOKEN = "REVEILLE_OPERATIONS_TOKEN"  # noqa: S105 - likewise
    REVEILLE_BOARD_TOKEN = "REVEILLE_BOARD_TOKEN"  # noqa: S105 - likewise


class AddressSetting(StrEnum):
    """A setting that holds an address, into which somebody may have written a user and a password."""

    SLACK_API_URL = "SLACK_API_URL"
    GITHUB_API_URL = "GITHUB_API_URL"
    FIRESTORE_EMULATOR_HOST = "FIRESTORE_EMULATOR_HOST"
    BIGQUERY_EMULATOR_HOST = "BIGQUERY_EMULATOR_HOST"
    PUBSUB_EMULATOR_HOST = "PUBSUB_EMULATOR_HOST"
    REVEILLE_RUN_ENDPOINT = "REVEILLE_RUN_ENDPOINT"
    REVEILLE_RESOURCE_MANAGER_ENDPOINT = "REVEILLE_RESOURCE_MANAGER_ENDPOINT"
    REVEILLE_SCHEDULER_ENDPOINT = "REVEILLE_SCHEDULER_ENDPOINT"
    REVEILLE_CLOUD_BUILD_ENDPOINT = "REVEILLE_CLOUD_BUILD_ENDPOINT"
    REVEILLE_MONITORING_ENDPOINT = "REVEILLE_MONITORING_ENDPOINT"
    REVEILLE_LOGGING_ENDPOINT = "REVEILLE_LOGGING_ENDPOINT"
    REVEILLE_TASKS_ENDPOINT = "REVEILLE_TASKS_ENDPOINT"
    STORAGE_EMULATOR_HOST = "STORAGE_EMULATOR_HOST"


class PathSetting(StrEnum):
    """A setting that names a file or a folder; somebody may have written an address into it."""

    REVEILLE_PIPELINE = "REVEILLE_PIPELINE"
    REVEILLE_REPOSITORY = "REVEILLE_REPOSITORY"
    REVEILLE_AUDIT_BASELINE = "REVEILLE_AUDIT_BASELINE"
    REVEILLE_STORE = "REVEILLE_STORE"


class ProxySetting(StrEnum):
    """An address that the libraries read by themselves, in capitals or not; a password in it is usual."""

    HTTPS_PROXY = "HTTPS_PROXY"
    HTTP_PROXY = "HTTP_PROXY"
    ALL_PROXY = "ALL_PROXY"
    GRPC_PROXY = "GRPC_PROXY"
