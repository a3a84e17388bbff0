"""The baseline: violations that were there when the audit began, so that only new ones fail.

It is a file to commit. It holds fingerprints and places, and never the text of a line, which may be a secret.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.audit.ignores import NEVER_IGNORED
from bot.audit.model import SourceFile, Violation

VERSION = 1
LARGEST = 20_000_000
"""Bytes; a hundred thousand violations take about as many."""


class BaselineError(ValueError):
    """A baseline that cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class BaselineEntry:
    """So many violations that read the same. ``line`` is where the first of them stood when it was written."""

    path: str
    line: int
    rule: str
    fingerprint: str
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Violations that are new, those that the baseline knows, and entries that nothing matches any more."""

    new: tuple[Violation, ...]
    known: tuple[Violation, ...]
    stale: tuple[BaselineEntry, ...]


def entries_of(violations: Iterable[Violation], sources: Mapping[str, SourceFile]) -> tuple[BaselineEntry, ...]:
    """Return the entries for violations. What could not be read, and what is wrong with an ignore, is never known."""
    alike: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for each in violations:
        if each.rule not in NEVER_IGNORED:
            alike[each.path, each.rule, fingerprint(each, sources)].append(each.span.start.line)
    return tuple(
        sorted(
            BaselineEntry(path=path, line=min(lines), rule=rule, fingerprint=digest, count=len(lines))
            for (path, rule, digest), lines in alike.items()
        )
    )


def compare(
    violations: Sequence[Violation],
    sources: Mapping[str, SourceFile],
    baseline: Sequence[BaselineEntry],
    in_scope: Callable[[BaselineEntry], bool],
) -> Compared:
    """Split violations by a baseline. Only an entry ``in_scope`` of this audit can be found to be stale."""
    left = Counter({entry.fingerprint: entry.count for entry in baseline})
    new: list[Violation] = []
    known: list[Violation] = []
    for each in violations:
        digest = fingerprint(each, sources)
        if each.rule not in NEVER_IGNORED and left[digest] > 0:
            left[digest] -= 1
            known.append(each)
        else:
            new.append(each)
    stale = tuple(
        BaselineEntry(path=entry.path, line=entry.line, rule=entry.rule, fingerprint=entry.fingerprint, count=rest)
        for entry in baseline
        if (rest := left[entry.fingerprint]) > 0 and in_scope(entry)
    )
    return Compared(new=tuple(new), known=tuple(known), stale=stale)


def text_of(entries: Iterable[BaselineEntry]) -> str:
    """Return the text of a baseline file: one entry a line, sorted, so that a change is a small difference."""
    fields = ("path", "line", "rule", "fingerprint", "count")
    lines = [json.dumps({name: getattr(entry, name) for name in fields}) for entry in sorted(entries)]
    inner = "\n" + ",\n".join(f"    {line}" for line in lines) + "\n  " if lines else ""
    return f'{{\n  "version": {VERSION},\n  "violations": [{inner}]\n}}\n'


def load(path: Path) -> tuple[BaselineEntry, ...]:
    """Read a baseline. Raises BaselineError."""
    try:
        if path.stat().st_size > LARGEST:
            raise BaselineError(f"The baseline {path} is larger than {LARGEST // 1_000_000} MB; that is no baseline.")
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        message = f"There is no baseline {path}; write one with --baseline {path} --write-baseline."
        raise BaselineError(message) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BaselineError(f"The baseline {path} cannot be read: {_reason(error)}.") from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise BaselineError(
            f"The baseline {path} is not JSON ({error}); write it again with --write-baseline."
        ) from error
    return _entries(document, path)


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else "it is not text in UTF-8"


def _entries(document: Any, path: Path) -> tuple[BaselineEntry, ...]:
    known = document if isinstance(document, dict) else {}
    if known.get("version") != VERSION or not isinstance(known.get("violations"), list):
        message = f"{path} is no baseline of version {VERSION}; write it again with --write-baseline."
        raise BaselineError(message)
    return tuple(_entry(item, number, path) for number, item in enumerate(known["violations"], start=1))


def _entry(item: Any, number: int, path: Path) -> BaselineEntry:
    kinds = {"path": str, "line": int, "rule": str, "fingerprint": str, "count": int}
    fields = item if isinstance(item, dict) else {}
    wrong = [name for name, kind in kinds.items() if type(fields.get(name)) is not kind]
    if wrong:
        message = (
            f"Entry {number} of the baseline {path} has no usable {wrong[0]}; write it again with --write-baseline."
        )
        raise BaselineError(message)
    return BaselineEntry(**{name: fields[name] for name in kinds})


def save(path: Path, entries: Iterable[BaselineEntry]) -> None:
    """Write a baseline. Raises BaselineError."""
    try:
        path.write_text(text_of(entries), encoding="utf-8", newline="\n")
    except OSError as error:
        raise BaselineError(f"The baseline {path} cannot be written: {_reason(error)}.") from error


LENGTH = 24
"""Hexadecimal digits; 96 bits are far more than any repository needs."""


def fingerprint(violation: Violation, sources: Mapping[str, SourceFile]) -> str:
    """Return a digest of rule, path and the text of the line.

    Neither the line's number nor its indentation counts, nor the message, which may read otherwise in a later version.
    Violations of one rule on lines that read the same share a fingerprint: whoever compares must count.
    """
    source = sources.get(violation.path)
    line = violation.span.start.line
    if source is None or line > len(source.lines):
        return _digest(violation, "")
    known = source.fingerprints
    if (violation.rule, line) not in known:
        known[violation.rule, line] = _digest(violation, " ".join(source.lines[line - 1].split()))
    return known[violation.rule, line]


def _digest(violation: Violation, text: str) -> str:
    parts = (violation.rule, violation.path, text)
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:LENGTH]
