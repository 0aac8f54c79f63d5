"""What the source files of a tree import, each file read once and remembered by its digest."""

from __future__ import annotations

from typing import Final, Protocol

import msgspec

from distil.model.digest import Digest
from distil.model.node import Node
from distil.model.origin import ApplicationOrigin, PackageOrigin
from distil.runtimes.python.formats.extension import read_extension
from distil.runtimes.python.formats.source import PythonSource, read_python_source

FORMAT: Final = "python-5"
"""Part of every key; to be raised whenever the reader's answers change."""

AREA: Final = "analysis"
LARGEST: Final = 64 << 20
"""Bytes of a source file that are read; an extension module may be larger."""


class Documents(Protocol):
    """A store of derived documents; `fetch.cache.Cache` is one."""

    def document(self, area: str, key: str) -> bytes | None:
        """What was kept under `key`, None if nothing."""

    def put_document(self, area: str, key: str, data: bytes) -> None:
        """Keep `data` under `key`."""


_Entries = dict[str, PythonSource]
_DECODER: Final = msgspec.msgpack.Decoder(_Entries)


class Analyses:
    """The reader with a memory: one document of `documents` for each package archive.

    `save` writes back what was added. Without `documents` nothing outlives the object.
    """

    def __init__(self, documents: Documents | None = None) -> None:
        self._documents = documents
        self._words: tuple[str, ...] = ()
        self._modules: tuple[str, ...] = ()
        self._watched = ""
        self._loaded: dict[str, _Entries] = {}
        self._changed: set[str] = set()
        self.read = 0
        """Files that had to be read, because nobody remembered them."""

    def watch(self, words: tuple[str, ...], modules: tuple[str, ...]) -> None:
        """Say what to look for from now on.

        `words` are those `PythonSource.mentions` is about, `modules` the names that matter in
        compiled code whose strings are not separated.
        """
        if (words, modules) != (self._words, self._modules):
            self.save()
            self._loaded.clear()
            self._words, self._modules = words, modules
            self._watched = Digest.of(" ".join([*words, "", *modules]).encode()).hex[:8]

    def of(self, node: Node, *, strings: bool = False, known: bool = False) -> PythonSource:
        """What the Python source or extension module at `node` imports and refers to.

        `strings` asks for its string literals, which otherwise only application files have;
        `known` says that names in compiled code matter only where they are separated.
        """
        if node.blob is None or (node.size > LARGEST and node.name.endswith(".py")):
            return PythonSource(complete=False)
        archive = self._archive(node)
        strings = strings or not archive
        key = node.blob.digest.hex + ":strings" * strings + ":known" * known
        entries = self._entries(archive)
        entry = entries.get(key)
        if entry is None:
            entry = entries[key] = self._read(node, strings=strings, known=known)
            self._changed.add(archive)
            self.read += 1
        return entry

    def save(self) -> None:
        """Keep what was read since the last time, for later runs."""
        if self._documents is not None:
            for archive in sorted(self._changed - {""}):
                data = msgspec.msgpack.encode(self._loaded[archive])
                self._documents.put_document(AREA, self._key(archive), data)
        self._changed.clear()

    def _archive(self, node: Node) -> str:
        """The archive whose document remembers `node`; empty for the application's own files."""
        origin = node.origin
        if isinstance(origin, PackageOrigin):
            return origin.archive.hex
        if isinstance(origin, ApplicationOrigin) or origin is None:
            return ""
        return Digest.of(repr(origin).encode()).hex

    def _entries(self, archive: str) -> _Entries:
        entries = self._loaded.get(archive)
        if entries is None:
            entries = self._loaded[archive] = self._load(archive)
        return entries

    def _load(self, archive: str) -> _Entries:
        if self._documents is None or not archive:
            return {}
        data = self._documents.document(AREA, self._key(archive))
        if data is None:
            return {}
        try:
            return _DECODER.decode(data)
        except msgspec.MsgspecError:
            return {}

    def _key(self, archive: str) -> str:
        return f"{FORMAT}-{self._watched}-{archive}"

    def _read(self, node: Node, *, strings: bool, known: bool) -> PythonSource:
        data = b"" if node.blob is None else node.blob.read()
        if node.name.endswith((".so", ".pyc")):
            return read_extension(data, () if known else self._modules)
        return read_python_source(data, strings=strings, words=self._words)
