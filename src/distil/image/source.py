"""Where the parts of an existing image are: a layout directory, or a tar file of one.

Both are hostile. Names come from validated digests, sizes are checked before anything is read,
links are followed inside the archive only, and nothing is unpacked.
"""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final, Protocol

from distil.errors import LinkLoop, MalformedArchive, MalformedImage
from distil.formats.tar import TarLimits, TarReader
from distil.image.layout import BLOBS, LARGEST_DOCUMENT
from distil.model.blob import FileBlob
from distil.model.image import Descriptor
from distil.model.node import Kind, Node, absolute_path
from distil.model.regular_file import open_regular
from distil.model.tree import Tree

_ARCHIVE_LIMITS: Final = TarLimits(members=100_000, content=256 << 30)
_TAR_MAGIC: Final = slice(257, 262)


class ImageSource(Protocol):
    """Something that holds the parts of images."""

    where: str
    """How errors call it."""

    def slice_of(self, name: str) -> tuple[str, int, int] | None:
        """File, offset and length in bytes of the part called `name`; None if it is missing."""


class LayoutSource:
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


class ArchiveSource:
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
            for member in TarReader(stream, self.where, _ARCHIVE_LIMITS):
                if member.path in nodes and member.kind is not Kind.DIRECTORY:
                    raise MalformedImage(self.where, f"{member.path!r} comes twice")
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


def document(source: ImageSource, name: str) -> bytes | None:
    """A JSON document without a digest (``index.json``); None when it is missing.

    Raises `MalformedImage` when it is larger than any honest one.
    """
    found = source.slice_of(name)
    if found is None:
        return None
    path, offset, size = found
    if size > LARGEST_DOCUMENT:
        raise MalformedImage(f"{source.where}: {name}", f"larger than {LARGEST_DOCUMENT} bytes")
    with open(path, "rb") as stream:
        stream.seek(offset)
        return stream.read(size)


def blob(source: ImageSource, descriptor: Descriptor) -> FileBlob:
    """The bytes that `descriptor` names; reading them checks its digest.

    Raises `MalformedImage` when they are missing or have another length.
    """
    what = f"{source.where}: blob {descriptor.digest}"
    found = source.slice_of(f"{BLOBS}/{descriptor.digest.hex}")
    if found is None:
        raise MalformedImage(what, "missing")
    path, offset, size = found
    if size != descriptor.size:
        raise MalformedImage(what, f"has {size} bytes, its descriptor says {descriptor.size}")
    return FileBlob(path, offset, size, descriptor.digest)
