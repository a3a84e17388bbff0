"""Automatic fixes: planned on the file as it is now, shown as a difference, written in one step or not at all."""

from __future__ import annotations

import os
import re
import tempfile
from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.audit.model import Edit, Position, SourceFile, Violation
from bot.audit.patch import unified

_LINE_END = re.compile(r"\r?\n")
"""As the audit counts lines: a carriage return alone ends none."""


class FixError(Exception):
    """A file that could not be fixed; the message says why. Other files are not concerned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFix:
    """What happens to one file. ``before`` and ``after`` are its whole content, ``edits`` what makes one the other.

    ``left`` are violations whose edits overlap those of another, for a second run.
    """

    path: str
    before: bytes
    after: bytes
    edits: tuple[Edit, ...]
    fixed: tuple[Violation, ...]
    left: tuple[Violation, ...]


def plan(
    root: Path, violations: Iterable[Violation], sources: Mapping[str, SourceFile]
) -> tuple[tuple[FileFix, ...], tuple[str, ...]]:
    """Return the fixes of all violations that have edits, by path, and a sentence for each file without one."""
    by_path: dict[str, list[Violation]] = defaultdict(list)
    for violation in violations:
        if violation.edits:
            by_path[violation.path].append(violation)
    fixes: list[FileFix] = []
    problems: list[str] = []
    for path, found in sorted(by_path.items()):
        try:
            fixes.append(_file_fix(root, path, found, sources[path]))
        except FixError as error:
            problems.append(str(error))
    return tuple(fixes), tuple(problems)


def _file_fix(root: Path, path: str, violations: Sequence[Violation], source: SourceFile) -> FileFix:
    before = _read(root, path)
    text = before.decode("utf-8", errors="replace")
    body = text.removeprefix("\ufeff")
    if text.encode() != before or body.replace("\r\n", "\n") != source.text:
        raise FixError(f"{path} changed while it was audited, and is left as it is: run the audit again.")
    fixed, left, edits = _accepted(violations)
    after = text[: len(text) - len(body)] + apply(body, edits)
    return FileFix(path=path, before=before, after=after.encode(), edits=edits, fixed=fixed, left=left)


def _accepted(violations: Sequence[Violation]) -> tuple[tuple[Violation, ...], tuple[Violation, ...], tuple[Edit, ...]]:
    """Take each violation's edits, all or none: none when one of them touches what another edit changes."""
    fixed: list[Violation] = []
    left: list[Violation] = []
    taken = _Taken()
    for violation in violations:
        wanted = [edit for edit in dict.fromkeys(violation.edits) if edit not in taken]
        if any(map(taken.overlaps, wanted)):
            left.append(violation)
        else:
            fixed.append(violation)
            taken.add(wanted)
    return tuple(fixed), tuple(left), taken.edits


class _Taken:
    """Edits in the order of their places. None overlaps another, so a new one can only touch its neighbours."""

    def __init__(self) -> None:
        self._known: set[Edit] = set()
        self._ordered: list[Edit] = []

    def __contains__(self, edit: Edit) -> bool:
        return edit in self._known

    @property
    def edits(self) -> tuple[Edit, ...]:
        return tuple(self._ordered)

    def overlaps(self, edit: Edit) -> bool:
        at = bisect_right(self._ordered, edit.span.start, key=lambda each: each.span.start)
        return any(_overlap(edit, other) for other in self._ordered[max(0, at - 1) : at + 1])

    def add(self, edits: Iterable[Edit]) -> None:
        for edit in edits:
            self._known.add(edit)
            insort(self._ordered, edit, key=lambda each: each.span)


def _overlap(one: Edit, other: Edit) -> bool:
    """Tell whether two edits change the same characters, or insert at the same place: their order would matter."""
    if one.span.start == other.span.start:
        return True
    return one.span.start < other.span.end and other.span.start < one.span.end


def apply(text: str, edits: Iterable[Edit]) -> str:
    """Return a text with edits applied that do not overlap. Every line keeps its end; new ones get that of the first.

    Raises ValueError for an edit outside the text.
    """
    starts, ends = _lines(text)
    found = _LINE_END.search(text)
    line_end = found[0] if found is not None else "\n"

    def offset(position: Position) -> int:
        line = position.line - 1
        if not 0 <= line < len(starts) or not 0 <= position.column - 1 <= ends[line] - starts[line]:
            raise ValueError(f"Line {position.line}, column {position.column} is outside the file.")
        return starts[line] + position.column - 1

    pieces: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda each: each.span):
        start, end = offset(edit.span.start), offset(edit.span.end)
        pieces += (text[at:start], edit.replacement.replace("\n", line_end))
        at = end
    return "".join((*pieces, text[at:]))


def _lines(text: str) -> tuple[list[int], list[int]]:
    """Return where each line begins and where its end does, in characters from 0."""
    found = list(_LINE_END.finditer(text))
    return [0, *(each.end() for each in found)], [*(each.start() for each in found), len(text)]


def difference(file_fix: FileFix) -> Iterator[str]:
    """Yield a unified difference line by line, as ``git apply`` and ``patch -p1`` read it."""
    before, after = (_split(content.decode()) for content in (file_fix.before, file_fix.after))
    if before == after:
        return
    yield f"--- {quoted_name(f'a/{file_fix.path}')}\n"
    yield f"+++ {quoted_name(f'b/{file_fix.path}')}\n"
    for line in unified(before, after, file_fix.edits):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def quoted_name(path: str) -> str:
    """Return a path as git writes it: quoted when it has characters that would end it or are no text."""
    if all(char.isprintable() and char not in '"\\' for char in path):
        return f"{path}\t" if " " in path else path
    escaped = (chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:03o}" for byte in os.fsencode(path))  # noqa: PLR2004 - ASCII
    return f'"{"".join(escaped)}"'


def _split(text: str) -> list[str]:
    """Split at line feeds only, as other programs do that read a difference."""
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def write(root: Path, file_fix: FileFix) -> None:
    """Put the fixed content in place of the file in one step, with its mode. Raises FixError.

    A link stays a link: what it leads to is replaced, unless that lies outside the root.
    """
    target = (root / file_fix.path).resolve()
    if not target.is_relative_to(root.resolve()):
        raise FixError(f"{file_fix.path} leads out of {root.name}, and is left as it is.")
    if _read(root, file_fix.path) != file_fix.before:
        raise FixError(f"{file_fix.path} changed meanwhile, and is left as it is: run the audit again.")
    try:
        _replace(target, file_fix.after)
    except OSError as error:
        raise FixError(f"{file_fix.path} could not be written: {error.strerror or error}.") from error


def _replace(target: Path, content: bytes) -> None:
    status = target.stat()
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".reveille-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            with suppress(PermissionError):  # only root may give a file to somebody else
                os.fchown(file.fileno(), status.st_uid, status.st_gid)
            os.fchmod(file.fileno(), status.st_mode & 0o7777)
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _read(root: Path, path: str) -> bytes:
    try:
        return (root / path).read_bytes()
    except OSError as error:
        raise FixError(f"{path} could not be read: {error.strerror or error}.") from error
