"""What a pipeline file says of its queries: their constants, and on which dates there is anything to check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import model_validator

from checks.values import Bound, Integer64, Model


class ParameterValue(Model):
    """A constant that queries read as ``@name``."""

    type: Literal["STRING", "INT64", "FLOAT64", "BOOL", "ARRAY<STRING>"]
    """Its type in GoogleSQL."""
    value: str | bool | Integer64 | Bound | tuple[str, ...]
    """A constant of that type."""

    @model_validator(mode="after")
    def _value_of_its_type(self) -> Self:
        kinds: Mapping[str, tuple[type, ...]] = {
            "STRING": (str,),
            "INT64": (int,),
            "FLOAT64": (int, float),
            "BOOL": (bool,),
            "ARRAY<STRING>": (tuple,),
        }
        # A boolean is an integer to Python, and to nobody else.
        if not isinstance(self.value, kinds[self.type]) or isinstance(self.value, bool) != (self.type == "BOOL"):
            message = f"the value {self.value!r} is not of the type {self.type}"
            raise ValueError(message)
        return self


class Doubt(Model):
    """What speaks against a day off: data of the date that would not be there on one."""

    query: str | None = None
    """Yields one row with a column ``number``: rows of ``@date`` that a day off has none of."""
    documents: tuple[str, ...] = ()
    """Firestore collections; a document named after the date speaks against a day off."""
    unless: str | None = None
    """Yields one row with a column ``number``; above zero, what exists has an explanation and is no doubt."""

    @model_validator(mode="after")
    def _something_to_look_at(self) -> Self:
        if self.query is None and not self.documents:
            message = "expected a query, documents or both"
            raise ValueError(message)
        return self


class Condition(Model):
    """Whether a date has anything to check."""

    title: str
    """What the condition asks, for people."""
    otherwise: str
    """What to say when it does not hold: "no games"."""
    query: str
    """Yields one row with a column ``number``; the condition holds when it is above zero. A column ``calendar``, where
    there is one, counts the entries around the date: at zero the calendar is empty, which is no day off."""
    doubt: Doubt | None = None
    """What speaks against it when it does not hold."""
    history: str | None = None
    """Yields a row an interval with ``period`` (its date, or an instant in it) and ``number``, also for the intervals
    before: what ``per`` of a volume counts rows for, and which intervals had nothing to do."""
