"""A temporary directory is removed however the script ends."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.audit.model import AuditRule, RuleSeverity, Violation
from bot.audit.rules.audited_file import AuditedFile
from bot.audit.shell.commands import ShellCommand

RULE = AuditRule(
    id="REV007",
    title="A temporary directory has its clean-up trap",
    rationale=(
        "A script that stops at its first failure never reaches the rm at its end: the directory stays, with "
        "the copy of the source and whatever secrets were written into it."
    ),
    fix=("Directly after making the directory: trap 'rm -rf \"$DIRECTORY\"' EXIT."),
    severity=RuleSeverity.WARNING,
    example_bad="""\
BUILD_DIR=$(mktemp -d)
cp -r orchestration shared "$BUILD_DIR"
rm -rf "$BUILD_DIR"
""",
    example_good="""\
BUILD_DIR=$(mktemp -d)
trap 'rm -rf "$BUILD_DIR"' EXIT
cp -r orchestration shared "$BUILD_DIR"
""",
)


_DIRECTORY_FLAG = re.compile(r"-[a-z]*d[a-z]*|--directory")


def find(deployment: AuditedFile) -> Iterator[Violation]:
    """Yield each temporary directory that no trap removes. A step of a build has a disk of its own, and needs none."""
    if deployment.is_build:
        return
    seen = set()
    for command in deployment.commands:
        made = _makes(command) if deployment.has(command) else None
        if made is None or command.start in seen or _removed(deployment, _names(command), made):
            continue
        seen.add(command.start)
        name = f"${command.captured}" if command.captured else made or "this temporary directory"
        yield deployment.violation(
            RULE,
            (command.start, command.end),
            f"no trap removes {name}: it stays behind whenever the script stops early",
        )


def _makes(command: ShellCommand) -> str | None:
    """Return the path of the directory that a command makes, as far as it is known; None for other commands."""
    if command.name == "mktemp" and any(_DIRECTORY_FLAG.fullmatch(text) for text in command.texts[1:]):
        return ""
    if command.name == "mkdir":
        return next((text for text in command.texts[1:] if text.startswith(("/tmp/", "${TMPDIR"))), None)  # noqa: S108 - looked for, not used
    return None


def _names(command: ShellCommand) -> frozenset[str]:
    """Return the variables that hold the directory: the one that takes the output, or those in the path."""
    if command.name == "mktemp":
        return frozenset({command.captured} - {""})
    return frozenset(re.findall(r"\$\{?(\w+)", command.raw)) - {"TMPDIR"}


def _removed(deployment: AuditedFile, names: frozenset[str], path: str) -> bool:
    held = names.union(*(_copies(deployment.source.text, name) for name in names))
    for text in (trap.text for trap in deployment.traps if trap.at_exit and _REMOVES.search(trap.text)):
        if (path and path in text) or any(re.search(rf"\$\{{?{re.escape(name)}\b", text) for name in held):
            return True
        if not names and not path:
            return True
    return False


def _copies(text: str, name: str) -> frozenset[str]:
    """Return the variables and arrays that take over what a variable holds, such as a list of things to remove."""
    return frozenset(re.findall(rf"\b(\w+)\+?=\(?[\"']?\$\{{?{re.escape(name)}\b", text))


_REMOVES = re.compile(r"\brm(dir)?\s|-delete\b")
