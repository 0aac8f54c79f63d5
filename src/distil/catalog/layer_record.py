"""What one layer holds, once it has been read: its entries, their checksums, and all facts.

A record depends on the bytes of the layer and on the parsers alone. It is kept in the cache under
the layer's diff id, so that a layer is read once, whichever images it is in. That a stored blob
unpacks to a diff id is believed when it was seen: an image may say what it likes.
"""

from __future__ import annotations

import contextlib
import mmap
from collections.abc import Iterator
from typing import IO, Final

import msgspec

from distil.catalog.cataloger import Cataloger, Parser
from distil.catalog.checksums import Hashing
from distil.catalog.dispatch import ELF_MAGIC, Dispatch
from distil.catalog.facts import Content, Facts, Unreadable
from distil.catalog.kept import AREA, decoded, encoded
from distil.catalog.table import CATALOGERS, VERSION
from distil.fetch.cache import Cache
from distil.formats.tar_member import TarMember
from distil.image.layer import Layer
from distil.image.layer_contents import Allowance, layer_members, tar_size
from distil.model.inventory import Remark
from distil.model.node import Kind

_IN_MEMORY: Final = 8 << 20
"""Bytes of a file that a parser is given as they are; larger ones are mapped from the disk."""
_PROGRAMS: Final = (ELF_MAGIC, b"#!")
_ARCHIVES: Final = (".jar", ".war", ".ear")


