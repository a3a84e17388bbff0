"""Reads a Makefile: the lines of each recipe, with ``$$``, ``$(NAME)`` and what a ``-`` in front forgives."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.audit.shell.commands import CommandFailure, Fate, ShellStep
from bot.audit.source_text import Text

_ASSIGNED = re.compile(r"^(?:export\s+|override\s+)*([A-Za-z_.][\w.-]*)\s*(?:::?:?|\?|\+)?=\s*(.*?)\s*(?:\s#.*)?$")
_RULE = re.compile(r"^([^\s#:=][^:=#]*?)\s*::?(?!=)\s*([^=;#]*)(?:;(.*))?(?:#.*)?$")
_REFERENCE = re.compile(r"\$(?:\$|[({]([^(){}]*)[)}]|([^$({]))")
_MAKE = re.compile(r"(?:\$[({]MAKE[)}]|(?:^|[;&|@+-]|\b(?:then|do|else))\s*make)\s+([^;&|\n#]*)")
_GIVEN = re.compile(r"[A-Za-z_]\w*=")
_CONDITIONAL = re.compile(r" *(?:(if|ifn)(eq|def)|(else)|(endif))\b\s*(.*)")
_DEFINED = re.compile(r" *define\s+([\w.-]+)")
_CALLED = re.compile(r"\s*\$[({](?:call\s+)?([\w.-]+)\s*(?:,([^()]*))?[)}]\s*")
_IGNORING = re.compile(r"-[a-z]*i[a-z]*|--ignore-errors")
_Line = tuple[int, str, tuple[str, ...]]
"""Where a line of a recipe begins, its text, and what the file asks before it counts."""


@dataclass(slots=True)
class _Target:
    needs: list[str] = field(default_factory=list)
    lines: list[_Line] = field(default_factory=list)


@dataclass(slots=True)
class _Contents:
    """What the lines of a file say: its targets, its variables, and the lines of what ``define`` names."""

    targets: dict[str, _Target] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    defined: dict[str, list[_Line]] = field(default_factory=dict)
    _current: list[_Target] = field(default_factory=list)
    _body: list[_Line] | None = None
    _asked: list[str] = field(default_factory=list)

    def add(self, start: int, line: str) -> None:
        if self._body is not None:
            if line.strip() == "endef":
                self._body = None
            else:
                self._body.append((start, line, tuple(self._asked)))
        elif line.startswith("\t"):
            for target in self._current[:1]:
                target.lines.append((start + 1, line[1:], tuple(self._asked)))
        elif found := _DEFINED.match(line):
            self._body = self.defined.setdefault(found[1], [])
        elif found := _CONDITIONAL.match(line):
            _ask(self._asked, found)
        elif found := _ASSIGNED.match(line):
            self.values[found[1]] = found[2].replace("\\\n", " ")
        elif found := _RULE.match(line):
            self._rule(start, found)

    def _rule(self, start: int, found: re.Match[str]) -> None:
        self._current = [self.targets.setdefault(name, _Target()) for name in found[1].split()]
        for target in self._current:
            target.needs += [name for name in found[2].replace("\\\n", " ").split() if name != "|"]
        if found[3] is not None:
            self._current[0].lines.append((start + found.start(3), found[3], tuple(self._asked)))


class Makefile:
    """The recipes of one file: those that somebody starts, and those that a recipe starts with ``$(MAKE)``."""

    def __init__(self, text: str) -> None:
        contents = _Contents()
        for start, line in _logical(text):
            contents.add(start, line)
        self._targets, self._values, self._defined = contents.targets, contents.values, contents.defined
        flags = self._values.get(".SHELLFLAGS", "")
        self._errexit = "e" in "".join(re.findall(r"(?:^|\s)-([A-Za-z]+)", flags))
        self._pipefail = "pipefail" in flags
        self._ignores = any(map(_IGNORING.fullmatch, self._values.get("MAKEFLAGS", "").split()))

    def steps(self) -> list[ShellStep]:
        """Return the recipes' lines. A target's come after those of the targets that it needs, in their order."""
        inner = {self.rule_of(one) for target in self._targets.values() for one in (*target.needs, *self._made(target))}
        run = _Run(self, self._values)
        for name in sorted(self._targets, key=lambda name: name in inner):
            # What only other recipes start is followed there.
            if name not in run.reached:
                run.add(name, frozenset(), ())
                self._reach(name, run.reached)
        return run.steps

    def made(self, words: Sequence[str]) -> list[ShellStep]:
        """Return what ``make`` runs with these words behind it; nothing where it reads another file."""
        if any(word.startswith(("-C", "-f", "--directory", "--file", "--makefile")) for word in words):
            return []
        given = dict(word.split("=", 1) for word in words if _GIVEN.match(word))
        names = [word for word in words if not word.startswith("-") and not _GIVEN.match(word)]
        run = _Run(self, {**self._values, **given}, ignores=any(map(_IGNORING.fullmatch, words)))
        before = frozenset[int]()
        for name in names or [name for name in self._targets if not name.startswith(".")][:1]:
            before = run.add(name, before, ())
        return run.steps

    def lines(self, name: str, values: Mapping[str, str], *, ignores: bool) -> Iterator[ShellStep]:
        """Yield the lines of a target's recipe, as the shell gets them; ``ignores`` failures for ``make -i``."""
        rule = self.rule_of(name)
        values = {**values, "@": name, **({"*": _stem(rule, name)} if rule != name else {})}
        forgiven = self._targets.get(".IGNORE")
        ignores = ignores or self._ignores or (forgiven is not None and (not forgiven.needs or rule in forgiven.needs))
        for line in _texts(self._targets[rule], one_shell=".ONESHELL" in self._targets):
            for start, text, conditions, given in self._called(line):
                step = _step(start, text, {**values, **given})
                lost = CommandFailure(Fate.LOST, "make -i or .IGNORE", start, start + len(text)) if ignores else None
                yield replace(step, errexit=self._errexit, pipefail=self._pipefail, conditions=conditions,
                              lost=step.lost or lost)  # fmt: skip

    def _called(self, line: _Line) -> Iterator[tuple[int, str, tuple[str, ...], Mapping[str, str]]]:
        """Yield a line, or those that ``$(call NAME,…)`` stands for, with its arguments."""
        called = _CALLED.fullmatch(line[1].lstrip("@+-"))
        if called is None or called[1] not in self._defined:
            yield *line, {}
            return
        given = {str(number): text.strip() for number, text in enumerate((called[2] or "").split(","), start=1)}
        for start, text, conditions in self._defined[called[1]]:
            yield start, text, (*line[2], *conditions), given

    def needs(self, name: str) -> list[str] | None:
        """Return the targets that a target needs; None for one that is not in the file."""
        rule = self.rule_of(name)
        if rule not in self._targets:
            return None
        needs = self._targets[rule].needs
        return needs if rule == name else [need.replace("%", _stem(rule, name)) for need in needs]

    def rule_of(self, name: str) -> str:
        """Return the target as the file names it: itself, or the pattern that makes it, such as ``deploy-%``."""
        if name in self._targets:
            return name
        return next((rule for rule in self._targets if "%" in rule and _stem(rule, name)), name)

    @staticmethod
    def _made(target: _Target) -> list[str]:
        return [name for _, line, _ in target.lines for found in _MAKE.finditer(line) for name in found[1].split()]

    def _reach(self, name: str, reached: set[str]) -> None:
        waiting = [name]
        while waiting:
            one = self.rule_of(waiting.pop())
            if one not in reached and one in self._targets:
                reached.add(one)
                waiting += [*self._targets[one].needs, *self._made(self._targets[one])]


