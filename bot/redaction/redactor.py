"""Keeps secrets out of all that is written: those of this process by value, however spelled, all others by shape."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

from bot.redaction.shapes import NAMED, REQUESTS, TOKENS, Shape, Span

HIDDEN = "***"

SHORTEST_SECRET = 8
"""Characters. What is shorter protects nothing, and would be found in half of all words."""

LONGEST_LINE = 16_384
"""Characters that a line may have. Cloud Logging takes 256 kB, and JSON may make twelve bytes of one."""

LONGEST_SECRET = 8_192
"""Characters. So far a line is read past its end, in order that no secret there is cut in two and half of it stays."""

MOST_ITEMS = 500
"""Values that the fields of one line may have, however they are nested."""

DEEPEST = 8

_PLAIN = re.compile(r"[A-Za-z0-9._~-]")
_BACKSLASH = r"(?:\\|%(?:25){0,4}5[Cc])"
_LINE_BREAK = rf"(?:(?:\r?\n|(?:{_BACKSLASH}{{1,16}}r)?{_BACKSLASH}{{1,16}}n)[ \t]{{0,80}})?"


def spans_of(text: str, shapes: Iterable[Shape] = TOKENS) -> list[Span]:
    """Return from where to where something in a text has the shape of a secret, in order and apart."""
    return _apart(span for shape in shapes for span in shape.spans(text))


class Redactor:
    """Hides the secrets that it is told, and whatever has the shape of one. Takes time in proportion to the text."""

    def __init__(self, secrets: Iterable[str] = (), shapes: Sequence[Shape] = (*TOKENS, *REQUESTS)) -> None:
        self._secrets = frozenset(secret for secret in secrets if len(secret) >= SHORTEST_SECRET)
        self._shapes = shapes

    def __call__(self, text: str) -> str:
        """Return a text without secrets."""
        return _hidden(text, self._spans(text), len(text))

    def line(self, text: str, longest: int = LONGEST_LINE) -> str:
        """Return a text without secrets and, where it is longer than so many characters, cut, which is said."""
        if len(text) <= longest:
            return self(text)
        window = text[: longest + LONGEST_SECRET]
        return f"{_hidden(window, self._spans(window), longest)}… {_size(len(text) - longest)} cut"

    def fields(self, value: Any) -> Any:
        """Return a value of which JSON can be made: without secrets, bounded in depth, items and characters."""
        return _Fields(self).bounded(value, DEEPEST)

    def _spans(self, text: str) -> list[Span]:
        known = self._known.finditer(text) if self._known is not None else ()
        return _apart((*(found.span() for found in known), *spans_of(text, self._shapes)))

    @cached_property
    def _known(self) -> re.Pattern[str] | None:
        """Built when first needed: most commands end without a line of log."""
        spellings = {spelling for secret in self._secrets for spelling in _spellings(secret)}
        return re.compile("|".join(sorted(spellings, key=len, reverse=True))) if spellings else None


@dataclass
class _Fields:
    redactor: Redactor
    items: int = MOST_ITEMS
    characters: int = LONGEST_LINE

    def bounded(self, value: Any, depth: int) -> Any:
        self.items -= 1
        if value is None or isinstance(value, (bool, float)):
            return value
        if isinstance(value, int):
            return value if value.bit_length() <= 64 else self._text(hex(value))  # noqa: PLR2004 - as JSON's readers
        if not isinstance(value, (Mapping, list, tuple, set, frozenset)):
            return self._text(_as_text(value))
        if depth == 0:
            return "… nested too deeply"
        taken = islice(value.items() if isinstance(value, Mapping) else value, max(0, self.items))
        if isinstance(value, Mapping):
            result: Any = {self._text(_as_text(key)): self._named(key, item, depth - 1) for key, item in taken}
        else:
            result = [self.bounded(item, depth - 1) for item in taken]
        left = len(value) - len(result)
        if left > 0:
            result.update({"…": f"{left} more"}) if isinstance(result, dict) else result.append(f"… {left} more")
        return result

    def _named(self, key: Any, item: Any, depth: int) -> Any:
        return HIDDEN if isinstance(key, str) and NAMED.fullmatch(key[:100]) else self.bounded(item, depth)

    def _text(self, text: str) -> str:
        if self.characters <= 0:
            return "…"
        shown = self.redactor.line(text, self.characters)
        self.characters -= len(shown)
        return shown


def _as_text(value: Any) -> str:
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001 - whatever an object of a library does must not lose the line
        return f"{type(value).__name__} that cannot be shown ({type(error).__name__})"


def _apart(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order, those joined that overlap or touch."""
    result: list[Span] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def _hidden(text: str, spans: Iterable[Span], until: int) -> str:
    """Return the text up to a place; a secret that begins before it is hidden as a whole."""
    parts: list[str] = []
    at = 0
    for start, end in spans:
        if start >= until:
            break
        parts += [text[at:start], HIDDEN]
        at = end
    parts.append(text[at:until])
    return "".join(parts)


def _size(characters: int) -> str:
    return f"{characters} characters" if characters < 1000 else f"{characters // 1000} kB"  # noqa: PLR2004 - as kilo


def _spellings(secret: str) -> Iterator[str]:
    """Yield patterns of a secret: as it is, percent-encoded or escaped however often, broken over lines, in base64."""
    yield _LINE_BREAK.join(map(_spelled, re.findall(r"\\+|[^\\]", secret)))
    data = secret.encode("utf-8", "surrogatepass")
    for offset, skipped in enumerate((0, 2, 3)):
        # What stands before and after it decides about the first and the last characters.
        encoded = base64.b64encode(b"\0" * offset + data).decode()
        core = encoded[skipped : (offset + len(data)) * 8 // 6]
        for spelling in {core, core.replace("+", "-").replace("/", "_")}:
            yield "".join(map(_spelled, spelling))


def _spelled(character: str) -> str:
    """Return a pattern of one character, or of some backslashes, as text, JSON, Python, a form or HTML has it."""
    if _PLAIN.fullmatch(character):
        return re.escape(character)
    if character.startswith("\\"):
        # A line may break between two of them, and its end may be escaped with more of them.
        return rf"(?:{_BACKSLASH}(?:(?:\r?\n|[rn])[ \t]{{0,80}})?){{{len(character)},{16 * len(character)}}}"
    if character == "%":
        return "%(?:25){0,4}"
    bytes_ = character.encode("utf-8", "surrogatepass")
    percent = "".join(rf"%(?:25){{0,4}}(?i:{byte:02x})" for byte in bytes_)
    escaped = {re.escape(character), re.escape(html.escape(character)), percent}
    unicode = "".join(rf"{_BACKSLASH}{{1,16}}u(?i:{unit})" for unit in _units(character))
    return (
        rf"(?:{_BACKSLASH}{{0,16}}(?:{'|'.join(sorted(escaped))})|{unicode}|{_BACKSLASH}{{1,16}}x(?i:{bytes_[0]:02x}))"
    )


def _units(character: str) -> list[str]:
    """Return the UTF-16 units of a character, as JSON writes them."""
    encoded = character.encode("utf-16-be", "surrogatepass").hex()
    return [encoded[at : at + 4] for at in range(0, len(encoded), 4)]
