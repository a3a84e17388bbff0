"""Files of an earlier version made into those of this one: only what has to change, with comments and layout kept.

A change is an edit of a range of the text, found by the positions that the YAML reader keeps; what stands between is
never touched, so the difference shows nothing but the upgrade.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.version_1 import TABLES
from bot.yaml_tree import NO_KEYS, FileProblem, Node, YamlError, read_yaml

VERSION = 2
"""The version of pipeline files and scenarios that this release reads."""

EACH = "*"
"""In a path: every entry of a list or mapping."""

KEYS: Mapping[tuple[str, ...], str] = {tuple(path.split(".")): key for path, key in TABLES["keys"].items()}
"""Keys of version 1 and what they are called now; ``date`` is one of scenarios."""

VALUES: Mapping[tuple[str, ...], Mapping[str, str]] = {
    tuple(path.split(".")): values for path, values in TABLES["values"].items()
}
"""Values of version 1, by the path of version 1, and what they are called now."""

CODES: Mapping[str, str] = TABLES["codes"]
"""Codes of version 1 that a scenario may state, and what they are called now."""


@dataclass(frozen=True, slots=True, order=True)
class TextEdit:
    """A range of the text and what takes its place."""

    start: int
    end: int
    text: str


def upgraded(text: str, name: str) -> str:
    """Return a file as this release reads it; one that is up to date comes back as it is. Raises YamlError."""
    edits = sorted(set(edits_of(text, name)))  # what an alias stands for is met at each place of it
    for edit in reversed(edits):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def edits_of(text: str, name: str) -> tuple[TextEdit, ...]:
    """Return what has to change in a file, none for one that is up to date. Raises YamlError."""
    root = read_yaml(text, name)
    if not isinstance(root.value, dict):
        raise YamlError((FileProblem(file=name, text=NO_KEYS),))
    if root.value.get("version") == VERSION:
        return ()
    return (*_versioned(text, root), *renames(text, root))


def renames(text: str, root: Node) -> tuple[TextEdit, ...]:
    """Return the edits of keys, values and codes that this release does not know any more."""
    return (
        *(edit for path, key in KEYS.items() for edit in _renamed(root, path, key)),
        *(edit for path, values in VALUES.items() for edit in _revalued(root, path, values)),
        *_recoded(text, root),
    )


def _versioned(text: str, root: Node) -> Iterator[TextEdit]:
    """Yield the edits that state the version and, of a scenario, the pipeline that was the default one."""
    scenario = "expect" in root.value
    newline = "\r\n" if "\r\n" in text else "\n"
    added = f"version: {VERSION}{newline}"
    if scenario and "pipeline" not in root.value and "base" not in root.value:
        added += f"pipeline: nba{newline}"
    if not scenario and "phases" in root.value and "words" not in root.value:
        added += f"{TABLES['words']}{newline}"
    if "version" in root.children:
        version = root.children["version"]
        yield TextEdit(version.start, version.end, str(VERSION))
        added = added.partition(newline)[2]
    if added:
        first = min((start for start, _ in root.keys.values()), default=0)
        yield TextEdit(first, first, added)


def _renamed(root: Node, path: tuple[str, ...], key: str) -> Iterator[TextEdit]:
    for parent in _found(root, path[:-1]):
        if path[-1] in parent.keys:
            start, end = parent.keys[path[-1]]
            yield TextEdit(start, end, key)


def _revalued(root: Node, path: tuple[str, ...], values: Mapping[str, str]) -> Iterator[TextEdit]:
    for node in _found(root, path):
        if isinstance(node.value, str) and node.value in values:
            yield TextEdit(node.start, node.end, values[node.value])


def _recoded(text: str, root: Node) -> Iterator[TextEdit]:
    """Yield the edits of codes in what a scenario expects: ``check code subject``."""
    for part in ("findings", "among"):
        for node in _found(root, ("expect", part, EACH)):
            match = re.match(r"['\"]?\S+\s+(\S+)\s", text[node.start : node.end])
            if match is not None and match[1] in CODES:
                yield TextEdit(node.start + match.start(1), node.start + match.end(1), CODES[match[1]])


def _found(node: Node, path: tuple[str, ...]) -> Iterator[Node]:
    if not path:
        yield node
        return
    keys = tuple(node.children) if path[0] == EACH else tuple(key for key in node.children if key == path[0])
    for key in keys:
        yield from _found(node.children[key], path[1:])
