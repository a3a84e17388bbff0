"""One file, followed: the view on which the rules decide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from bot.audit.model import AuditRule, Edit, SourceFile, Span, Violation
from bot.audit.rules.deploys import Deploy, is_deploy
from bot.audit.shell.calls import CliFlag
from bot.audit.shell.commands import ShellCommand
from bot.audit.shell.state import Trap
from bot.audit.shell.trace import Trace

_MOST_NAMES = 3


@dataclass
class AuditedFile:
    """One file, followed."""

    source: SourceFile
    runs: Sequence[Trace]
    is_build: bool
    others: Sequence[Trace] = ()
    """What is judged where it is called from: only what holds for a command by itself is asked here."""
    traps: Sequence[Trap] = ()
    first_statements: dict[int, tuple[int, int]] = field(default_factory=dict)
    """By step: the offsets of the first statement of its script."""
    literals: Sequence[tuple[int, int]] = ()
    """The stretches of the file that are neither comments, nor here-documents, nor said by ``echo``."""
    called_elsewhere: frozenset[tuple[str, str]] = frozenset()
    """The functions of other files that it sources and calls: file and name."""
    audited: frozenset[str] = frozenset()
    """The files that are audited, each by itself."""

    def among(self, others: Iterable[AuditedFile]) -> AuditedFile:
        """Return what is to be judged here, as these files are audited, too.

        A function that another one calls is judged there, with what comes before and after it.
        """
        others = list(others)
        called = {name for one in others for path, name in one.called_elsewhere if path == self.path}
        runs = [run for run in self.runs if run.function not in called]
        return replace(self, runs=runs, others=[run for run in self.runs if run.function in called],
                       audited=frozenset(one.path for one in others))  # fmt: skip

    @property
    def path(self) -> str:
        """The file's path, relative to the root."""
        return self.source.path

    @cached_property
    def deploys(self) -> list[Deploy]:
        """Every deploy, once for each time it runs."""
        return [
            Deploy(call, run, index)
            for run in self.runs
            for index, command in enumerate(run.commands)
            if (call := command.gcloud) is not None and is_deploy(call)
        ]

    @property
    def commands(self) -> Iterator[ShellCommand]:
        """Every command of every run, also of what is judged where it is called from."""
        for run in (*self.runs, *self.others):
            yield from run.commands

    def has(self, command: ShellCommand, flag: CliFlag | None = None) -> bool:
        """Whether a command, or its flag, is judged here by itself: it is written in no other file that is audited."""
        written_here = flag is not None and flag.word.place(0, len(flag.name)) is not None
        return written_here or command.origin not in self.audited

    def span(self, start: int, end: int) -> Span:
        return self.source.span(start, max(start, end))

    def violation(self, rule: AuditRule, place: Span | tuple[int, int], message: str, *edits: Edit) -> Violation:
        """Say that a rule is broken at a place, or between two offsets, of this file."""
        span = place if isinstance(place, Span) else self.span(*place)
        return rule.violation(self.path, span, message, edits=edits)

    def broken(self, rule: AuditRule, chosen: Callable[[Deploy], bool], message: str) -> Iterator[Violation]:
        """Yield the places of the chosen deploys; the message has their ``{names}``."""
        for place, deploys in self.places(chosen):
            yield self.violation(rule, place, message.format(names=names_of(deploys)))

    def places(self, chosen: Callable[[Deploy], bool]) -> Iterator[tuple[Span, list[Deploy]]]:
        """Yield the places of the chosen deploys; one in a loop is one place with many deploys."""
        grouped: dict[int, list[Deploy]] = {}
        passed: set[int] = set()
        for deploy in self.deploys:
            if chosen(deploy):
                grouped.setdefault(deploy.command.start, []).append(deploy)
            else:
                passed.add(deploy.command.start)
        for start, deploys in grouped.items():
            span = self.span(start, max(one.command.end for one in deploys))
            yield span, [replace(one, on_some_ways=start in passed) for one in deploys]


def names_of(deploys: Sequence[Deploy]) -> str:
    """Return the services that one place deploys, for people: the first three and how many more."""
    names = list(dict.fromkeys(deploy.shown for deploy in deploys))
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
