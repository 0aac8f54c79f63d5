"""A private certificate authority, and an HTTPS server that only its certificate vouches for."""

from __future__ import annotations

import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.support.network import HOST_ADDRESS
from tests.support.tools import tool

SERVER_NAME = "service.test"


@dataclass(frozen=True)
class Authority:
    """Files in PEM: the authority's certificate; a server's certificate and key."""

    certificate: Path
    server_certificate: Path
    server_key: Path

    def tls(self) -> ssl.SSLContext:
        """What a server on `SERVER_NAME` or the loopback interface shows."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server_certificate, self.server_key)
        return context


def make_authority(directory: Path) -> Authority:
    """An authority, and a certificate of its for `HOST_ADDRESS`, `SERVER_NAME` and loopback."""
    directory.mkdir(parents=True, exist_ok=True)
    ca, ca_key = directory / "authority.pem", directory / "authority.key"
    key, certificate = directory / "server.key", directory / "server.pem"
    new = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc")
    # Python 3.13 verifies strictly: an authority has to say that it may sign certificates.
    signer = ("-days", "2", "-subj", "/CN=Test authority", "-addext", "keyUsage=keyCertSign")
    _openssl(*new, *signer, "-keyout", ca_key, "-out", ca)
    names = f"subjectAltName=IP:{HOST_ADDRESS},DNS:{SERVER_NAME},IP:127.0.0.1,DNS:localhost"
    signed = ("-CA", ca, "-CAkey", ca_key, "-addext", names)
    usage = ("-addext", "basicConstraints=critical,CA:FALSE")
    subject = ("-days", "2", "-subj", f"/CN={SERVER_NAME}")
    _openssl(*new, *subject, *signed, *usage, "-keyout", key, "-out", certificate)
    return Authority(ca, certificate, key)


@dataclass
class Service:
    """An HTTPS server: what it answers by path, and what was posted to it."""

    url: str
    pages: dict[str, bytes] = field(default_factory=dict)
    posted: list[bytes] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serve(authority: Authority) -> Iterator[Service]:
    """Serve on every address of the host; containers reach it at `Service.url`."""
    service = Service("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = service.pages.get(self.path)
            self.send_response(404 if page is None else 200)
            self.send_header("Content-Length", str(len(page or b"")))
            self.end_headers()
            self.wfile.write(page or b"")

        def do_POST(self) -> None:
            service.posted.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()
            service.arrived.set()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("0.0.0.0", 0), Handler)
    server.socket = authority.tls().wrap_socket(server.socket, server_side=True)
    service.url = f"https://{HOST_ADDRESS}:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _openssl(*args: str | Path) -> None:
    command = [tool("openssl"), *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr}"
