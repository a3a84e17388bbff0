"""The playground until somebody ends it: its folder, its server, a browser, Ctrl-C."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import webbrowser
from collections.abc import Callable
from pathlib import Path

from bot.composition.extras import embedded_engine
from bot.end_signal import EndSignal
from bot.playground.model import Making
from bot.playground.play import Playground
from bot.playground.web import PageServer
from bot.settings import SettingsError

DEFAULT_PORT = 8765


def serve_page(making: Making, scene: str, port: int | None, *, browser: bool, say: Callable[[str], object]) -> None:
    """Serve the playground until Ctrl-C or SIGTERM.

    Raises SettingsError for a port that is taken, UnknownScenario, PipelineFileError, DemoExtraMissing.
    """
    embedded_engine("The playground and its scenarios")
    ending = EndSignal()
    # What the bot logs is for whoever serves it; here the page shows what happens.
    logging.getLogger().addHandler(logging.NullHandler())
    with tempfile.TemporaryDirectory(prefix="reveille-", ignore_cleanup_errors=True) as folder:
        play = Playground(making, Path(folder), scene)
        server = _server(play, port)
        server.start()
        play.start()
        say(f"The playground is at {server.address}")
        say("Nothing in it is real. Ctrl-C ends it.")
        if browser and not _opened(server.address):
            say("No browser could be opened here: open the address yourself.")
        ending.wait()
        play.stop()
    _leave()


def _server(play: Playground, port: int | None) -> PageServer:
    """Take the port that was asked for, or the usual one, or any other where that is taken."""
    try:
        return PageServer(play, port or DEFAULT_PORT)
    except OSError as error:
        if port is not None:
            raise SettingsError(f"Port {port} is taken: choose another with --port, or leave it out.") from error
        return PageServer(play, 0)


def _opened(address: str) -> bool:
    """Open a browser, where there is a screen for one."""
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        return webbrowser.open(address)
    except webbrowser.Error:
        return False


def _leave() -> None:
    """End at once: threads that wait for clients or sources need not be waited for."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)
