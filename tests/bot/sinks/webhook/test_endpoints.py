"""Where webhooks lead is read from the environment, and never shown."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from bot.redaction.known import known_secrets
from bot.settings import SettingsError
from bot.sinks.webhook.endpoints import PAGERDUTY_URL, endpoints_of
from checks.notifications import Notifications, Webhook

URL = "REVEILLE_WEBHOOK_URL"
KEY = "REVEILLE_WEBHOOK_KEY"
HOOK = Webhook(name="hook", url_variable=URL)


def test_pagerduty_needs_its_key_alone() -> None:
    pager = Webhook(name="pager", format="pagerduty", key_variable=KEY)

    endpoint = endpoints_of([pager], {KEY: "a-key"})["pager"]

    assert (endpoint.url.reveal(), endpoint.key and endpoint.key.reveal()) == (PAGERDUTY_URL, "a-key")


@pytest.mark.parametrize(
    "value",
    ["", "no.example/k3y", "http://no.example/k3y", "ftp://no.example/k3y", "https://u:p@no.example/k3y"],
    ids=["missing", "no scheme", "not encrypted", "another scheme", "with a password"],
)
def test_what_is_no_address_is_refused_without_being_repeated(value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        endpoints_of([HOOK], {URL: value})

    assert URL in str(refused.value)
    assert not value or value not in str(refused.value)


def test_this_machine_may_be_asked_without_encryption() -> None:
    assert endpoints_of([HOOK], {URL: "http://127.0.0.1:8080/x"})["hook"].url.reveal() == "http://127.0.0.1:8080/x"


def test_what_a_variable_of_a_webhook_holds_is_known_to_be_secret() -> None:
    assert "https://hooks.example.com/k3y" in known_secrets({"REVEILLE_WEBHOOK_ANY": "https://hooks.example.com/k3y"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "hook"},
        {"name": "hook", "format": "pagerduty"},
        {"name": "hook", "url_variable": "https://hooks.example.com"},
        {"name": "hook", "url_variable": "SLACK_BOT_TOKEN"},
        {"name": "hook", "url_variable": URL, "severities": []},
        {"name": "hook", "url_variable": URL, "url": "https://hooks.example.com"},
    ],
    ids=["no address", "no key", "the address itself", "a variable of another kind", "no severity", "a secret"],
)
def test_the_pipeline_file_says_how_a_webhook_is_reached_and_no_secret(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Webhook.model_validate(wrong)


def test_two_webhooks_have_two_names() -> None:
    with pytest.raises(ValidationError):
        Notifications.model_validate(
            {"routes": {"default": "C0123456789"}, "webhooks": [HOOK.model_dump(), HOOK.model_dump()]}
        )
