"""The command: what it prints where, and with which code it ends."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.shell_completion import ShellComplete

from bot.cli import COMMANDS
from bot.cli import reveille as reveille_command
from tests.bot import in_process
from tests.bot.render.slack_rules import violations
from tests.servers import forked

PATIENCE = 30
"""Seconds that a process may say nothing."""

ROOT = Path(__file__).parents[2]
ESCAPE = "\x1b["
COLOUR = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:3[0-7]|4[0-7]|9[0-7]|10[0-7])(?:;[0-9;]*)?m")
HEAVY = (
    "pydantic",
    "rich",
    "yaml",
    "google",
    "grpc",
    "duckdb",
    "sqlglot",
    "slack_sdk",
    "slack_bolt",
    "checks.pipeline",
    "bot.definition.pipeline_file",
)

SCENARIO = """
name: own-morning
title: A morning of our own
story: What happened.
when: 10 Feb 2026
now: 2026-02-11 08:10
interval: yesterday
base: healthy-morning
expect: {verdict: ALL CLEAR}
"""


def environment(**more: str) -> Mapping[str, str]:
    """Nothing of the developer's own settings, accounts or colours."""
    kept = {name: os.environ[name] for name in ("PATH", "COVERAGE_PROCESS_START") if name in os.environ}
    return {
        **kept,
        "HOME": "/nonexistent",
        "NO_GCE_CHECK": "true",
        "REVEILLE_PIPELINE": "nba",
        "PYTHONPATH": str(ROOT),
        **more,
    }


def reveille(*arguments: str, cwd: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    return in_process.run(arguments, cwd, environment(**variables))


def process(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a process, where that is the point."""
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=environment(**variables),
        timeout=60,
    )


def forked_process(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The same where nothing depends on how Python itself was started."""
    return forked.run("bot", *arguments, env=environment())


def own_scenario(folder: Path, addition: str = "") -> str:
    path = folder / "own-morning.yaml"
    path.write_text(SCENARIO + addition, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_shows_the_commands_and_exit_codes(flag: str) -> None:
    done = reveille(flag)

    assert done.returncode == 0
    assert all(word in done.stdout for word in ("validate", "explain", "replay", "demo", "Exit codes"))


@pytest.mark.parametrize("command", ["", "validate", "checks", "explain", "scenarios", "replay", "demo", "config"])
def test_help_keeps_the_lines_of_its_examples(command: str) -> None:
    done = reveille(*command.split(), "--help")

    assert done.returncode == 0
    assert "\\b" not in done.stdout


def test_help_loads_no_command_and_nothing_heavy() -> None:
    modules = sorted({entry.where.partition(":")[0] for entry in COMMANDS.values()})
    code = f"""
import sys
from bot.cli import main
try:
    main(["--help"])
except SystemExit:
    print([name for name in {(*HEAVY, *modules)!r} if name in sys.modules])
"""

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment(), timeout=60
    )

    assert "\n  validate " in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_table_of_commands_says_what_the_command_says() -> None:
    commands = [entry.load() for entry in COMMANDS.values()]

    said = [(command.name, command.get_short_help_str(200)) for command in commands]

    assert said == [(name, entry.help) for name, entry in COMMANDS.items()]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("d", {"demo", "deploy", "deploys", "digest", "doctor", "drill"}),
        ("staging s", {"seed", "setup", "status"}),
        ("log --js", {"--json"}),
        ("gr", {"graph"}),
        ("graph --m", {"--mermaid"}),
        ("report in", {"incident", "interval"}),
        ("report interval --h", {"--html", "--help"}),
    ],
)
def test_the_shell_completes_commands_and_options(typed: str, expected: set[str]) -> None:
    *words, incomplete = f"reveille {typed}".split()

    completed = ShellComplete(reveille_command, {}, "reveille", "_REVEILLE_COMPLETE").get_completions(
        words[1:], incomplete
    )

    assert {item.value for item in completed} == expected


@pytest.mark.parametrize(
    ("arguments", "meant"), [(("valdate",), "'validate'"), (("staging", "sed"), "'seed'"), (("iam", "shw"), "'show'")]
)
def test_a_mistyped_command_is_answered_with_the_nearest(arguments: tuple[str, ...], meant: str) -> None:
    done = reveille(*arguments)

    assert (done.returncode, done.stdout) == (3, "")
    assert meant in done.stderr


def test_the_version_is_that_of_the_package() -> None:
    done = process("--version")

    assert re.fullmatch(r"reveille \d+\.\d+\.\d+\n", done.stdout)


