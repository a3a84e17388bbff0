"""YAML read with the line of every key, so that whatever is wrong later can still be pointed at.

Plain values follow YAML 1.2, as editors do: ``11:30``, ``yes`` and ``off`` are text, not the number 690
and booleans. A date or a time of day with its date, written without quotes, becomes ``date`` or ``datetime``.
Keys are always text. A key that stands twice, an unknown tag and an alias without its anchor are errors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NoReturn

import yaml

from bot.render.visible import one_line

Key = str | int
Path = tuple[Key, ...]

LONGEST_SHOWN = 60
"""Characters of a wrong value that a message repeats."""

MOST_NESTED = 64
MOST_VALUES = 200_000
"""Far above any real file; aliases count with what they stand for, so that a few lines cannot make millions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileProblem:
    """One thing that is wrong in a file. ``line`` and ``column`` count from 1, 0 when there is none.

    ``undecided`` problems are questions that a source did not answer: nothing is known to be wrong.
    """

    file: str
    text: str
    key: str = ""
    line: int = 0
    column: int = 0
    undecided: bool = False

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        return one_line(": ".join(part for part in (place, self.key, self.text) if part))


NO_KEYS = "does not hold keys and values at its top, as in 'name: value'"
"""The problem of a file that is YAML, and none of ours."""


