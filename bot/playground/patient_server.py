"""A server on loopback that gives each connection a thread, and ends without waiting for clients."""

from __future__ import annotations

from http.server import ThreadingHTTPServer


class PatientServer(ThreadingHTTPServer):
    """A thread a connection; it ends without waiting for clients."""

    daemon_threads = True
    block_on_close = False
    """Clients keep their connections open; waiting for them would be waiting for ever."""

    request_queue_size = 128
