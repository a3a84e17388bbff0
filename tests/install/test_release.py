"""What a release promises: one version, formats that stay readable, a wheel, a hook and an action that work alone."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from importlib.metadata import version
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import yaml

from bot.alerting import pages
from bot.audit import baseline
from bot.definition import upgrade
from bot.render import json as report_json
from bot.store import migrations
from tests.bot import in_process
from tests.sections import ROOT

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
HOOK = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))[0]
WIPES = "set -euo pipefail\ngcloud run deploy live-export --source=. --set-env-vars=A=b\n"


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_the_version_stands_in_one_place() -> None:
    named = [
        path.relative_to(ROOT).as_posix()
        for folder in ("bot", "checks", "handlers")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(rf"\b{re.escape(VERSION)}\b|__version__", path.read_text(encoding="utf-8"))
    ]

    assert named == []
    assert version("reveille") == VERSION


def test_the_changelog_goes_by_versions_the_newest_first() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    first, *released = re.findall(r"^## \[(.+?)\](?: - (\d{4}-\d\d-\d\d))?$", text, re.MULTILINE)

    assert first == ("Unreleased", "")
    assert all(date for _, date in released)
    numbers = [tuple(map(int, number.split("."))) for number, _ in released]
    assert numbers == sorted(set(numbers), reverse=True)


def test_the_support_window_names_the_formats_of_today() -> None:
    rows = dict(re.findall(r"^\| ([^|]+?) \| (\d+) \|", page("upgrading.md"), re.MULTILINE))

    assert rows == {
        "pipeline file, scenario": str(upgrade.VERSION),
        "records in a store": str(migrations.NEWEST),
        "report as JSON": str(report_json.SCHEMA_VERSION),
        "audit as JSON, baseline": str(baseline.VERSION),
        "event to a webhook": str(pages.VERSION),
    }


@pytest.mark.parametrize("kind", ["Alert", "StoredReport"])
def test_no_version_of_a_store_is_left_behind(kind: str) -> None:
    newest = {migrations.FORMAT: migrations.NEWEST}

    assert migrations.migrated(kind, newest) == newest
    assert len(migrations.MIGRATIONS) == migrations.NEWEST - 1
    assert kind in migrations.MIGRATIONS[0]


def test_the_page_about_upgrades_has_what_the_newest_version_needs() -> None:
    assert f"### To {VERSION}\n" in page("upgrading.md")


def test_the_hook_runs_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "deploy.sh").write_text(WIPES)
    _, *words = shlex.split(HOOK["entry"])

    done = in_process.run(tuple(words), tmp_path, {"PATH": os.environ["PATH"]})

    assert done.returncode == 1
    assert "REV003" in done.stdout


def act(folder: Path, **inputs: str) -> CompletedProcess[str]:
    given = {name: str(each["default"]) for name, each in ACTION["inputs"].items()} | inputs
    step = ACTION["runs"]["steps"][-1]
    taken = {name: given[re.sub(r"\$\{\{ inputs\.(\w+) \}\}", r"\1", value)] for name, value in step["env"].items()}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", step["run"]],
        cwd=folder,
        env={"PATH": path, **taken},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.slow
def test_the_action_annotates_and_fails(tmp_path: Path) -> None:
    (tmp_path / "deploy.sh").write_text(WIPES)

    done = act(tmp_path)

    assert done.returncode == 1
    assert "::error file=deploy.sh,line=2" in done.stdout


def test_the_action_audits_what_it_is_told_and_nothing_runs_that_an_input_says(tmp_path: Path) -> None:
    (tmp_path / "a b.sh").write_text(WIPES)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "deploy.sh").write_text("set -euo pipefail\necho done\n")

    done = act(tmp_path, paths="bin $(touch${IFS}made) ;touch made")

    assert done.returncode == 3
    assert not (tmp_path / "made").exists()


def test_the_action_names_its_inputs_in_variables_alone() -> None:
    """What stands between ${{ }} is put into a script before the shell reads it, whatever it holds."""
    assert not any("${{" in step.get("run", "") for step in ACTION["runs"]["steps"])


@pytest.mark.slow
def test_the_wheel_works_alone_with_its_examples(tmp_path: Path) -> None:
    built = tmp_path / "dist"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    source = tmp_path / "source"
    for name in ("bot", "checks", "handlers", "examples"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(built)]
    subprocess.run([*pip, "wheel", *options, str(source)], check=True, timeout=120)
    (wheel,) = built.iterdir()
    names = {name.rpartition("/share/reveille/")[2] for name in zipfile.ZipFile(wheel).namelist()}
    assert names >= {path.relative_to(source).as_posix() for path in (source / "examples").rglob("*") if path.is_file()}

    environment = tmp_path / "environment"
    venv.create(environment, with_pip=False, symlinks=True)
    libraries = next((environment / "lib").glob("python*/site-packages"))
    # What the product needs comes from here, the product from the wheel alone: paths are searched in this order.
    (libraries / "needed.pth").write_text(f"{Path(pytest.__file__).parents[1]}\n")
    target = ["--python", str(environment / "bin" / "python")]
    subprocess.run(
        [*pip, *target, "install", "--no-deps", "--no-compile", "--no-index", str(wheel)], check=True, timeout=120
    )

    def reveille(*words: str) -> CompletedProcess[str]:
        return subprocess.run(
            [str(environment / "bin" / "reveille"), *words],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    assert reveille("--version").stdout == f"reveille {VERSION}\n"
    shown = reveille("demo", "--once")
    assert "BLOCKED" in shown.stdout, shown.stderr
    checked = reveille("config", "check", "--pipeline", "environment/share/reveille/examples/minimal/pipeline.yaml")
    assert checked.returncode == 0, checked.stderr
    (tmp_path / "orders.csv").write_text("id,day\n1,2026-02-10\n2,2026-02-11\n")
    begun = reveille("init", "--from", "orders.csv", "--output", "ours.yaml", "--timezone", "UTC")
    assert begun.returncode == 0, begun.stdout + begun.stderr
