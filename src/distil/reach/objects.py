"""The ELF files of a tree, as a loader that opens them by path meets them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from distil.formats.elf import (
    EM_386,
    EM_AARCH64,
    EM_ARM,
    EM_LOONGARCH,
    EM_PPC64,
    EM_RISCV,
    EM_S390,
    EM_X86_64,
    ElfFile,
    parse_elf,
)
from distil.formats.errors import MalformedElf
from distil.model.digest import Digest
from distil.model.errors import LinkLoop
from distil.model.node import Kind, Node
from distil.model.tree import Tree

_EF_ARM_ABI_FLOAT_HARD = 0x400


class ElfTarget(NamedTuple):
    """What has to be the same for two ELF files to share a process."""

    elf_class: int
    machine: int
    little_endian: bool

    @classmethod
    def of(cls, elf: ElfFile) -> ElfTarget:
        """The target that `elf` is for."""
        return cls(elf.elf_class, elf.machine, elf.little_endian)


_MULTIARCH = {
    ElfTarget(64, EM_X86_64, little_endian=True): "x86_64-linux-gnu",
    ElfTarget(32, EM_X86_64, little_endian=True): "x86_64-linux-gnux32",
    ElfTarget(32, EM_386, little_endian=True): "i386-linux-gnu",
    ElfTarget(64, EM_AARCH64, little_endian=True): "aarch64-linux-gnu",
    ElfTarget(64, EM_PPC64, little_endian=True): "powerpc64le-linux-gnu",
    ElfTarget(64, EM_PPC64, little_endian=False): "powerpc64-linux-gnu",
    ElfTarget(64, EM_S390, little_endian=False): "s390x-linux-gnu",
    ElfTarget(64, EM_RISCV, little_endian=True): "riscv64-linux-gnu",
    ElfTarget(64, EM_LOONGARCH, little_endian=True): "loongarch64-linux-gnu",
}


def multiarch_tuple(elf: ElfFile) -> str:
    """Debian's name of the architecture that `elf` is for; empty for one it does not have."""
    if elf.machine == EM_ARM and elf.elf_class == 32:
        hard = elf.flags & _EF_ARM_ABI_FLOAT_HARD
        return "arm-linux-gnueabihf" if hard else "arm-linux-gnueabi"
    return _MULTIARCH.get(ElfTarget.of(elf), "")


class Opened(NamedTuple):
    """A file that exists: its path without symbolic or hard links, and what it is."""

    real: str
    elf: ElfFile | None


class Objects:
    """Looks files up in a tree; every answer is remembered, for a tree does not change."""

    def __init__(self, tree: Tree, elf: Mapping[Digest, ElfFile | None]) -> None:
        self.tree = tree
        self._elf = elf
        self._opened: dict[str, Opened | None] = {}
        self._directories: dict[str, str | None] = {}

    def open(self, path: str) -> Opened | None:
        """The regular file that `path` leads to, or None."""
        directory, _, name = path.rpartition("/")
        real = self.directory(directory or "/")
        if real is None:
            return None
        return self.open_in(real, name)

    def open_in(self, real_directory: str, name: str) -> Opened | None:
        """The same for a name in a directory that `directory` gave."""
        path = f"{real_directory.rstrip('/')}/{name}"
        if path not in self._opened:
            self._opened[path] = self._look_up(path)
        return self._opened[path]

    def directory(self, path: str) -> str | None:
        """The real path of a directory, or None when it is not there or none."""
        if path not in self._directories:
            node = self._resolve(path)
            is_directory = node is not None and node.kind is Kind.DIRECTORY
            self._directories[path] = node.path if node is not None and is_directory else None
        return self._directories[path]

    def _resolve(self, path: str) -> Node | None:
        try:
            return self.tree.resolve(path)
        except LinkLoop:
            return None

    def _look_up(self, path: str) -> Opened | None:
        node = self.tree.get(path)
        if node is not None and node.kind is Kind.SYMLINK:
            node = self._resolve(path)
        if node is None or node.blob is None:
            return None
        real = node.target if node.kind is Kind.HARDLINK else node.path
        return Opened(real, self._elf.get(node.blob.digest))

    def elf_files(self) -> list[tuple[str, ElfFile]]:
        """Path and content of every ELF file that is a file of its own, sorted by path."""
        return [
            (node.path, elf)
            for node in self.tree
            if node.kind is Kind.FILE
            and node.blob is not None
            and (elf := self._elf.get(node.blob.digest)) is not None
        ]


def elf_files(tree: Tree) -> dict[Digest, ElfFile | None]:
    """What the ELF files of `tree` need, by digest; None for a file that is not ELF.

    A file that begins like ELF and is broken counts as none: the loader refuses it as well.
    """
    found: dict[Digest, ElfFile | None] = {}
    for node in tree:
        if node.blob is None or node.blob.digest in found:
            continue
        first = next(iter(node.blob.chunks()), b"")
        found[node.blob.digest] = None
        if first.startswith(b"\x7fELF"):
            try:
                found[node.blob.digest] = parse_elf(node.blob.read())
            except MalformedElf:
                continue
    return found
