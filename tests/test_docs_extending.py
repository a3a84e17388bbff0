"""docs/extending.md: each example is applied to a copy of the product, and works through the public tables alone."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sections import ROOT

TEXT = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
SECTIONS = {part.partition("\n")[0]: part for part in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]}
NEW = re.compile(r"^`([\w/.-]+)` \(new\):\n\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)
EDITED = re.compile(r"^`([\w/.-]+)`:\n\n```diff\n(.*?)^```", re.MULTILINE | re.DOTALL)
SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| \[\w[^\]]*\]\(#([\w-]+)\) \| (.*) \|$", re.MULTILINE)
PRODUCT = ("bot", "checks", "handlers", "examples")
SECONDS = 60


def edited(text: str, difference: str) -> str:
    """Apply a difference, whose parts stand between lines of three dots and each fit in one place."""
    for part in re.split(r"^\.\.\.\n", difference, flags=re.MULTILINE):
        lines = part.splitlines(keepends=True)
        before = "".join(line[1:] for line in lines if line[0] != "+")
        after = "".join(line[1:] for line in lines if line[0] != "-")
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return text


class Copy:
    """A copy of the product with one example in it."""

    def __init__(self, root: Path, title: str) -> None:
        self.root = root
        for name in PRODUCT:
            shutil.copytree(ROOT / name, root / name)
        shutil.copy(ROOT / "slack-manifest.yaml", root)
        self.files = [path for path, _ in (*NEW.findall(SECTIONS[title]), *EDITED.findall(SECTIONS[title]))]
        for path, content in NEW.findall(SECTIONS[title]):
            file = root / path
            assert not file.exists()
            file.parent.mkdir(exist_ok=True)
            file.write_text(content, encoding="utf-8")
        for path, difference in EDITED.findall(SECTIONS[title]):
            file = root / path
            file.write_text(edited(file.read_text(encoding="utf-8"), difference), encoding="utf-8")

    def python(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join((str(self.root), str(ROOT)))
        surroundings = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "PYTHONPATH": path, **environment}
        command = [sys.executable, *words]
        return subprocess.run(
            command, cwd=self.root, env=surroundings, capture_output=True, text=True, timeout=SECONDS, check=False
        )

    def proved(self, script: str, **environment: str) -> None:
        """Run a script that asserts what is so once the example is there."""
        done = self.python("-c", textwrap.dedent(script), **environment)

        assert done.returncode == 0, done.stderr

    def findings(self, *words: str) -> list[dict[str, Any]]:
        done = self.python("-m", "bot", "validate", *words, "--format", "json")
        (result,) = json.loads(done.stdout)["results"]
        return list(result["findings"])


@pytest.fixture
def copy(tmp_path: Path, request: pytest.FixtureRequest) -> Copy:
    title: str = request.param
    return Copy(tmp_path / "copy", title)


def example(title: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("copy", [title], indirect=True)


def places(files: list[str], named: list[str]) -> Iterator[str]:
    """The files, those of a folder that is named as a whole as that folder."""
    for file in files:
        yield next((name for name in named if name.endswith("/") and file.startswith(name)), file)


@pytest.mark.parametrize("copy", SECTIONS, indirect=True)
@pytest.mark.slow
def test_an_example_touches_what_the_table_says_and_its_commands_work(copy: Copy, request: Any) -> None:
    title = request.node.callspec.params["copy"]
    touched = dict(ROW.findall(TEXT))[title.lower().replace(" ", "-")]
    named = re.findall(r"`([^`]+)`", touched)

    assert sorted(set(places(copy.files, named))) == sorted(named)
    for line in "".join(SHELL.findall(SECTIONS[title])).splitlines():
        program, *words = shlex.split(line)
        done = copy.python("-m", "bot", *words)
        assert (program, done.returncode) == ("reveille", 0), done.stdout + done.stderr


@pytest.mark.parametrize("copy", SECTIONS, indirect=True)
@pytest.mark.slow
def test_an_example_is_written_as_the_product_is(copy: Copy) -> None:
    python = [file for file in copy.files if file.endswith(".py")]
    shutil.copy(ROOT / "pyproject.toml", copy.root)

    for words in (("check", "--no-cache"), ("format", "--check", "--no-cache")):
        done = copy.python("-m", "ruff", *words, *python)
        assert done.returncode == 0, done.stdout


@example("A check as data")
@pytest.mark.slow
def test_a_check_as_data_judges_rows(copy: Copy) -> None:
    words = ("--scenario", "examples/finance-load/scenarios/monday.yaml", "--check", "entries-unique")

    (finding,) = copy.findings(*words)

    assert (finding["outcome"], finding["subject"]) == ("passed", "ledger.entries")


@example("A check in Python")
@pytest.mark.slow
def test_a_check_in_python_runs_once_it_is_in_the_catalogue(copy: Copy) -> None:
    found = copy.findings("--scenario", "healthy-morning", "--check", "service-owner")

    assert {each["code"] for each in found} == {"ownerless"}


@example("A source")
@pytest.mark.slow
def test_a_source_is_connected_asked_and_can_fail(copy: Copy) -> None:
    copy.proved(
        """
        from bot.composition.scenario import scenario_ports
        from bot.composition.validation import on_scenario, pipeline_of, scenario_of
        from bot.sources.status.live import GoogleStatus
        from checks.ports.status import STATUS, read_incidents
        from checks.source import Problem, SourceError

        scenario = scenario_of("healthy-morning")
        with on_scenario(pipeline_of(None, None, scenario), scenario) as ready, ready.validation.reads() as reads:
            assert read_incidents(reads).result() == ()
            assert reads.connected(STATUS)
        try:
            GoogleStatus("http://127.0.0.1:9/").incidents()
        except SourceError as error:
            assert (error.problem, error.retryable) == (Problem.UNAVAILABLE, True)
        else:
            raise AssertionError
        """
    )


@example("A kind of repair")
@pytest.mark.slow
def test_a_kind_of_repair_is_offered_made_and_proved(copy: Copy) -> None:
    copy.proved(
        """
        from bot.composition.repairs import repairs_of
        from bot.composition.validation import on_scenario, pipeline_of, scenario_of
        from bot.settings import Settings
        from bot.store.sqlite import SqliteStore

        scenario = scenario_of("healthy-morning")
        with on_scenario(pipeline_of(None, None, scenario), scenario) as ready:
            now = ready.validation.now
            repairs = repairs_of(ready.validation, SqliteStore(":memory:"), Settings())
            plan = repairs.plan("quiet-log:live-export", "test", now)
            run = repairs.apply(plan, "test", now)
            verified = repairs.verify(run, now).run
            undo = repairs.apply(repairs.plan_undo(run.id, "test", now), "test", now)
            assert plan.key in repairs.catalogue()
            assert verified.outcome == "verified"
            assert undo.outcome == "applied"
        """
    )


@example("A slash command")
@pytest.mark.slow
def test_a_slash_command_answers_and_is_in_the_manifest(copy: Copy) -> None:
    copy.proved(
        """
        from pathlib import Path

        import yaml

        from handlers.commands import help_text
        from handlers.manifest import manifest
        from tests.handlers.rig import running

        assert manifest("https://example.com") == yaml.safe_load(Path("slack-manifest.yaml").read_text())
        assert "/late" in help_text()
        with running() as rig:
            assert rig.done("/late").status == 200
            assert "Late phases" in str(rig.slack.messages()[-1])
        """
    )


@example("A sink")
@pytest.mark.slow
def test_a_sink_gets_the_events_that_the_pipeline_file_sends_there(copy: Copy, tmp_path: Path) -> None:
    lines = tmp_path / "lines.jsonl"

    copy.proved(
        """
        import os

        from bot.alerting.pages import paged
        from bot.delivery.outbox import Outbox
        from bot.sinks.slack.transport import SlackClient
        from bot.sinks.table import SINKS, SinkContext, must_be_there
        from bot.store.model import Changes
        from bot.store.sqlite import SqliteStore
        from checks.notifications import Notifications, Routes, Webhook
        from tests.handlers.rig import NOW, an_alert

        siem = Notifications(routes=Routes(default="C0EXAMPLE1"), webhooks=(Webhook(name="siem", sink="lines"),))
        must_be_there(siem)
        around = SinkContext(
            notifications=siem, environment=os.environ, client=SlackClient("x"), rate_limited=lambda _: None
        )
        posters = {sink.name: sink.build(around) for sink in SINKS}
        store = SqliteStore(":memory:")
        alert, deliveries = paged(None, an_alert(), siem.webhooks, NOW, reason="opened", calls=True)
        store.commit(Changes(alerts=(alert,), deliveries=deliveries))
        assert Outbox(store, posters["lines"], lambda: NOW, "test").pump() == 1
        assert posters["lines"].find("siem", deliveries[0].key, NOW, None) is not None
        assert posters["webhook"] is None
        """,
        REVEILLE_LINES=str(lines),
    )

    (line,) = lines.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["action"] == "trigger"


@example("A store")
@pytest.mark.slow
def test_a_store_is_opened_by_its_name(copy: Copy) -> None:
    copy.proved(
        """
        from bot.composition.stores import store_of
        from bot.serving.serving_settings import ServingSettings
        from bot.settings import Settings
        from bot.store.model import Changes
        from tests.bot.store.records import an_entry

        store = store_of(ServingSettings.from_environment(), Settings(), "example-project")
        store.commit(Changes(audit=[an_entry()]))
        assert type(store).__name__ == "ScratchStore"
        assert store.audit_entry(an_entry().key) == an_entry()
        """,
        REVEILLE_STORE="scratch:trial",
    )


def test_every_row_of_the_table_has_its_example() -> None:
    assert [anchor for anchor, _ in ROW.findall(TEXT)] == [title.lower().replace(" ", "-") for title in SECTIONS]


@pytest.mark.parametrize("difference", [" not there\n+new\n", " twice\n+new\n"])
def test_a_difference_that_fits_nowhere_or_twice_is_refused(difference: str) -> None:
    with pytest.raises(AssertionError):
        edited("twice\ntwice\n", difference)
