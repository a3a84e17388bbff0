"""A message as the store keeps it: what it says, part by part, and nothing of how a sink writes it.

``document`` and ``post_of`` turn it into JSON and back. The record around it says the version of both. Texts stand as
they came; whoever writes them escapes them, and keeps to the limits of the place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal

from bot.render.message import Cell, Command, Divider, Heading, Line, Mark, SmallPrint, Table
from bot.render.message import Part as ReportPart
from bot.render.words import clean

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Strong:
    """Words that are seen first."""

    text: Text


@dataclass(frozen=True, slots=True)
class Code:
    """A name or a command, to be copied as it stands; a ``block`` of it has lines of its own."""

    text: str
    block: bool = False


@dataclass(frozen=True, slots=True)
class Mention:
    """A person or a group, called by the ID that the sink knows them by."""

    id: str


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel, by the ID that the sink knows it by."""

    id: str


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead to an address of the web; an address that is not safe leaves nothing of it."""

    address: str
    text: str


@dataclass(frozen=True, slots=True)
class ThreadLink:
    """Words that lead to the message of a key, once it is sent; words alone before that."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Native:
    """A text or a block as the sink takes it: its own words, and what a former version stored."""

    value: Any


Span = str | Strong | Code | Mention | Channel | Link | ThreadLink | Native
Text = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Title:
    """What stands over a message, in plain words."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One line or more of what is said. One that is ``inset`` belongs to the one before it, one that is ``apart`` does
    not."""

    text: Text
    inset: bool = False
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Aside:
    """A line in small print with a place of its own."""

    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """``action`` names what a click asks for."""

    text: str
    action: str
    style: Literal["primary", "danger"] | None = None


@dataclass(frozen=True, slots=True)
class Actions:
    """A row of buttons that all bring back the same value."""

    buttons: tuple[Button, ...]
    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Collapsible:
    """Parts under a title that a sink may show closed; where it cannot, they stand there as they are."""

    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over the same ``labels``, each with its name and a number for each of them."""

    title: str
    labels: tuple[str, ...]
    lines: tuple[tuple[str, tuple[float, ...]], ...]


Part = ReportPart | Title | Paragraph | Aside | Actions | Collapsible | Chart | Native


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG to be shown beside a message where the sink can: ``name`` is its file's, ``words`` say what it shows.
    Where a block of the type ``shown_by`` is in the message, nothing is missing without it."""

    name: str
    title: str
    words: str
    svg: str
    shown_by: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """One message. ``notice`` is what notifications and screen readers get. It is complete without its pictures."""

    notice: Text
    parts: tuple[Part, ...] = ()
    pictures: tuple[Picture, ...] = ()

    @property
    def document(self) -> Body:
        """It as JSON."""
        pictures = {"pictures": _plain(self.pictures)} if self.pictures else {}
        return {"notice": _plain(self.notice), "parts": _plain(self.parts), **pictures}


def text(*spans: Span | Text) -> Text:
    """Return one text; what is empty leaves no trace in it."""
    found: list[Span] = []
    for each in spans:
        found += each if isinstance(each, tuple) else (each,)
    return tuple(each for each in found if each != "")


def joined_by(mark: str, texts: tuple[Text, ...] | list[Text]) -> Text:
    """Return the texts that say anything as one, with a mark between them."""
    said = [each for each in texts if each]
    return text(*(span for each in said for span in (mark, *each)))[1:]


def limited(words: str, most: int) -> str:
    """Return a text of one line, and of at most ``most`` characters; what is cut is counted."""
    words = clean(words)
    if len(words) <= most:
        return words
    kept = max(most - len(f"… (cut: {len(words):,} more characters)"), 0)
    return f"{words[:kept]}… (cut: {len(words) - kept:,} more characters)"


def with_threads(value: Any, address: Callable[[str], str]) -> Any:
    """Return a body whose threads are links, as far as ``address`` knows where the message of a key is."""
    match value:
        case {"is": "threadlink", "key": str(key), "text": str(words)}:
            where = address(key)
            return {_KIND: "link", "address": where, "text": words} if where else words
        case Mapping():
            return {name: with_threads(each, address) for name, each in value.items()}
        case list() | tuple():
            return [with_threads(each, address) for each in value]
        case _:
            return value


def is_neutral(body: Mapping[str, Any]) -> bool:
    """Whether a body is a post; those of former versions are as Slack takes them."""
    return "notice" in body


def post_of(body: Mapping[str, Any]) -> Post:
    """Return the post that a stored body is; of a former version's the title alone is known, and the rest is kept."""
    if is_neutral(body):
        return Post(_read(body["notice"]), _read(body["parts"]), _read(body.get("pictures", ())))
    parts = (
        Title(block["text"]["text"]) if block["type"] == "header" else Native(block)
        for block in body.get("blocks") or ()
    )
    return Post((Native(str(body.get("text") or "")),), tuple(parts))


_KINDS: Mapping[str, type[Any]] = {
    kind.__name__.lower(): kind
    for kind in (
        Actions,
        Button,
        Cell,
        Channel,
        Chart,
        Code,
        Command,
        Divider,
        Collapsible,
        Heading,
        Line,
        Link,
        Mention,
        Native,
        Aside,
        Paragraph,
        Picture,
        SmallPrint,
        Strong,
        Table,
        ThreadLink,
        Title,
    )
}
_KIND = "is"


def _plain(value: Any) -> Any:
    match value:
        case Mark():
            return value.value
        case tuple():
            return [_plain(each) for each in value]
        case Mapping() | list():
            return value
        case _ if is_dataclass(value):
            said = {each.name: getattr(value, each.name) for each in fields(value)}
            defaults = {each.name: each.default for each in fields(value)}
            told = {name: _plain(each) for name, each in said.items() if each != defaults[name]}
            return {_KIND: type(value).__name__.lower(), **told}
        case _:
            return value


def _read(value: Any) -> Any:
    match value:
        case list() | tuple():
            return tuple(_read(each) for each in value)
        case {"is": "native", "value": inside}:
            return Native(inside)
        case {"is": str(kind)}:
            said = {name: _read(each) for name, each in value.items() if name != _KIND}
            if kind in ("line", "cell") and said.get("mark"):
                said["mark"] = Mark(said["mark"])
            return _KINDS[kind](**said)
        case _:
            return value
