"""The zip archive that is a wheel, read member by member without writing any of it to disk.

Whatever could make two readers see two different wheels, or reach outside of the place where it
is installed, is refused: duplicate and overlapping members, ``..``, absolute and Windows paths,
symbolic links, encryption, unusual compression, and more data than was announced.
"""

from __future__ import annotations

import hashlib
import stat
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final

import msgspec

from distil.model.node import unusable
from distil.runtimes.python.application import normalised
from distil.runtimes.python.errors import InvalidWheel
from distil.runtimes.python.formats.wheel import (
    SIGNATURES,
    Metadata,
    Recorded,
    WheelInfo,
    parse_metadata,
    parse_record,
    parse_wheel_info,
)

MOST_FILES: Final = 200_000
LARGEST_CONTENT: Final = 16 << 30
"""Bytes that all members of a wheel may unpack to."""
HIGHEST_RATIO: Final = 300
"""How much larger than the archive its contents may be, beyond `FREE_CONTENT` bytes."""
FREE_CONTENT: Final = 64 << 20
LARGEST_METADATA: Final = 64 << 20

_CHUNK: Final = 1 << 18
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED: Final = 0x1
_LOCAL_HEADER: Final = 30


class WheelFile(msgspec.Struct, frozen=True):
    """One file of a wheel: its path in the archive, and whether it is to be executable."""

    path: str
    executable: bool
    size: int


