"""What an answer that is no success means, and whether it may pass.

Texts are made from what is known to hold no secret; the text of a library's exception never
reaches a message.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from distil.fetch.address import Address
from distil.fetch.errors import (
    AccessDenied,
    ConnectionFailed,
    HostNotFound,
    NetworkError,
    NotFound,
    ServerError,
    TlsFailed,
)
from distil.fetch.request import Request

RETRIED: Final = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses that may be others a moment later."""

_LONGEST_WAIT: Final = 60.0
"""Seconds that are waited when a server asks for it; one that wants more is given up."""


class MayPass(Exception):
    """An error that may pass; `after` is the wait in seconds that the server asked for."""

    def __init__(self, error: NetworkError, after: float | None = None) -> None:
        super().__init__(error.message)
        self.error = error
        self.after = after


def check_status(
    request: Request, address: Address, status: int, headers: Mapping[str, str]
) -> None:
    """Raise for a status that `request` does not accept: `MayPass`, or what is wrong for good."""
    if status in request.accepts:
        return
    why = f"the server answered {status}"
    where, sends = str(address), request.sends
    if status in (404, 410):
        raise NotFound(request.what, where, f"{why}, it does not have this", sends=sends)
    if status in (401, 403, 407):
        other = "apt's auth.conf" if request.apt else "give uv those of the index"
        hint = f"put the credentials into ~/.netrc, or {other}"
        raise AccessDenied(request.what, where, why, hint=hint, sends=sends)
    after = _retry_after(headers.get("Retry-After"))
    too_long = after is not None and after > _LONGEST_WAIT
    if too_long:
        why += f" and wants to be left alone for {after:.0f} seconds"
    hint = "try again later" if request.sends else "try again later, or another mirror"
    error = ServerError(request.what, where, why, hint=hint, sends=sends)
    if status in RETRIED and not too_long:
        raise MayPass(error, after)
    raise error


def explained(request: Request, address: Address, error: Exception) -> Exception:
    """The error class for an exception of urllib3, wrapped in `MayPass` where it may pass."""
    import ssl

    import urllib3

    what, where, sends = request.what, str(address), request.sends
    via = ""
    if isinstance(error, urllib3.exceptions.ProxyError):
        via = "through the proxy: "
        error = error.original_error
    if isinstance(error, urllib3.exceptions.NameResolutionError):
        hint = "check the network, the name, and http_proxy/https_proxy"
        why = f"{via}the host name has no address"
        return HostNotFound(what, where, why, hint=hint, sends=sends)
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            hint = "for a private CA set DISTIL_CA_FILE to its certificate"
            return TlsFailed(what, where, f"{via}{cause.verify_message}", hint=hint, sends=sends)
        if isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            why = f"{via}the connection broke"
            return MayPass(ConnectionFailed(what, where, why, sends=sends))
        cause = cause.__cause__ or cause.__context__ or _argument(cause)
    if isinstance(error, urllib3.exceptions.SSLError):
        return TlsFailed(what, where, f"{via}the TLS handshake failed", sends=sends)
    # NewConnectionError, a refused connection for one, is also a kind of timeout to urllib3.
    refused = isinstance(error, urllib3.exceptions.NewConnectionError)
    if isinstance(error, urllib3.exceptions.TimeoutError) and not refused:
        why = f"{via}no answer in time"
    else:
        why = f"{via}{_system_reason(error)}"
    return MayPass(ConnectionFailed(what, where, why, sends=sends))


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
