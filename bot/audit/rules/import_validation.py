"""Imports are validated before the deploy, the same way in every script."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence

from bot.audit.model import AuditRule, RuleSeverity, Violation
from bot.audit.rules.audited_file import AuditedFile, names_of
from bot.audit.rules.deploys import Deploy
from bot.audit.shell.calls import runs_nothing
from bot.audit.shell.commands import ShellCommand

RULE = AuditRule(
    id="REV008",
    title="Imports are validated before each deploy, the same everywhere",
    rationale=(
        "A module that is missing from the upload breaks at its first call, hours after the deploy said that "
        "all went well. Importing the entry point before the deploy finds that in a second, if every script "
        "does it and does it alike."
    ),
    fix=(
        "Run the same import validation in every script before it deploys, for example `python "
        "bin/validate_imports.py SERVICE`."
    ),
    severity=RuleSeverity.WARNING,
    example_bad="""\
gcloud functions deploy grading --source=. --entry-point=main
""",
    example_good="""\
python bin/validate_imports.py grading
gcloud functions deploy grading --source=. --entry-point=main
""",
)


_VALIDATOR = re.compile(
    r"(validat|check|verif|test|smoke)\w*import|import\w*(validat|check|verif|test|smoke)", re.IGNORECASE
)
_IMPORT = re.compile(r"\bfrom\s+(\S+)\s+import\b|\bimport\s+([^;\n]+)")
_BY_NAME = re.compile(r"\bimport_module\b|\b__import__\b")


def find(deployment: AuditedFile) -> Iterator[Violation]:
    """Yield each deploy that no import validation precedes on every path."""
    for place, deploys in deployment.places(lambda deploy: not deploy.always_before(validates)):
        names = names_of(deploys)
        some = any(_validation(deploy) is not None for deploy in deploys)
        message = "the import validation does not run on every path to" if some else "no import validation runs before"
        yield deployment.violation(RULE, place, f"{message} this deploy of {names}")


def compare(deployments: Sequence[AuditedFile]) -> Iterator[Violation]:
    """Yield the validations that differ from the one that most files use."""
    used: list[tuple[AuditedFile, ShellCommand, str]] = []
    for deployment in deployments:
        seen = set()
        for deploy in deployment.deploys:
            command = _validation(deploy)
            if command is not None and command.start not in seen:
                seen.add(command.start)
                used.append((deployment, command, way(command)))
    counts = Counter(name for _, _, name in used)
    if len(counts) <= 1:
        return
    usual = min(counts, key=lambda name: (-counts[name], name))
    for deployment, command, name in used:
        if name != usual:
            yield deployment.violation(
                RULE,
                (command.start, command.end),
                f"validates imports with {name}, where most deploys use {usual}; use one for all",
            )


def _validation(deploy: Deploy) -> ShellCommand | None:
    return next(deploy.before(validates), None)


def validates(command: ShellCommand) -> bool:
    """Whether a command imports what is about to be deployed; REV006 sees to it that a failure counts."""
    return way(command) != ""


def way(command: ShellCommand) -> str:
    """Return how a command validates imports, named alike wherever it is the same; empty when it does not."""
    if runs_nothing(command.texts[0]) or "--help" in command.texts:
        return ""
    texts = command.texts
    for index, text in enumerate(texts):
        name = text.rpartition("/")[2]
        if index < _PROGRAM_WORDS and _VALIDATOR.search(name):
            return name
        if re.fullmatch(r"python[\d.]*", name):
            rest = texts[index + 1 :]
            if "-c" in rest[:3] and _imports(" ".join(rest)):
                return "python -c 'import …'"
            if rest[:1] in ((), ("-",)) and _imports(command.stdin):
                return "python -c 'import …'"
            if any(_VALIDATOR.search(one.rpartition("/")[2]) for one in rest):
                return next(one.rpartition("/")[2] for one in rest if _VALIDATOR.search(one.rpartition("/")[2]))
    return ""


def _imports(code: str) -> bool:
    """Whether Python code imports what is deployed: `import json, sys` merely reads an answer of gcloud."""
    if _BY_NAME.search(code):
        return True
    for found in _IMPORT.finditer(code):
        listed = found[1] or found[2]
        for name in listed.split(","):
            module = name.split()[0].partition(".")[0] if name.split() else ""
            if module and module not in sys.stdlib_module_names:
                return True
    return False


_PROGRAM_WORDS = 2
