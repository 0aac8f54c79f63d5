"""Passwords of private package indexes, from where uv has them; wheels are fetched without uv.

uv never writes them into what it resolves. They are looked up when a wheel is downloaded, bound
to the origin of the index, and never stored or shown. netrc is the download's own business.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit, urlunsplit

import msgspec

from distil.apps.project_files import read_toml
from distil.errors import InvalidProjectFile

_URL_VARIABLES: Final = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL")
_KEYRING_SECONDS: Final = 20


class Index(msgspec.Struct, frozen=True):
    """A configured index: its name (may be empty) and its address, user information included."""

    name: str
    url: str


def configured_indexes(
    directory: Path, environment: Mapping[str, str] = os.environ
) -> tuple[Index, ...]:
    """The indexes that uv would use for the project in `directory`, the environment's first."""
    found = [index for variable in _URL_VARIABLES for index in _listed(environment, variable)]
    for path, table in uv_settings(directory, environment):
        try:
            found += _declared(table)
        except (AttributeError, TypeError, KeyError):
            raise InvalidProjectFile(str(path), "its index settings make no sense") from None
    return tuple(found)


def uv_settings(
    directory: Path, environment: Mapping[str, str] = os.environ
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Uv's settings files that apply in `directory`, nearest first, each with its table."""
    if environment.get("UV_NO_CONFIG"):
        return
    if environment.get("UV_CONFIG_FILE"):
        path = Path(environment["UV_CONFIG_FILE"])
        if path.is_file():
            yield path, read_toml(path)
        return
    here = directory.absolute()
    for place in (here, *here.parents):
        if (place / "uv.toml").is_file():
            yield place / "uv.toml", read_toml(place / "uv.toml")
            break
        if (place / "pyproject.toml").is_file():
            table = read_toml(place / "pyproject.toml").get("tool", {}).get("uv")
            if isinstance(table, dict):
                yield place / "pyproject.toml", table
                break
    home = Path(environment.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser())
    for path in (home / "uv/uv.toml", Path("/etc/uv/uv.toml")):
        if path.is_file():
            yield path, read_toml(path)


def authorised(url: str, indexes: tuple[Index, ...], *, keyring: bool = False) -> str:
    """`url` with the user information of the index that has its origin, when there is one.

    `keyring`: ask the keyring program for the password of an index that only names a user.
    """
    origin = _origin(url)
    for index in indexes:
        if _origin(index.url) != origin:
            continue
        user, password = _login(index, keyring=keyring)
        if user or password:
            parts = urlsplit(url)
            place = f"{quote(user, safe='')}:{quote(password, safe='')}@{parts.netloc}"
            return urlunsplit(parts._replace(netloc=place))
    return url


def uses_keyring(directory: Path, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether uv is told to ask the keyring program."""
    provider = environment.get("UV_KEYRING_PROVIDER")
    if provider is None:
        tables = [table for _, table in uv_settings(directory, environment)]
        provider = next((t["keyring-provider"] for t in tables if "keyring-provider" in t), "")
    return provider == "subprocess"


def _listed(environment: Mapping[str, str], variable: str) -> Iterator[Index]:
    for word in environment.get(variable, "").split():
        name, separator, url = word.partition("=")
        named = bool(separator) and "://" not in name
        yield Index(name if named else "", url if named else word)


def _declared(table: dict[str, Any]) -> list[Index]:
    found = [Index(str(i.get("name", "")), str(i["url"])) for i in table.get("index", [])]
    for settings in (table, table.get("pip", {})):
        urls = [settings.get("index-url", ""), *settings.get("extra-index-url", [])]
        found += [Index("", str(url)) for url in urls if url]
    return found


def _login(index: Index, *, keyring: bool) -> tuple[str, str]:
    """User and password: of the address, of the index's own variables, of the keyring."""
    parts = urlsplit(index.url)
    user, password = parts.username or "", parts.password or ""
    if index.name:
        variable = re.sub(r"[^A-Z0-9]", "_", index.name.upper())
        user = user or os.environ.get(f"UV_INDEX_{variable}_USERNAME", "")
        password = password or os.environ.get(f"UV_INDEX_{variable}_PASSWORD", "")
    if keyring and user and not password:
        password = _from_keyring(_plain(index.url), user)
    return user, password


def _from_keyring(url: str, user: str) -> str:
    import subprocess  # a warm build does without

    for service in (url, urlsplit(url).hostname or ""):
        try:
            result = subprocess.run(
                ["keyring", "get", service, user],
                capture_output=True,
                text=True,
                check=False,
                timeout=_KEYRING_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        if result.returncode == 0 and result.stdout.strip():
            return result.stdout.strip()
    return ""


def _plain(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _origin(url: str) -> tuple[str, str, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return "", url, None
    return parts.scheme, parts.hostname or "", port
