"""One deadline for all of a call, whatever drips."""

from __future__ import annotations

import itertools
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from bot.http import ask
from bot.redaction.shown import Secret
from bot.timetable.heartbeat import UrlHeartbeat

SECONDS = 0.3
LONGEST = 4 * SECONDS
DRIPS = {
    "a handshake": ("https", b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03"),
    "a status line": ("http", b""),
    "headers": ("http", b"HTTP/1.1 200 OK\r\nX-Long: "),
    "a body": ("http", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"),
}


@pytest.fixture(params=list(DRIPS.values()), ids=list(DRIPS))
def dripping(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a server that begins at once, and then sends a byte now and then for as long as it is let."""
    scheme, begun = request.param
    over = threading.Event()

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            for byte in itertools.chain([begun or b"H"], itertools.repeat(b"1")):
                try:
                    connection.sendall(byte)
                except OSError:
                    return
                if over.wait(SECONDS / 10):
                    return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"{scheme}://127.0.0.1:{listening.getsockname()[1]}/key"
        over.set()
        thread.join()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of localhost with its key, signed by itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(plain + signed.public_bytes(Encoding.PEM))
    return path


@pytest.fixture
def safe(certificate: Path) -> Iterator[str]:
    """The address of a server that speaks TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with ThreadingHTTPServer(("127.0.0.1", 0), Hello) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"https://localhost:{server.server_port}/"
        server.shutdown()
        thread.join()


class Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


def test_an_encrypted_call_is_answered_by_whom_we_trust(safe: str, certificate: Path) -> None:
    answer = ask(Request(safe), 5, context=ssl.create_default_context(cafile=str(certificate)))

    assert (answer.status, answer.body) == (200, "hello")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"], ids=["an unknown signer", "another name"])
def test_nobody_else_is_believed(safe: str, certificate: Path, host: str) -> None:
    trusted = ssl.create_default_context(cafile=str(certificate)) if host != "localhost" else None

    with pytest.raises(URLError, match="CERTIFICATE_VERIFY_FAILED"):
        ask(Request(safe.replace("localhost", host)), 5, context=trusted)


def test_a_call_ends_in_time_whatever_drips(dripping: str) -> None:
    began = time.monotonic()

    with pytest.raises((TimeoutError, URLError)):
        ask(Request(dripping), SECONDS)

    assert time.monotonic() - began < LONGEST


def test_a_watcher_that_drips_cannot_hold_the_heartbeat(dripping: str) -> None:
    began = time.monotonic()

    heard = UrlHeartbeat(Secret(dripping), timeout=SECONDS).beat()

    assert not heard
    assert time.monotonic() - began < LONGEST
