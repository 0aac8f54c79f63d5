"""One HTTP request after another until bytes flow: redirects, retries, proxies, TLS.

What can go wrong is turned into error classes by `answers`.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import urljoin

from distil.fetch.address import Address, parse_address
from distil.fetch.answers import MayPass, check_status, explained
from distil.fetch.authorities import server_context, tls_context
from distil.fetch.credentials import apt_authorization, netrc_authorization
from distil.fetch.errors import (
    ConnectionFailed,
    InvalidUrl,
    TooManyRedirects,
    TruncatedDownload,
)
from distil.fetch.proxies import AptProxies, environment_proxy, proxy_address
from distil.fetch.request import FOLLOWED, Body, Request, TlsPolicy

if TYPE_CHECKING:
    import urllib3

PIECE: Final = 1 << 18
"""Bytes read from a connection at a time."""

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_KEEPING: Final = frozenset({307, 308})
"""Redirects that keep method and content (RFC 9110, 15.4)."""
_MAX_REDIRECTS: Final = 10
_CONNECT_SECONDS: Final = 10.0
_SEND_SECONDS: Final = 60.0
"""How long a server may take in nothing of what is sent to it."""
_SLOWEST: Final = 1000
"""Bytes a second, over `_PATIENCE` seconds, below which a connection is given up."""
_PATIENCE: Final = 60.0

T = TypeVar("T")


class Transport:
    """Connections to servers, kept open between requests; safe to use from many threads."""

    def __init__(self, *, attempts: int = 4, delay: float = 0.5) -> None:
        self._attempts = attempts
        self._delay = delay
        self._stop = threading.Event()
        self._mutex = threading.Lock()
        self._managers: dict[tuple[str, TlsPolicy | None], urllib3.PoolManager] = {}
        self._active: set[urllib3.BaseHTTPResponse] = set()
        self._apt_proxies = AptProxies()

    def fetch(self, request: Request, consume: Callable[[Body], T]) -> T:
        """Request, hand the body to `consume`, and start over when that is worth a retry.

        `consume` reads `Body.pieces` to the end, unless it raises. Raises the subclasses of
        `NetworkError`, and what `consume` raises, which is not retried.
        """
        for attempt in range(self._attempts):
            try:
                with self.opened(request) as body:
                    return consume(body)
            except MayPass as retry:
                self.pause(attempt, retry)
        raise AssertionError("a transport makes at least one attempt")

    def pause(self, attempt: int, retry: MayPass) -> None:
        """Wait before the next attempt, `attempt` (from 0) having failed of `retry`.

        As long as the server asked for; otherwise longer each time and never quite as long as
        others wait, who may have failed at the same moment. Raises what it failed of when that
        was the last attempt, or transfers are to end.
        """
        if attempt + 1 >= self._attempts or self._stop.is_set():
            raise retry.error from retry.__cause__
        jitter = 1 + random.random() / 4  # noqa: S311 - nothing secret hangs on it
        self._stop.wait(self._delay * 2**attempt * jitter if retry.after is None else retry.after)

    def stop(self) -> None:
        """End every transfer under way soon; they raise `ConnectionFailed`."""
        self._stop.set()
        with self._mutex:
            active = list(self._active)
        for response in active:
            with contextlib.suppress(Exception):
                response.shutdown()

    def resume(self) -> None:
        """Allow transfers again after `stop`."""
        self._stop.clear()

    def close(self) -> None:
        """Close the connections that are kept open."""
        with self._mutex:
            managers, self._managers = self._managers, {}
        for manager in managers.values():
            manager.clear()

    # --- one attempt -----------------------------------------------------------------------

    @contextlib.contextmanager
    def opened(self, request: Request) -> Iterator[Body]:
        """One attempt: the answer, as long as the block lasts.

        Raises `MayPass` for what is worth another, and the subclasses of `NetworkError`.
        """
        first = parse_address(request.url)
        address = first
        for _ in range(_MAX_REDIRECTS):
            self._check_stopped(request, address)
            authorization = self._authorization(request, first, address)
            response = self._send(request, address, authorization)
            if response.status in _REDIRECTS and response.status not in request.accepts:
                response.close()
                address = _next_address(request, address, response)
                continue
            with self._mutex:
                self._active.add(response)
            try:
                self._check_stopped(request, address)
                check_status(request, address, response.status, response.headers)
                pieces = self._pieces(request, address, response)
                length = _length(response)
                yield Body(length, pieces, response.status, response.headers, address.url)
            finally:
                with self._mutex:
                    self._active.discard(response)
                # A connection whose response was read to the end was given back already.
                response.close()
            return
        raise TooManyRedirects(request.what, str(first), f"more than {_MAX_REDIRECTS} redirects")

    def _check_stopped(self, request: Request, address: Address) -> None:
        if self._stop.is_set():
            raise ConnectionFailed(request.what, str(address), "interrupted")

    def _authorization(self, request: Request, first: Address, address: Address) -> str:
        """Credentials for `address`: none once a redirect led away from where it began."""
        if address.origin != first.origin:
            return ""
        given = first.authorization or request.authorization
        if given:
            return given
        found = apt_authorization(address) if request.apt else ""
        return found or (netrc_authorization(address) if request.netrc else "")

    def _send(
        self, request: Request, address: Address, authorization: str
    ) -> urllib3.BaseHTTPResponse:
        import urllib3

        headers = {"User-Agent": "distil", "Accept-Encoding": "identity", **dict(request.headers)}
        if authorization:
            headers["Authorization"] = authorization
        if request.uncached:
            headers |= {"Cache-Control": "no-cache", "Pragma": "no-cache"}
        connect, content = _CONNECT_SECONDS, request.content
        if content is not None:
            headers["Content-Length"] = str(content.size)
            connect = _SEND_SECONDS  # urllib3's limit on sending as well
        manager = self._manager(request, address)
        try:
            return manager.request(
                request.method,
                address.url,
                body=None if content is None else content.open(),
                headers=headers,
                timeout=urllib3.Timeout(connect=connect, read=request.patience),
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
        except urllib3.exceptions.HTTPError as error:
            raise explained(request, address, error) from error

    def _pieces(
        self, request: Request, address: Address, response: urllib3.BaseHTTPResponse
    ) -> Iterator[bytes]:
        import urllib3

        pace = _Pace()
        try:
            while True:
                # What is there, and not what is asked for: a slow server is seen to be slow.
                piece = response.read1(PIECE, decode_content=False)
                self._check_stopped(request, address)
                if not piece:
                    return
                if pace.is_too_slow(len(piece)):
                    why = f"less than {_SLOWEST} bytes a second came from it"
                    raise MayPass(ConnectionFailed(request.what, str(address), why))
                yield piece
        except (urllib3.exceptions.IncompleteRead, urllib3.exceptions.ProtocolError) as error:
            why = "the connection ended before the last byte"
            raise MayPass(TruncatedDownload(request.what, str(address), why)) from error
        except urllib3.exceptions.HTTPError as error:
            raise explained(request, address, error) from error
        except OSError as error:
            why = error.strerror or "the connection broke"
            raise MayPass(ConnectionFailed(request.what, str(address), why)) from error

    # --- connections -----------------------------------------------------------------------

    def _manager(self, request: Request, address: Address) -> urllib3.PoolManager:
        proxy = self._apt_proxies.proxy(address) if request.apt else None
        if proxy is None:
            proxy = environment_proxy(address)
        # Reading the CA bundle takes longer than many a download: not for plain HTTP.
        secure = "https" in (address.scheme, proxy.partition(":")[0])
        tls = request.tls if secure else None
        with self._mutex:
            manager = self._managers.get((proxy, tls))
            if manager is None:
                manager = self._managers[proxy, tls] = _new_manager(proxy, tls)
        return manager


class _Pace:
    """How fast bytes come, looked at once in `_PATIENCE` seconds."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._came = 0

    def is_too_slow(self, size: int) -> bool:
        """Note that `size` bytes came; whether too few did, since it was looked at last."""
        self._came += size
        passed = time.monotonic() - self._since
        if passed < _PATIENCE:
            return False
        slow = self._came < _SLOWEST * passed
        self._since, self._came = time.monotonic(), 0
        return slow


