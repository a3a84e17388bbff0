"""One of two instances on one Firestore: ``python -m tests.faults.racer``. It has digests, alerts and an outbox.

Reads one instant a line, writes what is owed then and sends until nothing waits; answers with one line of JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Callable
from datetime import datetime

from slack_sdk import WebClient

from bot.alerting.incidents import Incidents
from bot.delivery.outbox import Outbox
from bot.delivery.slack import SlackPoster
from bot.timetable.digest import Digests
from bot.validation import Request, Validation
from checks.model import CheckResult, Report
from checks.ports import Ports
from tests.bench.processes import reply
from tests.fakes import FakeControlPlane, FakeDocuments, FakeWarehouse
from tests.faults.emulated import firestore_store
from tests.faults.life import CALL_SECONDS
from tests.faults.race import FastClock, days_facts
from tests.faults.story import PIPELINE, report
from tests.servers.slack import TOKEN

PATIENCE = 30.0
BETWEEN_TURNS = 0.005


class Foretold(Validation):
    """A validation whose reports are known for each day, so that both instances find the same."""

    def run(self, request: Request, observe: Callable[[CheckResult], None] = lambda _: None) -> Report:
        del observe, request
        now = self._clock()
        return report(days_facts(now), now)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--slack", required=True)
    parser.add_argument("--owner", required=True)
    options = parser.parse_args()
    clock = FastClock()
    store = firestore_store(os.environ["FIRESTORE_EMULATOR_HOST"], options.prefix)
    poster = SlackPoster(WebClient(TOKEN, base_url=options.slack, timeout=CALL_SECONDS))
    outbox = Outbox(store, poster, clock, options.owner)
    ports = Ports(documents=FakeDocuments(), warehouse=FakeWarehouse(), control_plane=FakeControlPlane())
    validation = Foretold(PIPELINE, ports, clock)
    digests = Digests(validation, store, Incidents(store, PIPELINE), clock, options.owner)
    reply({"ready": True})
    for line in sys.stdin:
        clock.set(datetime.fromisoformat(line.strip()))
        done = digests.run_owed()
        deadline = time.monotonic() + PATIENCE
        turns = sent = 0
        while time.monotonic() < deadline:
            sent += outbox.pump()
            turns += 1
            if not store.pending():
                break
            time.sleep(BETWEEN_TURNS)
        reply({"done": done.value, "sent": sent, "turns": turns})


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
