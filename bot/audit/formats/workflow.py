"""Reads a GitHub workflow: the steps of each job that run shell or deploy by an action, and what ended before."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.audit.formats.actions import command_of, inputs_of
from bot.audit.formats.yaml_scalars import scalar_text
from bot.audit.shell.commands import CommandFailure, Fate, ShellStep
from bot.audit.source_text import Text
from bot.yaml_tree import Node

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}", re.DOTALL)
_SHELLS = re.compile(r"^(bash|sh)\b")
_RUNS_IN_ANY_CASE = re.compile(
    r"(success\(\)|always\(\)|!\s*(cancelled|failure)\(\)|(needs|steps)\.[\w-]+\.(result|outcome|conclusion)\s*==\s*'success'|)"
)
"""What holds whenever the steps and jobs before ran well."""
_ALSO_AFTER_FAILURES = re.compile(r"(always|failure|cancelled)\(\)")


def steps_of(root: Node, text: str) -> list[ShellStep]:
    """Return the shell steps of all jobs; the steps of a job come after those of the jobs that it needs."""
    jobs = root.children.get("jobs")
    found: list[ShellStep] = []
    ended: dict[str, frozenset[int]] = {}
    asked: dict[str, tuple[str, ...]] = {}
    pending = {str(name): job for name, job in jobs.children.items() if isinstance(job.value, dict)} if jobs else {}
    while pending:
        # A job that needs one that does not exist, or itself, is GitHub's to refuse.
        name = next((one for one, job in pending.items() if not set(_needs(job)) & pending.keys()), next(iter(pending)))
        job = pending.pop(name)
        before = frozenset[int]().union(*(ended.get(one, frozenset()) for one in _needs(job)))
        own = _conditions(job)
        # A job is left out with those that it needs, unless it asks for more than that they ran well.
        above = () if _ALSO_AFTER_FAILURES.search(_asked(job)) else _needs(job)
        asked[name] = tuple(dict.fromkeys((*own, *(one for need in above for one in asked.get(need, ())))))
        for step in _steps(root, job, text):
            found.append(replace(step, before=before, conditions=(*asked[name], *step.conditions)))
            before |= {len(found) - 1}
        ended[name] = before
    return found


def _needs(job: Node) -> list[str]:
    needs = job.value.get("needs")
    return [needs] if isinstance(needs, str) else [str(one) for one in needs] if isinstance(needs, list) else []


def _steps(root: Node, job: Node, text: str) -> list[ShellStep]:
    listed = job.children.get("steps")
    found: list[ShellStep] = []
    for step in listed.children.values() if listed else ():
        if not isinstance(step.value, dict):
            continue
        shell = _shell((step, job, root))
        given = _given(step, text, shell)
        if given is None:
            continue
        allowed = [owner.children.get("continue-on-error") for owner in (step, job)]
        # What an expression comes to, only GitHub knows.
        forgiven = next((one for one in allowed if one is not None and one.written.lower() != "false"), None)
        lost = None
        if forgiven is not None:
            reason = f"continue-on-error: {forgiven.written}"
            lost = CommandFailure(Fate.LOST, reason, forgiven.start, forgiven.end)
        found.append(
            ShellStep(
                text=given,
                # GitHub runs `bash -e`, and with `shell: bash` also `-o pipefail`.
                errexit="{0}" not in shell or " -e" in shell,
                pipefail=shell == "bash" or "pipefail" in shell,
                variables=_environment((root, job, step)),
                lost=lost,
                conditions=_conditions(step),
            )
        )
    return found


def _given(step: Node, text: str, shell: str) -> Text | None:
    """Return the shell text of a step, be it what an action runs; None for what is no shell."""
    run = step.children.get("run")
    if run is None:
        inputs = {name: without_expressions(given) for name, given in inputs_of(step, text).items()}
        return command_of(step, inputs)
    return without_expressions(scalar_text(run, text)) if run.written and _SHELLS.match(shell or "bash") else None


def _shell(nodes: tuple[Node, ...]) -> str:
    step, *owners = nodes
    if isinstance(step.value.get("shell"), str):
        return str(step.value["shell"])
    for owner in owners:
        defaults = owner.value.get("defaults")
        run = defaults.get("run") if isinstance(defaults, dict) else None
        if isinstance(run, dict) and isinstance(run.get("shell"), str):
            return str(run["shell"])
    return ""


def _environment(owners: tuple[Node, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for owner in owners:
        listed = owner.children.get("env")
        for name, node in listed.children.items() if listed is not None else ():
            if "${{" not in node.written:
                found[str(name)] = node.written
    return found


def _asked(owner: Node) -> str:
    asked = owner.children.get("if")
    return asked.written if asked is not None else ""


def _conditions(owner: Node) -> tuple[str, ...]:
    """Return what a job or a step asks, beyond that all before it ran well; each part of an ``&&`` by itself."""
    text = _EXPRESSION.sub(lambda found: found[1], _asked(owner))
    parts = [text] if "||" in text else text.split("&&")
    plain = (" ".join(part.split()) for part in parts)
    return tuple(f"1 {part}" for part in plain if not _RUNS_IN_ANY_CASE.fullmatch(part))


def without_expressions(text: Text) -> Text:
    """Return the text with each ``${{ … }}`` as a variable of the shell: what it holds, only GitHub knows."""
    return text.replaced(_EXPRESSION, _symbol)


def _symbol(found: re.Match[str]) -> str:
    name = re.sub(r"\W+", "_", found[1].removeprefix("env.")).strip("_")
    return f"${{{name if name and not name[0].isdigit() else '_' + name}}}"
