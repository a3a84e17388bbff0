"""Tells whether a command runs on every path that a script can take once its deploy went well."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bot.audit.shell.commands import ShellCommand
from bot.audit.shell.words import ALWAYS, Branch

_ASKS_THE_POLICY = re.compile(
    r"get-iam-policy|(run|cloudfunctions)\.invoker|\$\{?\w*polic"
    r"|^\S*(verif|check|has|is|ensure|assert)\w*(iam|invoker|binding|bound|polic)",
    re.IGNORECASE,
)

_STEP = re.compile(r"cd|pushd|source|\.|mkdir|cp|make|uv|poetry|pip[\d.]*|python[\d.]*")
"""What prepares the command behind its ``&&`` and asks nothing."""


@dataclass(slots=True)
class Conditionals:
    """The conditionals of a script: which of their ways go on behind them, and what each way asks."""

    open_ways: dict[int, frozenset[int]] = field(default_factory=dict)
    """By number: every way that comes out at the end, also the one of a missing ``else``."""
    asked: dict[Branch, str] = field(default_factory=dict)
    """The condition of a way as written: two ways of one text are taken together, or not at all."""
    decided: dict[Branch, list[frozenset[Branch]]] = field(default_factory=dict)
    """By way: the ways before that lead to it, as they decide what its condition asks."""
    told_as: dict[Branch, str] = field(default_factory=dict)
    """A way in words, such as "if `[ $1 = prod ]`"."""
    numbers: int = 0
    outer: dict[str, int] = field(default_factory=dict)
    """The conditionals that the file around the shell asks, by what they ask."""

    def given(self, branches: Iterable[Branch]) -> set[Branch]:
        """Return the ways that are taken where these are."""
        given = set(branches)
        for branch, options in self.decided.items():
            if any(option <= given for option in options):
                given.add(branch)
        return given

    def is_against(self, branch: Branch, branches: Iterable[Branch]) -> bool:
        here = dict(branches)
        return any(
            here.get(number, way) != way and frozenset((branch,)) in options
            for (number, way), options in self.decided.items()
        )

    def told(self, branches: Sequence[Branch]) -> str:
        """Return in words on which ways something is so; empty where no words are known."""
        return " and ".join(filter(None, (self.told_as.get(branch, "") for branch in branches)))

    def outside(self, conditions: Iterable[str]) -> tuple[Branch, ...]:
        """Return the ways on which a file comes to its shell: "1 …" where this is so, "2 …" where it is not."""
        branches: list[Branch] = []
        for condition in conditions:
            way, _, text = condition.partition(" ")
            branch = self.outer.setdefault(text, self.number()), int(way)
            self.asked[branch] = condition
            self.open_ways[branch[0]] = frozenset((1, 2))
            branches.append(branch)
        return tuple(branches)

    def number(self) -> int:
        self.numbers += 1
        return self.numbers


@dataclass(frozen=True, slots=True)
class TurningPoints:
    """Where a trace may turn: what leaves early, and what asks for the policy. Kept, as each deploy asks for them."""

    leaving: tuple[int, ...]
    asking: tuple[int, ...]
    steps: frozenset[Branch]
    """The ways behind an ``&&`` whose left side asks nothing."""


def turns(commands: Sequence[ShellCommand]) -> TurningPoints:
    policies = {one.captured for one in commands if "get-iam-policy" in one.raw} - {""}
    passed = [(branch, one.name) for one in commands for branch in one.passes]
    held = re.compile(rf"\$\{{?({'|'.join(map(re.escape, sorted(policies)))})\b") if policies else None
    return TurningPoints(
        tuple(at for at, one in enumerate(commands) if one.leaves >= 0),
        tuple(
            at
            for at, one in enumerate(commands)
            if (one.passes or one.fails)
            and (_ASKS_THE_POLICY.search(one.raw) or (held is not None and held.search(one.raw)))
        ),
        frozenset(branch for branch, _ in passed) - {branch for branch, name in passed if not _STEP.fullmatch(name)},
    )


def on_every_path(
    commands: Sequence[ShellCommand],
    index: int,
    found: Sequence[int],
    conditionals: Conditionals,
    places: TurningPoints,
) -> bool:
    """Whether one of the commands at ``found`` runs whenever the one at ``index`` ran well.

    All ``found`` are behind it. What only a missing binding leads to counts: the script has asked the policy.
    """
    if not found:
        return False
    gaps = [at for at in _between(places.leaving, index, found[-1]) if _goes_well(commands, at)]
    if not gaps and not all(commands[one].branches for one in found):
        return True
    asked = [commands[at] for at in _between(places.asking, index, found[-1])]
    view = _View(
        commands,
        commands[index],
        conditionals,
        frozenset(branch for one in asked for branch in (*one.passes, *one.fails)),
        _denied(commands, index, conditionals, places),
    )
    return view.covered(found, ()) and not any(view.escapes(gap, found) for gap in gaps)


def on_every_path_to(
    commands: Sequence[ShellCommand],
    index: int,
    found: Sequence[int],
    conditionals: Conditionals,
    places: TurningPoints,
) -> bool:
    """Whether one of the commands at ``found``, all before the one at ``index``, has run whenever that one runs."""
    if not found:
        return False
    here = commands[index]
    around = (0, *here.scopes)
    gaps = [at for at in _between(places.leaving, -1, found[-1]) if commands[at].leaves not in around]
    if not gaps and not all(commands[one].branches for one in found):
        return True
    view = _View(commands, here, conditionals, places.steps, _denied(commands, index, conditionals, places))
    return view.covered(found, ()) and not any(view.escapes(gap, found) for gap in gaps if _goes_well(commands, gap))


def _between(places: Sequence[int], first: int, last: int) -> Sequence[int]:
    return places[bisect_right(places, first) : bisect_left(places, last)]


def _goes_well(commands: Sequence[ShellCommand], index: int) -> bool:
    """Whether the flow may leave without a failure: also with a status that only the running script has."""
    leaving = commands[index]
    if leaving.texts[1:] in {(), ("0",)}:
        return True
    if leaving.words[1].known or not leaving.branches:
        return False
    last = leaving.branches[-1]
    names = set(re.findall(r"\w+", leaving.texts[1]))
    failed = any(last in one.fails or (last in one.passes and names & set(re.findall(r"\w+", one.raw)))
                 for one in commands[:index])  # fmt: skip
    return not failed


def _denied(
    commands: Sequence[ShellCommand], index: int, conditionals: Conditionals, places: TurningPoints
) -> frozenset[str]:
    """Return the conditions that do not hold, as the script would have been left before it came here."""
    here = commands[index]
    texts = set()
    for at in _between(places.leaving, -1, index):
        leaving = commands[at]
        rest = [branch for branch in leaving.branches if branch not in here.branches]
        if len(rest) == 1 and leaving.leaves in {0, *here.scopes}:
            texts.add(conditionals.asked.get(rest[0], ""))
    return frozenset(texts - {""})


@dataclass(frozen=True, slots=True)
class _View:
    """The paths as they are for one command that deploys."""

    commands: Sequence[ShellCommand]
    here: ShellCommand
    conditionals: Conditionals
    met: frozenset[Branch]
    """The ways that count as taken wherever they lead to what is looked for."""
    denied: frozenset[str]

    def covered(self, found: Iterable[int], taken: tuple[Branch, ...]) -> bool:
        """Whether the commands at ``found`` together meet every path, beyond the branches that are ``taken``."""
        given = self._given(taken)
        texts = {self.conditionals.asked.get(branch, "") for branch in given} - {""}
        return self._met([self._rest(self.commands[one], given, texts) for one in found])

    def _given(self, taken: Iterable[Branch]) -> set[Branch]:
        return self.conditionals.given((*self.here.branches, *self.here.passes, *taken))

    def _rest(self, command: ShellCommand, given: set[Branch], texts: set[str]) -> tuple[Branch, ...]:
        return tuple(
            branch
            for branch in command.branches
            if branch[1] != ALWAYS
            and branch not in given
            and branch not in self.met
            and self.conditionals.asked.get(branch, "") not in texts
            and _opposite(self.conditionals.asked.get(branch, "")) not in self.denied
        )

    def _met(self, rests: Sequence[tuple[Branch, ...]]) -> bool:
        if not all(rests):
            return True
        for number in dict.fromkeys(rest[0][0] for rest in rests):
            ways = self.conditionals.open_ways.get(number, frozenset())
            inside = [[rest[1:] for rest in rests if rest[0] == (number, way)] for way in ways]
            if inside and all(each and self._met(each) for each in inside):
                return True
        return False

    def _excluded(self, branches: Sequence[Branch]) -> bool:
        """Whether a way was not taken where the deploy ran: its conditional went another, or the opposite was asked."""
        ways, given = dict(branches), self._given(())
        asked = self.conditionals.asked
        opposite = {_opposite(asked.get(branch, "")) for branch in branches} - {""}
        return any(ways.get(number, way) != way or asked.get((number, way), "") in opposite for number, way in given)

    def escapes(self, gap: int, found: Sequence[int]) -> bool:
        """Whether leaving at ``gap`` skips the commands at ``found``, though the deploy went well."""
        leaving = self.commands[gap]
        if leaving.excludes(self.here) or self.met.intersection(leaving.branches):
            return False
        if any(self.conditionals.asked.get(branch, "") in self.denied for branch in leaving.branches):
            return False
        if set(self.here.fails).intersection(leaving.branches):
            return False
        if self._excluded(leaving.branches):
            return False
        skipped = any(one > gap and leaving.leaves in (0, *self.commands[one].scopes) for one in found)
        before = [one for one in found if one < gap and not self.commands[one].excludes(leaving)]
        return skipped and not (before and self.covered(before, leaving.branches))


def _opposite(asked: str) -> str:
    """Return the text of the other way of a plain question; empty where there is none."""
    way, _, text = asked.partition(" ")
    return f"{3 - int(way)} {text}" if way in {"1", "2"} else ""
