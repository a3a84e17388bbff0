"""What every part of a file that people write is: a pipeline file, a scenario."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Model(BaseModel):
    """Frozen, strict about unknown keys. The text below a field is its description in the JSON Schema."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, use_attribute_docstrings=True, allow_inf_nan=False
    )


def _written(example: str) -> BeforeValidator:
    """Refuse numbers, which pydantic takes for seconds since 1970 or since midnight: nobody writes those."""

    def refused(value: Any) -> Any:
        if isinstance(value, (bool, int, float)):
            message = f"expected {example}"
            raise ValueError(message)  # noqa: TRY004 - pydantic tells it with the value
        return value

    return BeforeValidator(refused)


LONGEST_IDENTIFIER = 80
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*([-_][a-z0-9]+)*$", max_length=LONGEST_IDENTIFIER)]
Day = Annotated[date, _written("a date such as 2026-02-12")]
Instant = Annotated[datetime, _written("a date and time such as 2026-02-12 22:00")]
ClockTime = Annotated[time, _written("a time of the day such as '22:00', in quotes")]
