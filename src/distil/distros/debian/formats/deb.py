"""Reading Debian binary packages (deb(5), format 2.0) as streams."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from distil.distros.debian.formats.ar import ArReader
from distil.formats.byte_source import ByteSource, Readable
from distil.formats.compressed import ALLOWANCE, RATIO, decompress
from distil.formats.errors import MalformedArchive, TruncatedArchive, UnsupportedArchive
from distil.formats.tar import TarReader
from distil.formats.tar_member import TarLimits
from distil.model.node import Kind

MAX_CONTROL: Final = 64 << 20
"""Bytes of an unpacked control member; the largest md5sums lists have a few megabytes."""

MAX_DATA: Final = 16 << 30
"""Bytes of an unpacked data member; the largest package of Debian has about 4 GB."""

_VERSION_LIMIT: Final = 4096
_VERSION: Final = re.compile(rb"2\.[0-9]+\n")


class DebReader:
    """One .deb, read front to back: `control` is there at once, then `data` can be iterated.

    `what` names the package in errors. Raises `MalformedArchive`, `TruncatedArchive`,
    `ArchiveTooLarge`, `UnsupportedArchive` (another major version or compression).
    """

    def __init__(self, stream: Readable, what: str) -> None:
        self._what = what
        self._archive = ArReader(stream, what)
        self._members = iter(self._archive)
        self._check_version()
        self.control = self._read_control()
        """Files of the control member by name: ``control``, ``md5sums``, ``postinst``, …"""

    def data(self) -> TarReader:
        """The data member's files; call once.

        What follows the member is not looked at, as deb(5) asks for and dpkg-deb has it.
        """
        compression = self._open("data")
        limit = min(MAX_DATA, RATIO * self._archive.left + ALLOWANCE)
        chunks = decompress(
            self._archive.chunks(), compression, limit=limit, what=f"{self._what}: data"
        )
        return TarReader(ByteSource(chunks), f"{self._what}: data", TarLimits(content=MAX_DATA))

    def _check_version(self) -> None:
        """The first member: format version 2.0; later minor versions stay readable (deb(5))."""
        member = next(self._members, None)
        if member is None or member.name != "debian-binary":
            raise MalformedArchive(self._what, "its first member is not debian-binary")
        if member.size > _VERSION_LIMIT:
            raise MalformedArchive(self._what, "its debian-binary member is too large")
        version = b"".join(self._archive.chunks())
        if not _VERSION.match(version):
            shown = version[:20].decode("ascii", "replace").strip()
            raise UnsupportedArchive(self._what, f"format version {shown!r}, not 2.0")

    def _open(self, which: str) -> str:
        """Advance to member `which` and return its compression; names with ``_`` are skipped."""
        for member in self._members:
            if member.name.startswith("_"):
                continue
            name, _, compression = member.name.partition(".tar")
            if name != which or compression[:1] not in ("", "."):
                raise MalformedArchive(
                    self._what, f"member {member.name!r} where {which}.tar was expected"
                )
            return compression[1:]
        raise TruncatedArchive(self._what, f"it has no {which} member")

    def _read_control(self) -> dict[str, bytes]:
        what = f"{self._what}: control"
        compression = self._open("control")
        chunks = decompress(self._archive.chunks(), compression, limit=MAX_CONTROL, what=what)
        reader = TarReader(ByteSource(chunks), what, TarLimits(members=1000, content=MAX_CONTROL))
        files = dict(_files(reader, what))
        if "control" not in files:
            raise MalformedArchive(what, "there is no control file")
        return files


def _files(reader: TarReader, what: str) -> Iterator[tuple[str, bytes]]:
    seen = set()
    for member in reader:
        if member.kind is Kind.DIRECTORY and member.path == "/":
            continue
        if member.kind is not Kind.FILE or member.path in seen or "/" in member.path[1:]:
            raise MalformedArchive(what, f"unexpected member {member.path!r}")
        seen.add(member.path)
        yield member.path[1:], b"".join(reader.chunks())
