"""What the drill's tests have in common."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give those of every day to one worker: each needs the same healthy world, which a whole validation makes."""
    folder = Path(__file__).parent
    for item in items:
        if item.path.parent == folder and item.get_closest_marker("slow") is None:
            item.add_marker(pytest.mark.xdist_group("drill"))