@dataclass(slots=True)
class _Run:
    """One run of make: each target is made once."""

    makefile: Makefile
    values: Mapping[str, str]
    ignores: bool = False
    steps: list[ShellStep] = field(default_factory=list)
    ended: dict[str, frozenset[int]] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)

    def add(self, name: str, before: frozenset[int], above: tuple[str, ...]) -> frozenset[int]:
        """Add the steps of a target behind those of what it needs; return all that have run then."""
        needs = self.makefile.needs(name)
        if name in self.ended or name in above or needs is None:
            return before | self.ended.get(name, frozenset())
        for one in needs:
            before = self.add(one, before, (*above, name))
        for step in self.makefile.lines(name, self.values, ignores=self.ignores):
            self.steps.append(replace(step, before=before))
            before |= {len(self.steps) - 1}
        self.ended[name] = before
        return before


def _stem(rule: str, name: str) -> str:
    """Return what a pattern's ``%`` stands for in a name; empty where the name is of another form."""
    before, _, behind = rule.partition("%")
    fits = len(name) > len(before) + len(behind) and name.startswith(before) and name.endswith(behind)
    return name[len(before) : len(name) - len(behind)] if fits else ""


def _ask(asked: list[str], found: re.Match[str]) -> None:
    """Follow ``ifeq``, ``else`` and ``endif``; what is asked reads "1 …" where it must be so, and "2 …" where not."""
    if found[1]:
        asked.append(f"{1 if found[1] == 'if' else 2} {found[2]} {found[5]}")
    elif asked:
        last = asked.pop()
        if found[3]:
            asked.append(f"{3 - int(last[0])}{last[1:]}")


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


def _texts(target: _Target, *, one_shell: bool) -> list[_Line]:
    if not one_shell or not target.lines:
        return target.lines
    start, _, asked = target.lines[0]
    return [(start, "\n\t".join(line for _, line, _ in target.lines), asked)]


def _step(start: int, line: str, values: Mapping[str, str]) -> ShellStep:
    prefix = re.match(r"[ \t@+-]*", line)
    skipped = prefix.end() if prefix else 0
    lost = None
    if "-" in line[:skipped]:
        place = start + line.index("-")
        lost = CommandFailure(Fate.LOST, "-", place, place + 1)
    return ShellStep(text=_expanded(line[skipped:], start + skipped, values), lost=lost)


def _expanded(line: str, start: int, values: Mapping[str, str]) -> Text:
    """Return what the shell gets: ``$$`` is ``$``, a variable that the file sets has its value, others are symbols."""
    written = Text(line, range(start, start + len(line)))
    return written.replaced(
        _REFERENCE, lambda found: "$" if found[0] == "$$" else _value(found[1] or found[2] or "", values)
    )


def _value(name: str, values: Mapping[str, str]) -> str:
    value = values.get(name, "")
    if value and "$" not in value:
        return value
    return f"${{{re.sub(r'[^A-Za-z0-9_]+', '_', name).strip('_') or 'target'}}}"