class YamlError(ValueError):
    """A text that is not one YAML document as described above; carries every problem found."""

    def __init__(self, problems: tuple[FileProblem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(slots=True)
class Node:
    """A value with its children; ``lines`` says where each child's key (or item) begins.

    ``line`` is where the value itself begins. In a ``block`` (text after ``|``) that is the line of the
    ``|``, and each line of the text is a line of the file. ``written`` is a scalar as the parser read it,
    before it became a number or a date; ``start`` and ``end`` are the offsets in the text between which it stands, and
    ``keys`` those of the keys.
    """

    value: Any
    line: int
    size: int = 1
    block: bool = False
    written: str = ""
    start: int = 0
    end: int = 0
    children: dict[Key, Node] = field(default_factory=dict)
    lines: dict[Key, int] = field(default_factory=dict)
    keys: dict[Key, tuple[int, int]] = field(default_factory=dict)

    def is_alone(self, key: Key) -> bool:
        """Whether a key is the place of the one item of a list that may be written without being one."""
        return key == 0 and not isinstance(self.value, list)

    def find(self, path: Path) -> tuple[Path, int, Node]:
        """Follow a path as far as it exists; return the part that does, its line and its node."""
        node, line = self, self.line
        for depth, key in enumerate(path):
            if node.is_alone(key):
                continue
            if key not in node.children:
                return path[:depth], line, node
            node, line = node.children[key], node.lines[key]
        return path, line, node


def read_yaml(text: str, file: str) -> Node:
    """Read one document; ``file`` is its name in messages. Raises YamlError."""
    reader = _Reader(text, file)
    node = reader.read()
    if reader.problems:
        raise YamlError(tuple(reader.problems))
    return node


_NAMED: dict[str, bool | None] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_NAMED |= dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(("false", "False", "FALSE"), False)
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATETIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9:.]+ ?([Zz]|[-+][0-9:]+)?")
_TEXT_TAGS = ("tag:yaml.org,2002:str", "!")


def plain_value(text: str) -> Any:
    """Return what a scalar without quotes means. Raises ValueError for a date that does not exist."""
    if text in _NAMED:
        return _NAMED[text]
    if text[0] not in "0123456789+-.":
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _DATE.fullmatch(text):
        return date.fromisoformat(text)
    if _DATETIME.fullmatch(text):
        return datetime.fromisoformat(text.replace(" +", "+").replace(" -", "-").replace(" Z", "Z").upper())
    return text


class _Reader:
    """Turns the parser's events into nodes. Composing them itself bounds the depth, which the parser does not."""

    def __init__(self, text: str, file: str) -> None:
        self._text = text
        self._file = file
        self._anchors: dict[str, Node] = {}
        self._values = 0
        self.problems: list[FileProblem] = []

    def read(self) -> Node:
        try:
            # Only the events are read: no object is ever constructed from the text.
            events = yaml.parse(self._text, Loader=yaml.CBaseLoader)
            return self._document(events)
        except yaml.MarkedYAMLError as error:
            if (line := _above_without_colon(error, self._text.splitlines())) is not None:
                self.problems.append(FileProblem(file=self._file, text=WITHOUT_COLON, line=line))
                raise YamlError(tuple(self.problems)) from None
            self._stop(syntax_sentence(error, self._text), _mark_of(error))
        except yaml.reader.ReaderError as error:
            before = self._text.partition(chr(int(error.character)))[0]
            text = f"contains a control character (code {error.character}); remove it"
            self.problems.append(FileProblem(file=self._file, text=text, line=before.count("\n") + 1))
            raise YamlError(tuple(self.problems)) from None
        except UnicodeEncodeError:
            self._stop("contains half a surrogate pair, which is no character; remove it")

    def _document(self, events: Iterator[yaml.Event]) -> Node:
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                self._stop("a second document begins here; expected one document in the file", event.start_mark)
            if isinstance(event, yaml.NodeEvent):
                root = self._node(event, events, 0)
        if root is None:
            self._stop("the file is empty; expected keys and values")
        return root

    def _node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        if depth > MOST_NESTED:
            self._stop(f"nested more than {MOST_NESTED} levels deep", event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            node = self._alias(event)
        elif isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(event, events, depth)
        elif isinstance(event, yaml.MappingStartEvent):
            node = self._mapping(event, events, depth)
        else:
            self._stop("not readable as YAML", event.start_mark)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _count(self, size: int, mark: Any) -> None:
        self._values += size
        if self._values > MOST_VALUES:
            self._stop(f"stands for more than {MOST_VALUES} values", mark)

    def _alias(self, event: yaml.AliasEvent) -> Node:
        node = self._anchors.get(event.anchor or "")
        if node is None:
            self._problem(
                f"the alias *{event.anchor} stands for nothing; expected an anchor &{event.anchor} before it", event
            )
            return Node({}, _line(event))
        self._count(node.size, event.start_mark)
        return node

    def _scalar(self, event: yaml.ScalarEvent) -> Node:
        self._count(1, event.start_mark)
        plain, quoted = event.implicit
        value: Any = event.value
        if plain:
            try:
                value = plain_value(event.value)
            except ValueError:
                digits = _INTEGER.fullmatch(event.value) is not None
                what = "has more digits than any number here" if digits else "is no date of the calendar"
                self._problem(f"'{event.value[:LONGEST_SHOWN]}' {what}", event)
        elif not quoted and event.tag not in _TEXT_TAGS:
            self._problem(f"the tag {event.tag} is not known here; write the value without it", event)
        start, end = _offsets(event)
        return Node(value, _line(event), block=event.style == "|", written=event.value, start=start, end=end)

    def _sequence(self, start: yaml.SequenceStartEvent, events: Iterator[yaml.Event], depth: int) -> Node:
        self._count(1, start.start_mark)
        result = Node([], _line(start))
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            child = self._node(event, events, depth + 1)
            index = len(result.value)
            result.value.append(child.value)
            result.children[index], result.lines[index] = child, _line(event)
            result.size += child.size
        return result

    def _mapping(self, start: yaml.MappingStartEvent, events: Iterator[yaml.Event], depth: int) -> Node:
        self._count(1, start.start_mark)
        result = Node({}, _line(start))
        merged: list[Node] = []
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            if not isinstance(event, yaml.ScalarEvent):
                self._stop("a key must be plain text", event.start_mark)
            child = self._node(next(events), events, depth + 1)
            if event.value == "<<" and event.implicit[0]:
                merged += self._merged(child, event)
            elif event.value in result.children:
                first = result.lines[event.value]
                self._problem(f"the key '{event.value}' is there twice, first in line {first}; keep one", event)
            else:
                self._add(result, event.value, child, _line(event))
                result.keys[event.value] = _offsets(event)
        for source in merged:
            for key in source.children.keys() - result.children.keys():
                self._add(result, str(key), source.children[key], source.lines[key])
                result.keys[key] = source.keys[key]
        return result

    @staticmethod
    def _add(mapping: Node, key: str, child: Node, line: int) -> None:
        mapping.value[key] = child.value
        mapping.children[key], mapping.lines[key] = child, line
        mapping.size += child.size

    def _merged(self, child: Node, event: yaml.ScalarEvent) -> list[Node]:
        sources = list(child.children.values()) if isinstance(child.value, list) else [child]
        if not all(isinstance(source.value, dict) for source in sources):
            self._problem("'<<' merges keys and values; expected an alias of such", event)
            return []
        return sources

    def _problem(self, text: str, event: yaml.Event) -> None:
        self.problems.append(self._at(text, event.start_mark))

    def _stop(self, text: str, mark: Any = None) -> NoReturn:
        raise YamlError((*self.problems, self._at(text, mark)))

    def _at(self, text: str, mark: Any) -> FileProblem:
        if mark is None:
            return FileProblem(file=self._file, text=text)
        return FileProblem(file=self._file, text=text, line=mark.line + 1, column=mark.column + 1)


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 0


def _offsets(event: yaml.Event) -> tuple[int, int]:
    start, end = event.start_mark, event.end_mark
    return (start.index if start is not None else 0, end.index if end is not None else 0)


_NO_COLON = "could not find expected ':'"
WITHOUT_COLON = "has no ': ' behind its key; write 'key: value'"
_BEGINS = "a value cannot begin with '- ', '? ', '|', '>' or '&'; put the text in quotes"
_SIGNS = (
    "block sequence entries are not allowed",
    "mapping keys are not allowed",
    "expected comment or line break",
    "expected alphabetic or numeric character",
)
_SYNTAX = (
    ("tab character", "a tab indents this line; expected spaces"),
    (
        "mapping values are not allowed",
        "a ':' where no key can stand; put text that contains ': ' in quotes, and check how far the line is indented",
    ),
    (_NO_COLON, WITHOUT_COLON),
    ("did not find expected key", "the line does not fit those above; check its indentation and the quotes before it"),
    ("did not find expected '-'", "expected another '- ' item; check the indentation"),
    ("did not find expected ',' or ']'", "a list in [ ] is not closed; expected ',' or ']'"),
    ("did not find expected ',' or '}'", "a mapping in { } is not closed; put text that begins with '{' in quotes"),
    ("end of stream", "a quotation mark is never closed"),
    ("expected <document start>", "a second document begins here; expected one document in the file"),
    *((part, _BEGINS) for part in _SIGNS),
    ("expected node content", "a value is missing here; write one, or leave out the ',' or ':' before it"),
    ("unknown escape", "an unknown \\ sequence in double quotes; write \\\\ or use single quotes"),
)


_ODD_BLANK = re.compile("[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000\ufeff]")
"""Spaces that editors show as usual ones, as copies from web pages have them."""


_KEY_ALONE = re.compile(r" *[A-Za-z_][\w.-]*( [^:#]*)?")
_KEY = re.compile(r" *[^:#]+:( .*)?")


def _mark_of(error: yaml.MarkedYAMLError) -> yaml.Mark | None:
    """Return where the fault is: a key that lacks its colon is noticed in the line after it."""
    return error.context_mark if error.problem and _NO_COLON in error.problem else error.problem_mark


def _above_without_colon(error: yaml.MarkedYAMLError, lines: Sequence[str]) -> int | None:
    """Return the number, from 1, of the line above that lacks the ':' behind its key, so that the one of this line
    surprised: it is as far in as this one, and stands among keys, not in a text of several lines."""
    mark = error.problem_mark
    if mark is None or "mapping values are not allowed" not in (error.problem or "") or not 1 < mark.line < len(lines):
        return None
    before, above, here = (each.rstrip() for each in lines[mark.line - 2 : mark.line + 1])
    far_in = [len(each) - len(each.lstrip()) for each in (before, above, here)]
    among = before.endswith(":") if far_in[0] < far_in[1] else far_in[0] == far_in[1] and _KEY.fullmatch(before)
    return mark.line if far_in[1] == far_in[2] and among and _KEY_ALONE.fullmatch(above) else None


def syntax_sentence(error: yaml.MarkedYAMLError, text: str) -> str:
    """Say in plain words what the parser complains about."""
    problem = error.problem or "not readable as YAML"
    mark, lines = _mark_of(error), text.splitlines()
    around = "" if mark is None else "".join(lines[max(0, mark.line - 1) : mark.line + 1])
    if blank := _ODD_BLANK.search(around):
        return f"holds a blank that is none to YAML ({blank[0]!a}); write a usual space"
    if "cannot start any token" in problem and error.problem_mark is not None:
        lines = text.splitlines()
        mark = error.problem_mark
        found = lines[mark.line][mark.column : mark.column + 1] if mark.line < len(lines) else ""
        return _SYNTAX[0][1] if found == "\t" else f"a value cannot begin with '{found}'; put the text in quotes"
    return next((sentence for part, sentence in _SYNTAX if part in problem), problem)
