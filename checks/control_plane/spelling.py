"""How the value of a variable differs from the one before where nobody sees it: blanks, quotes, case."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from checks.ports.services import SECRET

_BLANKS = re.compile(r"^\s+|\s+$|[\u00a0\u200b-\u200d\u2060\ufeff\r\n]")
_QUOTED = re.compile(r"""^(["'`])(.*)\1$""", re.DOTALL)
_SCHEME = re.compile(r"^http://", re.IGNORECASE)

_ANY_SCHEME = re.compile(r"^https?://", re.IGNORECASE)

Fold = Callable[[str], str]


def _bare(value: str) -> str:
    return _BLANKS.sub("", value)


def _unquoted(value: str) -> str:
    return _QUOTED.sub(r"\2", value)


NEVER_MEANT: Sequence[tuple[str, Fold]] = (
    ("blanks or line breaks", _bare),
    ("quotes around it", _unquoted),
    ("http instead of https", lambda value: _SCHEME.sub("https://", value)),
)
"""What no value should have; to take it away is a repair."""

HARDLY_MEANT: Sequence[tuple[str, Fold]] = (
    ("upper and lower case", str.casefold),
    ("a slash at the end", lambda value: value.rstrip("/")),
)


def laid_bare(value: str) -> tuple[str, str, str]:
    """Return what nobody sees before a value, the value, and what nobody sees behind it: blanks, wherever they are,
    quotes, the scheme, slashes at the end."""
    bare, lead = _bare(value), value[: len(value) - len(value.lstrip())]
    inside = _unquoted(bare)
    quote = bare[: (len(bare) - len(inside)) // 2]
    core = _ANY_SCHEME.sub("", inside)
    scheme = inside[: len(inside) - len(core)]
    told = core.rstrip("/")
    blanks = "".join(_BLANKS.findall(value)).removeprefix(lead)
    return f"{lead}{quote}{scheme}", told, f"{core[len(told) :]}{quote}{blanks}"


def slip(before: str, now: str, *, required: bool) -> str:
    """Return by what alone a value differs from the one before although that can hardly be meant; empty for any other
    difference, and for one that takes away what no value should have. Where a variable is not ``required``, such as the
    level of a log, its case may be changed."""
    if SECRET in (before, now) or before == now:
        return ""
    for words, fold in NEVER_MEANT:
        if fold(now) == fold(before):
            return words if fold(now) != now else ""
    if not required:
        return ""
    return next((words for words, fold in HARDLY_MEANT if fold(now) == fold(before)), "")
