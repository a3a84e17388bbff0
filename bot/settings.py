"""What the environment decides, read once and frozen.

By hand and not by pydantic-settings, which was tried: each rule says its own sentence, so it took more lines (256 for
239), 0.2 s more to import, and whoever makes ``Settings()`` would read the environment without saying so.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bot.redaction.shown import Secret, shown_address
from bot.setting_names import LARGEST_FILE, AddressSetting, PathSetting, SecretSetting

DEFAULT_BYTES_CAP = 10 * 1024**3
"""Ten gibibytes a query: far above what a day's partition holds, far below what hurts."""

SMALLEST_BYTES_CAP = 10 * 1024**2
"""BigQuery bills at least 10 MiB a query, so a lower cap refuses every query."""

LARGEST_BYTES_CAP = 1024**5
"""A pebibyte: what BigQuery's interface takes is larger, and no cap at all."""

_BYTES = f"a whole number of bytes from {SMALLEST_BYTES_CAP} (10 MiB) to {LARGEST_BYTES_CAP} (1 PiB)"

MOST_DIGITS = 18
LONGEST_SHOWN = 60
"""Characters of a wrong value that a message repeats."""

GITHUB_API = "https://api.github.com"

_PREFIX = re.compile(r"\w*", re.ASCII)
_PROJECT = re.compile(r"([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")
DATABASE = re.compile(r"\(default\)|[a-z][a-z0-9-]{2,61}[a-z0-9]")
_LOCATION = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_ADDRESS = re.compile(r"(?P<host>\[[0-9A-Fa-f:]+\]|[A-Za-z0-9._-]+):(?P<port>\d{1,5})")
_HIGHEST_PORT = 65535
_NO_TOKEN = re.compile(r"[^\x21-\x7e]")
"""Spaces, control characters and all beyond ASCII: no token has them, and no header of HTTP may."""


class SettingsError(ValueError):
    """A setting is wrong or missing; the message is one sentence that says which and what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one process.

    ``project`` replaces the pipeline's own where it is set. Prefixes stand before every dataset and every
    collection. Emulators and endpoints are ``host:port``, or None for Google's own.
    """

    pipeline: Path | None = None
    project: str | None = None
    dataset_prefix: str = ""
    collection_prefix: str = ""
    firestore_database: str = "(default)"
    firestore_emulator: str | None = None
    bigquery_emulator: str | None = None
    bigquery_location: str | None = None
    """None lets BigQuery find the location of the datasets that a query names."""
    run_endpoint: str | None = None
    """Cloud Run's API, without encryption and therefore on this machine only."""
    resource_manager_endpoint: str | None = None
    """Resource Manager's API, likewise."""
    pubsub_emulator: str | None = None
    scheduler_endpoint: str | None = None
    """Cloud Scheduler's API, on this machine only."""
    build_endpoint: str | None = None
    """Cloud Build's API, likewise."""
    monitoring_endpoint: str | None = None
    """Cloud Monitoring's API, likewise."""
    logging_endpoint: str | None = None
    """Cloud Logging's API, likewise."""
    storage_emulator: str | None = None
    """Cloud Storage's API, likewise."""
    repository: Path | None = None
    """A local clone of the repository that services are deployed from; without it GitHub is asked."""
    audit_baseline: Path | None = None
    """What the deployment audit of the clone knows already."""
    github_token: Secret | None = None
    github_api: str = GITHUB_API
    """The address of GitHub's REST interface."""
    bytes_cap: int = DEFAULT_BYTES_CAP
    """Bytes that one query may be billed for."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read the settings. A variable that is empty counts as not set. Raises SettingsError."""
        variables = Variables(environment)
        return cls(
            pipeline=variables.path(PathSetting.REVEILLE_PIPELINE),
            project=variables.matching("GOOGLE_CLOUD_PROJECT", _PROJECT, "a project id, such as example-project"),
            dataset_prefix=variables.prefix("DATASET_PREFIX"),
            collection_prefix=variables.prefix("COLLECTION_PREFIX"),
            firestore_database=variables.matching(
                "FIRESTORE_DATABASE", DATABASE, "the id of a Firestore database, such as (default)"
            )
            or "(default)",
            firestore_emulator=variables.address(AddressSetting.FIRESTORE_EMULATOR_HOST),
            bigquery_emulator=variables.address(AddressSetting.BIGQUERY_EMULATOR_HOST),
            bigquery_location=variables.matching("BIGQUERY_LOCATION", _LOCATION, "a location, such as us-west2 or US"),
            run_endpoint=variables.loopback_address(AddressSetting.REVEILLE_RUN_ENDPOINT),
            resource_manager_endpoint=variables.loopback_address(AddressSetting.REVEILLE_RESOURCE_MANAGER_ENDPOINT),
            pubsub_emulator=variables.address(AddressSetting.PUBSUB_EMULATOR_HOST),
            scheduler_endpoint=variables.loopback_address(AddressSetting.REVEILLE_SCHEDULER_ENDPOINT),
            build_endpoint=variables.loopback_address(AddressSetting.REVEILLE_CLOUD_BUILD_ENDPOINT),
            monitoring_endpoint=variables.loopback_address(AddressSetting.REVEILLE_MONITORING_ENDPOINT),
            logging_endpoint=variables.loopback_address(AddressSetting.REVEILLE_LOGGING_ENDPOINT),
            storage_emulator=variables.loopback_address(AddressSetting.STORAGE_EMULATOR_HOST),
            repository=variables.path(PathSetting.REVEILLE_REPOSITORY),
            audit_baseline=variables.path(PathSetting.REVEILLE_AUDIT_BASELINE),
            github_token=variables.secret(SecretSetting.GITHUB_TOKEN),
            github_api=variables.web_address(AddressSetting.GITHUB_API_URL, GITHUB_API) or GITHUB_API,
            bytes_cap=variables.number("REVEILLE_BYTES_CAP", SMALLEST_BYTES_CAP, LARGEST_BYTES_CAP, _BYTES)
            or DEFAULT_BYTES_CAP,
        )


