"""JSON with shorter texts and shorter lists; what is cut is said where it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.amounts import cut_text


def cut_texts(value: Any, longest: int, hint: str = "") -> Any:
    """Return a value of JSON whose texts have at most so many characters; what ``hint`` says stands behind each cut."""
    match value:
        case str():
            return cut_text(value, longest, hint)
        case Mapping():
            return {name: cut_texts(each, longest, hint) for name, each in value.items()}
        case list() | tuple():
            return [cut_texts(each, longest, hint) for each in value]
        case _:
            return value


def cut_lists(value: Any, longest: int) -> Any:
    """Return a value of JSON whose lists and objects have at most so many parts, and one more that counts the rest."""
    match value:
        case Mapping():
            kept = {name: cut_lists(each, longest) for name, each in list(value.items())[:longest]}
            return {**kept, **({"…": f"{len(value) - longest:,} more"} if len(value) > longest else {})}
        case list() | tuple():
            kept_items = [cut_lists(each, longest) for each in value[:longest]]
            return [*kept_items, *([f"… {len(value) - longest:,} more"] if len(value) > longest else [])]
        case _:
            return value
