from __future__ import annotations

import pytest

from tests.bot.timetable.mornings import Morning


@pytest.fixture
def morning() -> Morning:
    return Morning()
