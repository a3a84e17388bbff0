"""Reads a GitHub workflow: the ``run:`` steps of each job, and which jobs have ended before another begins."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.audit.commands import Failure, Fate
from bot.audit.scalars import scalar_text
from bot.audit.sources import Text
from bot.audit.steps import Step
from bot.yaml_tree import Node

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}", re.DOTALL)
_SHELLS = re.compile(r"^(bash|sh)\b")
_RUNS_IN_ANY_CASE = frozenset(("", "success()", "always()", "!cancelled()"))


def steps_of(root: Node, text: str) -> list[Step]:
    """Return the shell steps of all jobs; the steps of a job come after those of the jobs that it needs."""
    jobs = root.children.get("jobs")
    found: list[Step] = []
    ended: dict[str, frozenset[int]] = {}
    pending = {str(name): job for name, job in jobs.children.items() if isinstance(job.value, dict)} if jobs else {}
    while pending:
        # A job that needs one that does not exist, or itself, is GitHub's to refuse.
        name = next((one for one, job in pending.items() if not set(_needs(job)) & pending.keys()), next(iter(pending)))
        job = pending.pop(name)
        before = frozenset[int]().union(*(ended.get(one, frozenset()) for one in _needs(job)))
        for step in _steps(root, job, text):
            found.append(replace(step, before=before))
            before |= {len(found) - 1}
        ended[name] = before
    return found


def _needs(job: Node) -> list[str]:
    needs = job.value.get("needs")
    return [needs] if isinstance(needs, str) else [str(one) for one in needs or ()]


def _steps(root: Node, job: Node, text: str) -> list[Step]:
    listed = job.children.get("steps")
    found: list[Step] = []
    for step in listed.children.values() if listed else ():
        run = step.children.get("run")
        shell = _shell((step, job, root))
        if run is None or not run.written or not _SHELLS.match(shell or "bash"):
            continue
        allowed = step.children.get("continue-on-error")
        lost = None
        if allowed is not None and allowed.value is True:
            lost = Failure(Fate.LOST, "continue-on-error: true", allowed.start, allowed.end)
        found.append(
            Step(
                text=without_expressions(scalar_text(run, text)),
                # GitHub runs `bash -e`, and with `shell: bash` also `-o pipefail`.
                errexit="{0}" not in shell or " -e" in shell,
                pipefail=shell == "bash" or "pipefail" in shell,
                variables=_environment((root, job, step)),
                lost=lost,
                condition=_condition(step),
            )
        )
    return found


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


def _condition(step: Node) -> str:
    """Return what a step asks; what its job asks holds for all of its steps."""
    asked = step.children.get("if")
    if asked is None:
        return ""
    found = _EXPRESSION.fullmatch(asked.written.strip())
    text = found[1] if found else asked.written.strip()
    return "" if text in _RUNS_IN_ANY_CASE else text


def without_expressions(text: Text) -> Text:
    """Return the text with each ``${{ … }}`` as a variable of the shell: what it holds, only GitHub knows."""
    return text.replaced(_EXPRESSION, _symbol)


def _symbol(found: re.Match[str]) -> str:
    name = re.sub(r"\W+", "_", found[1].removeprefix("env.")).strip("_")
    return f"${{{name if name and not name[0].isdigit() else '_' + name}}}"
