"""A store that the former version wrote goes on: threads, snoozes, the outbox, the digest."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import PostedMessage
from bot.store import migrations, schema
from bot.store.codec import decode, encode
from bot.store.migrations import FORMAT, NEWEST, NewerStoreError
from bot.store.model import AlertState, DeliveryState, StoredReport, StoreError
from bot.store.sqlite import SqliteStore
from bot.timetable.done import Done
from bot.timetable.slots import JOB
from checks.model import Severity
from tests.bot.store.records import a_report
from tests.faults.life import Life
from tests.faults.points import Points
from tests.faults.story import CHANNEL, START, Fact
from tests.faults.workspace import Clock
from tests.servers.webhook import WebhookServer

FORMER = Path(__file__).parent / "former" / "version-2.sql"
"""Written by the version before records said theirs: three alerts are open or just resolved and one is new, a digest is
posted, and four deliveries wait. Half an hour lies between the digest and the last decision."""

LATER = START + timedelta(minutes=32)
SAME: Mapping[str, Fact] = {
    "service-0": Severity.P1,
    "service-1": "passed",
    "service-2": Severity.P1,
    "service-3": Severity.P0,
}
"""What the former version knew last."""

KEY = "nba:service-ready:service-{}:-"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(FORMER.read_text(encoding="utf-8"))
    return path


@pytest.fixture
def store(file: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(file)
    yield opened
    opened.close()


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer((CHANNEL,), clock=Clock(LATER)) as server:
        yield server


def put_back(file: Path, slack: SlackServer) -> None:
    """Let Slack show what the former version has posted."""
    with closing(sqlite3.connect(file)) as connection:
        records = [json.loads(text) for (text,) in connection.execute("SELECT record FROM deliveries")]
    posted = [each for each in records if each["state"] == "sent" and each["kind"] != "update"]
    threads = {each["key"]: each["ts"] for each in posted}
    for each in posted:
        metadata = {"event_type": "reveille", "event_payload": {"key": each["key"]}}
        message = PostedMessage(CHANNEL, each["ts"], each["body"]["text"], each["body"]["blocks"], metadata)
        message.thread_ts = threads.get(each["target"])
        slack.workspace.channels[CHANNEL].messages[each["ts"]] = message


def life(store: SqliteStore, slack: SlackServer, pager: WebhookServer) -> Life:
    return Life(store, slack.api_url, pager.url, "new", Clock(LATER), Points())


def test_alerts_keep_their_threads_their_snoozes_and_who_acknowledged_them(store: SqliteStore) -> None:
    states = {each.subject: (each.state, each.owner, each.thread) for each in store.open_alerts("nba")}

    assert states == {
        "service-0": (AlertState.ACKNOWLEDGED, "U0000001", f"alert:{KEY.format(0)}:0"),
        "service-2": (AlertState.SNOOZED, "U0000002", f"alert:{KEY.format(2)}:0"),
        "service-3": (AlertState.FIRING, None, f"alert:{KEY.format(3)}:0"),
    }


def test_what_waited_goes_out_once_into_the_threads_that_are_there(
    file: Path, store: SqliteStore, slack: SlackServer
) -> None:
    put_back(file, slack)
    waiting = [each.key for each in store.pending()]
    before = len(slack.messages(CHANNEL))
    with WebhookServer() as pager:
        life(store, slack, pager).send()

    found = [store.delivery(key) for key in waiting]
    assert [each and each.state for each in found] == [DeliveryState.SENT] * 4
    assert len(slack.messages(CHANNEL)) == before + 2, "one new alert, and one answer"
    (parent,) = slack.messages(CHANNEL, key=f"alert:{KEY.format(3)}:0")
    assert parent.thread_ts is None
    (answer,) = slack.messages(CHANNEL, key=f"alert:{KEY.format(1)}:0:resolved:2")
    thread = store.delivery(f"alert:{KEY.format(1)}:0")
    assert thread is not None
    assert answer.thread_ts == thread.ts


def test_the_digest_is_not_posted_twice_and_the_same_report_says_nothing_new(
    file: Path, store: SqliteStore, slack: SlackServer
) -> None:
    put_back(file, slack)
    with WebhookServer() as pager:
        new = life(store, slack, pager)
        new.send()
        said = len(slack.messages(CHANNEL))
        done = new._write_digest()
        new.process(
            {"service-0": Severity.P1, "service-1": "passed", "service-2": Severity.P1, "service-3": Severity.P0}
        )
        new.send()

    assert done is Done.NOT_OWED
    assert len(slack.messages(CHANNEL)) == said


def test_reports_are_listed_and_read_under_their_new_names(file: Path, store: SqliteStore) -> None:
    (head,) = store.report_heads("nba", JOB, START - timedelta(days=1), 10)
    (report,) = store.reports("nba", JOB, START - timedelta(days=1))

    assert (head.previous, report.previous) == ("2026-02-10", "2026-02-10")
    assert (report.document["previous"], report.document["current"]) == ("2026-02-10", "2026-02-11")
    with closing(sqlite3.connect(file)) as connection:
        stored = [json.loads(text) for (text,) in connection.execute("SELECT record FROM reports")]
    assert [(each[FORMAT], "night" in each) for each in stored] == [(NEWEST, False)]


@pytest.mark.parametrize("table", ["alerts", "deliveries", "reports"])
def test_every_record_says_its_version_once_the_store_was_opened(file: Path, table: str) -> None:
    for _ in range(2):
        SqliteStore(file).close()

    with closing(sqlite3.connect(file)) as connection:
        stored = [json.loads(text)[FORMAT] for (text,) in connection.execute(f"SELECT record FROM {table}")]
        version = connection.execute("PRAGMA user_version").fetchone()
    assert (set(stored), version) == ({NEWEST}, (len(schema.STEPS),))


def test_a_migration_that_was_cut_off_is_finished_by_the_next_process(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        (text,) = connection.execute("SELECT record FROM reports").fetchone()
        connection.execute("UPDATE reports SET record = ?", (encode(decode(StoredReport, text)),))
        connection.commit()

    with closing(SqliteStore(file)) as store:
        assert len(store.reports("nba", JOB, START - timedelta(days=1))) == 1
        assert len(store.open_alerts("nba")) == 3


def test_a_record_that_cannot_be_read_does_not_keep_the_store_closed(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE alerts SET record = 'no JSON' WHERE key = ?", (KEY.format(0),))
        connection.execute("UPDATE alerts SET record = '{}' WHERE key = ?", (KEY.format(1),))
        connection.commit()

    with closing(SqliteStore(file)) as store:
        assert store.alert(KEY.format(2)) is not None
        with pytest.raises(StoreError):
            store.alert(KEY.format(0))


def test_what_a_former_version_writes_beside_this_one_is_read(file: Path, store: SqliteStore) -> None:
    with closing(sqlite3.connect(file)) as connection:
        (text,) = connection.execute("SELECT record FROM reports").fetchone()
        document = {name: each for name, each in json.loads(text).items() if name not in (FORMAT, "previous")}
        connection.execute("UPDATE reports SET record = ?", (json.dumps({**document, "night": "2026-02-10"}),))
        connection.commit()

    (head,) = store.report_heads("nba", JOB, START - timedelta(days=1), 10)
    assert head.previous == "2026-02-10"


@pytest.mark.parametrize("version", [NEWEST + 1, 0, "2"], ids=str)
def test_a_record_of_a_newer_version_is_refused(version: object) -> None:
    text = json.dumps({**json.loads(encode(a_report())), FORMAT: version})

    with pytest.raises(NewerStoreError):
        decode(StoredReport, text)


def test_every_migration_has_records_of_its_own_that_exist() -> None:
    kinds = {kind.__name__ for _, kind in schema.RECORDS}

    assert all(step.keys() <= kinds for step in migrations.MIGRATIONS)