@dataclass(frozen=True, slots=True)
class Variables:
    """The environment, and how its values are read. An empty value counts as none; each raises SettingsError."""

    environment: Mapping[str, str]

    def text(self, name: str) -> str | None:
        return self.environment.get(name, "").strip() or None

    def secret(self, name: str) -> Secret | None:
        """Return what ``NAME`` holds, or the file that ``NAME_FILE`` names; the two exclude each other."""
        value, path = self.text(name), self.text(f"{name}_FILE")
        if path is not None and value is not None:
            raise SettingsError(f"{name} and {name}_FILE are both set: keep one of them.")
        where = str(name) if path is None else f"{name}_FILE"
        if path is not None:
            value = _secret_in(where, path)
        if value is not None and _NO_TOKEN.search(value) is not None:
            # What is wrong with a secret is said without a character of it.
            raise SettingsError(f"{where} has a space, a line break or a character that no secret has: copy it again.")
        return Secret(value) if value is not None else None

    def matching(self, name: str, pattern: re.Pattern[str], expected: str) -> str | None:
        value = self.text(name)
        if value is not None and pattern.fullmatch(value) is None:
            raise wrong(name, value, expected)
        return value

    def prefix(self, name: str) -> str:
        return self.matching(name, _PREFIX, "letters, digits and underscores only, such as staging_") or ""

    def address(self, name: AddressSetting) -> str | None:
        """Return ``host:port``; the scheme that some tools put before it is dropped."""
        value = self.text(name)
        if value is None:
            return None
        match = _ADDRESS.fullmatch(value.removeprefix("http://").removesuffix("/"))
        if match is None or not 0 < int(match["port"]) <= _HIGHEST_PORT:
            raise wrong(name, shown_address(value), "host:port, such as 127.0.0.1:8080")
        return match[0]

    def loopback_address(self, name: AddressSetting) -> str | None:
        """Return ``host:port`` on this machine: what travels there is not encrypted."""
        address = self.address(name)
        if address is not None and not is_loopback(address.rpartition(":")[0]):
            raise wrong(name, address, "host:port on this machine, such as 127.0.0.1:8080")
        return address

    def path(self, name: PathSetting) -> Path | None:
        value = self.text(name)
        if value is not None and "://" in value:
            raise wrong(name, shown_address(value), "a path on this machine")
        return Path(value) if value is not None else None

    def web_address(self, name: AddressSetting, example: str) -> str | None:
        """Return the address of an interface; only on this machine may it go without encryption."""
        value = self.text(name)
        fault = None if value is None else web_fault(value)
        if value is not None and fault is None and re.search("[?#]", value):
            fault = "has a query"
        if fault is not None:
            # What was given may hold a password, so it is not repeated.
            raise SettingsError(f"{name} {fault}: expected an address such as {example}.")
        return value

    def number(self, name: str, lowest: int, highest: int, expected: str) -> int | None:
        """Return a whole number between two bounds, both included."""
        value = self.text(name)
        if value is None:
            return None
        number = whole_number(value)
        if number is None or not lowest <= number <= highest:
            raise wrong(name, value, expected)
        return number

    def port(self, name: str) -> int | None:
        return self.number(name, 1, _HIGHEST_PORT, f"a port, 1 to {_HIGHEST_PORT}")


def whole_number(text: str) -> int | None:
    """Return the number that digits stand for; None for anything else, and for more digits than any setting has."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


def web_fault(value: str) -> str | None:
    """Return what keeps an address from being asked over the web, as the end of a sentence; None when nothing does."""
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "is no address"
    if _NO_TOKEN.search(value) is not None or parts.scheme not in {"http", "https"} or not host or port == 0:
        return "is no address that begins with https://"
    if "@" in parts.netloc:
        return "has a user or a password in it, which nothing uses"
    if parts.scheme == "http" and not is_loopback(host):
        return "begins with http:// and names another machine, so secrets would travel unencrypted"
    return None


def _secret_in(name: str, path: str) -> str:
    """Return what a file holds, without blanks around it. Neither is shown: the path may be a secret by mistake."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        value = content.decode("utf-8").strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SettingsError(f"{name}: the file that it names cannot be read: {reason}.") from None
    if not value or len(content) > LARGEST_FILE:
        raise SettingsError(f"{name}: the file that it names is {'too large' if value else 'empty'}.")
    return value


def is_loopback(host: str) -> bool:
    """Whether a host name or address certainly means this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def wrong(name: str, value: str, expected: str) -> SettingsError:
    """Return the error for a value that is not what was expected."""
    shown = value if len(value) <= LONGEST_SHOWN else f"{value[:LONGEST_SHOWN]}…"
    return SettingsError(f"{name} is {shown!r}: expected {expected}.")