def _new_manager(proxy: str, tls: TlsPolicy | None) -> urllib3.PoolManager:
    import urllib3

    context = server_context(tls) if tls is not None else None
    if tls is not None and not tls.verify:  # The user said so, and is not to be told each time.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    if not proxy:
        return urllib3.PoolManager(maxsize=8, ssl_context=context)
    address = proxy_address(proxy)
    headers = {}
    if address.authorization:
        headers["Proxy-Authorization"] = address.authorization
    return urllib3.ProxyManager(
        address.url,
        maxsize=8,
        ssl_context=context,
        # What is said of a server does not hold for the proxy before it.
        proxy_ssl_context=tls_context() if address.scheme == "https" else None,
        proxy_headers=headers,
    )


def _next_address(
    request: Request, address: Address, response: urllib3.BaseHTTPResponse
) -> Address:
    """Where a redirect leads. Raises `TooManyRedirects` where it may not be followed."""
    if request.method not in FOLLOWED and response.status not in _KEEPING:
        raise TooManyRedirects(request.what, str(address), "a redirect that would send nothing")
    location = response.headers.get("Location")
    if not location:
        raise TooManyRedirects(request.what, str(address), "a redirect that names no address")
    try:
        target = parse_address(urljoin(address.url, location))
    except InvalidUrl as error:
        raise TooManyRedirects(request.what, str(address), "a redirect out of HTTP") from error
    if target.scheme == "file":
        raise TooManyRedirects(request.what, str(address), "a redirect to a local file")
    if not request.downgrade and (address.scheme, target.scheme) == ("https", "http"):
        raise TooManyRedirects(request.what, str(address), "a redirect from https to http")
    return target


def _length(response: urllib3.BaseHTTPResponse) -> int | None:
    value = response.headers.get("Content-Length", "")
    return int(value) if value.isdecimal() else None
