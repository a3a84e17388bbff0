"""docs/audit.md and the pre-commit hook are held to what they say. ``UPDATE_MANUAL=1 pytest`` on this file writes the
section of the rules again."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from typing import Any

import click
import pytest
import yaml

from bot.audit.ignores import judge
from bot.audit.model import AuditRule, SourceFile
from bot.audit.rules.catalog import EVERY_RULE
from bot.commands.audit import audit
from bot.commands.audit_output.json import review_json
from tests.bot.audit.found import a_review
from tests.bot.audit.in_memory import audit_text
from tests.bot.audit.runs import ROOT

MANUAL = ROOT / "docs" / "audit.md"
TEXT = MANUAL.read_text(encoding="utf-8")
SECTION = re.compile(r"(<!-- rules: .*? -->\n)(.*)(<!-- end of the rules -->)", re.DOTALL)
RULES = {rule.id: rule for rule in EVERY_RULE}
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))


def rule_section(rule: AuditRule) -> Iterator[str]:
    yield f"### {rule.id}: {rule.title}"
    yield f"*{rule.severity.value}* · {rule.rationale}"
    yield f"**What to do.** {rule.fix}"
    yield f"Wrong:\n\n```sh\n{rule.example_bad.rstrip()}\n```"
    yield f"Right:\n\n```sh\n{rule.example_good.rstrip()}\n```"


def rules_section() -> str:
    table = "\n".join(
        f"| [{rule.id}](#{_anchor(rule)}) | {rule.severity.value} | {rule.title} |" for rule in EVERY_RULE
    )
    parts = [f"| rule | severity | what it asks |\n| --- | --- | --- |\n{table}"]
    parts += [part for rule in EVERY_RULE for part in rule_section(rule)]
    return "\n" + "\n\n".join(parts) + "\n\n"


def _anchor(rule: AuditRule) -> str:
    """Return what GitHub makes of the heading."""
    heading = f"{rule.id}: {rule.title}".lower()
    return re.sub(r"[^\w\- ]", "", heading).replace(" ", "-")


def yaml_blocks(key: str) -> list[Any]:
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)]
    return [block for block in blocks if key in block]


def test_the_manual_has_every_rule_as_the_catalogue_has_it() -> None:
    if os.environ.get("UPDATE_MANUAL"):
        MANUAL.write_text(SECTION.sub(lambda found: found[1] + rules_section() + found[3], TEXT), encoding="utf-8")
    (section,) = SECTION.findall(MANUAL.read_text(encoding="utf-8"))

    assert section[1] == rules_section()


COMMANDS = [
    shlex.split(line.partition("|")[0], comments=True)[2:]
    for block in re.findall(r"```sh\n(.*?)```", SECTION.sub("", TEXT), re.DOTALL)
    for line in block.splitlines()
    if line.startswith("reveille audit")
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_of_the_manual_is_understood(words: list[str]) -> None:
    audit.parse_args(click.Context(audit), list(words))  # raises what a person would read


def test_the_manual_shows_commands() -> None:
    assert len(COMMANDS) > 8


def test_the_manual_names_every_option() -> None:
    options = {option for parameter in audit.params for option in parameter.opts if option.startswith("--")}

    assert sorted(option for option in options if not re.search(rf"{option}(?![\w-])", TEXT)) == []


def test_the_manual_names_every_key_of_the_json() -> None:
    keys = set(re.findall(r'"([a-z_]+)":', review_json(a_review())))

    assert sorted(key for key in keys if f"`{key}`" not in TEXT) == []


@pytest.mark.parametrize("language", ["sh", "yaml"])
def test_the_ignores_of_the_manual_are_heeded(language: str) -> None:
    blocks = re.findall(rf"```{language}\n(.*?)```", SECTION.sub("", TEXT), re.DOTALL)
    (block,) = (block for block in blocks if "reveille: ignore" in block)
    source = SourceFile("deploy.sh" if language == "sh" else "cloudbuild.yaml", block)

    judged = judge(audit_text(source.path, block), {source.path: source}, RULES, list(RULES))

    assert [each.violation.rule for each in judged.ignored] == ["REV003"]
    assert judged.problems == ()


def test_the_step_of_cloud_build_breaks_no_rule() -> None:
    (step,) = (block for block in yaml_blocks("steps") if block["steps"][0].get("id") == "audit")

    assert audit_text("cloudbuild.yaml", yaml.safe_dump(step)) == []
    assert step["steps"][0]["args"][0] == audit.name


def test_the_hook_of_the_manual_is_the_one_that_is_offered() -> None:
    ((repository,),) = (block["repos"] for block in yaml_blocks("repos"))

    assert [hook["id"] for hook in repository["hooks"]] == [hook["id"] for hook in HOOKS]
    assert HOOKS[0]["entry"].split() == ["reveille", audit.name]


@pytest.mark.parametrize(
    ("path", "concerned"),
    [
        ("cloudbuild.yaml", True),
        ("jobs/cloudbuild-prod.yml", True),
        ("bin/deploy_one.sh", True),
        ("bin/orchestrators/deploy.sh", True),
        ("tools/bin/x/deploy-all.sh", True),
        ("deploy.sh", True),
        ("deploy.sh.bak", True),
        ("bin/deploy.sh.backup2", True),
        ("bin/cabin/redeploy.sh", True),
        ("cabin/deploy_one.sh", True),
        (".github/workflows/release.yml", True),
        ("Makefile", True),
        ("tools/release", True),
        ("k8s/job.yaml", False),
        ("src/deploy.py", False),
        ("docs/cloudbuild.md", False),
    ],
)
def test_the_hook_runs_for_what_the_audit_looks_at(path: str, concerned: bool) -> None:
    assert bool(re.search(HOOKS[0]["files"], path)) is concerned
