"""The web server with an empty handler, in a process that validates as well: what an acknowledgement costs anyway.

Whatever the machine and Python's one lock take from a request during a validation, they take from this one, too.
"""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from bot.composition.serve import SWITCH_SECONDS
from bot.serving.connections import ConnectionLimits
from bot.serving.refusals import Refusals
from bot.serving.web_server import WebServer, bind
from tests.bench.measured import Subject, commands
from tests.bench.processes import reply

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def _empty(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Length", "0")])
    return (b"",)


def main() -> None:
    """Serve until the input ends; each line of it asks for a validation, and is answered at its end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--now", type=datetime.fromisoformat, required=True)
    parser.add_argument("--date", required=True)
    options = parser.parse_args()
    sys.setswitchinterval(SWITCH_SECONDS)
    subject = Subject(options.now, options.date)
    server = WebServer(Refusals(), ConnectionLimits())
    server.listen(_empty, bind(options.port))
    threading.Thread(target=server.run, daemon=True).start()
    reply({"port": options.port})
    for _ in commands():
        reply({"wall": subject.validate()["wall"]})


if __name__ == "__main__":
    main()
