"""One of the instances on one Firestore: digests, alerts and an outbox, as a life of the nursery.

Reads a command a line: the instant, how far this instance's clock is off, and by how much it is stepped in the
middle. It writes what is owed then, sends until nothing waits or nothing moves, and answers with a line of JSON.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from slack_sdk import WebClient

from bot.alerting.incidents import Incidents
from bot.delivery.outbox import Outbox
from bot.playground.slack.server import TOKEN
from bot.render.alert import AlertMessages
from bot.sinks.slack.poster import SlackPoster
from bot.timetable.digest import Digests
from tests.bench.processes import reply
from tests.faults.emulated import firestore_store
from tests.faults.foretold import Foretold
from tests.faults.life import CALL_SECONDS
from tests.faults.lines import read_line
from tests.faults.story import WITHOUT_PAGER
from tests.faults.tournament import FastClock, days_facts

STILL_SECONDS = 0.5
"""So long nothing may move before an instance says that it is done; somebody who died may hold what is left."""

BETWEEN_TURNS = 0.005


def live(birth: Mapping[str, Any]) -> None:
    """Do what each line says until one says that it is over."""
    clock = FastClock()
    store = firestore_store(os.environ["FIRESTORE_EMULATOR_HOST"], birth["store"])
    poster = SlackPoster(WebClient(TOKEN, base_url=birth["slack"], timeout=CALL_SECONDS))
    outbox = Outbox(store, poster, clock, birth["owner"])
    incidents = Incidents(store, WITHOUT_PAGER, AlertMessages(WITHOUT_PAGER))
    digests = Digests(Foretold(days_facts, clock), store, incidents, clock, birth["owner"])
    reply({"born": os.getpid()})
    while (command := read_line()) is not None and not command.get("over"):
        clock.set(datetime.fromisoformat(command["now"]) + timedelta(seconds=command["off"]))
        done = digests.run_owed()
        clock.step(timedelta(seconds=command["step"]))
        sent, moved = 0, time.monotonic()
        while store.pending() and time.monotonic() - moved < STILL_SECONDS:
            if now_sent := outbox.pump():
                sent, moved = sent + now_sent, time.monotonic()
            time.sleep(BETWEEN_TURNS)
        reply({"done": done.value, "sent": sent})
