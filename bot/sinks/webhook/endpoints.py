"""Where the webhooks of a pipeline file lead, read from the variables that it names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.redaction.shown import Secret
from bot.settings import SettingsError, Variables, web_fault
from bot.store.model import WEBHOOK
from checks.notifications import Webhook, WebhookFormat

PAGERDUTY_URL = "https://events.pagerduty.com/v2/enqueue"
"""The service region of the US; another one's address stands in the variable that url_variable names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One webhook, ready to be asked. Its address is as secret as its key: many have the key in it."""

    name: str
    format: WebhookFormat
    url: Secret
    key: Secret | None = None


def endpoints_of(webhooks: Iterable[Webhook], environment: Mapping[str, str]) -> Mapping[str, Endpoint]:
    """Return the endpoints by their names. Raises SettingsError for a variable that is missing or no address."""
    variables = Variables(environment)
    return {each.name: _endpoint(each, variables) for each in webhooks if each.sink == WEBHOOK}


def _endpoint(webhook: Webhook, variables: Variables) -> Endpoint:
    url = Secret(PAGERDUTY_URL)
    if webhook.url_variable is not None:
        url = _secret(webhook, webhook.url_variable, variables)
        if (fault := web_fault(url.reveal())) is not None:
            raise SettingsError(
                f"{webhook.url_variable} {fault}: expected the address of the webhook {webhook.name}, such as "
                "https://hooks.example.com/KEY."
            )
    key = None if webhook.key_variable is None else _secret(webhook, webhook.key_variable, variables)
    return Endpoint(name=webhook.name, format=webhook.format, url=url, key=key)


def _secret(webhook: Webhook, name: str, variables: Variables) -> Secret:
    value = variables.secret(name)
    if value is None:
        raise SettingsError(f"{name} is not set: the pipeline file names it for the webhook {webhook.name}.")
    return value
