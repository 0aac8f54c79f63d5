"""An HTTP server whose answers are a function, and whose mistakes a test chooses.

    server = ScriptedServer(answer)
    server.wrong("GET", "/v2/*/blobs/*", reset_after(100), times=1)
    with server.serve() as url: ...
    assert server.asked("GET", "/v2/*/blobs/*")[1].headers["Range"] == "bytes=100-"

`answer` is given a request and returns a response; a fault (`tests/support/server_faults.py`)
stands before it. Every request is recorded, with the bytes of its body that came and the number
of those of its answer that went.
"""

from __future__ import annotations

import contextlib
import fnmatch
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from urllib.parse import parse_qsl, unquote, urlsplit


class Hangup(Exception):
    """Raised by a fault or a body: the connection is reset right here."""


@dataclass
class Response:
    """What is sent back; `body` may be made while it is sent, and has no length then."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | Iterable[bytes] = b""
    more_headers: Iterable[bytes] = ()
    """Lines that are sent as they are, after the other headers."""


@dataclass(eq=False)
class Request:
    """What was asked. `body` is what has been read of it by now."""

    method: str
    path: str
    said: Sequence[tuple[str, str]]
    """The query, in its order."""
    headers: Message
    stream: BufferedIOBase = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    status: int = 0
    """Of the answer; 0 when none was given."""
    sent: int = 0
    """Bytes of the answer's body that the client took, or that went under way."""
    whole: bool = False
    """Whether all of the body has been read."""

    @property
    def query(self) -> dict[str, str]:
        return dict(self.said)

    @property
    def authorization(self) -> str:
        return str(self.headers.get("Authorization", ""))

    def receive(self, limit: int | None = None) -> bytes:
        """Read the body, at most `limit` bytes of it; what was read before is not read again."""
        while not self.whole and (limit is None or len(self.body) < limit):
            wanted = 1 << 16 if limit is None else limit - len(self.body)
            self._read(wanted)
        return self.body

    def _read(self, wanted: int) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            size = int(self.stream.readline().split(b";")[0] or b"0", 16)
            self.body += self.stream.read(size)
            self.stream.readline()
            self.whole = size == 0
        else:
            length = int(self.headers.get("Content-Length") or 0)
            self.body += self.stream.read(min(wanted, length - len(self.body)))
            self.whole = len(self.body) >= length


Answer = Callable[[Request], Response]
Fault = Callable[[Request, Answer], Response]
"""Is given the right answer as a function, which it may call or not."""


@dataclass
class _Rule:
    method: str
    path: str
    fault: Fault
    left: int | None
    skip: int

    def applies(self, request: Request) -> bool:
        """Whether it is this request's turn; counts."""
        fits = fnmatch.fnmatchcase(request.method, self.method)
        if not fits or not fnmatch.fnmatchcase(request.path, self.path) or self.left == 0:
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.left is not None:
            self.left -= 1
        return True


class ScriptedServer:
    """Answers with `answer`, but for what `wrong` says."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.requests: list[Request] = []
        self.url = ""
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()

    @property
    def place(self) -> str:
        """``HOST:PORT``, while it serves."""
        return urlsplit(self.url).netloc

    def wrong(
        self, method: str, path: str, fault: Fault, times: int | None = None, skip: int = 0
    ) -> None:
        """Do `fault` on the next `times` requests of that kind, after `skip` right ones.

        `method` and `path` (without the query) are patterns of `fnmatch`; ``[GH]E[TA]*`` is GET
        and HEAD. Of several faults the one that was named first comes first, and is alone.
        """
        self._rules.append(_Rule(method, path, fault, times, skip))

    def right(self) -> None:
        """Take back all faults."""
        self._rules.clear()

    def asked(self, method: str = "*", path: str = "*") -> list[Request]:
        """The requests of that kind so far."""
        return [
            request
            for request in self.requests
            if fnmatch.fnmatchcase(request.method, method)
            and fnmatch.fnmatchcase(request.path, path)
        ]

    def response(self, request: Request) -> Response:
        """The right answer, or what a fault makes of it."""
        with self._lock:
            self.requests.append(request)
            rule = next((rule for rule in self._rules if rule.applies(request)), None)
        if rule is None:
            return self._right(request)
        return rule.fault(request, self._right)

    def _right(self, request: Request) -> Response:
        request.receive()
        with self._lock:
            return self.answer(request)

    @contextlib.contextmanager
    def serve(self, tls: ssl.SSLContext | None = None) -> Iterator[str]:
        """Serve on a free port of the loopback interface; yields the address, without a slash."""
        server = _Server(("127.0.0.1", 0), _Handler)
        server.scripted = self
        server.tls = tls
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self.url
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    scripted: ScriptedServer
    tls: ssl.SSLContext | None

    def finish_request(self, request: object, client_address: object) -> None:
        """Shake hands in the connection's own thread: a client that does not holds up no other."""
        assert isinstance(request, socket.socket)
        if self.tls is None:
            super().finish_request(request, client_address)
            return
        with self.tls.wrap_socket(request, server_side=True) as wrapped:
            super().finish_request(wrapped, client_address)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    # Headers and body in one packet, and no waiting for the other side to acknowledge the first.
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    def __getattr__(self, name: str) -> Callable[[], None]:
        """One method for whatever method a client uses."""
        if name.startswith("do_"):
            return self._exchange
        raise AttributeError(name)

    def _exchange(self) -> None:
        parts = urlsplit(self.path)
        query = parse_qsl(parts.query, keep_blank_values=True)
        request = Request(self.command, unquote(parts.path), query, self.headers, self.rfile)
        try:
            response = self.server.scripted.response(request)
            request.status = response.status
            self._send(request, response)
        except Hangup:
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.wfile.flush()
            self.connection.close()
            return
        if not request.whole:
            self.close_connection = True

    def _send(self, request: Request, response: Response) -> None:
        self.send_response(response.status)
        headers = dict(response.headers)
        if isinstance(response.body, bytes):
            headers.setdefault("Content-Length", str(len(response.body)))
        if "Content-Length" not in headers:
            headers["Connection"] = "close"
        for name, value in headers.items():
            self.send_header(name, value)
        self.flush_headers()
        for line in response.more_headers:
            self.wfile.write(line)
        self.wfile.write(b"\r\n")
        if self.command != "HEAD":
            body = [response.body] if isinstance(response.body, bytes) else response.body
            for piece in body:
                self.wfile.write(piece)
                self.wfile.flush()
                request.sent += len(piece)
            promised = headers.get("Content-Length", "")
            self.close_connection |= promised != str(request.sent)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Silence."""
