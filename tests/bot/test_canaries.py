"""Every secret setting is planted, every command runs, much of it fails; then all that was written is searched.

A new secret setting or a new command fails here until it is listed.
"""

from __future__ import annotations

import base64
import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Thread
from urllib.parse import quote, urlencode

import click
import pytest

from bot.cli import reveille
from bot.playground.patient_server import PatientServer
from bot.playground.slack.requests import FORM, JSON
from bot.playground.slack.server import EVERY_METHOD, SlackServer, broken, refused, unreachable
from bot.redaction.known import GOOGLE_KEY_FILE
from bot.setting_names import AddressSetting, PathSetting, ProxySetting, SecretSetting
from tests.bot import in_process
from tests.bot.command_tree import commands
from tests.bot.serving.served import Served, environment
from tests.servers import forked

pytestmark = [pytest.mark.xdist_group("canaries"), pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]


def canary(number: int, name: str) -> str:
    return f"CANARY{number}{name}Zq7"


SETTINGS = {
    SecretSetting.SLACK_BOT_TOKEN: "xoxb-" + canary(1, "bot"),
    SecretSetting.SLACK_APP_TOKEN: "xapp-" + canary(2, "app"),
    SecretSetting.SLACK_SIGNING_SECRET: canary(3, "signing"),
    SecretSetting.GITHUB_TOKEN: "ghp_" + canary(4, "github"),
    SecretSetting.REVEILLE_HEARTBEAT_URL: canary(5, "heartbeat"),
    SecretSetting.REVEILLE_OPERATIONS_TOKEN: canary(6, "operations"),
    SecretSetting.REVEILLE_BOARD_TOKEN: canary(7, "of-the-board"),
}
PROXY, GOOGLE, VARIABLE, MERGED, ADDRESS = (
    canary(number, name) for number, name in enumerate(("proxy", "google", "variable", "merged", "address"), start=10)
)
REQUEST = {name: canary(20 + at, name) for at, name in enumerate(("response", "trigger", "verification", "caller"))}
CANARIES = [
    *(value.removeprefix("xoxb-").removeprefix("xapp-").removeprefix("ghp_") for value in SETTINGS.values()),
    *(PROXY, GOOGLE, VARIABLE, MERGED, ADDRESS),
    *REQUEST.values(),
]

SERVICE = "live-export"
COMMANDS: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("validate",): ("--scenario", "SCENARIO", "--full"),
    ("init",): ("--from", "scripts"),
    ("audit",): ("scripts",),
    ("backtest",): ("--scenario", "SCENARIO", "--days", "1", "games-last-night"),
    ("record",): ("--scenario", "SCENARIO", "--to", "recorded.yaml"),
    ("drill",): ("--scenario", "SCENARIO", "--count", "1"),
    ("slack", "check"): (),
    ("slack", "manifest"): ("--url", "https://a.example.com"),
    ("checks",): (),
    ("explain",): ("trigger",),
    ("scenarios",): (),
    ("replay",): ("SCENARIO",),
    ("demo",): ("--help",),
    ("config", "check"): (),
    ("config", "schema"): (),
    ("config", "upgrade"): ("--dry-run", str(ROOT / "bot" / "pipelines" / "nba.yaml")),
    ("graph",): ("--scenario", "SCENARIO", "--svg", "graph.svg"),
    ("deploys",): ("--scenario", "SCENARIO"),
    ("digest",): ("--scenario", "SCENARIO"),
    ("round",): ("--scenario", "SCENARIO"),
    ("serve",): ("--help",),
    ("staging", "setup"): (),
    ("staging", "seed"): ("2026-02-11",),
    ("staging", "deploy"): (SERVICE,),
    ("staging", "validate"): (),
    ("staging", "prove", "start"): (),
    ("staging", "prove", "check"): (),
    ("staging", "prove", "run"): ("true",),
    ("staging", "teardown"): (),
    ("staging", "status"): (),
    ("repair",): (f"restore-variables:{SERVICE}", "--yes", "--scenario", "SCENARIO"),
    ("iam", "ensure"): (SERVICE, "--scenario", "SCENARIO"),
    ("iam", "show"): (SERVICE, "--scenario", "SCENARIO"),
    ("env", "merge"): (SERVICE, f"A={MERGED}", "--scenario", "SCENARIO"),
    ("env", "diff"): (SERVICE, "--scenario", "SCENARIO"),
    ("webhook", "test"): ("hook",),
    ("deploy", "verify"): (SERVICE, "--scenario", "SCENARIO"),
    ("log",): ("--json",),
    ("report", "incident"): (),
    ("report", "interval"): ("--html", "report.html", "--scenario", "SCENARIO"),
    ("status",): ("--scenario", "SCENARIO"),
    ("doctor",): (),
}
"""Every command, with arguments that let it do something; ``serve`` serves in a process of its own."""

