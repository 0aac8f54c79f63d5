"""A directory served over HTTP on a loopback port, with faults at will.

web = WebServer(directory)
web.faults.truncate("*.whl", after=100, times=1)
with web.serve() as url: ...
"""

from __future__ import annotations

import contextlib
import fnmatch
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass(frozen=True)
class Request:
    path: str
    headers: dict[str, str]


class Faults:
    """What goes wrong, by pattern of the requested path (``*/hello_*.deb``)."""

    def __init__(self) -> None:
        self._rules: list[tuple[str, list[int | None], Callable[[Answerer, bytes], bool]]] = []

    def clear(self) -> None:
        self._rules.clear()

    def truncate(self, pattern: str, after: int, times: int | None = None) -> None:
        """Promise the whole, send `after` bytes, hang up."""

        def act(handler: Answerer, body: bytes) -> bool:
            handler.start(200, {"Content-Length": str(len(body))})
            handler.wfile.write(body[:after])
            handler.close_connection = True
            return True

        self._add(pattern, times, act)

    def trickle(self, pattern: str, seconds: float, times: int | None = None) -> None:
        """Promise the whole, and send a byte now and then."""

        def act(handler: Answerer, body: bytes) -> bool:
            handler.start(200, {"Content-Length": str(len(body))})
            with contextlib.suppress(OSError):
                for number in range(len(body)):
                    handler.wfile.write(body[number : number + 1])
                    handler.wfile.flush()
                    time.sleep(seconds)
            handler.close_connection = True
            return True

        self._add(pattern, times, act)

    def promise(self, pattern: str, length: str, times: int | None = None) -> None:
        """Send the whole with another Content-Length, and hang up."""

        def act(handler: Answerer, body: bytes) -> bool:
            handler.start(200, {"Content-Length": length})
            handler.wfile.write(body)
            handler.close_connection = True
            return True

        self._add(pattern, times, act)

    def reset(self, pattern: str, after: int = 0, times: int | None = None) -> None:
        """Send `after` bytes of the body and reset the connection."""

        def act(handler: Answerer, body: bytes) -> bool:
            handler.start(200, {"Content-Length": str(len(body))})
            handler.wfile.write(body[:after])
            handler.wfile.flush()
            linger = struct.pack("ii", 1, 0)
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            handler.close_connection = True
            handler.connection.close()
            return True

        self._add(pattern, times, act)

    def status(
        self,
        pattern: str,
        status: int,
        times: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer with `status` and no body."""

        def act(handler: Answerer, body: bytes) -> bool:
            handler.start(status, {"Content-Length": "0", **(headers or {})})
            return True

        self._add(pattern, times, act)

    def redirect(self, pattern: str, location: str) -> None:
        self.status(pattern, 302, headers={"Location": location})

    def replace(
        self, pattern: str, body: bytes | Callable[[bytes], bytes], times: int | None = None
    ) -> None:
        """Answer with another body, with a Content-Length that fits it."""

        def act(handler: Answerer, old: bytes) -> bool:
            new = body(old) if callable(body) else body
            handler.start(200, {"Content-Length": str(len(new))})
            handler.wfile.write(new)
            return True

        self._add(pattern, times, act)

    def tamper(self, pattern: str, times: int | None = None) -> None:
        """Change one byte in the middle."""
        self.replace(pattern, tampered, times)

    def without_length(self, pattern: str, body: Callable[[bytes], bytes] | None = None) -> None:
        """Send the body (or another) with no Content-Length; closing ends it."""

        def act(handler: Answerer, old: bytes) -> bool:
            handler.start(200, {"Connection": "close"})
            handler.wfile.write(body(old) if body else old)
            handler.close_connection = True
            return True

        self._add(pattern, None, act)

    def slow(self, pattern: str, seconds: float, times: int | None = None) -> None:
        """Answer as always, but later."""

        def act(handler: Answerer, body: bytes) -> bool:
            time.sleep(seconds)
            return False

        self._add(pattern, times, act)

    def require(self, pattern: str, authorization: str) -> None:
        """Answer 401 to those without this Authorization header."""

        def act(handler: Answerer, body: bytes) -> bool:
            if handler.headers.get("Authorization") == authorization:
                return False
            handler.start(401, {"Content-Length": "0"})
            return True

        self._add(pattern, None, act)

    def _add(self, pattern: str, times: int | None, act: Callable[[Answerer, bytes], bool]) -> None:
        self._rules.append((pattern, [times], act))

    def apply(self, handler: Answerer, path: str, body: bytes) -> bool:
        """Do what is to go wrong; False when the answer is still to be given."""
        for pattern, left, act in self._rules:
            if not fnmatch.fnmatch(path, pattern) or left[0] == 0:
                continue
            if left[0] is not None:
                left[0] -= 1
            if act(handler, body):
                return True
        return False


class WebServer:
    """The files below `root`; what is asked for is kept in `requests`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.faults = Faults()
        self.requests: list[Request] = []

    @contextlib.contextmanager
    def serve(self, tls: ssl.SSLContext | None = None) -> Iterator[str]:
        """Serve during the block; yields the address, without a slash at the end."""
        server = _Server(("127.0.0.1", 0), _Handler)
        server.web = self
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def requested(self, pattern: str) -> list[Request]:
        """The requests so far whose path fits `pattern`."""
        return [request for request in self.requests if fnmatch.fnmatch(request.path, pattern)]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    web: WebServer

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of the tests."""


class Answerer(BaseHTTPRequestHandler):
    """What `Faults` can do something with."""

    def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Send all that comes before the body."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Silence."""


class _Handler(Answerer):
    protocol_version = "HTTP/1.1"
    server: _Server
    # Headers and body in one packet, and no waiting for the other side to acknowledge the first.
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        web = self.server.web
        path = self.path.partition("?")[0]
        web.requests.append(Request(path, dict(self.headers)))
        target = web.root / path.lstrip("/")
        body = target.read_bytes() if target.is_file() else None
        if web.faults.apply(self, path, body or b""):
            return
        if body is None:
            self.start(404, {"Content-Length": "0"})
            return
        self.start(200, {"Content-Length": str(len(body))})
        self.wfile.write(body)


def tampered(data: bytes) -> bytes:
    """`data` with one byte changed in the middle."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
