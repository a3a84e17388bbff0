"""Reads a Makefile: the lines of each recipe, with ``$$``, ``$(NAME)`` and what a ``-`` in front forgives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from bot.audit.commands import Failure, Fate
from bot.audit.sources import Text
from bot.audit.steps import Step

_ASSIGNED = re.compile(r"^(?:export\s+|override\s+)*([A-Za-z_.][\w.-]*)\s*(?:::?:?|\?|\+)?=\s*(.*?)\s*(?:\s#.*)?$")
_RULE = re.compile(r"^([^\s#:=][^:=#]*?)\s*::?(?!=)\s*([^=;#]*)(?:;(.*))?(?:#.*)?$")
_REFERENCE = re.compile(r"\$(?:\$|[({]([^(){}]*)[)}]|([^$({]))")
_NAME = re.compile(r"[\w.-]+")


@dataclass(slots=True)
class _Target:
    needs: list[str] = field(default_factory=list)
    lines: list[tuple[int, str]] = field(default_factory=list)


def steps_of(text: str) -> list[Step]:
    """Return the recipes' lines. A target's come after those of the targets that it needs, in their order."""
    targets, values = _read(text)
    flags = values.get(".SHELLFLAGS", "")
    letters = "".join(re.findall(r"(?:^|\s)-([A-Za-z]+)", flags))
    steps: list[Step] = []
    ended: dict[str, frozenset[int]] = {}

    def add(name: str, before: frozenset[int], above: tuple[str, ...]) -> frozenset[int]:
        if name in ended or name in above or name not in targets:
            return before | ended.get(name, frozenset())
        for one in targets[name].needs:
            before = add(one, before, (*above, name))
        for start, line in _texts(targets[name], one_shell=".ONESHELL" in targets):
            step = _step(start, line, values, before)
            steps.append(replace(step, errexit="e" in letters, pipefail="pipefail" in flags))
            before |= {len(steps) - 1}
        ended[name] = before
        return before

    needed = {one for target in targets.values() for one in target.needs}
    for name in sorted(targets, key=lambda name: name in needed):
        add(name, frozenset(), ())
    return steps


def _read(text: str) -> tuple[dict[str, _Target], dict[str, str]]:
    targets: dict[str, _Target] = {}
    values: dict[str, str] = {}
    current: list[_Target] = []
    for start, line in _logical(text):
        if line.startswith("\t"):
            for target in current[:1]:
                target.lines.append((start + 1, line[1:]))
            continue
        assigned, rule = _ASSIGNED.match(line), _RULE.match(line)
        if assigned:
            values[assigned[1]] = assigned[2].replace("\\\n", " ")
        elif rule:
            current = [targets.setdefault(name, _Target()) for name in rule[1].split()]
            for target in current:
                target.needs += [name for name in rule[2].replace("\\\n", " ").split() if name != "|"]
            if rule[3] is not None:
                current[0].lines.append((start + rule.start(3), rule[3]))
    return targets, values


def _logical(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines with where they begin; a line that a backslash carries on is one with the next."""
    start = at = 0
    for line in text.split("\n"):
        at += len(line) + 1
        if not line.endswith("\\"):
            yield start, text[start : at - 1]
            start = at
    if start < len(text):
        yield start, text[start:]


def _texts(target: _Target, *, one_shell: bool) -> Iterator[tuple[int, str]]:
    if not one_shell or not target.lines:
        yield from target.lines
        return
    start = target.lines[0][0]
    yield start, "\n\t".join(line for _, line in target.lines)


def _step(start: int, line: str, values: dict[str, str], before: frozenset[int]) -> Step:
    prefix = re.match(r"[ \t@+-]*", line)
    skipped = prefix.end() if prefix else 0
    lost = None
    if "-" in line[:skipped]:
        place = start + line.index("-")
        lost = Failure(Fate.LOST, "-", place, place + 1)
    return Step(text=_expanded(line[skipped:], start + skipped, values), lost=lost, before=before)


def _expanded(line: str, start: int, values: dict[str, str]) -> Text:
    """Return what the shell gets: ``$$`` is ``$``, a variable that the file sets has its value, others are symbols."""
    written = Text(line, range(start, start + len(line)))
    return written.replaced(
        _REFERENCE, lambda found: "$" if found[0] == "$$" else _value(found[1] or found[2] or "", values)
    )


def _value(name: str, values: dict[str, str]) -> str:
    value = values.get(name, "")
    if value and "$" not in value:
        return value
    return f"${{{re.sub(r'[^A-Za-z0-9_]+', '_', name).strip('_') or 'target'}}}"
