"""What is asked of a server, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from typing import Final

import msgspec

FOLLOWED: Final = frozenset({"GET", "HEAD"})
"""Methods that any redirect is followed for; others only where it keeps method and content."""


class TlsPolicy(msgspec.Struct, frozen=True):
    """Whom to trust beside the machine's authorities, and as whom to speak.

    `authorities` are files of certificates, `client` a certificate and its key. Without `verify`
    anybody is taken for the server.
    """

    authorities: tuple[str, ...] = ()
    client: tuple[str, str] | None = None
    verify: bool = True


class Content(msgspec.Struct, frozen=True):
    """What is sent: its length in bytes, and its pieces, which each attempt opens anew."""

    size: int
    open: Callable[[], Iterable[bytes]]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What to ask. `what` names it for the user; `apt` lets apt's proxy and auth.conf apply.

    `authorization` is for the server of `url` alone; credentials in `url` stand before it, and
    those of netrc behind it, unless `netrc` is off. An answer with a status that `accepts` does
    not hold is an error. `downgrade` allows a redirect from https to http; `patience` is how
    many seconds may pass without a byte from the server.
    """

    url: str
    what: str
    apt: bool = False
    uncached: bool = False
    authorization: str = ""
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    content: Content | None = None
    accepts: Container[int] = frozenset({200})
    tls: TlsPolicy = TlsPolicy()
    netrc: bool = True
    downgrade: bool = True
    patience: float = 30.0

    @property
    def sends(self) -> bool:
        """Whether it is about something that goes to the server."""
        return self.content is not None


class Body(msgspec.Struct):
    """A response under way: its length when the server said, and its bytes.

    `url` is where it came from in the end, redirects followed; `headers` are found whatever the
    case of their names.
    """

    length: int | None
    pieces: Iterator[bytes]
    status: int = 200
    headers: Mapping[str, str] = {}
    url: str = ""
