"""Decoded archives: the contents of a .deb or wheel laid out so that a later build only looks.

A pack is one file of all contents, end to end, and an index of its members with offsets, sizes,
digests and what the ELF reader found. The index is framed with its own digest and checked when
it is opened; contents are checked against their digest whenever they are read.
"""

from __future__ import annotations

import hashlib
import mmap
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO, Final, Protocol

import msgspec

from distil.fetch.cache import Cache
from distil.formats.elf import ElfFile, parse_elf
from distil.formats.errors import MalformedArchive, MalformedElf
from distil.model.blob import FileBlob
from distil.model.digest import Digest
from distil.model.errors import InvalidDigest
from distil.model.node import Kind, Node
from distil.model.origin import Origin

_AREA: Final = "packs"
_ELF_MAGIC: Final = b"\x7fELF"


class PackMember(msgspec.Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """One member of an archive. `path` is absolute; the rest is as in `Node`.

    `offset` and `size` locate a file's contents in the pack's data. `elf` is None for what is
    not an ELF file, or not one that a loader could read.
    """

    path: str
    kind: Kind
    mode: int
    uid: int = 0
    gid: int = 0
    mtime: int = 0
    target: str = ""
    offset: int = 0
    size: int = 0
    sha256: bytes = b""
    elf: ElfFile | None = None
    xattrs: tuple[tuple[str, bytes], ...] = ()
    device: tuple[int, int] | None = None

    @property
    def digest(self) -> Digest | None:
        """sha256 of a file's contents; None for anything else."""
        return Digest.from_hex(self.sha256.hex()) if self.sha256 else None


class _Index(msgspec.Struct, array_like=True):
    """What is kept of a pack beside its contents. `raw_paths`: see `_escaped`."""

    data_size: int
    raw_paths: bool
    members: tuple[PackMember, ...]
    attachments: dict[str, bytes]


_LAYOUT: Final = zlib.crc32(
    " ".join(
        f"{field.encode_name}:{field.type}"
        for struct in (_Index, PackMember, ElfFile)
        for field in msgspec.structs.fields(struct)
    ).encode()
)
"""Changes with the fields above, so that an index written by another version is not misread."""


class Pack:
    """An archive's members and attachments (control files, wheel metadata, by name)."""

    __slots__ = ("archive", "attachments", "data_path", "members")

    def __init__(
        self,
        archive: Digest,
        members: tuple[PackMember, ...],
        attachments: Mapping[str, bytes],
        data_path: str,
    ) -> None:
        self.archive = archive
        self.members = members
        self.attachments = attachments
        self.data_path = data_path

    def blob(self, member: PackMember) -> FileBlob:
        """The contents of a file of this pack."""
        # The index was checked as a whole when it was opened; no need to validate each digest.
        digest = str.__new__(Digest, "sha256:" + member.sha256.hex())
        return FileBlob(self.data_path, member.offset, member.size, digest)

    def nodes(self, origin: Origin) -> list[Node]:
        """The members as nodes of `origin`, in the archive's order."""
        return [
            Node(
                member.path,
                member.kind,
                member.mode,
                member.uid,
                member.gid,
                member.mtime,
                member.target,
                self.blob(member) if member.sha256 else None,
                origin,
                member.xattrs,
                member.device,
            )
            for member in self.members
        ]

    def elf_files(self) -> dict[Digest, ElfFile | None]:
        """For every file's digest what the ELF reader found; None: known not to be ELF."""
        return {self.blob(member).digest: member.elf for member in self.members if member.sha256}


class NamedPack(Protocol):
    """A package that was fetched, verified and decoded."""

    @property
    def name(self) -> str:
        """The package's."""

    @property
    def archive_digest(self) -> Digest:
        """The sha256 of the archive."""

    @property
    def pack(self) -> Pack:
        """Its members and their contents."""


def open_pack(cache: Cache, archive: Digest, kind: str) -> Pack | None:
    """The pack of `archive` decoded as `kind` (``deb``, ``wheel``), or None if there is none.

    An index that is corrupt, or whose data file is gone, counts as none. Raises `CorruptCache`
    when the data file has another size.
    """
    data = cache.document(_AREA, _index_key(archive, kind))
    if data is None:
        return None
    index = _DECODER.decode(data)
    path = cache.path(_AREA, _data_name(archive, kind))
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return None
    if size != index.data_size:
        raise cache.corrupt(path)
    cache.used(_AREA, path.name)
    return _pack(index, archive, path)


def pack_is_sound(cache: Cache, name: str) -> bool | None:
    """Whether the contents in the pack called `name` all match the digests in its index.

    None when it has no index, so that nobody reads it. Raises OSError.
    """
    archive, _, kind = name.partition(".")
    try:
        key = _index_key(Digest.from_hex(archive), kind)
    except InvalidDigest:
        return None
    data = cache.document(_AREA, key)
    if data is None:
        return None
    index = _DECODER.decode(data)
    with cache.path(_AREA, name).open("rb") as stream:
        for member in index.members:
            # Members lie end to end, so this is one pass.
            if member.sha256 and hashlib.sha256(stream.read(member.size)).digest() != member.sha256:
                return False
        return not stream.read(1)


def write_pack(
    cache: Cache,
    archive: Digest,
    kind: str,
    members: Iterable[tuple[PackMember, Iterable[bytes]]],
    attachments: Mapping[str, bytes],
) -> Pack:
    """Store an archive's members and return them as a pack.

    Each member comes with its contents, which are consumed before the next is asked for; its
    `offset`, `size`, `sha256` and `elf` are found here. `attachments` is read at the end, so it
    may be filled while the members pass. Nothing is kept when an exception passes, which is how
    a source reports that its bytes do not match their digest. Raises `MalformedArchive` when
    two members have the same path, `DiskFull`, `CacheUnwritable`.
    """
    stored: dict[str, PackMember] = {}
    name = _data_name(archive, kind)
    with cache.writing(_AREA, name) as stream:
        offset = 0
        for member, contents in members:
            earlier = stored.get(member.path)
            if earlier is not None and {earlier.kind, member.kind} != {Kind.DIRECTORY}:
                raise MalformedArchive(f"archive {archive}", f"{member.path!r} comes twice")
            if member.kind is Kind.FILE:
                placed = _store(stream, offset, member, contents)
                offset += placed.size
                stored[member.path] = placed
            else:
                stored[member.path] = member
    index = _Index(
        data_size=offset,
        raw_paths=False,
        members=tuple(stored.values()),
        attachments=dict(attachments),
    )
    cache.put_document(_AREA, _index_key(archive, kind), _encode(index))
    return _pack(index, archive, cache.path(_AREA, name))


def _store(
    stream: BinaryIO, offset: int, member: PackMember, contents: Iterable[bytes]
) -> PackMember:
    hasher = hashlib.sha256()
    size = 0
    piece = head = b""
    for piece in contents:
        head = head or piece[:4]
        hasher.update(piece)
        stream.write(piece)
        size += len(piece)
    elf = None
    if head == _ELF_MAGIC:
        elf = _parse(piece) if len(piece) == size else _parse_stored(stream, offset, size)
    return msgspec.structs.replace(
        member, offset=offset, size=size, sha256=hasher.digest(), elf=elf
    )


def _parse_stored(stream: BinaryIO, offset: int, size: int) -> ElfFile | None:
    """Parse a large file where it was just written: only the pages looked at are read again."""
    stream.flush()
    start = offset - offset % mmap.ALLOCATIONGRANULARITY
    length = offset - start + size
    with (
        open(stream.name, "rb") as file,
        mmap.mmap(file.fileno(), length, access=mmap.ACCESS_READ, offset=start) as mapped,
        memoryview(mapped) as view,
        view[offset - start :] as contents,
    ):
        return _parse(contents)


def _parse(contents: bytes | memoryview) -> ElfFile | None:
    """Archives do hold broken ELF files, as test data; the loader could not use them either."""
    try:
        return parse_elf(contents)
    except MalformedElf:
        return None


def _pack(index: _Index, archive: Digest, data_path: Path) -> Pack:
    members = index.members
    if index.raw_paths:
        members = tuple(_escaped(member, "latin-1", "utf-8") for member in members)
    return Pack(archive, members, index.attachments, str(data_path))


def _encode(index: _Index) -> bytes:
    try:
        return msgspec.msgpack.encode(index)
    except UnicodeEncodeError:
        members = tuple(_escaped(member, "utf-8", "latin-1") for member in index.members)
        escaped = msgspec.structs.replace(index, raw_paths=True, members=members)
        return msgspec.msgpack.encode(escaped)


def _escaped(member: PackMember, source: str, target: str) -> PackMember:
    """`member` with its names re-coded: msgpack text cannot hold bytes that are not UTF-8.

    Such names are rare, so an index with one says so and spells all of its names byte by byte.
    """

    def escaped(text: str) -> str:
        return text.encode(source, "surrogateescape").decode(target, "surrogateescape")

    xattrs = tuple((escaped(name), value) for name, value in member.xattrs)
    path, link = escaped(member.path), escaped(member.target)
    return msgspec.structs.replace(member, path=path, target=link, xattrs=xattrs)


def _index_key(archive: Digest, kind: str) -> str:
    return f"pack {kind} {archive} {_LAYOUT:08x}"


def _data_name(archive: Digest, kind: str) -> str:
    return f"{archive.hex}.{kind}"


_DECODER: Final = msgspec.msgpack.Decoder(_Index)
