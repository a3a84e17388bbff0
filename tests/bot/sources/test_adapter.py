"""What all adapters of Google's clients share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.sources.services.live import GoogleControlPlane


@dataclass
class Transport:
    closed: int = 0

    def close(self) -> None:
        self.closed += 1


@dataclass
class Client:
    transport: Transport = field(default_factory=Transport)


@pytest.mark.parametrize("asked", [False, True], ids=["before any call", "after a call"])
def test_closing_an_adapter_closes_each_of_its_clients_once(asked: bool) -> None:
    clients: Any = (Client(), Client())
    adapter = GoogleControlPlane(*clients, project="example-project", region="us-west2")
    if asked:
        assert adapter.bounds["timeout"] == 10.0
    adapter.close()

    assert [each.transport.closed for each in clients] == [1, 1]
