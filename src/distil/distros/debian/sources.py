"""Where Debian packages come from: the environment, the user's configuration, apt's sources.

No mirror is written into the code. What is found here is only a place to ask; whether a place
is Debian's is decided by the signed Release file that it answers with.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import msgspec

from distil.distros.debian.errors import MalformedControl, NoMirror
from distil.distros.debian.formats.apt_sources import (
    AptSource,
    parse_deb822_sources,
    parse_one_line_sources,
)
from distil.distros.debian.suites import is_security_suite, is_suite_name
from distil.events import Warned, emit
from distil.fetch.address import parse_address, redacted
from distil.fetch.configuration import DebianSection, configuration_path, read_configuration
from distil.fetch.errors import InvalidUrl
from distil.model.regular_file import read_small

APT_DIRECTORY: Final = Path("/etc/apt")


class Mirrors(msgspec.Struct, frozen=True):
    """Addresses to ask for Debian, best first; none ends in a slash.

    `snapshot` is asked for packages that a mirror no longer has, `security_snapshot` for those of
    a security archive. `keyring` is a file with further keys to trust. `named_by` says where this
    was found.
    """

    archives: tuple[str, ...]
    securities: tuple[str, ...] = ()
    snapshot: str | None = None
    security_snapshot: str | None = None
    keyring: str | None = None
    check_valid_until: bool = True
    named_by: str = ""

    @property
    def archive(self) -> str:
        """The first address of the archive."""
        return self.archives[0]

    @property
    def security(self) -> str | None:
        """The first address of the security archive; None when there is none."""
        return self.securities[0] if self.securities else None


def find_mirrors(
    environment: Mapping[str, str] = os.environ,
    configuration: Path | None = None,
    apt_directory: Path = APT_DIRECTORY,
) -> Mirrors:
    """The mirrors named by the environment, else by the user, else by apt's sources.

    ``DISTIL_DEBIAN_MIRROR``, ``_SECURITY_MIRROR``, ``_SNAPSHOT_MIRROR``,
    ``_SECURITY_SNAPSHOT_MIRROR`` and ``_KEYRING`` stand before the keys of the same names under
    ``[debian]`` in the configuration file. Where a mirror is named, apt's sources are not looked
    at, for security updates neither: a mirror frozen on purpose stays frozen. Raises `NoMirror`,
    `InvalidConfiguration`, `InvalidUrl`.
    """
    path = configuration or configuration_path(environment)
    section = _with_environment(read_configuration(path).debian, environment)
    snapshot = _mirror(section.snapshot_mirror) or None
    common = Mirrors(
        (),
        snapshot=snapshot,
        # A mirror that has all versions of both archives, unless another one is named.
        security_snapshot=_mirror(section.security_snapshot_mirror) or snapshot,
        keyring=section.keyring or None,
    )
    if section.mirror:
        return msgspec.structs.replace(
            common,
            archives=(_mirror(section.mirror),),
            securities=tuple(filter(None, [_mirror(section.security_mirror)])),
            named_by="DISTIL_DEBIAN_MIRROR" if "DISTIL_DEBIAN_MIRROR" in environment else str(path),
        )
    return _from_apt(common, section, apt_directory)


def _from_apt(common: Mirrors, section: DebianSection, directory: Path) -> Mirrors:
    archives: dict[str, None] = {}
    securities: dict[str, None] = {}
    check = True
    for source in apt_sources(directory):
        if "main" not in source.components:
            continue
        trusted = "debian-archive" in source.signed_by
        for suite in source.suites:
            if not is_suite_name(suite) and not is_security_suite(suite) and not trusted:
                continue
            found = securities if is_security_suite(suite) else archives
            for uri in source.uris:
                found.update(dict.fromkeys(_expanded(uri)))
            check = check and source.check_valid_until
    if section.security_mirror:
        securities = {_mirror(section.security_mirror): None}
    if not archives:
        raise NoMirror(f"the environment, the configuration file, or the sources in {directory}")
    return msgspec.structs.replace(
        common,
        archives=tuple(archives),
        securities=tuple(securities),
        check_valid_until=check,
        named_by=str(directory),
    )


def apt_sources(directory: Path = APT_DIRECTORY) -> Iterator[AptSource]:
    """Every enabled source of binary packages, in apt's order.

    A file that cannot be read or parsed is passed over with a `Warned` event.
    """
    parts = directory / "sources.list.d"
    files = [
        directory / "sources.list",
        *sorted(parts.glob("*.list")),
        *sorted(parts.glob("*.sources")),
    ]
    for path in files:
        parse = parse_deb822_sources if path.suffix == ".sources" else parse_one_line_sources
        try:
            data = read_small(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            emit(Warned(f"{path} is not used: {error.strerror}"))
            continue
        try:
            yield from list(parse(data, str(path)))
        except MalformedControl as error:
            emit(Warned(f"apt's sources are not used: {error.message}"))


def _expanded(uri: str) -> Iterable[str]:
    """The addresses that a URI of apt stands for; none for methods that are not HTTP or files."""
    if uri.startswith("mirror+file:"):
        path = Path("/" + unquote(uri.removeprefix("mirror+file:")).lstrip("/"))
        try:
            lines = read_small(path).decode("utf-8", "surrogateescape").splitlines()
        except OSError:
            return []
        words = [line.split() for line in lines if not line.startswith("#")]
        return [found for word in words if word for found in _expanded(word[0])]
    if uri.startswith("copy:"):
        uri = "file:" + uri.removeprefix("copy:")
    if uri.startswith("file:/") and not uri.startswith("file://"):
        uri = "file://" + uri.removeprefix("file:")
    if not uri.startswith(("http://", "https://", "file:///")):
        return []
    return [uri.rstrip("/")]


def _mirror(value: str) -> str:
    """A mirror as the user wrote it, an absolute path too. Raises `InvalidUrl`."""
    if not value:
        return ""
    url = Path(value).as_uri() if value.startswith("/") else value
    if "?" in parse_address(url).url:
        raise InvalidUrl(redacted(url), "the address of a mirror has no query")
    return url.rstrip("/")


def _with_environment(section: DebianSection, environment: Mapping[str, str]) -> DebianSection:
    found = {
        name: environment[f"DISTIL_DEBIAN_{name.upper()}"]
        for name in section.__struct_fields__
        if f"DISTIL_DEBIAN_{name.upper()}" in environment
    }
    if found.get("mirror") and "security_mirror" not in found:
        # Another archive than the configured one: its security mirror does not go with it.
        found["security_mirror"] = ""
    return msgspec.structs.replace(section, **found)
