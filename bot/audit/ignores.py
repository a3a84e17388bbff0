"""Inline ignores: ``# reveille: ignore[REV003] reason``, at the end of a line or above it.

An ignore needs a reason. One that has none, that names a rule which does not exist, or that ignores nothing is itself
reported as REV013, because it would hide the next real violation.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from bot.audit.comments import Comment, comments
from bot.audit.model import AuditRule, Position, RuleSeverity, SourceFile, Span, Violation

RULE = AuditRule(
    id="REV013",
    title="An ignore says what and why, and ignores something",
    rationale=(
        "An ignore without a reason cannot be reviewed. One for a rule that does not exist, or for a violation that "
        "is gone, does nothing today and hides the next real violation."
    ),
    fix=(
        "Write `# reveille: ignore[REV003] why it is right here`, on the line or above it; remove an ignore that "
        "ignores nothing."
    ),
    severity=RuleSeverity.WARNING,
    example_bad="""\
# reveille: ignore[REV003]
gcloud run deploy live-export --source=. --set-env-vars=GCP_PROJECT=example-project
""",
    example_good="""\
# reveille: ignore[REV003] the service is new, so nothing can be wiped
gcloud run deploy live-export --source=. --set-env-vars=GCP_PROJECT=example-project
""",
)
UNREADABLE = "REV000"
NEVER_IGNORED = (UNREADABLE, RULE.id)

_FORM = re.compile(
    r"#+\s*reveille\s*:\s*(?P<verb>[\w-]*)\s*(?:\[(?P<rules>[^\]]*)\])?\s*:?\s*(?P<reason>.*)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Ignore:
    """A comment that asks to ignore rules on its line or on the one below."""

    path: str
    comment: Comment
    rules: tuple[str, ...]
    reason: str

    @property
    def span(self) -> Span:
        line, column = self.comment.line, self.comment.column
        return Span(Position(line, column), Position(line, column + len(self.comment.text)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """A violation that somebody decided to live with, and why."""

    violation: Violation
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What is left of violations, what was ignored, and what is wrong with the ignores themselves."""

    kept: tuple[Violation, ...]
    ignored: tuple[Ignored, ...]
    problems: tuple[Violation, ...]


def judge(
    violations: Sequence[Violation],
    sources: Mapping[str, SourceFile],
    rules: Mapping[str, AuditRule],
    selected: Collection[str],
) -> Judged:
    """Apply the ignores of every file. ``rules`` are all there are; ``selected`` are those that were looked at."""
    ignores = {path: found for path, source in sources.items() if (found := tuple(ignores_of(source)))}
    placed = {path: _Places(sources[path], found) for path, found in ignores.items()}
    kept: list[Violation] = []
    ignored: list[Ignored] = []
    used: set[tuple[Ignore, str]] = set()
    for violation in violations:
        ignore = placed[violation.path].ignore_for(violation) if violation.path in placed else None
        if ignore is None:
            kept.append(violation)
        else:
            used.add((ignore, violation.rule))
            ignored.append(Ignored(violation=violation, reason=ignore.reason))
    undecided = {violation.path for violation in violations if violation.rule == UNREADABLE}
    judged_rules = [rule for rule in selected if rule not in NEVER_IGNORED]
    problems = [
        RULE.violation(path, ignore.span, message)
        for path, found in ignores.items()
        for ignore in found
        for message in _complaints(ignore, rules, () if path in undecided else judged_rules, used)
    ]
    return Judged(kept=tuple(kept), ignored=tuple(ignored), problems=tuple(problems) if RULE.id in selected else ())


def ignores_of(source: SourceFile) -> Iterator[Ignore]:
    """Yield the ignores of a file, also those that are not well formed."""
    for comment in comments(source):
        form = _FORM.match(comment.text)
        if form is not None:
            named = tuple(name.strip().upper() for name in (form["rules"] or "").split(",") if name.strip())
            is_ignore = form["verb"].lower() == "ignore"
            yield Ignore(source.path, comment, named if is_ignore else (), form["reason"].strip())


class _Places:
    """The ignores of one file by where they stand: which of them are about a line."""

    def __init__(self, source: SourceFile, ignores: Sequence[Ignore]) -> None:
        self._lines = source.lines
        self._by_line: dict[int, list[Ignore]] = defaultdict(list)
        for each in ignores:
            self._by_line[each.comment.line].append(each)
        self._about: dict[tuple[int, bool], tuple[Ignore, ...]] = {}
        self._firsts = tuple(_firsts(self._lines))

    def ignore_for(self, violation: Violation) -> Ignore | None:
        if violation.rule in NEVER_IGNORED:
            return None
        line = violation.span.start.line
        key = (self._firsts[line - 1] if line <= len(self._firsts) else line, line == 1)
        if key not in self._about:
            found = sorted(places(self._lines, line))
            self._about[key] = tuple(each for number in found for each in self._by_line.get(number, ()))
        return next((each for each in self._about[key] if each.reason and violation.rule in each.rules), None)


def _firsts(lines: Sequence[str]) -> Iterator[int]:
    """Yield for each line on which line its command begins; commands are carried on as ``places`` says."""
    first = 1
    for number, line in enumerate(lines, start=1):
        yield first
        if not line.endswith("\\") or line.lstrip().startswith("#"):
            first = number + 1


def places(lines: Sequence[str], line: int) -> set[int]:
    r"""Return the lines on which an ignore for a violation on ``line`` may stand; all count from 1.

    A command that ``\`` carries over several lines is one line, because no comment fits into it. Above it, comments
    may be stacked. Nothing can stand on or above a ``#!``; there they follow it.
    """

    def text(number: int) -> str:
        return lines[number - 1] if 1 <= number <= len(lines) else ""

    def is_comment(number: int) -> bool:
        return text(number).lstrip().startswith("#")

    first = last = line
    while first > 1 and text(first - 1).endswith("\\") and not is_comment(first - 1):
        first -= 1
    while text(last).endswith("\\") and not is_comment(last):
        last += 1
    found = set(range(first, last + 1))
    above = first - 1
    while is_comment(above):
        found.add(above)
        above -= 1
    if line == 1 and text(1).startswith("#!"):
        below = 2
        while is_comment(below):
            found.add(below)
            below += 1
    return found


def _complaints(
    ignore: Ignore, rules: Mapping[str, AuditRule], judged: Collection[str], used: Collection[tuple[Ignore, str]]
) -> Iterator[str]:
    if not ignore.rules:
        yield "This comment is not understood, and ignores nothing."
        return
    if not ignore.reason:
        yield f"This ignore of {', '.join(ignore.rules)} gives no reason, and so ignores nothing."
    for rule in dict.fromkeys(ignore.rules):
        if rule not in rules:
            near = get_close_matches(rule, rules, n=1)
            yield f"There is no rule {rule} to ignore{f'; did you mean {near[0]}?' if near else '.'}"
        elif rule in NEVER_IGNORED:
            yield f"{rule} cannot be ignored."
        elif ignore.reason and rule in judged and (ignore, rule) not in used:
            yield f"Nothing here breaks {rule}: this ignore hides only what comes later."
