"""Which Python the Makefile takes, and what it says where none will do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sections import ROOT

OLD = "import sys; sys.version_info = (3, 10, 13, 'final', 0)"
WITHOUT_VENV = "import sys; sys.modules['ensurepip'] = None"


def python(folder: Path, name: str, before: str = "") -> Path:
    """Return a Python that is as somebody's machine may have it: ``before`` happens before anything that it is told."""
    made = folder / name
    made.write_text(
        f"""#!/bin/sh
if [ "$1" = -c ]; then exec '{sys.executable}' -c "{before}
$2"; fi
exec '{sys.executable}' "$@"
""",
        encoding="utf-8",
    )
    made.chmod(0o755)
    return made


def broken(folder: Path, name: str) -> Path:
    """Return what a version manager leaves for a version that is not there: it says so, and fails."""
    made = folder / name
    made.write_text("#!/bin/sh\necho 'command not found' >&2\nexit 127\n", encoding="utf-8")
    made.chmod(0o755)
    return made


def environment(folder: Path, *pythons: Path | str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", ROOT / "requirements" / "environment.sh", folder, *pythons],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.slow
def test_the_first_python_that_will_do_is_taken_and_makes_the_environment_anew(tmp_path: Path) -> None:
    left_over = tmp_path / "env" / "left-over"
    left_over.parent.mkdir()
    left_over.touch()
    pythons: list[Path | str] = [
        "/nonexistent/python",
        broken(tmp_path, "broken"),
        python(tmp_path, "old", OLD),
        python(tmp_path, "bare", WITHOUT_VENV),
        python(tmp_path, "good"),
    ]

    made = environment(left_over.parent, *pythons)

    assert (made.returncode, made.stderr) == (0, "")
    assert (left_over.parent / "bin" / "pip").exists()
    assert not left_over.exists()


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        pytest.param(OLD, "is Python 3.10.13", id="too old"),
        pytest.param(WITHOUT_VENV, f"python{sys.version_info[0]}.{sys.version_info[1]}-venv", id="without venv"),
    ],
)
def test_a_python_that_will_not_do_is_named_with_the_reason(before: str, reason: str, tmp_path: Path) -> None:
    unsuitable = python(tmp_path, "python3", before)

    refused = environment(tmp_path / "env", unsuitable)

    assert refused.returncode == 1
    assert (refused.stdout, refused.stderr.count("\n")) == ("", 1)
    assert f"{unsuitable} " in refused.stderr
    assert reason in refused.stderr
    assert not (tmp_path / "env").exists()


@pytest.mark.parametrize("named", [[], ["/nonexistent/python"], ["true"], ["false"]], ids=" ".join)
def test_what_is_no_python_at_all_is_refused_in_one_sentence(named: list[str], tmp_path: Path) -> None:
    refused = environment(tmp_path / "env", *named)

    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "PYTHON" in refused.stderr
    assert all(name in refused.stderr for name in named)
    assert not (tmp_path / "env").exists()
