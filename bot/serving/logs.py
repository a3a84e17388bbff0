"""The log of a process that serves: Cloud Logging's JSON on standard output, without secrets.

Redaction sits on the handler of the root logger and works on the finished line. Bolt and the SDK write whole
request bodies into their warnings; a filter on a logger of ours would never see those.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sys
import threading
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import IO, Any

from bot.log_fields import current_fields
from bot.redaction.redactor import Redactor
from bot.render.visible import one_line


class CloudFormatter(logging.Formatter):
    """One line of JSON a record: the fields that Cloud Logging reads, those of what is under way (``bot.log_fields``),
    and the ``json_fields`` of ``extra``."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        given = getattr(record, "json_fields", None)
        fields: Mapping[str, Any] = {**current_fields(), **(given if isinstance(given, Mapping) else {})}
        entry = {
            "severity": record.levelname if record.levelno <= logging.CRITICAL else "CRITICAL",
            "message": text_of(record),
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "logger": record.name,
        }
        more = {key: fields[key] for key in fields if key not in entry}
        # Texts are redacted before they are written as JSON.
        line = json.dumps(self._redactor.fields({**entry, **more}), ensure_ascii=False)
        # Half a pair of surrogates, as a wrong file name has it, is no character that can be written.
        return line.encode("utf-8", "backslashreplace").decode()


class LineFormatter(logging.Formatter):
    """A record as people read it in a terminal, without secrets and without what steers one."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        line = self._redactor.line(f"{record.levelname} {record.name}: {text_of(record)}")
        return "\n".join(map(one_line, line.split("\n")))


class _Handler(logging.StreamHandler[IO[str]]):
    """Says of a line that cannot be written only why: Python would print all of it, and a traceback."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is Python's
        del record
        with contextlib.suppress(OSError, ValueError):
            kind = type(sys.exception()).__name__
            sys.stderr.write(f"reveille: a line of the log could not be written ({kind}).\n")


def log_to_cloud(redactor: Redactor, stream: IO[str] | None = None) -> None:
    """Make the root logger write JSON to ``stream``, standard output by default, and nothing else write at all."""
    _log_to(stream or sys.stdout, CloudFormatter(redactor))
    # It says for every job of the scheduler that it ran; what went wrong reaches our own listeners as well.
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)


def log_to_terminal(redactor: Redactor, stream: IO[str]) -> None:
    """Make the root logger write lines for people."""
    _log_to(stream, LineFormatter(redactor))


def log_threads() -> None:
    """Log what ends a thread, which Python prints to standard error with its secrets."""

    def ended(what: threading.ExceptHookArgs) -> None:
        name = what.thread.name if what.thread is not None else "unknown"
        error = what.exc_value or what.exc_type()
        logging.getLogger(__name__).error("the thread %s broke", name, exc_info=error)

    threading.excepthook = ended


def text_of(record: logging.LogRecord) -> str:
    """Return the message of a record, and the traceback of its exception."""
    message = _message(record)
    if record.exc_info is not None and record.exc_info[0] is not None:
        message += "\n" + "".join(traceback.format_exception(*record.exc_info)).rstrip()
    return message


def _log_to(stream: IO[str], formatter: logging.Formatter) -> None:
    handler = _Handler(stream)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    for former in list(root.handlers):
        root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(logging.INFO)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - a wrong format string in a library must not lose its message
        return f"{record.msg} {record.args}"
