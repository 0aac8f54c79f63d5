"""What scanners read: ``/var/lib/dpkg/status.d``, true to the files that are in the image.

The layout is that of distroless images, which Syft, Grype and Trivy know: one stanza for each
package in a file of its name, its control file as the archive has it, and a list of checksums
beside it. A package of which nothing is left has no entry.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

from distil.distros.debian.archive import DebPack
from distil.model.blob import Blob
from distil.model.digest import Digest
from distil.model.node import Kind, Node, directory, generated_file
from distil.model.origin import GeneratedOrigin, PackageOrigin
from distil.model.tree import Tree

RULE: Final = "package status"
DIRECTORY: Final = "/var/lib/dpkg/status.d"


def status_nodes(tree: Tree, packs: Sequence[DebPack]) -> list[Node]:
    """The status directory for `tree`; to be called when everything else is in it.

    Every regular file that is attributed to a package is listed, conffiles too, with the MD5
    of its contents. Raises `CorruptContent`.
    """
    present = _files_by_archive(tree)
    nodes = []
    for pack in packs:
        files = present.get(pack.package.digest)
        if files is not None:
            path = f"{DIRECTORY}/{pack.name}"
            nodes.append(generated_file(path, pack.control.rstrip(b"\n") + b"\n", RULE))
            nodes.append(generated_file(f"{path}.md5sums", _checksums(pack, files), RULE))
    if not nodes:
        return []
    origin = GeneratedOrigin(RULE)
    return [directory("/var/lib/dpkg", origin), directory(DIRECTORY, origin), *nodes]


def _files_by_archive(tree: Tree) -> dict[Digest, list[Node]]:
    """The files and links of each package archive that has any, directories aside."""
    present: dict[Digest, list[Node]] = {}
    for node in tree:
        if isinstance(node.origin, PackageOrigin) and node.kind is not Kind.DIRECTORY:
            present.setdefault(node.origin.archive, []).append(node)
    return present


def _checksums(pack: DebPack, files: Sequence[Node]) -> bytes:
    """The list in the form of md5sum(1), by path as dpkg has them: without the first slash."""
    known = _known_checksums(pack)
    lines = []
    for node in files:
        if node.blob is not None:
            checksum = known.get(node.blob.digest) or _md5(node.blob)
            lines.append(f"{checksum}  {node.path[1:]}\n")
    return "".join(lines).encode("utf-8", "surrogateescape")


def _known_checksums(pack: DebPack) -> dict[Digest, str]:
    """MD5 by digest of the contents, for the files the package itself has a checksum for."""
    sums = pack.md5sums
    return {
        pack.pack.blob(member).digest: sums[member.path]
        for member in pack.members
        if member.sha256 and member.path in sums
    }


def _md5(blob: Blob) -> str:
    hasher = hashlib.md5(usedforsecurity=False)
    for piece in blob.chunks():
        hasher.update(piece)
    return hasher.hexdigest()
