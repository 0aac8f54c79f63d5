"""A forward proxy with a password, that knows where some made-up host names lead.

    with forwarding({"debian.test:80": address}) as proxy: ...

Plain requests are passed on, CONNECT opens a tunnel; whoever else asks is turned away.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

USER, PASSWORD = "user", "s3cret"


@dataclass
class Proxy:
    """Its address with the password, and what was asked of it: ``GET debian.test:80/…``."""

    url: str = ""
    requests: list[str] = field(default_factory=list)
    refused: int = 0


@contextlib.contextmanager
def forwarding(hosts: Mapping[str, str]) -> Iterator[Proxy]:
    """Run the proxy; `hosts` maps ``NAME:PORT`` to ``ADDRESS:PORT`` of a server here."""
    proxy = Proxy()
    login = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            place = f"{parts.hostname}:{parts.port or 80}"
            if not self._may(place + parts.path):
                return
            connection = http.client.HTTPConnection(hosts[place], timeout=30)
            query = f"?{parts.query}" if parts.query else ""
            connection.request("GET", parts.path + query)
            answer = connection.getresponse()
            body = answer.read()
            self.send_response(answer.status)
            for name in ("Content-Type", "Last-Modified", "ETag"):
                if answer.headers.get(name):
                    self.send_header(name, answer.headers[name])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            connection.close()

        def do_CONNECT(self) -> None:
            if not self._may(self.path):
                return
            address, _, port = hosts[self.path].rpartition(":")
            with socket.create_connection((address, int(port))) as server:
                self.send_response(200)
                self.end_headers()
                back = threading.Thread(target=_pump, args=(server, self.connection), daemon=True)
                back.start()
                _pump(self.connection, server)
                back.join()
            self.close_connection = True

        def _may(self, what: str) -> bool:
            known = self.headers.get("Proxy-Authorization") == login
            found = what.partition("/")[0] in hosts
            if known and found:
                proxy.requests.append(f"{self.command} {what}")
                return True
            proxy.refused += 1
            self.send_response(502 if known else 407)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return False

        def log_message(self, *_: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    proxy.url = f"http://{USER}:{PASSWORD}@127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
