"""What a pipeline file says of two tables that must agree, as data: a sum or a count of each, by the same keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from checks.intervals import Stated
from checks.values import FARTHEST, Identifier, Model, NamedSeverity, Severity, Share

_FIGURE = re.compile(
    r"\s*(?P<function>SUM|COUNT)\s*\(\s*(?P<distinct>DISTINCT\s+)?(?P<column>\w+|\*)\s*\)\s+of\s+"
    r"(?P<table>(?:[a-z][a-z0-9-]*\.)?\w+\.\w+\*?)(?:\s+where\s+(?P<where>.+\S))?\s*",
    re.IGNORECASE | re.DOTALL,
)
_EXPECTED = (
    "expected a sum or a count of a table, such as 'SUM(amount) of ledger.entries', 'COUNT(*) of shop.orders' or "
    "'COUNT(DISTINCT id) of shop.orders where is_paid'"
)


class Side(Model):
    """A figure of a table."""

    function: Literal["SUM", "COUNT", "COUNT DISTINCT"]
    column: str
    table: str
    where: str = ""

    def __str__(self) -> str:
        """Write it as the file does."""
        of = f"{self.figure} of {self.table}"
        return f"{of} where {self.where}" if self.where else of

    @property
    def figure(self) -> str:
        """What is counted, without of which table."""
        function, _, distinct = self.function.partition(" ")
        return f"{function}({distinct}{' ' if distinct else ''}{self.column})"


def _side(value: object) -> object:
    match = _FIGURE.fullmatch(value) if isinstance(value, str) else None
    if isinstance(value, Side):
        return value
    if match is None or (match["column"] == "*" and (match["distinct"] or match["function"].upper() == "SUM")):
        raise ValueError(_EXPECTED)
    function = match["function"].upper()
    if match["distinct"]:
        if function == "SUM":
            raise ValueError(_EXPECTED)
        function = "COUNT DISTINCT"
    return Side(function=function, column=match["column"], table=match["table"], where=match["where"] or "")


def _keys(value: object) -> object:
    """Take a column, or several, for keys that both tables call so."""
    if isinstance(value, str):
        value = [value]
    if isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value):
        return {each: each for each in value}
    return value


def _tolerance(value: object) -> object:
    return (
        {"share": value} if isinstance(value, str) else {"amount": value} if not isinstance(value, Mapping) else value
    )


class Tolerance(Model):
    """How far two figures may differ: by an amount, or by a share of the larger."""

    amount: float = Field(default=0, ge=0, le=FARTHEST)
    share: Share = 0.0


_SideOf = Annotated[Side, BeforeValidator(_side, json_schema_input_type=Annotated[str, Field(pattern="^.+ of .+$")])]


class Reconciliation(Stated):
    """Two figures that must agree in each interval: one check, one query, one finding."""

    left: _SideOf
    """A sum or a count of the table that is right, such as ``SUM(amount) of ledger.entries``; a condition in GoogleSQL
    may follow: ``COUNT(*) of shop.orders where is_paid``."""
    right: _SideOf
    """The same of the table that is judged by it."""
    by: Annotated[
        Mapping[str, str],
        BeforeValidator(_keys, json_schema_input_type=str | tuple[str, ...] | Mapping[str, str]),
    ] = {}
    """The columns by which they must agree: names that both tables have, or by the left one's name the right one's."""
    tolerance: Annotated[
        Tolerance,
        BeforeValidator(
            _tolerance,
            json_schema_input_type=Annotated[float, Field(ge=0, le=FARTHEST)] | Annotated[str, Field(pattern="%$")],
        ),
    ] = Tolerance()
    """How far they may differ: an amount, or as ``0.5 %`` a share of the larger."""
    severity: NamedSeverity = Severity.P1
    """How loud a difference is."""
    check: Identifier | None = None
    """The id of the check; left out, the names of the two tables with hyphens."""
    title: str | None = None
    """The name that people read."""
    action: str = ""
    """What to do about a failure."""
