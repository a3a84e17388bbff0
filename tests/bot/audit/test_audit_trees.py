"""The two states of February: the deploy files as they were, and as they are once every rule is kept."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from bot.audit.engine import audit
from bot.audit.model import Audit
from bot.git_program import git_files

TREES = Path(__file__).parent / "trees"
PHASE3 = "bin/orchestrators/deploy_phase3_to_phase4.sh"
PHASE4 = "bin/orchestrators/deploy_phase4_to_phase5.sh"

BEFORE = f"""
REV006:bin/deploy.sh:3
REV001:bin/deploy.sh:17
REV002:bin/deploy.sh:17
REV004:bin/deploy.sh:17
REV005:bin/deploy.sh:17
REV010:bin/deploy.sh:17
REV011:bin/deploy.sh:20
REV003:bin/deploy.sh:21
REV004:bin/jobs/deploy_line_enrichment.sh:4
REV005:bin/jobs/deploy_line_enrichment.sh:4
REV008:bin/jobs/deploy_line_enrichment.sh:4
REV003:bin/jobs/deploy_line_enrichment.sh:7
REV007:{PHASE3}:14
REV001:{PHASE3}:19
REV002:{PHASE3}:19
REV004:{PHASE3}:19
REV005:{PHASE3}:19
REV008:{PHASE3}:19
REV009:{PHASE3}:19
REV010:{PHASE3}:19
REV003:{PHASE3}:26
REV011:{PHASE3}:29
REV012:{PHASE3}.bak:1
REV003:{PHASE4}:11
REV004:{PHASE4}:19
REV006:{PHASE4}:21
REV002:{PHASE4}:26
REV006:{PHASE4}:34
REV009:{PHASE4}:35
REV010:{PHASE4}:35
REV001:cloudbuild-functions.yaml:12
REV002:cloudbuild-functions.yaml:12
REV005:cloudbuild-functions.yaml:12
REV008:cloudbuild-functions.yaml:12
REV009:cloudbuild-functions.yaml:12
REV010:cloudbuild-functions.yaml:12
REV003:cloudbuild-functions.yaml:16
REV006:cloudbuild-functions.yaml:16
REV006:cloudbuild-functions.yaml:22
REV008:cloudbuild-functions.yaml:26
REV002:cloudbuild-functions.yaml:33
REV001:cloudbuild.yaml:20
REV002:cloudbuild.yaml:20
REV008:cloudbuild.yaml:20
REV010:cloudbuild.yaml:20
REV003:cloudbuild.yaml:26
REV011:cloudbuild.yaml:28
""".split()


def repository(tree: str, folder: Path) -> Path:
    root = folder / tree
    shutil.copytree(TREES / tree, root)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    return root


def track(root: Path) -> None:
    subprocess.run(["git", "add", "-A", "-f"], cwd=root, check=True)


def said(result: Audit) -> list[str]:
    return [f"{one.rule}:{one.path}:{one.span.start.line}" for one in result.violations]


def test_the_state_before_is_flagged_at_its_lines(tmp_path: Path) -> None:
    root = repository("before", tmp_path)
    shutil.copy(root / PHASE3, root / f"{PHASE3}.bak")
    track(root)

    result = audit(root, git_files=git_files)

    assert said(result) == BEFORE


def test_a_backup_that_is_not_tracked_is_nobodys_business(tmp_path: Path) -> None:
    root = repository("before", tmp_path)
    track(root)
    shutil.copy(root / PHASE3, root / f"{PHASE3}.bak")

    result = audit(root, git_files=git_files)

    assert said(result) == [line for line in BEFORE if not line.startswith("REV012")]


def test_the_state_after_passes(tmp_path: Path) -> None:
    root = repository("after", tmp_path)
    track(root)

    result = audit(root, git_files=git_files)

    assert said(result) == []
    assert len(result.files) == 6


def test_a_rule_broken_in_the_state_after_is_flagged_alone(tmp_path: Path) -> None:
    root = repository("after", tmp_path)
    script = root / PHASE3
    lines = script.read_text().split("\n")
    script.write_text("\n".join(line for line in lines if "reveille iam ensure" not in line))
    track(root)

    result = audit(root, git_files=git_files)

    assert [one.rule for one in result.violations] == ["REV001"]  # deploy verify still verifies
