"""Which operating system an image is of: os-release(5), and what older or smaller systems have.

Testing and unstable of Debian name no version, and Alpine's edge, Wolfi and Arch a rolling one:
what is not told stays empty. Where there are several of these files, `PRECEDENCE` says which
counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from distil.catalog.facts import Content, Facts, Unreadable
from distil.model.inventory import OsRelease

LARGEST: Final = 64 << 10
"""Bytes of such a file; os-release of every distribution is below 2 KiB."""

_ASSIGNMENT: Final = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)")
_ESCAPED: Final = re.compile(r"\\([\"$`\\])")
_ESCAPED_PLAIN: Final = re.compile(r"\\(.)")
_DEBIAN_VERSION: Final = re.compile(r"(\d+)(\.\d+)*")
_VERSION: Final = re.compile(r"\d+(?:\.\d+)*")
_RED_HAT: Final = re.compile(r"(.+?)\s+(?:Linux\s+)?release\s+(\d+(?:\.\d+)*)")
_BUSYBOX: Final = re.compile(rb"BusyBox v(\d+(?:\.\d+)+)")
_RED_HAT_IDS: Final = {
    "centos": "centos",
    "red hat": "rhel",
    "fedora": "fedora",
    "rocky": "rocky",
    "almalinux": "almalinux",
    "oracle": "ol",
    "scientific": "scientific",
    "amazon": "amzn",
}
"""What os-release would call the systems that redhat-release names, by how it begins."""


def os_release(path: str, content: Content) -> Facts:
    """The release that the file at `path` tells of; nothing for a path not in `PRECEDENCE`.

    Raises `Unreadable`.
    """
    read = _READERS.get(path)
    if read is None:
        return Facts()
    release = read(content)
    return Facts(release=release) if release is not None else Facts()


def _text(content: Content) -> str:
    data = content[: LARGEST + 1]
    if len(data) > LARGEST:
        raise Unreadable(f"more than {LARGEST} bytes")
    if b"\0" in data:
        raise Unreadable("no text")
    return data.decode("utf-8", "replace")


def _standard(content: Content) -> OsRelease:
    """Follows os-release(5): assignments as a shell reads them, the last of a name counts."""
    told = {}
    for line in _text(content).splitlines():
        found = _ASSIGNMENT.fullmatch(line)
        if found is not None:
            told[found[1]] = _unquoted(found[2].strip())
    if not any(told.get(name) for name in ("ID", "NAME", "PRETTY_NAME", "VERSION_ID")):
        raise Unreadable("it names no system")
    return OsRelease(
        id=told.get("ID") or "linux",
        version_id=told.get("VERSION_ID") or told.get("BUILD_ID", ""),
        version=told.get("VERSION", ""),
        codename=told.get("VERSION_CODENAME", ""),
        name=told.get("NAME", ""),
        pretty_name=told.get("PRETTY_NAME", ""),
        id_like=tuple(told.get("ID_LIKE", "").split()),
        variant_id=told.get("VARIANT_ID", ""),
        cpe=told.get("CPE_NAME", ""),
        home_url=told.get("HOME_URL", ""),
    )


def _unquoted(value: str) -> str:
    for quote in ('"', "'"):
        if len(value) >= 2 and value[0] == value[-1] == quote:
            inner = value[1:-1]
            return _ESCAPED.sub(r"\1", inner) if quote == '"' else inner
    return _ESCAPED_PLAIN.sub(r"\1", value)


def _debian(content: Content) -> OsRelease | None:
    """``/etc/debian_version``: ``12.5``, or ``trixie/sid`` before there is a number.

    Debian's derivatives have it too, so it tells nothing where os-release does.
    """
    told = _text(content).strip()
    number = _DEBIAN_VERSION.fullmatch(told)
    if number is not None:
        return _simple("debian", "Debian GNU/Linux", told, number[1])
    codename, _, rest = told.partition("/")
    if rest != "sid" or not codename.isalpha():
        raise Unreadable("no version of Debian")
    return OsRelease(
        id="debian",
        codename=codename,
        name="Debian GNU/Linux",
        pretty_name=f"Debian GNU/Linux {told}",
    )


def _alpine(content: Content) -> OsRelease:
    told = _text(content).strip()
    if not told or len(told) > 64 or not told[0].isdigit():
        raise Unreadable("no version of Alpine Linux")
    return _simple("alpine", "Alpine Linux", told)


def _red_hat(content: Content) -> OsRelease:
    """``/etc/redhat-release``: ``CentOS Linux release 7.9.2009 (Core)`` and its kind."""
    first = _text(content).partition("\n")[0].strip()
    found = _RED_HAT.match(first)
    if found is None:
        raise Unreadable("no release that it names")
    name = found[1].lower()
    ids = [one for start, one in _RED_HAT_IDS.items() if name.startswith(start)]
    return _simple(ids[0] if ids else name.split()[0], found[1], found[2])


def _platform_name(content: Content) -> OsRelease:
    """``/etc/system-release-cpe``: ``cpe:/o:centos:linux:6:GA``."""
    told = _text(content).strip()
    parts = told.split(":")
    if len(parts) < 5 or parts[0] != "cpe" or not parts[2] or not _VERSION.fullmatch(parts[4]):
        raise Unreadable("no name of a platform (CPE)")
    vendor = {"redhat": "rhel", "amazon": "amzn", "oracle": "ol"}.get(parts[2], parts[2])
    release = _simple(vendor, parts[2], parts[4])
    return OsRelease(
        id=release.id,
        version_id=parts[4],
        version=parts[4],
        name=parts[2],
        pretty_name=release.pretty_name,
        cpe=told,
    )


def _busybox(content: Content) -> OsRelease | None:
    """An image of BusyBox alone is told by the program; other systems have it too."""
    found = _BUSYBOX.search(content)
    return None if found is None else _simple("busybox", "BusyBox", found[1].decode())


def _simple(name: str, title: str, version: str, version_id: str = "") -> OsRelease:
    return OsRelease(
        id=name,
        version_id=version_id or version,
        version=version,
        name=title,
        pretty_name=f"{title} {version}",
    )


_READERS: Final[dict[str, Callable[[Content], OsRelease | None]]] = {
    "/etc/os-release": _standard,
    "/usr/lib/os-release": _standard,
    "/etc/system-release-cpe": _platform_name,
    "/etc/redhat-release": _red_hat,
    "/etc/alpine-release": _alpine,
    "/etc/debian_version": _debian,
    "/bin/busybox": _busybox,
    "/usr/bin/busybox": _busybox,
}

PRECEDENCE: Final = tuple(_READERS)
"""The files that tell of the release of an image, the one that counts most first."""
