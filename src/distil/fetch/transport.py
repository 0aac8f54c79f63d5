"""One HTTP request after another until bytes flow: redirects, retries, proxies, TLS.

What can go wrong is turned into the error classes here, and their texts are made from what is
known to hold no secret; the text of a library's exception never reaches a message.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import urljoin

import msgspec

from distil.fetch.address import Address, parse_address
from distil.fetch.authorities import tls_context
from distil.fetch.credentials import apt_authorization, netrc_authorization
from distil.fetch.errors import (
    AccessDenied,
    ConnectionFailed,
    HostNotFound,
    InvalidUrl,
    NetworkError,
    NotFound,
    ServerError,
    TlsFailed,
    TooManyRedirects,
    TruncatedDownload,
)
from distil.fetch.proxies import AptProxies, environment_proxy, proxy_address

if TYPE_CHECKING:
    import urllib3

PIECE: Final = 1 << 18
"""Bytes read from a connection at a time."""

_RETRIED: Final = frozenset({408, 429, 500, 502, 503, 504})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS: Final = 10
_LONGEST_WAIT: Final = 60.0
"""Seconds that are waited when a server asks for it; one that wants more is given up."""
_CONNECT_SECONDS: Final = 10.0
_READ_SECONDS: Final = 30.0
_SLOWEST: Final = 1000
"""Bytes a second, over `_PATIENCE` seconds, below which a connection is given up."""
_PATIENCE: Final = 60.0

T = TypeVar("T")


class Request(msgspec.Struct, frozen=True):
    """What to get. `what` names it for the user; `apt` lets apt's proxy and auth.conf apply.

    `authorization` is for the server of `url` alone; credentials in `url` stand before it.
    """

    url: str
    what: str
    apt: bool = False
    uncached: bool = False
    authorization: str = ""


class Body(msgspec.Struct):
    """A response under way: its length when the server said, and its bytes."""

    length: int | None
    pieces: Iterator[bytes]


class Transport:
    """Connections to servers, kept open between requests; safe to use from many threads."""

    def __init__(self, *, attempts: int = 4, delay: float = 0.5) -> None:
        self._attempts = attempts
        self._delay = delay
        self._stop = threading.Event()
        self._mutex = threading.Lock()
        self._managers: dict[tuple[str, bool], urllib3.PoolManager] = {}
        self._active: set[urllib3.BaseHTTPResponse] = set()
        self._apt_proxies = AptProxies()

    def fetch(self, request: Request, consume: Callable[[Body], T]) -> T:
        """Request, hand the body to `consume`, and start over when that is worth a retry.

        `consume` reads `Body.pieces` to the end, unless it raises. Raises the subclasses of
        `NetworkError`, and what `consume` raises, which is not retried.
        """
        for attempt in range(self._attempts):
            last = attempt + 1 == self._attempts
            try:
                with self._opened(request) as body:
                    return consume(body)
            except _Retry as retry:
                if last or self._stop.is_set():
                    raise retry.error from retry.__cause__
                wait = self._delay * 2**attempt if retry.after is None else retry.after
                self._stop.wait(wait)
        raise AssertionError("a transport makes at least one attempt")

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
    def _opened(self, request: Request) -> Iterator[Body]:
        first = parse_address(request.url)
        address = first
        for _ in range(_MAX_REDIRECTS):
            self._check_stopped(request, address)
            authorization = self._authorization(request, first, address)
            response = self._send(request, address, authorization)
            if response.status in _REDIRECTS:
                response.close()
                address = _next_address(request, address, response.headers.get("Location"))
                continue
            with self._mutex:
                self._active.add(response)
            try:
                self._check_stopped(request, address)
                _check_status(request, address, response)
                yield Body(_length(response), self._pieces(request, address, response))
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
        return found or netrc_authorization(address)

    def _send(
        self, request: Request, address: Address, authorization: str
    ) -> urllib3.BaseHTTPResponse:
        import urllib3

        headers = {"User-Agent": "distil", "Accept-Encoding": "identity"}
        if authorization:
            headers["Authorization"] = authorization
        if request.uncached:
            headers |= {"Cache-Control": "no-cache", "Pragma": "no-cache"}
        manager = self._manager(request, address)
        try:
            return manager.request(
                "GET",
                address.url,
                headers=headers,
                timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
        except urllib3.exceptions.HTTPError as error:
            raise _explained(request, address, error) from error

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
                    raise _Retry(ConnectionFailed(request.what, str(address), why))
                yield piece
        except (urllib3.exceptions.IncompleteRead, urllib3.exceptions.ProtocolError) as error:
            why = "the connection ended before the last byte"
            raise _Retry(TruncatedDownload(request.what, str(address), why)) from error
        except urllib3.exceptions.HTTPError as error:
            raise _explained(request, address, error) from error
        except OSError as error:
            why = error.strerror or "the connection broke"
            raise _Retry(ConnectionFailed(request.what, str(address), why)) from error

    # --- connections -----------------------------------------------------------------------

    def _manager(self, request: Request, address: Address) -> urllib3.PoolManager:
        proxy = self._apt_proxies.proxy(address) if request.apt else None
        if proxy is None:
            proxy = environment_proxy(address)
        # Reading the CA bundle takes longer than many a download: not for plain HTTP.
        tls = "https" in (address.scheme, proxy.partition(":")[0])
        with self._mutex:
            manager = self._managers.get((proxy, tls))
            if manager is None:
                manager = self._managers[proxy, tls] = _new_manager(proxy, tls=tls)
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


class _Retry(Exception):
    """An error that may pass; `after` is the wait in seconds that the server asked for."""

    def __init__(self, error: NetworkError, after: float | None = None) -> None:
        super().__init__(error.message)
        self.error = error
        self.after = after


def _new_manager(proxy: str, *, tls: bool) -> urllib3.PoolManager:
    import urllib3

    context = tls_context() if tls else None
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
        proxy_ssl_context=context if address.scheme == "https" else None,
        proxy_headers=headers,
    )


def _next_address(request: Request, address: Address, location: str | None) -> Address:
    if not location:
        raise TooManyRedirects(request.what, str(address), "a redirect that names no address")
    try:
        target = parse_address(urljoin(address.url, location))
    except InvalidUrl as error:
        raise TooManyRedirects(request.what, str(address), "a redirect out of HTTP") from error
    if target.scheme == "file":
        raise TooManyRedirects(request.what, str(address), "a redirect to a local file")
    return target


def _check_status(request: Request, address: Address, response: urllib3.BaseHTTPResponse) -> None:
    status = response.status
    if status == 200:
        return
    why = f"the server answered {status}"
    where = str(address)
    if status in (404, 410):
        raise NotFound(request.what, where, f"{why}, it does not have this")
    if status in (401, 403, 407):
        other = "apt's auth.conf" if request.apt else "give uv those of the index"
        hint = f"put the credentials into ~/.netrc, or {other}"
        raise AccessDenied(request.what, where, why, hint=hint)
    after = _retry_after(response.headers.get("Retry-After"))
    too_long = after is not None and after > _LONGEST_WAIT
    if too_long:
        why += f" and wants to be left alone for {after:.0f} seconds"
    error = ServerError(request.what, where, why, hint="try again later, or another mirror")
    if status in _RETRIED and not too_long:
        raise _Retry(error, after)
    raise error


def _retry_after(value: str | None) -> float | None:
    """Seconds to wait by a Retry-After header (RFC 9110, 10.2.3), None when there is none."""
    if not value:
        return None
    if value.strip().isdecimal():
        return float(value)
    import email.utils

    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, moment.timestamp() - time.time())


def _length(response: urllib3.BaseHTTPResponse) -> int | None:
    value = response.headers.get("Content-Length", "")
    return int(value) if value.isdecimal() else None


def _explained(request: Request, address: Address, error: Exception) -> Exception:
    """The error class for an exception of urllib3, wrapped for a retry where it may pass."""
    import ssl

    import urllib3

    what, where = request.what, str(address)
    via = ""
    if isinstance(error, urllib3.exceptions.ProxyError):
        via = "through the proxy: "
        error = error.original_error
    if isinstance(error, urllib3.exceptions.NameResolutionError):
        hint = "check the network, the name, and http_proxy/https_proxy"
        return HostNotFound(what, where, f"{via}the host name has no address", hint=hint)
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            hint = "for a private CA set DISTIL_CA_FILE to its certificate"
            return TlsFailed(what, where, f"{via}{cause.verify_message}", hint=hint)
        cause = cause.__cause__ or cause.__context__ or _argument(cause)
    if isinstance(error, urllib3.exceptions.SSLError):
        return TlsFailed(what, where, f"{via}the TLS handshake failed")
    # NewConnectionError, a refused connection for one, is also a kind of timeout to urllib3.
    refused = isinstance(error, urllib3.exceptions.NewConnectionError)
    if isinstance(error, urllib3.exceptions.TimeoutError) and not refused:
        return _Retry(ConnectionFailed(what, where, f"{via}no answer in time"))
    return _Retry(ConnectionFailed(what, where, f"{via}{_system_reason(error)}"))


def _argument(error: BaseException) -> BaseException | None:
    """The exception that urllib3 keeps as an argument of its own."""
    return next((arg for arg in error.args if isinstance(arg, BaseException)), None)


def _system_reason(error: BaseException | None) -> str:
    """The operating system's word for it, such as "Connection refused"."""
    while error is not None:
        if isinstance(error, OSError) and error.strerror:
            return error.strerror
        error = error.__cause__ or error.__context__ or _argument(error)
    return "the connection broke"