def test_no_command_at_all_is_wrong_use() -> None:
    done = process()

    assert (done.returncode, done.stdout) == (3, "")
    assert "Usage: reveille" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("validate", "2026-13-45"), "'2026-13-45' is no date"),
        (("validate", "2031-01-01"), "is too far ahead"),
        (("validate", "--check", "invokr"), "did you mean invoker?"),
        (("validate", "--phase", "phase-5"), "did you mean phase5"),
        (("validate", "--pipeline", "missing.yaml"), "missing.yaml"),
        (("validate", "--now", "soon"), "'soon' is not an instant"),
        (("validate", "--now", "9999-12-31T00:00"), "use a year from 2000 to 2100"),
        (("validate", "--now", "0001-01-01T00:00"), "use a year from 2000 to 2100"),
        (("validate", "--quick", "--full"), "exclude each other"),
        (("validate", "--formt", "json"), "--format"),
        (("validate", "--format", "xml"), "'xml'"),
        (("validate", "today", "tomorrow"), "'today tomorrow' is no date"),
        (("validat",), "validate"),
        (("explain", "trigr"), "did you mean trigger or"),
        (("explain",), "ID"),
        (("replay",), "--all"),
        (("replay", "--all", "healthy-morning"), "--all"),
        (("replay", "helthy-morning"), "did you mean healthy-morning"),
        (("checks", "--pipeline", "missing.yaml"), "missing.yaml"),
        (("config", "check", "--pipeline", "missing.yaml"), "missing.yaml"),
        (("config",), "Usage:"),
    ],
    ids=" ".join,
)
def test_wrong_use_is_said_in_a_sentence(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = reveille(*arguments, cwd=tmp_path)  # without credentials: what is wrong with the request comes first

    assert (done.returncode, done.stdout) == (3, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_scenario_is_answered_with_the_nearest() -> None:
    done = process("validate", "--scenario", "of-day")

    assert done.returncode == 3
    assert done.stderr.startswith("reveille: There is no scenario 'of-day'; did you mean off-day")


def test_a_broken_pipeline_file_is_named_with_its_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("name: nba\ntitle: [NBA\n", encoding="utf-8")

    done = reveille("validate", "--pipeline", str(broken))

    assert (done.returncode, done.stdout) == (3, "")
    assert f"reveille: {broken}:" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_setting_is_named() -> None:
    done = reveille("validate", REVEILLE_BYTES_CAP="plenty")

    assert done.returncode == 3
    assert "REVEILLE_BYTES_CAP" in done.stderr


def test_without_credentials_both_ways_out_are_named() -> None:
    done = forked_process("validate")

    assert (done.returncode, done.stdout) == (3, "")
    assert len(done.stderr.splitlines()) == 1
    assert "gcloud auth application-default login" in done.stderr
    assert "--scenario" in done.stderr


@pytest.mark.parametrize(
    ("addition", "flags", "verdict", "code"),
    [
        ("", (), "ALL CLEAR", 0),
        ("services: {phase3-to-phase4-orchestrator: {minimum_instances: 0}}\n", (), "WATCH", 0),
        ("services: {phase3-to-phase4-orchestrator: {minimum_instances: 0}}\n", ("--strict",), "WATCH", 1),
        ("services: {prediction-worker: {environment: {GCP_PROJECT_ID: ''}}}\n", (), "ACT", 1),
        ("policies: {prediction-worker: {roles/run.invoker: []}}\n", (), "BLOCKED", 1),
        ("faults: [{source: Cloud Run, problem: unavailable}]\n", (), "UNKNOWN", 2),
    ],
    ids=["all clear", "watch", "watch, strict", "act", "blocked", "unknown"],
)
@pytest.mark.slow
def test_the_exit_code_is_that_of_the_verdict(
    addition: str, flags: tuple[str, ...], verdict: str, code: int, tmp_path: Path
) -> None:
    scenario = own_scenario(tmp_path, addition)
    checks = ("--check", "invoker", "--check", "service-environment", "--check", "service-instances")

    done = reveille("validate", "--scenario", scenario, "--format", "json", *checks, *flags)

    assert (json.loads(done.stdout)["verdict"], done.returncode, done.stderr) == (verdict, code, "")


def test_a_scenario_brings_its_own_date_and_clock() -> None:
    document = json.loads(forked_process("validate", "--scenario", "healthy-morning", "--format", "json").stdout)

    assert (document["previous"], document["current"]) == ("2026-02-10", "2026-02-11")
    assert document["now"].startswith("2026-02-11T")


def test_a_fixed_instant_is_local_to_the_pipeline() -> None:
    arguments = ("--scenario", "healthy-morning", "--format", "json", "--check", "games-last-night")

    document = json.loads(reveille("validate", *arguments, "--now", "2026-02-11T04:00").stdout)

    assert document["now"] == "2026-02-11T04:00:00-05:00"


def test_selected_checks_make_a_partial_report() -> None:
    arguments = ("--scenario", "healthy-morning", "--format", "json")

    document = json.loads(reveille("validate", *arguments, "--check", "invoker").stdout)

    assert document["partial"] is True
    assert [result["check"] for result in document["results"]] == ["invoker"]


def test_blocks_are_messages_that_slack_takes() -> None:
    done = reveille("validate", "--scenario", "invoker-lost", "--format", "blocks", "--full")

    messages = json.loads(done.stdout)["messages"]
    assert violations(messages) == []
    assert "BLOCKED" in messages[0]["text"]


@pytest.mark.slow
def test_output_in_a_pipe_is_plain_and_without_progress() -> None:
    done = process("validate", "--scenario", "healthy-morning", TERM="xterm-256color")

    assert ESCAPE not in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("variables", "is_coloured"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
    ids=["a pipe", "FORCE_COLOR", "NO_COLOR wins"],
)
def test_colour_is_as_the_environment_wants_it(variables: dict[str, Any], is_coloured: bool) -> None:
    arguments = ("--scenario", "healthy-morning", "--check", "invoker")

    done = reveille("validate", *arguments, TERM="xterm-256color", **variables)

    assert bool(COLOUR.search(done.stdout)) == is_coloured


@pytest.mark.slow
def test_a_terminal_without_unicode_gets_the_report_all_the_same() -> None:
    done = process("validate", "--scenario", "healthy-morning", "--check", "invoker", PYTHONIOENCODING="ascii")

    assert done.returncode == 0
    assert "ALL CLEAR" in done.stdout


@pytest.mark.slow
def test_progress_is_shown_on_a_terminal_and_kept_out_of_the_output(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    arguments = [sys.executable, "-m", "bot", "validate", "--scenario", "healthy-morning", "--format", "json"]
    output = tmp_path / "report.json"  # a pipe that nobody reads meanwhile would stop the process

    with (
        output.open("wb") as stdout,
        subprocess.Popen(arguments, stdout=stdout, stderr=theirs, env=environment(TERM="xterm-256color")),
    ):
        os.close(theirs)
        shown = _everything(ours)

    assert "waiting for" in shown
    assert json.loads(output.read_text(encoding="utf-8"))["verdict"] == "ALL CLEAR"


@pytest.mark.slow
def test_an_interrupt_ends_with_130_and_one_line(tmp_path: Path) -> None:
    scenario = own_scenario(tmp_path, "faults: [{source: BigQuery, problem: hang}]\n")
    ours, theirs = pty.openpty()
    arguments = [sys.executable, "-m", "bot", "validate", "--scenario", scenario]

    with subprocess.Popen(
        arguments,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env=environment(TERM="xterm-256color"),
        # Whoever runs the tests in the background may have it ignored, and a child inherits that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no lock is taken in it
    ) as process:
        os.close(theirs)
        started = os.read(ours, 4096)
        process.send_signal(signal.SIGINT)
        shown = _everything(ours)

    assert started
    assert process.returncode == 130
    assert "reveille: stopped." in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize("shape", ["text", "json"])
@pytest.mark.slow
def test_a_reader_that_stops_reading_is_no_error(shape: str) -> None:
    arguments = [sys.executable, "-m", "bot", "validate", "--scenario", "healthy-morning", "--full", "--format", shape]

    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as process:
        if process.stdout is not None:
            process.stdout.close()
        complaint = process.stderr.read() if process.stderr is not None else b""

    assert (process.returncode, complaint) == (141, b"")


def test_the_checks_are_listed() -> None:
    done = reveille("checks")

    assert done.returncode == 0
    assert all(name in done.stdout for name in ("invoker", "trigger", "predictions-exist"))


@pytest.mark.parametrize(
    ("check", "said"),
    [("trigger", "bypassed"), ("predictions-exist", "SELECT"), ("games-last-night", "never fails")],
)
def test_a_check_is_explained(check: str, said: str) -> None:
    done = reveille("explain", check)

    assert done.returncode == 0
    assert said in done.stdout


def test_a_check_is_explained_with_the_project_of_its_pipeline() -> None:
    assert "--project=nba-props-platform" in reveille("explain", "predictions-exist").stdout


@pytest.mark.parametrize(
    "name",
    ["invoker-missing", "not-triggered", "not-configured", "REV001", "rev001", "no-predictions"],
    ids=["a cause", "a code of a check", "a common code", "a rule", "a rule in lower case", "a code of the file"],
)
def test_every_code_that_a_message_shows_is_explained(name: str) -> None:
    done = reveille("explain", name)

    assert done.returncode == 0
    assert "what to do" in done.stdout.lower()


def test_a_code_that_is_also_a_check_is_explained_as_both() -> None:
    done = reveille("explain", "drift")

    assert "Expected state" in done.stdout
    assert "drift: a cause" in done.stdout


def test_the_scenarios_are_listed() -> None:
    done = reveille("scenarios")

    assert done.returncode == 0
    assert all(name in done.stdout for name in ("healthy-morning", "invoker-lost", "off-day"))


@pytest.mark.parametrize(("verdict", "code"), [("ALL CLEAR", 0), ("BLOCKED", 1)], ids=["as stated", "a difference"])
def test_a_replay_compares_what_is_stated_with_what_is(verdict: str, code: int, tmp_path: Path) -> None:
    path = Path(own_scenario(tmp_path))
    path.write_text(path.read_text(encoding="utf-8").replace("ALL CLEAR", verdict), encoding="utf-8")

    done = reveille("replay", str(path))

    assert done.returncode == code
    assert f"{1 - code} of 1 say what they must" in done.stdout


@pytest.mark.slow
def test_the_demonstration_goes_from_the_incident_to_the_repair() -> None:
    done = forked_process("demo")

    assert (done.returncode, done.stderr) == (0, "")
    said = " ".join(done.stdout.split())
    blocked, cause, command, clear = (
        said.index(words)
        for words in (
            "BLOCKED",
            "lost roles/run.invoker",
            "gcloud run services add-iam-policy-binding",
            "ALL CLEAR",
        )
    )
    assert blocked < cause < command < clear


def test_the_shipped_pipeline_file_is_valid() -> None:
    done = reveille("config", "check")

    assert (done.returncode, done.stderr) == (0, "")
    assert "nba.yaml is valid" in done.stdout


def test_every_problem_of_a_pipeline_file_has_its_own_line(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("name: nba\ntitel: NBA\ntimezone: Mars\ncadence: never\n", encoding="utf-8")

    done = reveille("config", "check", "--pipeline", str(wrong))

    lines = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (3, "")
    assert len(lines) > 2
    assert all(line.startswith(f"reveille: {wrong}") for line in lines)


def test_the_schema_of_pipeline_files_is_json() -> None:
    done = reveille("config", "schema")

    assert json.loads(done.stdout)["type"] == "object"


def _everything(descriptor: int) -> str:
    """Read a terminal until the other side has closed it, which Linux reports as an error."""
    read = bytearray()
    try:
        while True:
            ready, _, _ = select.select([descriptor], [], [], PATIENCE)
            assert ready, f"nothing more for {PATIENCE} s after {bytes(read)!r}"
            chunk = os.read(descriptor, 4096)
            if not chunk:
                break
            read += chunk
    except OSError:
        pass
    finally:
        os.close(descriptor)
    return read.decode(errors="replace")


def in_a_shell(words: str) -> tuple[int, str]:
    """Run a line of the shell in which ``reveille`` is this command; return its exit code and its standard error."""
    line = f'reveille() {{ "{sys.executable}" -m bot "$@"; }}; {words}'
    ended = subprocess.run(
        ["bash", "-c", line], cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    return ended.returncode, ended.stderr.decode()


@pytest.mark.parametrize("words", ["--help", "checks", "scenarios"])
@pytest.mark.slow
def test_output_that_cannot_be_written_is_one_sentence_and_no_verdict(words: str) -> None:
    code, complaint = in_a_shell(f"reveille {words} >/dev/full")

    assert code == 2
    assert complaint.splitlines() == ["reveille: the output cannot be written: No space left on device."]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("reveille checks >&-", 0),
        ("reveille checks 2>&- >/dev/null", 0),
        ("reveille checks <&- >&- 2>&-", 0),
        ("reveille nothing 2>&-", 3),
        ("reveille nothing 2>/dev/full", 3),
        ("reveille checks >/dev/full 2>/dev/full", 2),
    ],
)
@pytest.mark.slow
def test_a_stream_that_nobody_hears_does_not_change_how_a_command_ends(line: str, expected: int) -> None:
    assert in_a_shell(line) == (expected, "")


@pytest.mark.slow
def test_what_is_printed_to_a_closed_stream_gets_into_no_file(tmp_path: Path) -> None:
    store = tmp_path / "reveille.db"

    assert in_a_shell(f'REVEILLE_STORE="{store}" reveille log >&- 2>&-') == (0, "")
    assert store.read_bytes()[:16] in (b"", b"SQLite format 3\0")
    assert b"Nothing was done" not in store.read_bytes()


LONG = "x" * 300


@pytest.mark.parametrize(
    "arguments",
    [
        ("config", "check", "--pipeline", LONG),
        ("validate", "--scenario", f"./{LONG}.yaml"),
        ("audit", LONG),
        ("config", "check", "--pipeline", f"{__file__}/pipeline.yaml"),
    ],
    ids=["a pipeline", "a scenario", "an audit", "below a file"],
)
def test_a_path_that_the_system_refuses_is_named_in_one_sentence(arguments: tuple[str, ...]) -> None:
    ended = reveille(*arguments)

    assert (ended.returncode, len(ended.stderr.splitlines())) == (3, 1)
    assert "inside broke" not in ended.stderr
