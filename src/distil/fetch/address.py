"""Addresses: taken apart once, and shown without what is secret in them."""

from __future__ import annotations

import base64
import re
from typing import Final
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

import msgspec

from distil.fetch.errors import InvalidUrl

SCHEMES: Final = ("http", "https", "file")
_PORTS: Final = {"http": 80, "https": 443, "file": 0}

# A password may hold an "@" or a "/" that nobody quoted: then up to the last "@" of the word.
_LOGIN: Final = re.compile(r"(?<=://)(?:[^\s'\"`<>/@:]*:[^\s'\"`<>]*@|[^\s'\"`<>/@]+@)")
_QUERY: Final = re.compile(r"(://[^\s'\"`<>?#]*\?)[^\s'\"`<>#)\]]+")


class Address(msgspec.Struct, frozen=True):
    """A fetchable URL: without its credentials and fragment, and the credentials apart.

    `url` is what goes over the wire, `authorization` an HTTP Basic header value or "".
    """

    url: str
    scheme: str
    host: str
    port: int
    path: str
    authorization: str

    @property
    def origin(self) -> tuple[str, str, int]:
        """What credentials are bound to (RFC 6454): scheme, host and port."""
        return (self.scheme, self.host, self.port)

    def __str__(self) -> str:
        return redacted(self.url)


def parse_address(url: str) -> Address:
    """Take `url` apart. Raises `InvalidUrl` for a scheme other than http, https and file."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidUrl(redacted(url), "not a valid address") from error
    scheme = parts.scheme.lower()
    if scheme not in SCHEMES:
        raise InvalidUrl(redacted(url), f"only {', '.join(SCHEMES)} addresses can be fetched")
    host = (parts.hostname or "").lower()
    if scheme == "file":
        if host not in ("", "localhost"):
            raise InvalidUrl(redacted(url), "a file address cannot name another host")
    elif not host:
        raise InvalidUrl(redacted(url), "the host is missing")
    # urlsplit drops tabs and newlines; anything else that is not printable ASCII is quoted here.
    path = quote(parts.path, safe="/%:@!$&'()*+,;=~-._")
    clean = urlunsplit((scheme, _host_and_port(parts), path, parts.query, ""))
    return Address(clean, scheme, host, port or _PORTS[scheme], path or "/", _basic(parts))


def redacted(url: str) -> str:
    """`url` fit for a message: no user name, password, query or fragment (tokens hide there)."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "an address that does not parse"
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    place = f"{host}:{port}" if port else host
    return urlunsplit((parts.scheme, place, parts.path, "…" if parts.query else "", ""))


def without_secrets(url: str) -> str:
    """`url` fit to be stored and compared: no user information, query or fragment.

    Unlike what `redacted` gives it can be fetched from, by those who have a login and unless the
    query was needed; a signed address is nobody's but the one's who asked for it. Raises
    `InvalidUrl` for what is no address.
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise InvalidUrl(redacted(url), "not a valid address") from error
    return urlunsplit((parts.scheme, _host_and_port(parts), parts.path, "", ""))


def text_without_secrets(text: str) -> str:
    """`text`, anybody's words, with user information and query of every address in it hidden."""
    return _QUERY.sub(r"\1…", _LOGIN.sub("***@", text))


def basic_authorization(user: str, password: str) -> str:
    """The value of an ``Authorization`` header (RFC 7617)."""
    pair = f"{user}:{password}".encode()
    return "Basic " + base64.b64encode(pair).decode("ascii")


def _basic(parts: SplitResult) -> str:
    if parts.username is None:
        return ""
    return basic_authorization(unquote(parts.username), unquote(parts.password or ""))


def _host_and_port(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]
