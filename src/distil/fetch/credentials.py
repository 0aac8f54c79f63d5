"""User names and passwords for servers: netrc, and apt's auth.conf for Debian mirrors.

Nothing here ever ends up in a message: errors name the file and the line, not its text.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from distil.fetch.address import Address, basic_authorization
from distil.fetch.errors import CredentialsUnreadable
from distil.model.regular_file import read_small

APT_DIRECTORY: Final = Path("/etc/apt")


class _Login(msgspec.Struct, frozen=True):
    machine: str
    user: str
    password: str


def netrc_authorization(address: Address) -> str:
    """The ``Authorization`` that ``$NETRC`` or ``~/.netrc`` has for this host, or "".

    A ``default`` entry is not used: it would hand a password to every host there is. Raises
    `CredentialsUnreadable` for a file that does not parse.
    """
    path = Path(os.environ.get("NETRC") or "~/.netrc").expanduser()
    if not path.is_file():
        return ""
    import netrc

    try:
        found = netrc.netrc(path).hosts.get(address.host)
    except netrc.NetrcParseError as error:
        raise CredentialsUnreadable(str(path), f"line {error.lineno} does not parse") from None
    except OSError as error:
        raise CredentialsUnreadable(str(path), error.strerror or "unreadable") from error
    return basic_authorization(found[0], found[2] or "") if found else ""


def apt_authorization(address: Address, directory: Path | None = None) -> str:
    """The ``Authorization`` that apt_auth.conf(5) files have for this address, or "".

    An entry without a scheme is for https only, and one with a path for what lies below it.
    A file that this user may not read is passed over: apt's are often for root alone.
    """
    for path in _auth_files(directory or APT_DIRECTORY):
        try:
            text = read_small(path).decode("utf-8", "surrogateescape")
        except OSError:
            continue
        for login in _logins(text):
            if _matches(login.machine, address):
                return basic_authorization(login.user, login.password)
    return ""


def _auth_files(directory: Path) -> list[Path]:
    parts = sorted((directory / "auth.conf.d").glob("*.conf"))
    return [directory / "auth.conf", *parts]


def _logins(text: str) -> Iterator[_Login]:
    words = " ".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    fields: dict[str, str] = {}
    tokens = iter(words.split())
    for word in tokens:
        if word == "machine" and fields:
            yield _login(fields)
            fields = {}
        if word in ("machine", "login", "password"):
            fields[word] = next(tokens, "")
    if fields:
        yield _login(fields)


def _login(fields: dict[str, str]) -> _Login:
    return _Login(fields.get("machine", ""), fields.get("login", ""), fields.get("password", ""))


def _matches(machine: str, address: Address) -> bool:
    scheme, separator, rest = machine.rpartition("://")
    if address.scheme != (scheme if separator else "https"):
        return False
    place, slash, path = rest.partition("/")
    host, colon, port = place.partition(":")
    if host.lower() != address.host or (colon and port != str(address.port)):
        return False
    wanted = slash + path
    if not wanted or wanted.endswith("/"):
        return address.path.startswith(wanted)
    return address.path == wanted or address.path.startswith(wanted + "/")
