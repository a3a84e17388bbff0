"""Files that would break, hang or fill the audit: each ends in a REV000 of its own, and the others go on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.audit.engine import audit, judged, read
from bot.audit.model import SourceFile, Violation
from bot.audit.rules import flags_that_wipe
from tests.bot.audit.in_memory import audit_text
from tests.bot.audit.test_audit_engine import BAD, flagged, unreadable, write

SECONDS = 20
"""Far above what any of these takes; without their bounds they take years."""

DOUBLED = "calls() { %s; }\n"
HOSTILE = {
    "a text that doubles": "a=x\n" + 'a="$a$a"\n' * 40 + "gcloud run deploy $a\n",
    "empty texts that double": 'a=""\n' + 'a="$a$a"\n' * 40 + "gcloud run deploy $a\n",
    "an array that doubles": "a=(1 2 3)\n" + 'a=("${a[@]}" "${a[@]}")\n' * 40,
    "an array that grows by itself": "a=(1 2 3)\n" + 'a+=("${a[@]}")\n' * 40,
    "functions that call each other twice": "f0() { x=1; }\n"
    + "".join(f"f{n}() {{ f{n - 1}; f{n - 1}; }}\n" for n in range(1, 31))
    + "f30\n",
    "conditions nested a thousand deep": "if true; then\n" * 1500 + "gcloud run deploy a\n" + "fi\n" * 1500,
}


@pytest.mark.parametrize("script", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.slow
def test_a_hostile_script_is_reported_and_the_others_go_on(tmp_path: Path, script: str) -> None:
    write(tmp_path, "bin/deploy_hostile.sh", script)
    write(tmp_path, "bin/deploy_other.sh", BAD)
    began = time.process_time()

    result = audit(tmp_path)

    assert time.process_time() - began < SECONDS
    assert {path for path, _, _ in unreadable(result)} == {"bin/deploy_hostile.sh"}
    assert flagged(result) == {"bin/deploy_other.sh"}


def test_substitutions_that_multiply_are_reported(tmp_path: Path) -> None:
    many = "${_A}" * 60
    text = (
        f"substitutions:\n  _A: {many}\nsteps:\n- name: gcr.io/cloud-builders/gcloud\n  args: [run, deploy, '{many}']\n"
    )
    write(tmp_path, "cloudbuild.yaml", text)

    assert [path for path, _, _ in unreadable(audit(tmp_path))] == ["cloudbuild.yaml"]


def test_a_long_list_of_services_is_no_hostile_script() -> None:
    services = " ".join(f"service-{number}" for number in range(500))
    script = f'set -e\nfor service in {services}; do\n  gcloud run deploy "$service" --source=.\ndone\n'

    assert "REV000" not in {one.rule for one in audit_text("bin/deploy.sh", script)}


def test_a_rule_that_breaks_is_said_and_the_other_rules_go_on() -> None:
    def broken(deployment: object) -> Iterator[Violation]:
        raise KeyError(deployment.__class__.__name__)
        yield

    deployment, _ = read(SourceFile("bin/deploy.sh", BAD))
    assert deployment is not None

    found = list(judged(deployment, (broken, flags_that_wipe.find)))

    assert [one.rule for one in found] == ["REV000", "REV003"]
    assert "KeyError" in found[0].message
