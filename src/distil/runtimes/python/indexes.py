"""Passwords of private package indexes, from where uv has them; wheels are fetched without uv.

They are looked up when a wheel is downloaded, bound to the origin of the index, and never stored
or shown. netrc is the download's own business.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import msgspec

from distil.formats.errors import InvalidProjectFile
from distil.runtimes.python.dependencies import with_included
from distil.runtimes.python.project_files import read_toml
from distil.source.scan import read_source

_URL_VARIABLES: Final = (
    *("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS"),
)
_KEYRING_SECONDS: Final = 20
_WITH_LOGIN: Final = re.compile(r"https?://[^\s'\"`<>/@]+@[^\s'\"`<>,;]+")
_VARIABLE: Final = re.compile(r"\$\{([A-Z0-9_]+)\}")
_ALWAYS: Final = "always"


class Index(msgspec.Struct, frozen=True):
    """A configured index: its name (may be empty) and its address, user information included.

    `authenticate` is uv's setting of that name: "always" asks the keyring for the user as well.
    """

    name: str
    url: str
    authenticate: str = ""


def configured_indexes(
    directory: Path, environment: Mapping[str, str] = os.environ, files: Sequence[str] = ()
) -> tuple[Index, ...]:
    """The indexes that uv would use for the project in `directory`, the environment's first.

    `files`: those that say what the project depends on, relative to `directory`. Every address
    with a login in them counts: options of requirements files, and requirements themselves.
    """
    found = [index for variable in _URL_VARIABLES for index in _listed(environment, variable)]
    for path, table in uv_settings(directory, environment):
        try:
            found += _declared(table)
        except (AttributeError, TypeError, KeyError):
            raise InvalidProjectFile(str(path), "its index settings make no sense") from None
    for file in with_included(directory, files):
        found += _written(read_source(file).decode("utf-8", "replace"), environment)
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
        if _is_there(place / "uv.toml"):
            yield place / "uv.toml", read_toml(place / "uv.toml")
            break
        if _is_there(place / "pyproject.toml"):
            table = read_toml(place / "pyproject.toml").get("tool", {}).get("uv")
            if isinstance(table, dict):
                yield place / "pyproject.toml", table
                break
    home = Path(environment.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser())
    for path in (home / "uv/uv.toml", Path("/etc/uv/uv.toml")):
        if path.is_file():
            yield path, read_toml(path)


def _is_there(path: Path) -> bool:
    """Whether uv reads something at `path`, be it a FIFO, for which it would wait."""
    return path.exists() and not path.is_dir()


def authorised(
    urls: Sequence[str], indexes: tuple[Index, ...], *, keyring: bool = False
) -> list[str]:
    """`urls`, each with the user information of the index that it belongs to, if it has none.

    That is one with its origin; of several, the one whose path has most in common with it.
    `keyring`: ask the keyring program for a password that is not written anywhere.
    """
    logins: dict[Index, tuple[str, str]] = {}

    def login(index: Index) -> tuple[str, str]:
        if index not in logins:  # The keyring program may ask somebody, so ask it once.
            logins[index] = _login(index, keyring=keyring)
        return logins[index]

    return [_authorised(url, indexes, login) for url in urls]


def _authorised(
    url: str, indexes: tuple[Index, ...], login: Callable[[Index], tuple[str, str]]
) -> str:
    parts = urlsplit(url)
    if parts.username is not None:
        return url
    origin = _origin(url)
    near = sorted(
        (index for index in indexes if _origin(index.url) == origin),
        key=lambda index: -_shared_steps(url, index.url),
    )
    for index in near:
        user, password = login(index)
        if user or password:
            place = f"{quote(user, safe='')}:{quote(password, safe='')}@{parts.netloc}"
            return urlunsplit(parts._replace(netloc=place))
    return url


def _shared_steps(url: str, other: str) -> int:
    """How many directories two paths begin with in common."""
    pairs = zip(urlsplit(url).path.split("/"), urlsplit(other).path.split("/"), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def uses_keyring(directory: Path, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether uv is told to ask the keyring program."""
    provider = environment.get("UV_KEYRING_PROVIDER")
    if provider is None:
        tables = [table for _, table in uv_settings(directory, environment)]
        provider = next((t["keyring-provider"] for t in tables if "keyring-provider" in t), "")
    return provider == "subprocess"


def _listed(environment: Mapping[str, str], variable: str) -> Iterator[Index]:
    value = environment.get(variable, "")
    for word in (value.replace(",", " ") if variable == "UV_FIND_LINKS" else value).split():
        name, separator, url = word.partition("=")
        named = bool(separator) and "://" not in name
        yield Index(name if named else "", url if named else word)


def _declared(table: dict[str, Any]) -> list[Index]:
    found = [
        Index(str(i.get("name", "")), str(i["url"]), str(i.get("authenticate", "")))
        for i in table.get("index", [])
    ]
    for settings in (table, table.get("pip", {})):
        urls = [settings.get("index-url", "")]
        urls += [*settings.get("extra-index-url", []), *settings.get("find-links", [])]
        found += [Index("", str(url)) for url in urls if url]
    return found


def _written(text: str, environment: Mapping[str, str]) -> Iterator[Index]:
    """The addresses with a login in a file, variables in them filled in as uv does."""
    for line in text.splitlines():
        if "@" in line and not line.lstrip().startswith("#"):
            known = _VARIABLE.sub(lambda match: environment.get(match[1], match[0]), line)
            for found in _WITH_LOGIN.findall(known):
                yield Index("", found)


def _login(index: Index, *, keyring: bool) -> tuple[str, str]:
    """User and password: of the address, of the index's own variables, of the keyring."""
    parts = urlsplit(index.url)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if index.name:
        variable = re.sub(r"[^A-Z0-9]", "_", index.name.upper())
        user = user or os.environ.get(f"UV_INDEX_{variable}_USERNAME", "")
        password = password or os.environ.get(f"UV_INDEX_{variable}_PASSWORD", "")
    if keyring and not password and (user or index.authenticate == _ALWAYS):
        user, password = _from_keyring(_plain(index.url), user)
    return user, password


def _from_keyring(url: str, user: str) -> tuple[str, str]:
    """What the keyring program has for `url`, then for its host, as uv asks it."""
    import subprocess  # a warm build does without

    for service in (url, urlsplit(url).hostname or ""):
        asked = ["get", service, user] if user else ["--mode", "creds", "get", service]
        try:
            result = subprocess.run(
                ["keyring", *asked],
                capture_output=True,
                text=True,
                check=False,
                timeout=_KEYRING_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired):
            return user, ""
        lines = result.stdout.splitlines()
        if result.returncode == 0 and len(lines) == (1 if user else 2):
            return (user or lines[0], lines[-1])
    return user, ""


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
