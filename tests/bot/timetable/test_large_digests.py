"""The worst morning is the longest, and its digest is posted, whichever store keeps it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from bot.alerting.incidents import Incidents
from bot.render.alert import AlertMessages
from bot.store.codec import encode
from bot.store.model import StateStore
from bot.timetable.digest import Digests
from bot.timetable.done import Done
from bot.validation import Validation
from checks.ports.warehouse import Row
from tests import fakes
from tests.bot.store.places import firestore_place, open_store, sqlite_place
from tests.bot.store.test_budget import noise
from tests.bot.timetable.mornings import DAY, EIGHT, POSTING, pipeline

ROWS = 20_000
MORNINGS: dict[str, Callable[[], Sequence[Row]]] = {
    "every row fails": lambda: [{"game": noise(32, number), "players": 3} for number in range(ROWS)],
    "every row passes": lambda: [{"game": noise(32, number), "players": 20} for number in range(ROWS)],
    "one cell of a megabyte": lambda: [{"game": "MIL at OKC", "players": 3, "names": noise(1_000_000)}],
    "many cells of a megabyte": lambda: [
        {"game": f"game {number}", "players": 3, "names": noise(1_000_000)} for number in range(12)
    ],
}


@pytest.fixture(params=["sqlite", pytest.param("firestore", marks=pytest.mark.xdist_group("emulators"))])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StateStore]:
    if request.param == "sqlite":
        place = sqlite_place(tmp_path / "reveille.db")
    else:
        place = firestore_place(request.getfixturevalue("firestore_address"), f"test_{uuid.uuid4().hex}_")
    with closing(open_store(place)) as opened:
        yield opened


@pytest.mark.parametrize("morning", MORNINGS)
@pytest.mark.slow
def test_the_digest_of_a_large_morning_is_posted_and_kept(store: StateStore, morning: str) -> None:
    described, found = pipeline(), MORNINGS[morning]()
    world = fakes.ports(warehouse=fakes.FakeWarehouse(lambda query: found))
    validation = Validation(described, world, lambda: EIGHT)
    digests = Digests(validation, store, Incidents(store, described, AlertMessages(described)), lambda: EIGHT, "one")

    assert digests.run_owed() is Done.POSTED

    (kept,) = store.reports(described.name, "digest", EIGHT, limit=9)
    assert len(encode(kept)) < 4_000_000
    rows = len(found)
    assert sum(kept.document["counts"].values()) >= rows
    posted = {each.key for each in store.pending()}
    assert POSTING in posted
    assert len(store.open_alerts(described.name)) <= 2 * rows
    assert any(key.startswith("alert:") for key in posted) is (morning != "every row passes")
    assert kept.previous < DAY.name
