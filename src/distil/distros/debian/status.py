"""What scanners read: dpkg's database, true to the files that are in the image.

It is ``/var/lib/dpkg/status.d``, but where there is dpkg's own already, which is gone on with.
The layout is that of distroless images, which Syft, Grype and Trivy know: one stanza for each
package in a file of its name, its control file as the archive has it, and a list of checksums
beside it. A package of which nothing is left has no entry.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Final

from distil.distros.debian.archive import DebPack
from distil.model.blob import Blob
from distil.model.digest import Digest
from distil.model.node import ROOT, Kind, Node, directory, generated_file, parent_of
from distil.model.origin import GeneratedOrigin, PackageOrigin
from distil.model.tree import Tree

RULE: Final = "package status"
HOME: Final = "/var/lib/dpkg"
DIRECTORY: Final = f"{HOME}/status.d"
STATUS: Final = f"{HOME}/status"
"""Where dpkg itself looks: one stanza after the other."""

_FIELD: Final = re.compile(rb"^(Package|Status):(.*)$", re.MULTILINE | re.IGNORECASE)
_PRESENT: Final = b" ok installed"


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
    return [directory(HOME, origin), directory(DIRECTORY, origin), *nodes]


def status_file_nodes(tree: Tree, packs: Sequence[DebPack]) -> list[Node]:
    """Dpkg's own database with `packs` in it, as dpkg writes what it has installed (dpkg(1)).

    That is a stanza for each behind those that the database of `tree` has, and lists of its files
    and of their checksums. Raises `CorruptContent`.
    """
    present = _files_by_archive(tree)
    status = tree.resolve(STATUS)
    text = status.blob.read() if status is not None and status.blob is not None else b""
    text, known = _without_removed(text, {pack.name.encode() for pack in packs})
    nodes = []
    for pack in packs:
        files = present.get(pack.package.digest)
        if files is None:
            continue
        if pack.name.encode() not in known:
            text = text.rstrip(b"\n") + b"\n\n" * bool(text) + _as_installed(pack)
        same = b"\nMulti-Arch: same\n" in pack.control
        called = f"{pack.name}:{pack.package.architecture}" if same else pack.name
        paths = "".join(f"{path}\n" for path in _with_parents(files))
        listed = paths.encode("utf-8", "surrogateescape")
        nodes.append(generated_file(f"{HOME}/info/{called}.list", listed, RULE))
        nodes.append(generated_file(f"{HOME}/info/{called}.md5sums", _checksums(pack, files), RULE))
    return [*nodes, generated_file(STATUS, text, RULE)] if nodes else []


def _without_removed(text: bytes, names: set[bytes]) -> tuple[bytes, set[bytes]]:
    """A database without what it says of those of `names` that were removed; who is installed.

    Of a package that was removed its configuration may be left, which dpkg goes on telling of.
    """
    kept, known = [], set()
    for stanza in re.split(rb"\n{2,}", text.strip(b"\n")):
        fields = {key.lower(): value.strip() for key, value in _FIELD.findall(stanza)}
        name = fields.get(b"package", b"")
        if fields.get(b"status", _PRESENT).endswith(_PRESENT):
            known.add(name)
        elif name in names:
            continue
        kept.append(stanza)
    return b"\n\n".join(kept) + b"\n" if any(kept) else b"", known


def _as_installed(pack: DebPack) -> bytes:
    head, _, rest = pack.control.strip(b"\n").partition(b"\n")
    return head + b"\nStatus: install ok installed\n" + rest + b"\n"


def _with_parents(files: Sequence[Node]) -> list[str]:
    """The paths of `files` and of the directories above, the root as dpkg writes it."""
    found = {"/."}
    for node in files:
        path = node.path
        while path != ROOT and path not in found:
            found.add(path)
            path = parent_of(path)
    return sorted(found)


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