class Entry(msgspec.Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """An entry of a layer, as `Node` has it. Checksums are bytes, empty if nothing was read."""

    path: str
    kind: Kind
    mode: int
    uid: int = 0
    gid: int = 0
    mtime: int = 0
    target: str = ""
    size: int = 0
    sha256: bytes = b""
    sha1: bytes = b""
    md5: bytes = b""
    is_program: bool = False


class LayerRecord(msgspec.Struct, frozen=True, array_like=True):
    """All that is known of a layer. `facts` are by path, in the order of the table.

    Entries are in the order of the archive, and may have one path several times: what is written
    through a link that is none later is where the link led.

    `has_checksums` says whether the contents of all files were hashed.
    """

    has_checksums: bool
    entries: tuple[Entry, ...]
    facts: dict[str, tuple[Facts, ...]]
    remarks: tuple[Remark, ...]


def layer_record(
    layer: Layer, cache: Cache, allowance: Allowance, *, checksums: bool
) -> LayerRecord:
    """The record of `layer`, from the cache or read now, then with the checksums of all files.

    Without `checksums` one that has none will do. Raises what `layer_members` raises.
    """
    for has_checksums in (True,) if checksums else (True, False):
        data = cache.document(AREA, _key(layer, has_checksums=has_checksums))
        if data is not None:
            if cache.document(AREA, _binding(layer)) is None:
                tar_size(layer, allowance)
                cache.put_document(AREA, _binding(layer), b"")
            return decoded(data, _DECODER)
    record = _Reading(checksums=checksums).of(layer, allowance)
    cache.put_document(AREA, _key(layer, has_checksums=checksums), encoded(record))
    cache.put_document(AREA, _binding(layer), b"")
    return record


def _binding(layer: Layer) -> str:
    """Stands for: what is stored under the digest was seen to unpack to the diff id."""
    return f"{layer.descriptor.media_type} {layer.descriptor.digest} is {layer.diff_id}"


def _key(layer: Layer, *, has_checksums: bool) -> str:
    depth = "contents" if has_checksums else "components"
    return f"{VERSION} {depth} {layer.diff_id}"


_DECODER: Final = msgspec.msgpack.Decoder(LayerRecord)


class _Reading:
    """Reading one layer."""

    def __init__(self, *, checksums: bool) -> None:
        self._hashing = Hashing() if checksums else None
        self._dispatch = Dispatch(CATALOGERS)
        self._parsers: dict[str, Parser] = {}
        self._entries: list[Entry] = []
        self._facts: dict[str, tuple[Facts, ...]] = {}
        self._remarks: list[Remark] = []

    def of(self, layer: Layer, allowance: Allowance) -> LayerRecord:
        with contextlib.closing(layer_members(layer, allowance)) as members, self._whole():
            for member, pieces in members:
                self._facts.pop(member.path, None)
                self._entries.append(
                    self._file(member, pieces) if member.kind is Kind.FILE else _entry(member)
                )
        entries = tuple(self._entries)
        return LayerRecord(self._hashing is not None, entries, self._facts, tuple(self._remarks))

    def _whole(self) -> contextlib.AbstractContextManager[object]:
        return contextlib.closing(self._hashing) if self._hashing else contextlib.nullcontext()

    def _file(self, member: TarMember, pieces: Iterator[bytes]) -> Entry:
        first = _beginning(pieces)
        rows = [row for row in self._dispatch.rows(member.path, first) if self._takes(member, row)]
        hashing = self._hashing
        with _Kept(member.size if rows else 0) as kept:
            piece: bytes | None = first
            while piece:
                if hashing is not None:
                    hashing.update(piece)
                if rows:
                    kept.add(piece)
                elif hashing is None:
                    break  # The reader skips what is left of it.
                piece = next(pieces, None)
            if rows:
                self._parse(member, rows, kept.content())
        sums = hashing.finished() if hashing is not None else _NO_SUMS
        is_program = first.startswith(_PROGRAMS) or member.path.endswith(_ARCHIVES)
        return _entry(member, sums, is_program=is_program)

    def _takes(self, member: TarMember, row: Cataloger) -> bool:
        if member.size <= row.largest:
            return True
        what = f"{row.name}: {member.size} bytes, of {row.largest} that are read"
        self._remarks.append(Remark(member.path, what))
        return False

    def _parse(self, member: TarMember, rows: list[Cataloger], content: Content) -> None:
        found = []
        for row in rows:
            parse = self._parsers.get(row.parser)
            if parse is None:
                parse = self._parsers[row.parser] = row.load()
            try:
                facts = parse(member.path, content)
            except Unreadable as error:
                self._remarks.append(Remark(member.path, f"{row.name}: {error.why}"))
                continue
            self._remarks += [Remark(member.path, f"{row.name}: {why}") for why in facts.remarks]
            if facts != _NOTHING:
                found.append(facts)
        if found:
            self._facts[member.path] = tuple(found)


def _beginning(pieces: Iterator[bytes]) -> bytes:
    """The first bytes of a file, enough to know it by: those of a sparse one come as it likes."""
    first = next(pieces, b"")
    while len(first) < len(ELF_MAGIC) and (more := next(pieces, b"")):
        first += more
    return first


_NOTHING: Final = Facts()
_NO_SUMS: Final = (b"", b"", b"")


def _temporary_file() -> IO[bytes]:
    import tempfile  # Loading it takes longer than most layers need.

    return tempfile.TemporaryFile()


class _Kept:
    """The contents of a file of `size` bytes for its parsers, in memory or in a temporary file."""

    def __init__(self, size: int) -> None:
        self._pieces: list[bytes] = []
        self._file = _temporary_file() if size > _IN_MEMORY else None
        self._map: mmap.mmap | None = None

    def __enter__(self) -> _Kept:
        return self

    def __exit__(self, *error: object) -> None:
        if self._map is not None:
            with contextlib.suppress(BufferError):
                self._map.close()
        if self._file is not None:
            self._file.close()

    def add(self, piece: bytes) -> None:
        if self._file is None:
            self._pieces.append(piece)
        else:
            self._file.write(piece)

    def content(self) -> Content:
        if self._file is None:
            return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._file.flush()
        self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        return self._map


def _entry(
    member: TarMember,
    sums: tuple[bytes, bytes, bytes] = _NO_SUMS,
    *,
    is_program: bool = False,
) -> Entry:
    return Entry(
        member.path,
        member.kind,
        member.mode,
        member.uid,
        member.gid,
        member.mtime,
        member.target,
        member.size,
        *sums,
        is_program,
    )
