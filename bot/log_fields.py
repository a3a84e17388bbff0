"""What the lines of the log carry beside their words: the pipeline, the run, the incident, of whatever is under way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

_FIELDS: ContextVar[Mapping[str, str]] = ContextVar("log_fields", default=MappingProxyType({}))


@contextmanager
def logged_with(**fields: str) -> Iterator[None]:
    """Let every line that is logged in here, also by threads of a pool, carry these fields; empty ones are left out."""
    token = _FIELDS.set({**_FIELDS.get(), **{name: value for name, value in fields.items() if value}})
    try:
        yield
    finally:
        _FIELDS.reset(token)


def current_fields() -> Mapping[str, str]:
    """Return the fields of what is under way."""
    return _FIELDS.get()


def extra(**fields: object) -> dict[str, Any]:
    """Return the ``extra`` of one line that carries these fields; what is empty or None is left out."""
    return {"json_fields": {name: value for name, value in fields.items() if value not in (None, "")}}