class WheelArchive:
    """An opened wheel whose structure, names and metadata were checked.

    `metadata`, `info` and `dist_info` (the directory's name) describe it. Raises
    `InvalidWheel` for anything that breaks the format or the rules above.
    """

    def __init__(self, stream: BinaryIO, filename: str) -> None:
        self._filename = filename
        try:
            self._zip = zipfile.ZipFile(stream)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError) as error:
            raise InvalidWheel(filename, f"it is not a zip archive: {error}") from None
        stream.seek(0, 2)
        self._members = self._checked(stream.tell())
        self.dist_info = self._dist_info()
        self.record = parse_record(self.read(f"{self.dist_info}/RECORD"), filename)
        self.info: WheelInfo = parse_wheel_info(self.read(f"{self.dist_info}/WHEEL"), filename)
        self.metadata: Metadata = parse_metadata(self.read(f"{self.dist_info}/METADATA"), filename)
        self._check_metadata()
        self._check_record()

    def files(self) -> Iterator[tuple[WheelFile, Iterator[bytes]]]:
        """Every file, sorted by path, with its contents, which are checked as they are read."""
        for path in sorted(self._members):
            member = self._members[path]
            executable = bool((member.external_attr >> 16) & 0o111)
            file = WheelFile(path, executable, member.file_size)
            yield file, self._contents(path, member)

    def read(self, path: str) -> bytes:
        """A file of the metadata as a whole, which is not checked against RECORD here."""
        member = self._members.get(path)
        if member is None:
            raise InvalidWheel(self._filename, f"it has no {path}")
        if member.file_size > LARGEST_METADATA:
            raise InvalidWheel(self._filename, f"{path} is larger than any that is honest")
        return b"".join(self._pieces(member))

    def has(self, path: str) -> bool:
        """Whether there is a file at `path`."""
        return path in self._members

    # --- structure -------------------------------------------------------------------------

    def _checked(self, archive_size: int) -> dict[str, zipfile.ZipInfo]:
        members: dict[str, zipfile.ZipInfo] = {}
        entries = self._zip.infolist()
        if len(entries) > MOST_FILES:
            raise InvalidWheel(self._filename, f"it has more than {MOST_FILES} members")
        for entry in entries:
            self._check_entry(entry)
            if entry.is_dir():
                continue
            if entry.filename in members:
                raise InvalidWheel(self._filename, f"{entry.filename!r} is in it twice")
            members[entry.filename] = entry
        self._check_tree(members)
        self._check_sizes(entries, archive_size)
        return members

    def _check_entry(self, entry: zipfile.ZipInfo) -> None:
        name = entry.filename
        path = name.removesuffix("/") if entry.is_dir() else name
        parts = path.split("/")
        if why := unusable(f"./{path}"):
            raise InvalidWheel(self._filename, f"{name[:100]!r}: {why}")
        if not path or any(part in ("", ".", "..") for part in parts):
            raise InvalidWheel(self._filename, f"{name!r} is not a path inside it")
        # zipfile cuts names at a NUL; a reader that does not would see another one.
        if "\\" in entry.orig_filename or "\0" in entry.orig_filename or parts[0].endswith(":"):
            raise InvalidWheel(self._filename, f"{entry.orig_filename!r} is not a portable path")
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise InvalidWheel(self._filename, f"{name!r} is neither a file nor a directory")
        if entry.flag_bits & _ENCRYPTED:
            raise InvalidWheel(self._filename, f"{name!r} is encrypted")
        if entry.compress_type not in _METHODS:
            raise InvalidWheel(
                self._filename, f"{name!r} is compressed in a way that wheels are not"
            )

    def _check_tree(self, members: dict[str, zipfile.ZipInfo]) -> None:
        directories = {
            path[:end] for path in members for end, char in enumerate(path) if char == "/"
        }
        both = directories & set(members)
        if both:
            raise InvalidWheel(self._filename, f"{min(both)!r} is a file and a directory")

    def _check_sizes(self, entries: list[zipfile.ZipInfo], archive_size: int) -> None:
        total = sum(entry.file_size for entry in entries)
        allowed = min(LARGEST_CONTENT, FREE_CONTENT + HIGHEST_RATIO * archive_size)
        if total > allowed:
            raise InvalidWheel(self._filename, f"{archive_size} bytes would unpack to {total}")
        end = 0
        for entry in sorted(entries, key=lambda entry: entry.header_offset):
            if entry.header_offset < end:
                raise InvalidWheel(self._filename, f"{entry.filename!r} overlaps another member")
            end = entry.header_offset + _LOCAL_HEADER + entry.compress_size

    def _dist_info(self) -> str:
        found = {path.split("/")[0] for path in self._members if "/" in path}
        found = {name for name in found if name.endswith(".dist-info")}
        if len(found) != 1:
            raise InvalidWheel(
                self._filename, f"it has {len(found)} .dist-info directories instead of one"
            )
        return found.pop()

    # --- metadata --------------------------------------------------------------------------

    def _check_metadata(self) -> None:
        name, version = self._filename.split("-")[:2]
        metadata = self.metadata
        if normalised(metadata.name) != normalised(name):
            raise InvalidWheel(self._filename, f"its METADATA is of {metadata.name}")
        from packaging.version import InvalidVersion, Version  # slow to load

        try:
            same = Version(metadata.version) == Version(version.replace("_", "+"))
        except InvalidVersion:
            same = metadata.version == version
        if not same:
            raise InvalidWheel(self._filename, f"its METADATA is of version {metadata.version}")
        directory = self.dist_info.removesuffix(".dist-info").split("-")
        if normalised(directory[0]) != normalised(name):
            raise InvalidWheel(self._filename, f"its metadata directory is {self.dist_info}")

    def _check_record(self) -> None:
        unlisted = {f"{self.dist_info}/{name}" for name in ("RECORD", *SIGNATURES)}
        for path in sorted(self._members):
            if path in unlisted:
                continue
            recorded = self.record.get(path)
            if recorded is None or not recorded.algorithm:
                raise InvalidWheel(self._filename, f"RECORD has no hash of {path!r}")

    # --- contents --------------------------------------------------------------------------

    def _contents(self, path: str, member: zipfile.ZipInfo) -> Iterator[bytes]:
        recorded = self.record.get(path)
        if recorded is None or not recorded.algorithm:
            yield from self._pieces(member)
            return
        yield from self._verified(path, member, recorded)

    def _verified(self, path: str, member: zipfile.ZipInfo, recorded: Recorded) -> Iterator[bytes]:
        hasher = hashlib.new(recorded.algorithm)
        for piece in self._pieces(member):
            hasher.update(piece)
            yield piece
        if hasher.digest() != recorded.digest:
            raise InvalidWheel(self._filename, f"{path!r} does not have the hash RECORD says")
        if recorded.size not in (None, member.file_size):
            raise InvalidWheel(self._filename, f"{path!r} does not have the size RECORD says")

    def _pieces(self, member: zipfile.ZipInfo) -> Iterator[bytes]:
        done = 0
        try:
            with self._zip.open(member) as stream:
                while piece := stream.read(_CHUNK):
                    done += len(piece)
                    yield piece
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise InvalidWheel(self._filename, f"{member.filename!r}: {error}") from None
        if done != member.file_size:
            raise InvalidWheel(
                self._filename, f"{member.filename!r} ends after {done} of {member.file_size} bytes"
            )
