"""Comments that speak to the audit: where a shell script or a YAML file really has one.

A ``#`` in quotes, in a here-document or in a YAML text is no comment. Only files that mention the audit are parsed,
which costs all others nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import dedent
from typing import TYPE_CHECKING

from bot.audit.model import SourceFile
from bot.audit.shell.tree import Tree
from bot.audit.source_text import Text

if TYPE_CHECKING:
    from yaml import ScalarToken

ADDRESSED = re.compile(r"#+\s*reveille\s*:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment that speaks to the audit. Line and column count from 1; ``text`` begins with its ``#``."""

    line: int
    column: int
    text: str


def comments(source: SourceFile) -> Iterator[Comment]:
    """Yield the comments of a file that speak to the audit, from the top."""
    if "reveille" not in source.text.lower():
        return
    candidates = [
        Comment(number, found.start() + 1, line[found.start() :].rstrip())
        for number, line in enumerate(source.lines, start=1)
        for found in ADDRESSED.finditer(line)
    ]
    if candidates:
        yield from _in_yaml(source, candidates) if is_yaml(source.path) else _in_shell(source.text, candidates)


def is_yaml(path: str) -> bool:
    return path.lower().endswith((".yaml", ".yml"))


def _in_shell(text: str, candidates: list[Comment]) -> Iterator[Comment]:
    root = Tree(Text(text)).root
    lines = text.split("\n")
    for candidate in candidates:
        bytes_before = len(lines[candidate.line - 1][: candidate.column - 1].encode())
        place = (candidate.line - 1, bytes_before)
        node = root.descendant_for_point_range(place, place)
        in_comment = node is not None and node.type == "comment"
        if in_comment and _begins_word(lines[candidate.line - 1], candidate.column):
            yield candidate


def _in_yaml(source: SourceFile, candidates: list[Comment]) -> Iterator[Comment]:
    scalars = _scalars(source.text)
    for candidate in candidates:
        place = (candidate.line - 1, candidate.column - 1)
        around = next((each for each in scalars if _start(each) <= place < _end(each)), None)
        if around is None:
            if _begins_word(source.lines[candidate.line - 1], candidate.column):
                yield candidate
        elif around.style in ("|", ">") and candidate.line - 1 > around.start_mark.line:
            yield from _in_block(source, around, candidate)


def _in_block(source: SourceFile, block: ScalarToken, candidate: Comment) -> Iterator[Comment]:
    """Yield the candidate if it is a comment of the shell that stands in a block of YAML."""
    first = block.start_mark.line + 1
    inside = source.lines[first : block.end_mark.line + (block.end_mark.column > 0)]
    shell = dedent("\n".join(inside))
    row = candidate.line - 1 - first
    taken = len(inside[row]) - len(shell.split("\n")[row])
    for found in _in_shell(shell, [Comment(row + 1, candidate.column - taken, candidate.text)]):
        yield Comment(candidate.line, candidate.column, found.text)


def _scalars(text: str) -> list[ScalarToken]:
    """Return the scalars up to the first error: behind it, whatever looks like a comment is taken for one."""
    import yaml  # noqa: PLC0415 - most runs have no comment to look at

    found = []
    try:
        for token in yaml.scan(text, Loader=yaml.CBaseLoader):
            if isinstance(token, yaml.ScalarToken):
                found.append(token)  # noqa: PERF401 - those before an error are kept
    except (yaml.YAMLError, UnicodeEncodeError):
        pass
    return found


def _begins_word(line: str, column: int) -> bool:
    """Tell whether a comment may begin here: other tools' comments may stand before ours, and no other text."""
    return column == 1 or line[column - 2].isspace()


def _start(token: ScalarToken) -> tuple[int, int]:
    return token.start_mark.line, token.start_mark.column


def _end(token: ScalarToken) -> tuple[int, int]:
    return token.end_mark.line, token.end_mark.column
