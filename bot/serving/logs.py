"""The log of a process that serves: Cloud Logging's JSON on standard output, without secrets.

Redaction sits on the handler of the root logger and works on the finished line. Bolt and the SDK write whole
request bodies into their warnings; a filter on a logger of ours would never see those.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import IO, Any

SHORTEST_SECRET = 8
"""Characters. What is shorter protects nothing, and would be found in half of all words."""

_HIDDEN = "***"
_SECRETS = (
    # Slack's tokens, of whatever kind: bot, user, app, refresh, configuration.
    re.compile(r"(?<![A-Za-z0-9])(x(?:ox[a-z]|app|oxe\.xox[a-z])-)[A-Za-z0-9.%_-]+"),
    # Whoever holds a response_url or a webhook can post; the path is the secret.
    re.compile(
        r"((?:hooks\.slack\.com|hooks\.slack-gov\.com)(?:(?:%5C|\\)*(?:%2F|/))+)(?:[^\s\"'<>&\\]|\\+/)+", re.IGNORECASE
    ),
    # Google's access and identity tokens, and any other bearer.
    re.compile(r"\b(Bearer\s+)[A-Za-z0-9._~+/=-]+", re.IGNORECASE),
    re.compile(r"()\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"),
    re.compile(r"()\bya29\.[A-Za-z0-9_-]+"),
    # A signature, with which a request could be sent again.
    re.compile(r"()\bv0=[0-9a-f]{16,}"),
)
_NAMES = "trigger_id|response_url|bot_access_token|token|authorization|x-slack-signature|signing_secret|client_secret"
_NAMED = (
    # In JSON, in a Python mapping (a value in a list included), escaped or not.
    re.compile(rf"((?:\\*[\"'])(?:{_NAMES})(?:\\*[\"'])\s*[:=,]\s*\[?\s*\\*[\"'])[^\"'\\]+", re.IGNORECASE),
    # In a form: response_url=https%3A%2F%2F...
    re.compile(rf"((?<![A-Za-z0-9_-])(?:{_NAMES})=)[^&\s\"',;\\]+", re.IGNORECASE),
    # In a form that carries JSON: %22trigger_id%22%3A%22...%22
    re.compile(rf"(%22(?:{_NAMES})%22%3A(?:\+|%20)*%22).+?(?=%22)", re.IGNORECASE),
)
_FIELDS_OF_CLOUD_LOGGING = {"severity", "message", "time"}


def redacted(text: str, also: tuple[str, ...] = ()) -> str:
    """Return a text without what opens a door; ``also`` are values of this process's own secrets."""
    for value in also:
        text = text.replace(value, _HIDDEN)
    for pattern in (*_SECRETS, *_NAMED):
        text = pattern.sub(rf"\g<1>{_HIDDEN}", text)
    return text


class CloudFormatter(logging.Formatter):
    """One line of JSON a record, with the fields that Cloud Logging reads; ``json_fields`` of ``extra`` join them."""

    def __init__(self, secrets: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._secrets = tuple(
            sorted((value for value in secrets if len(value) >= SHORTEST_SECRET), key=len, reverse=True)
        )

    def format(self, record: logging.LogRecord) -> str:
        message = _message(record)
        if record.exc_info is not None and record.exc_info[0] is not None:
            message += "\n" + "".join(traceback.format_exception(*record.exc_info)).rstrip()
        given = getattr(record, "json_fields", None)
        fields: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
        entry = {
            **{key: fields[key] for key in fields if key not in _FIELDS_OF_CLOUD_LOGGING},
            "severity": record.levelname if record.levelno <= logging.CRITICAL else "CRITICAL",
            "message": message,
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "logger": record.name,
        }
        return json.dumps(self._clean(entry), ensure_ascii=False, default=str)

    def _clean(self, value: Any) -> Any:
        """Redact texts before they are written as JSON, so that no pattern has to know how JSON escapes."""
        if isinstance(value, Mapping):
            return {
                str(key): _HIDDEN if str(key).lower() in _NAMES.split("|") else self._clean(item)
                for key, item in value.items()
            }
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self._clean(item) for item in value]
        if value is None or isinstance(value, (bool, int, float)):
            return value
        return redacted(str(value), self._secrets)


def log_to_cloud(secrets: tuple[str, ...] = (), stream: IO[str] | None = None, level: int = logging.INFO) -> None:
    """Make the root logger write JSON to ``stream``, standard output by default, and nothing else write at all."""
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(CloudFormatter(secrets))
    root = logging.getLogger()
    for former in list(root.handlers):
        root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(level)
    # It says for every job of the scheduler that it ran; what went wrong reaches our own listeners as well.
    logging.getLogger("apscheduler").setLevel(max(level, logging.WARNING))
    logging.captureWarnings(capture=True)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - a wrong format string in a library must not lose its message
        return f"{record.msg} {record.args}"