REFUSED_MERGES = (f"DB_TOKEN={MERGED}", f"X=ghp_{MERGED}{MERGED}", MERGED, f"1BAD={MERGED}", f"B={MERGED}\n")

Outputs = dict[str, str]


class Echo(BaseHTTPRequestHandler):
    """Stands for GitHub and for the watcher: refuses everybody, and repeats what it was sent."""

    status = 500

    def do_GET(self) -> None:
        body = json.dumps({"message": f"bad credentials {self.headers.get('Authorization')} at {self.path}"}).encode()
        self.send_response(Echo.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


class Planted:
    """A folder with everything planted, and the environment that names it."""

    def __init__(self, folder: Path, echo: str, slack: SlackServer) -> None:
        self.folder, self._slack = folder, slack
        slack.token = SETTINGS[SecretSetting.SLACK_BOT_TOKEN]
        slack.signing_secret = SETTINGS[SecretSetting.SLACK_SIGNING_SECRET]
        label = "PRIVATE" + " KEY"
        key = f"-----BEGIN {label}-----\n{GOOGLE}\n-----END {label}-----\n"
        login = {"type": "service_account", "private_key": key, "client_email": "a@example.com", "token_uri": echo}
        self.write("key.json", json.dumps(login))
        self.write("scripts/deploy.sh", f"gcloud run deploy a --set-env-vars=API_KEY={MERGED},B=ghp_{MERGED}\n")
        scenario = (ROOT / "bot/scenarios/shipped/live-export-key-lost.yaml").read_text(encoding="utf-8")
        variables = f"{{BDL_API_KEY: <absent>, STRIPE_KEY: {VARIABLE}, NOTE: {VARIABLE}}}"
        scenario = scenario.replace("{BDL_API_KEY: <absent>}", variables).replace("<secret>", VARIABLE)
        self.scenario = str(self.write("scenario.yaml", scenario))
        self.watcher = f"{echo}/ping/{SETTINGS[SecretSetting.REVEILLE_HEARTBEAT_URL]}"
        pipeline = (ROOT / "bot/pipelines/nba.yaml").read_text(encoding="utf-8")
        asked = pipeline.replace("deployment:\n", "deployment:\n  repository: example/platform\n", 1)
        self.variables = environment(
            # The proxy is for what is not on this machine.
            NO_PROXY="127.0.0.1",
            REVEILLE_PIPELINE=str(self.write("pipeline.yaml", asked)),
            **{str(name): value for name, value in SETTINGS.items() if name is not SecretSetting.SLACK_APP_TOKEN},
            **{str(name): f"http://user:{PROXY}@127.0.0.1:1" for name in ProxySetting},
            **{GOOGLE_KEY_FILE: str(folder / "key.json"), "GITHUB_API_URL": echo, "SLACK_API_URL": slack.api_url},
            NO_GCE_CHECK="true",
            REVEILLE_STORE=str(folder / "shell.db"),
            HOME=str(folder),
        )
        self.variables[SecretSetting.REVEILLE_HEARTBEAT_URL] = self.watcher

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def run(self, *arguments: str, **changed: str) -> str:
        """Run a command with -v; return its code and all that it printed."""
        given = [self.scenario if each == "SCENARIO" else each for each in arguments]
        done = in_process.run(("-v", *given), self.folder, {**self.variables, **changed})
        return f"{done.returncode}\n{done.stdout}\n{done.stderr}"


def _shell(planted: Planted) -> Outputs:
    found = {" ".join(path): planted.run(*path, *arguments) for path, arguments in COMMANDS.items()}
    for path, arguments in COMMANDS.items():
        if "--scenario" in arguments and path not in (("digest",), ("round",)):
            # On the platform itself, whose credentials are of no use.
            found[f"{' '.join(path)}, Google"] = planted.run(*path, *arguments[: arguments.index("--scenario")])
    for each in REFUSED_MERGES:
        found[f"merge {each}"] = planted.run("env", "merge", SERVICE, each, "--scenario", "SCENARIO")
    everywhere = {str(name): "127.0.0.1:1" for name in AddressSetting if not name.endswith("URL")}
    for Echo.status in (404, 401, 403, 500):
        found[f"GitHub {Echo.status}"] = planted.run("validate", "--check", "drift", **everywhere)
    return found


def _broken_settings(planted: Planted) -> Outputs:
    """Break each setting in turn, in every way that would make a careless error repeat it."""
    wrong: list[tuple[str, str]] = [
        *((str(name), f"{value}{fault}{value}") for name, value in SETTINGS.items() for fault in ("\n", " ", "☃")),
        *((str(name), value.partition("-")[2] or value) for name, value in SETTINGS.items()),
        *((f"{name}_FILE", value) for name, value in SETTINGS.items()),
        *(
            (str(name), address)
            for name in (*AddressSetting, *PathSetting, SecretSetting.REVEILLE_HEARTBEAT_URL)
            for address in (f"ftp://user:{ADDRESS}@h/", f"http://user:{ADDRESS}@127.0.0.1:1/ x", f"u:{ADDRESS}@h:x://")
        ),
    ]
    found: Outputs = {}
    for name, value in wrong:
        # A secret and its file exclude each other.
        changed = {name: value, **({name.removesuffix("_FILE"): ""} if name.endswith("_FILE") else {})}
        if name.startswith("SLACK_APP"):
            changed[SecretSetting.SLACK_SIGNING_SECRET] = ""
        said = planted.run("digest", "--scenario", "no-such-scenario", **changed)
        assert "Traceback" not in said
        found[f"{name}={value!r}"] = said + planted.run("serve", "--scenario", "no-such-scenario", **changed)
    return found


def _hostile(served: Served, slack: SlackServer) -> Iterator[str]:
    """Send requests that fail, are forged or make no sense; yield what was answered."""
    requests = slack.requests
    url = f"https://hooks.slack.com/commands/T0/{REQUEST['response']}"
    origin = {"token": REQUEST["verification"], "trigger_id": f"1.{REQUEST['trigger']}", "response_url": url}
    person = {"user_id": "U0PERSON", "channel_id": "C0EXAMPLE1", "text": "today"}
    bodies = [
        *((FORM, urlencode({**origin, **person, "command": name})) for name in ("/alerts", "/validate-daily", "/no")),
        (JSON, json.dumps({"type": "event_callback", **origin, "event": {"type": "none", **origin}})),
        *((FORM, urlencode({"payload": json.dumps({"type": kind, **origin, "user": {"id": "U0PERSON"}, "actions": [
            {"type": "button", "action_id": "alert:details", "value": '{"key":"x","version":1}'}]})}))
            for kind in ("block_actions", "view_submission", "none")),
    ]  # fmt: skip
    for fault in (None, refused("invalid_auth", 6), broken(500, 6), unreachable(6)):
        if fault is not None:
            slack.tell(EVERY_METHOD, fault)
        for kind, body in bodies:
            signed = requests.signed(kind, body)
            yield signed.send(served.slack_url, 10).text
            forged = {**signed.headers, "X-Slack-Signature": "v0=" + "0" * 64}
            yield type(signed)(signed.body, forged).send(served.slack_url, 10).text
    caller = REQUEST["caller"]
    for header in (f"Bearer eyJhbGciOiJub25lIn0.{caller}.x", f"Bearer {caller}", f"Basic {caller}"):
        yield type(signed)(b"", {"Authorization": header}).send(f"{served.url}/tasks/digest?token={caller}", 10).text


def _serving(planted: Planted, slack: SlackServer) -> Outputs:
    store = planted.folder / "serving.db"
    variables = {**planted.variables, "REVEILLE_STORE": str(store), "REVEILLE_SCENARIO": planted.scenario}
    tasks = {"REVEILLE_TASKS_AUDIENCE": "https://a.example.com", "REVEILLE_TASKS_ACCOUNT": "a@b.example.com"}
    with Served(planted.folder, {**variables, **tasks}) as served:
        served.wait_ready()
        answers = list(_hostile(served, slack))
        slack.recover()
        time.sleep(1)
        asked = {path: served.get(path)[1] for path in ("/metrics", "/ready", "/health", "/nowhere")}
        served.end()
    stored = "\n".join(sqlite3.connect(store).iterdump())
    return {"log": served.log, "errors": served.errors, "answers": repr(answers), "store of serve": stored, **asked}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Outputs:
    """Everything that was written, by what wrote it."""
    folder = tmp_path_factory.mktemp("canaries")
    with SlackServer() as slack, PatientServer(("127.0.0.1", 0), Echo) as echo:
        thread = Thread(target=echo.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        planted = Planted(folder, f"http://127.0.0.1:{echo.server_port}", slack)
        found = {**_shell(planted), **_broken_settings(planted), **_serving(planted, slack)}
        echo.shutdown()
        thread.join()
        # What opens a view belongs there.
        kept = {"token", "trigger_id"}
        said = [{name: value for name, value in call.arguments.items() if name not in kept} for call in slack.calls]
    found["Slack"] = json.dumps(said)
    found["recorded scenario"] = (folder / "recorded.yaml").read_text(encoding="utf-8")
    found["store of the shell"] = "\n".join(sqlite3.connect(folder / "shell.db").iterdump())
    return found


def spellings(secret: str) -> Iterator[str]:
    yield secret
    yield quote(secret, safe="")
    yield base64.b64encode(secret.encode()).decode()[:-4]


@pytest.mark.parametrize("secret", CANARIES)
@pytest.mark.slow
def test_no_secret_is_written_anywhere(secret: str, outputs: Outputs) -> None:
    leaks = [name for name, text in outputs.items() if any(spelled in text for spelled in spellings(secret))]

    assert leaks == []


@pytest.mark.slow
def test_what_was_searched_is_what_the_commands_really_say(outputs: Outputs) -> None:
    assert "Restore BDL_API_KEY" in outputs["repair"]
    assert "GitHub does not accept" in outputs["GitHub 401"]
    assert "GitHub does not let" in outputs["GitHub 403"]
    assert "status 500" in outputs["GitHub 500"]
    assert "unhandled request" in outputs["answers"]
    assert "C0EXAMPLE1" in outputs["Slack"]
    assert "The digest is posted." in outputs["digest"]
    assert "version: 2" in outputs["recorded scenario"]
    assert "severity" in outputs["log"]
    assert "reveille_" in outputs["/metrics"]
    assert len(outputs["store of the shell"]) > 1000


@pytest.mark.slow
def test_no_traceback_reaches_a_person(outputs: Outputs) -> None:
    assert [name for name, text in outputs.items() if "Traceback" in text and name != "log"] == []


def test_every_secret_setting_is_planted() -> None:
    assert set(SETTINGS) == set(SecretSetting)


def test_every_command_runs() -> None:
    assert set(COMMANDS) == set(commands(reveille))


@pytest.mark.parametrize("verbose", [True, False])
def test_a_command_that_breaks_says_one_sentence_with_an_id_and_no_secret(verbose: bool, tmp_path: Path) -> None:
    token = SETTINGS[SecretSetting.SLACK_SIGNING_SECRET]

    @click.command()
    def breaks() -> None:
        raise RuntimeError(f"refused {token} and {quote(token)}")

    reveille.add_command(breaks)
    try:
        arguments = ("-v", "breaks") if verbose else ("breaks",)
        done = in_process.run(arguments, tmp_path, environment(SLACK_SIGNING_SECRET=token))
    finally:
        del reveille.commands["breaks"]

    *log, sentence = done.stderr.splitlines()
    number = sentence.partition("error ")[2][:8]
    assert done.returncode == 2
    assert token not in done.stderr
    assert bool(log) is verbose
    assert (number in log[0], "Traceback" in log[1]) == (True, True) if verbose else not log


def test_a_process_says_nothing_more_than_the_command_in_it() -> None:
    token = SETTINGS[SecretSetting.SLACK_SIGNING_SECRET]

    wrong = environment(SLACK_BOT_TOKEN=f"xoxb-1\n{token}", NO_GCE_CHECK="true")
    done = forked.run("bot", "-v", "digest", "--scenario", "invoker-lost", env=wrong)

    assert done.returncode == 3
    assert "SLACK_BOT_TOKEN" in done.stderr
    assert token not in done.stdout + done.stderr
