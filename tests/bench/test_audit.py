"""The bench of the audit in miniature: what it writes is what the audit finds."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.bench.audit import audit_figures, audited, repository


def test_the_audit_finds_what_the_bench_wrote_and_nothing_else(tmp_path: Path) -> None:
    expected = repository(tmp_path, files=50, deploys=40)

    _, output = audited(sys.executable, tmp_path, "--format", "json")

    summary = json.loads(output)["summary"]
    assert (expected, summary["violations"], summary["files"]) == (4, 4, 40)


def test_a_violation_that_was_missed_is_over_its_limit() -> None:
    measured = {"walls": [0.5, 0.7, 0.6], "sarif": 0.5, "all_deploy": 3.0, "files": 50, "audited": 40, "missed": 1}

    judged = {figure.key: (figure.value, figure.ok) for figure in audit_figures(measured)}

    assert judged["audit_median"] == (0.6, True)
    assert judged["audit_worst"] == (0.7, True)
    assert judged["audit_missed"] == (1, False)
