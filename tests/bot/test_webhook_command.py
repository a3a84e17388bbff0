"""``reveille webhook test``: whether a pager hears what it should, asked from a shell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import bot
from tests.bot.in_process import run
from tests.servers.webhook import Reply, WebhookServer

NBA = Path(bot.__file__).parent / "pipelines" / "nba.yaml"
URL, KEY = "REVEILLE_WEBHOOK_URL", "REVEILLE_WEBHOOK_KEY"


@pytest.fixture
def hook() -> Iterator[WebhookServer]:
    with WebhookServer() as server:
        yield server


@pytest.fixture
def pipeline(tmp_path: Path) -> Path:
    """A pipeline file with a webhook of each format."""
    webhooks = (
        f"  webhooks: [{{name: hook, url_variable: {URL}}}, "
        f"{{name: pager, format: pagerduty, url_variable: {URL}, key_variable: {KEY}, severities: [P0]}}]\n"
    )
    text = NBA.read_text(encoding="utf-8").replace("\nnotifications:\n", f"\nnotifications:\n{webhooks}", 1)
    file = tmp_path / "pipeline.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def asked(pipeline: Path, name: str, **variables: str) -> tuple[int, str]:
    ended = run(("webhook", "test", name, "--pipeline", str(pipeline)), pipeline.parent, variables)
    return ended.returncode, ended.stdout + ended.stderr


@pytest.mark.parametrize("name", ["hook", "pager"])
def test_a_webhook_that_works_takes_a_trigger_and_its_end(pipeline: Path, hook: WebhookServer, name: str) -> None:
    code, said = asked(pipeline, name, **{URL: hook.url, KEY: "0key0"})

    assert (code, hook.actions()) == (0, ["trigger", "resolve"])
    assert ("0secret0" in said, "0key0" in said) == (False, False)


@pytest.mark.parametrize(("status", "code"), [(404, 1), (302, 1), (400, 1), (503, 2), (429, 2)])
def test_a_refusal_and_a_silence_end_differently(pipeline: Path, hook: WebhookServer, status: int, code: int) -> None:
    hook.always = Reply(status, {"Location": f"{hook.url}/elsewhere"})

    ended, said = asked(pipeline, "hook", **{URL: hook.url})

    assert (ended, "0secret0" in said, len(hook.asked)) == (code, False, 1)


def test_what_is_not_there_or_not_set_is_said_in_a_sentence(pipeline: Path) -> None:
    unknown, names = asked(pipeline, "nobody", **{URL: "https://hooks.example.com/x"})
    unset, variable = asked(pipeline, "hook")

    assert (unknown, "hook, pager" in names) == (3, True)
    assert (unset, URL in variable) == (3, True)
