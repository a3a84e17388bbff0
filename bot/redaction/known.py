"""Everything secret that this process's environment holds.

The redaction reads it by itself, and not from settings that were understood: what is wrong with a setting is said
before there are any.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from bot.setting_names import (
    LARGEST_FILE,
    WEBHOOK_PREFIX,
    AddressSetting,
    PathSetting,
    ProxySetting,
    SecretSetting,
)

GOOGLE_KEY_FILE = "GOOGLE_APPLICATION_CREDENTIALS"
"""Names a file of Google's whose keys are secret."""

GOOGLE_LOGIN = Path(".config", "gcloud", "application_default_credentials.json")
"""Where ``gcloud auth application-default login`` keeps its keys, in the home folder."""

OTLP_HEADERS = ("OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS")
"""Headers that OpenTelemetry reads by itself: ``name=value``, with commas between; a value is often a token."""

OTLP_ADDRESSES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")

_GOOGLE_KEYS = ("private_key", "private_key_id", "client_secret", "refresh_token")
_PARTS = re.compile(r"[\s\x00-\x1f\x7f]+")
_PARTS_OF_ADDRESS = re.compile(r"[/?&=#;]+")


def known_secrets(environment: Mapping[str, str]) -> frozenset[str]:
    """Return every value in an environment that must not be shown, and every part by which it could be told."""
    return frozenset(value for value in _values(environment) if value)


def _values(environment: Mapping[str, str]) -> Iterator[str]:
    webhooks = {each.removesuffix("_FILE") for each in environment if each.startswith(WEBHOOK_PREFIX)}
    for secret in (*SecretSetting, *sorted(webhooks)):
        for value in (environment.get(secret, ""), _content(environment.get(f"{secret}_FILE", ""))):
            yield from _told(value)
    for headers in OTLP_HEADERS:
        for header in environment.get(headers, "").split(","):
            value = header.partition("=")[2]
            yield from (*_told(value), *_told(unquote(value)))
    for address in (*AddressSetting, *PathSetting, *OTLP_ADDRESSES):
        yield from _logins(environment.get(address, ""))
    for proxy in ProxySetting:
        for name in (proxy, proxy.lower()):
            yield from _logins(environment.get(name, ""))
    home = environment.get("HOME", "")
    for path in (environment.get(GOOGLE_KEY_FILE, ""), str(Path(home, GOOGLE_LOGIN)) if home else ""):
        yield from _google_keys(_content(path))


def _told(value: str) -> Iterator[str]:
    """Yield a secret, its lines and words, and the parts of an address that are no words."""
    yield value.strip()
    yield from (parts := _PARTS.split(value))
    for part in parts:
        _, address, rest = part.partition("://")
        if address:
            yield from _logins(part)
            _, _, path = rest.partition("/")
            yield f"/{path}"
            yield from (each for each in _PARTS_OF_ADDRESS.split(path) if any(map(str.isdigit, each)))


def _logins(value: str) -> Iterator[str]:
    """Yield what stands before the host of an address, and the password in it."""
    login, sign, _ = value.rpartition("@")
    if sign:
        login = login.rpartition("://")[2]
        yield login
        yield login.partition(":")[2]


def _google_keys(text: str) -> Iterator[str]:
    try:
        keys: Any = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return
    for name in _GOOGLE_KEYS:
        value = keys.get(name) if isinstance(keys, dict) else None
        if isinstance(value, str):
            yield from (line for line in value.splitlines() if not line.startswith("-----"))


def _content(path: str) -> str:
    """Return what a file holds, nothing where there is none. A pipe is left to whoever reads its secret from it."""
    try:
        file = Path(path)
        if not path or not file.is_file() or file.stat().st_size > LARGEST_FILE:
            return ""
        return file.read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):
        return ""
