"""What the source files of a tree import, each file read once and remembered by its digest."""

from __future__ import annotations

from typing import Final

from msgspec.msgpack import Decoder

from distil.model.digest import Digest
from distil.model.node import Node
from distil.model.origin import ApplicationOrigin, PackageOrigin
from distil.reach.documents import Documents
from distil.reach.memory import Memory
from distil.runtimes.python.formats.extension import read_extension
from distil.runtimes.python.formats.source import PythonSource, read_python_source

FORMAT: Final = "python-5"
"""Part of every key; to be raised whenever the reader's answers change."""

LARGEST: Final = 64 << 20
"""Bytes of a source file that are read; an extension module may be larger."""


_DECODER: Final = Decoder(dict[str, PythonSource])


class Analyses:
    """The reader with a memory: one document of `documents` for each package archive.

    `save` writes back what was added. Without `documents` nothing outlives the object.
    """

    def __init__(self, documents: Documents | None = None) -> None:
        self._documents = documents
        self._words: tuple[str, ...] = ()
        self._modules: tuple[str, ...] = ()
        self._memory = self._remembering("")
        self.read = 0
        """Files that had to be read, because nobody remembered them."""

    def watch(self, words: tuple[str, ...], modules: tuple[str, ...]) -> None:
        """Say what to look for from now on.

        `words` are those `PythonSource.mentions` is about, `modules` the names that matter in
        compiled code whose strings are not separated.
        """
        if (words, modules) != (self._words, self._modules):
            self.save()
            self._words, self._modules = words, modules
            watched = Digest.of(" ".join([*words, "", *modules]).encode()).hex[:8]
            self._memory = self._remembering(watched)

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
        entry = self._memory.get(archive, key)
        if entry is None:
            entry = self._read(node, strings=strings, known=known)
            self._memory.put(archive, key, entry)
            self.read += 1
        return entry

    def save(self) -> None:
        """Keep what was read since the last time, for later runs."""
        self._memory.save()

    def _remembering(self, watched: str) -> Memory[PythonSource]:
        return Memory(self._documents, f"{FORMAT}-{watched}", _DECODER)

    def _archive(self, node: Node) -> str:
        """The archive whose document remembers `node`; empty for the application's own files."""
        origin = node.origin
        if isinstance(origin, PackageOrigin):
            return origin.archive.hex
        if isinstance(origin, ApplicationOrigin) or origin is None:
            return ""
        return Digest.of(repr(origin).encode()).hex

    def _read(self, node: Node, *, strings: bool, known: bool) -> PythonSource:
        data = b"" if node.blob is None else node.blob.read()
        if node.name.endswith((".so", ".pyc")):
            return read_extension(data, () if known else self._modules)
        return read_python_source(data, strings=strings, words=self._words)
