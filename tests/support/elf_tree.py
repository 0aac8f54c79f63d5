"""Small file trees with ELF files in them, as a Tree and as a directory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from distil.formats.elf import ElfFile, parse_elf
from distil.model.blob import InlineBlob
from distil.model.digest import Digest
from distil.model.node import Kind, Node
from distil.model.tree import Tree
from tests.support.elf_builder import Elf

Content = Elf | bytes | str
"""An ELF file to build, a file's bytes, or the target of a symbolic link."""


def elf_tree(files: Mapping[str, Content]) -> tuple[Tree, dict[Digest, ElfFile | None]]:
    """The tree of `files`, and what each content in it is."""
    nodes = []
    kinds: dict[Digest, ElfFile | None] = {}
    for path, content in files.items():
        if isinstance(content, str):
            nodes.append(Node(path, Kind.SYMLINK, 0o777, target=content))
            continue
        data = content.build() if isinstance(content, Elf) else content
        blob = InlineBlob.of(data)
        kinds[blob.digest] = parse_elf(data)
        nodes.append(Node(path, Kind.FILE, 0o755, blob=blob))
    # Links first: what lies below one has to find it.
    nodes.sort(key=lambda node: (node.kind is not Kind.SYMLINK, node.path))
    return Tree(nodes), kinds


def write_files(root: Path, files: Mapping[str, Content]) -> None:
    """The same files below directory `root`."""
    for path, content in sorted(files.items(), key=lambda item: not isinstance(item[1], str)):
        place = root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            place.symlink_to(content)
        else:
            place.write_bytes(content.build() if isinstance(content, Elf) else content)
            place.chmod(0o755)


def read_tree(root: Path) -> tuple[Tree, dict[Digest, ElfFile | None]]:
    """The tree of what is below `root`: files, links and directories."""
    nodes, kinds = [], {}
    for path in sorted(root.rglob("*")):
        name = "/" + str(path.relative_to(root))
        if path.is_symlink():
            nodes.append(Node(name, Kind.SYMLINK, 0o777, target=str(path.readlink())))
        elif path.is_dir():
            nodes.append(Node(name, Kind.DIRECTORY, 0o755))
        elif path.is_file():
            blob = InlineBlob.of(path.read_bytes())
            kinds[blob.digest] = parse_elf(blob.data)
            nodes.append(Node(name, Kind.FILE, 0o644, blob=blob))
    return Tree(nodes), kinds
