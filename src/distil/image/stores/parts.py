"""Existing images in files: a layout directory, or a tar file of one (image-layout.md).

Both are hostile. Names come from validated digests, sizes are checked before anything is read,
links are followed inside the archive only, and nothing is unpacked.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol

from distil.formats.byte_source import FileSource
from distil.formats.errors import MalformedArchive
from distil.formats.tar import TarReader
from distil.formats.tar_member import TarLimits
from distil.image.documents import check_costs, check_kind, check_size
from distil.image.errors import ImageNotFound, ManifestTooLarge
from distil.image.stores import Source
from distil.model.blob import Blob, FileBlob
from distil.model.digest import Digest
from distil.model.errors import LinkLoop, MalformedImage, MissingPart
from distil.model.image import MEDIA_MANIFEST, REF_NAME, Descriptor, Index, decode_document
from distil.model.node import Kind, Node, absolute_path
from distil.model.reference import Location
from distil.model.regular_file import open_regular
from distil.model.tree import Tree

INDEX_FILE: Final = "index.json"
BLOBS: Final = "blobs/sha256"

_ARCHIVE_LIMITS: Final = TarLimits(members=100_000, content=256 << 30)
_TAR_MAGIC: Final = slice(257, 262)


class Parts(Protocol):
    """Files by their names in a layout."""

    where: str
    """How errors call it."""

    def slice_of(self, name: str) -> tuple[str, int, int] | None:
        """File, offset and length in bytes of the part called `name`; None if it is missing."""


class DirectoryParts:
    """An OCI layout directory."""

    def __init__(self, directory: Path) -> None:
        self.where = str(directory)
        self._directory = directory

    def slice_of(self, name: str) -> tuple[str, int, int] | None:
        path = self._directory / name
        try:
            status = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        if not stat.S_ISREG(status.st_mode):
            raise MalformedImage(str(path), "not a file")
        return str(path), 0, status.st_size


class ArchiveParts:
    """A tar file, read through once for the places of its members."""

    def __init__(self, path: Path) -> None:
        self.where = str(path)
        self._path = path
        nodes: dict[str, Node] = {}
        self._places: dict[str, tuple[int, int]] = {}
        with open_regular(path) as stream:
            if stream.read(263)[_TAR_MAGIC] != b"ustar":
                hint = "is it compressed? unpack it first, with gunzip or zstd -d"
                raise MalformedImage(self.where, "not a tar file", hint=hint)
            stream.seek(0)
            for member in TarReader(FileSource(stream), self.where, _ARCHIVE_LIMITS):
                if member.path in nodes and member.kind is not Kind.DIRECTORY:
                    raise MalformedImage(self.where, f"{member.path!r} comes twice")
                if member.is_sparse:
                    raise MalformedImage(self.where, f"{member.path!r} is a sparse file")
                nodes[member.path] = Node(member.path, member.kind, 0, target=member.target)
                if member.kind is Kind.FILE:
                    self._places[member.path] = (stream.tell(), member.size)
        self._tree = Tree(nodes.values())

    def slice_of(self, name: str) -> tuple[str, int, int] | None:
        try:
            node = self._tree.resolve(absolute_path(name))
        except LinkLoop as error:
            raise MalformedArchive(self.where, error.message) from error
        place = self._places.get(node.path if node is not None else "")
        return (str(self._path), *place) if place is not None else None


class LayoutSource(Source):
    """The images that ``index.json`` leads to, in a directory or an archive."""

    def __init__(self, location: Location, parts: Parts) -> None:
        self.location = location
        self.where = parts.where
        self.parts = parts

    def resolve(self) -> Descriptor:
        return self._named(self._all())

    def names(self) -> list[str]:
        """By what images and artifacts are found here, sorted. Raises what `resolve` raises."""
        return sorted({entry.annotations.get(REF_NAME, "") for entry in self._all()} - {""})

    def _all(self) -> Sequence[Descriptor]:
        data = self.document(INDEX_FILE)
        if data is None:
            raise MalformedImage(self.where, f"no image layout: {INDEX_FILE} is missing")
        check_kind(data, f"{self.where}: {INDEX_FILE}", "manifests")
        return self._entries(data)

    def blob(self, descriptor: Descriptor) -> Blob:
        what = f"{self.where}: blob {descriptor.digest}"
        found = self.parts.slice_of(f"{BLOBS}/{descriptor.digest.hex}")
        if found is None:
            raise MissingPart(what)
        path, offset, size = found
        if size != descriptor.size:
            raise MalformedImage(what, f"has {size} bytes, its descriptor says {descriptor.size}")
        return FileBlob(path, offset, size, descriptor.digest)

    def referrers(self, _subject: Digest, artifact_type: str, /) -> Iterator[Descriptor]:
        data = self.document(INDEX_FILE)
        for entry in self._entries(data) if data is not None else ():
            # Not every writer says in the index what type an artifact is of.
            fits = not artifact_type or entry.artifact_type == artifact_type
            if fits and entry.media_type == MEDIA_MANIFEST:
                yield entry

    def document(self, name: str) -> bytes | None:
        """A JSON document without a digest (``index.json``); None when it is missing.

        Raises `MalformedImage` when it is larger than any honest one.
        """
        found = self.parts.slice_of(name)
        if found is None:
            return None
        path, offset, size = found
        what = f"{self.where}: {name}"
        check_size(size, what, ManifestTooLarge)
        with open(path, "rb") as stream:
            stream.seek(offset)
            data = stream.read(size)
        check_costs(data, what, ManifestTooLarge)
        return data

    def _entries(self, index: bytes) -> Sequence[Descriptor]:
        return decode_document(index, Index, f"{self.where}: {INDEX_FILE}").manifests

    def _named(self, entries: Sequence[Descriptor]) -> Descriptor:
        reference = self.location.reference
        names = {entry.annotations.get(REF_NAME, ""): entry for entry in entries}
        known = sorted(name for name, entry in names.items() if name and not entry.artifact_type)
        if reference:
            if reference not in names:
                raise ImageNotFound(str(self.location), reference, known)
            return names[reference]
        images = [entry for entry in entries if not entry.artifact_type] or entries
        if len({entry.digest for entry in images}) != 1:
            wanted = "at all" if not entries else "that alone is meant"
            raise ImageNotFound(str(self.location), wanted, known)
        return images[0]
