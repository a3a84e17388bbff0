"""A scenario that is served keeps its alerts in memory unless somebody names a store, so each start tells it anew."""

from __future__ import annotations

import pytest

from bot.composition.notifier import forgets
from bot.composition.serve import prepare


@pytest.mark.parametrize(("store", "expected"), [(None, True), ("kept.db", False)])
def test_a_scenario_is_forgotten_unless_a_store_is_named(
    monkeypatch: pytest.MonkeyPatch, store: str | None, expected: bool
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-example-token")
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "example-signing-secret")
    monkeypatch.delenv("REVEILLE_STORE", raising=False)
    if store is not None:
        monkeypatch.setenv("REVEILLE_STORE", store)

    (prepared,) = prepare(None, ("healthy-morning",))

    assert forgets(prepared) is expected
