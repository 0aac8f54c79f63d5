"""What can go wrong with an answer: each a fault for `ScriptedServer.wrong`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

from tests.support.scripted_server import Answer, Fault, Hangup, Request, Response

ENDLESS = 1 << 28
"""Bytes after which even an endless body ends, so that a broken client ends as well."""

_BLOCK = bytes(1 << 16)


def status(code: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Fault:
    """Another answer altogether."""

    def fault(request: Request, answer: Answer) -> Response:
        request.receive()
        return Response(code, dict(headers or {}), body)

    return fault


def redirect(location: str, code: int = 307) -> Fault:
    """Go elsewhere; ``{path}`` in `location` is the path of the request."""

    def fault(request: Request, answer: Answer) -> Response:
        request.receive()
        return Response(code, {"Location": location.replace("{path}", request.path)})

    return fault


def headers(**changed: str | None) -> Fault:
    """The right answer with other headers (``Content_Type="text/html"``); None takes one away."""

    def fault(request: Request, answer: Answer) -> Response:
        response = answer(request)
        for name, value in changed.items():
            response.headers.pop(name.replace("_", "-"), None)
            if value is not None:
                response.headers[name.replace("_", "-")] = value
        return response

    return fault


def body(change: Callable[[bytes], bytes]) -> Fault:
    """The right answer with another body, whose length is said correctly."""

    def fault(request: Request, answer: Answer) -> Response:
        response = answer(request)
        response.body = change(_whole(response))
        response.headers.pop("Content-Length", None)
        return response

    return fault


def one_byte_changed(data: bytes) -> bytes:
    """`data` of the same length with other contents, for `body`."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def short(after: int) -> Fault:
    """Promise the whole body, send `after` bytes of it, and close the connection in good order."""

    def fault(request: Request, answer: Answer) -> Response:
        response = answer(request)
        data = _whole(response)
        response.headers.setdefault("Content-Length", str(len(data)))
        response.body = data[:after]
        return response

    return fault


def reset_after(after: int) -> Fault:
    """Promise the whole body, send `after` bytes of it, and reset the connection."""

    def fault(request: Request, answer: Answer) -> Response:
        response = answer(request)
        data = _whole(response)
        response.headers.setdefault("Content-Length", str(len(data)))

        def pieces() -> Iterator[bytes]:
            yield data[:after]
            raise Hangup

        response.body = pieces()
        return response

    return fault


def reset(request: Request, answer: Answer) -> Response:
    """Reset the connection without a word, before the body is read."""
    raise Hangup


def reset_upload(after: int, *, kept: bool) -> Fault:
    """Read `after` bytes of the request's body, then reset; whether the server has them then."""

    def fault(request: Request, answer: Answer) -> Response:
        request.receive(after)
        if kept:
            request.whole = True  # for the server, which is to take it as all there is
            answer(request)
        raise Hangup

    return fault


def deaf(request: Request, answer: Answer) -> Response:
    """Do as was asked, and reset the connection instead of saying so."""
    answer(request)
    raise Hangup


def drip(seconds: float, size: int = 1) -> Fault:
    """The right answer, `size` bytes at a time with `seconds` between."""

    def fault(request: Request, answer: Answer) -> Response:
        response = answer(request)
        data = _whole(response)
        response.headers.setdefault("Content-Length", str(len(data)))

        def pieces() -> Iterator[bytes]:
            for start in range(0, len(data), size):
                yield data[start : start + size]
                time.sleep(seconds)

        response.body = pieces()
        return response

    return fault


def endless_body(block: bytes = _BLOCK, start: bytes = b"") -> Fault:
    """A body without a length that begins with `start` and never ends (`ENDLESS`)."""

    def fault(request: Request, answer: Answer) -> Response:
        response = answer(request)
        response.headers.pop("Content-Length", None)

        def pieces() -> Iterator[bytes]:
            yield start
            for _ in range(ENDLESS // len(block)):
                yield block

        response.body = pieces()
        return response

    return fault


def endless_headers(request: Request, answer: Answer) -> Response:
    """Headers that never end (`ENDLESS`)."""
    response = answer(request)
    line = b"X-More: %s\r\n" % (b"a" * 1000)
    response.more_headers = (line for _ in range(ENDLESS // len(line)))
    return response


def _whole(response: Response) -> bytes:
    assert isinstance(response.body, bytes)
    return response.body
