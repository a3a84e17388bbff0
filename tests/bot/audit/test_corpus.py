"""Scripts as teams write them: every finding that they deserve, and none beside; the repairs leave shell that works."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from bot.audit.engine import audit
from bot.audit.fixes import plan, write

CORPUS = Path(__file__).parent / "corpus"
FILES = CORPUS / "files"
LEAST = 75
LEFT = {
    ".github/workflows/jobs.yml",
    ".github/workflows/release.yml",
    "bin/deploy_flags_array.sh",
    "bin/deploy_jobs.sh",
    "jobs/nightly.mk",
    "ops/bin/deploy_env_flags.sh",
    "ops/bin/deploy_function_keyword.sh",
    "ops/bin/deploy_plus_param.sh",
    "scripts/deploy_job.sh",
    "scripts/deploy_remote.sh",
    "scripts/deploy_tmp_build.sh",
    "scripts/release_one.sh",
}
"""What has no counterpart, or not in every command that it stands for."""


def findings(root: Path) -> list[str]:
    return sorted(f"{one.path}:{one.span.start.line} {one.rule}" for one in audit(root).violations)


def test_each_finding_is_made_and_no_other() -> None:
    expected = (CORPUS / "expected.txt").read_text(encoding="utf-8").splitlines()

    assert findings(FILES) == sorted(expected)
    assert sum(1 for one in FILES.rglob("*") if one.is_file()) >= LEAST


def test_repairs_leave_shell_that_parses_and_flags_that_the_commands_have(tmp_path: Path) -> None:
    root = shutil.copytree(FILES, tmp_path / "files")
    result = audit(root)
    fixes, problems = plan(root, result.violations, result.sources)
    for file_fix in fixes:
        write(root, file_fix)

    assert (bool(fixes), problems) == (True, ())
    for script in root.rglob("*.sh"):
        assert subprocess.run(["bash", "-n", script], check=False).returncode == 0, script
    jobs = re.compile(r"jobs\s+(create|deploy)\b[^\n]*--update-")
    assert [file_fix.path for file_fix in fixes if jobs.search(file_fix.after.decode())] == []
    result = audit(root)
    assert plan(root, result.violations, result.sources) == ((), ())
    # A command that has both forms of a flag cannot have one of them twice, and jobs are not updated by every version.
    assert {one.path for one in result.violations if one.rule == "REV003"} == LEFT
