"""The packages of the embedded engine, which a production installation does without."""

from __future__ import annotations

import importlib.util

NEEDED = ("duckdb",)


class DemoExtraMissing(RuntimeError):  # noqa: N818 - reads as what it says
    """The packages of the embedded engine are not installed; the message says how to get them."""


def embedded_engine(what: str) -> None:
    """Make sure that the embedded engine is there for ``what``, as a sentence begins. Raises DemoExtraMissing."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        names = " and ".join(missing)
        raise DemoExtraMissing(f"{what} need {names}: run `pip install 'reveille[demo]'`, or `make demo`.")
