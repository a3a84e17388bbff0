"""Which store is opened, and what is said of a database that is missing, empty, or the former one."""

from __future__ import annotations

import uuid
from contextlib import closing
from pathlib import Path

import grpc
import pytest

from bot.composition.stores import store_of
from bot.serving.serving_settings import ServingSettings, StoreDatabase
from bot.settings import Settings, SettingsError
from bot.store.firestore import FirestoreStore, open_firestore_store
from bot.store.model import Changes, StateStore
from bot.store.sqlite import SqliteStore
from tests.bot.store.places import PROJECT
from tests.bot.store.records import an_entry
from tests.servers.refusing_grpc import RefusingGrpcServer

emulated = pytest.mark.xdist_group("emulators")


class Place:
    """A project on the emulator that nobody else uses."""

    def __init__(self, address: str) -> None:
        self.settings = Settings(firestore_emulator=address, collection_prefix=f"t{uuid.uuid4().hex}_")

    def keep_a_record(self, database: str) -> None:
        prefix = f"{self.settings.collection_prefix}reveille_"
        address = self.settings.firestore_emulator
        with closing(
            open_firestore_store(project=PROJECT, database=database, emulator=address, prefix=prefix)
        ) as store:
            store.commit(Changes(audit=[an_entry()]))

    def opened(self, database: StoreDatabase) -> StateStore:
        return store_of(ServingSettings(store=database), self.settings, PROJECT)


@pytest.fixture
def place(firestore_address: str) -> Place:
    return Place(firestore_address)


def test_a_path_is_a_file(tmp_path: Path) -> None:
    with closing(store_of(ServingSettings(store=tmp_path / "s.db"), Settings(), PROJECT)) as store:
        assert isinstance(store, SqliteStore)


def test_a_kind_of_store_that_there_is_not_is_refused() -> None:
    with pytest.raises(SettingsError, match="other"):
        store_of(ServingSettings(store=StoreDatabase("place", kind="other")), Settings(), PROJECT)


@emulated
@pytest.mark.parametrize(
    ("kept_in", "database"),
    [
        pytest.param((), StoreDatabase(), id="nothing anywhere"),
        pytest.param(("reveille",), StoreDatabase(), id="records in its own"),
        pytest.param(("(default)", "reveille"), StoreDatabase(), id="records in both"),
        pytest.param(("(default)",), StoreDatabase("(default)", chosen=True), id="the former one by name"),
        pytest.param(("(default)",), StoreDatabase("reveille", chosen=True), id="its own by name, to begin again"),
    ],
)
def test_the_store_opens(place: Place, kept_in: tuple[str, ...], database: StoreDatabase) -> None:
    for each in kept_in:
        place.keep_a_record(each)

    with closing(place.opened(database)) as store:
        assert isinstance(store, FirestoreStore)
        assert store.holds_records() is (database.name in kept_in)


@emulated
def test_records_that_stand_in_the_former_database_are_not_forgotten_in_silence(place: Place) -> None:
    place.keep_a_record("(default)")

    with pytest.raises(SettingsError) as caught:
        place.opened(StoreDatabase())

    assert "REVEILLE_STORE=firestore:(default)" in str(caught.value)
    assert "REVEILLE_STORE=firestore:reveille" in str(caught.value)


def test_a_database_that_does_not_exist_is_said_with_the_command_that_makes_it() -> None:
    with RefusingGrpcServer(grpc.StatusCode.NOT_FOUND) as server, pytest.raises(SettingsError) as caught:
        Place(server.address).opened(StoreDatabase())

    assert f"gcloud firestore databases create --project={PROJECT} --database=reveille" in str(caught.value)


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.PERMISSION_DENIED])
@pytest.mark.slow
def test_the_store_opens_while_firestore_does_not_answer(code: grpc.StatusCode) -> None:
    with RefusingGrpcServer(code) as server, closing(Place(server.address).opened(StoreDatabase())) as store:
        assert isinstance(store, FirestoreStore)
