"""Packages by the manifest that Chisel leaves: slices of Debian packages, and every path of them.

Follows the "jsonwall" format with schema 1: a JSON object a line, after a header, in zstd
(RFC 8878). A file that was changed while slices were installed has its contents afterwards in
`final_sha256`.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

import msgspec

from distil.catalog.facts import Claim, Content, Facts, Stated, Unreadable
from distil.catalog.formats.debian_root import below, package_key
from distil.catalog.package_url import package_url
from distil.formats.compressed import decompress
from distil.formats.errors import MalformedArchive
from distil.model.inventory import Checksum, InventoryComponent

NAME: Final = "manifest.wall"
LARGEST: Final = 64 << 20
"""Bytes of a manifest, decompressed; that of a whole Ubuntu would have some ten million."""

MOST_LINES: Final = 1_000_000
"""Lines of a manifest: packages, slices and paths."""

_HOME: Final = f"/var/lib/chisel/{NAME}"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_STEP: Final = 64 << 10
_HEXADECIMAL: Final = frozenset("0123456789abcdef")


class _Line(msgspec.Struct, gc=False):
    """A line of any kind; what a kind does not have is empty."""

    kind: str = ""
    name: str = ""
    version: str = ""
    arch: str = ""
    path: str = ""
    sha256: str = ""
    final_sha256: str = ""
    slices: tuple[str, ...] = ()
    jsonwall: str = ""
    schema: str = ""


def manifest(path: str, content: Content) -> Facts:
    """The packages of the manifest at `path`, each with the paths of its slices.

    Where the manifest is, the image's maker says; paths are of the root that its usual place is
    below, else of the image. Raises `Unreadable`.
    """
    root = path.removesuffix(_HOME) if path.endswith(_HOME) else ""
    packages: list[_Line] = []
    slices: defaultdict[str, list[str]] = defaultdict(list)
    claims: defaultdict[str, dict[str, Claim]] = defaultdict(dict)
    for line in _lines(content):
        if line.kind == "package" and line.name:
            packages.append(line)
        elif line.kind == "slice":
            slices[line.name.partition("_")[0]].append(line.name)
        elif line.kind == "path" and not line.path.endswith("/"):
            claim = Claim(below(root, line.path), _checksum(line))
            for one in line.slices:
                claims[one.partition("_")[0]][claim.path] = claim
    stated = tuple(
        Stated(
            component=_component(one, slices[one.name]),
            keys=(
                f"chisel:{path}:{one.name}",
                package_key("dpkg", root, one.name),
                package_key("dpkg", root, f"{one.name}:{one.arch}"),
            ),
            claims=tuple(claims[one.name].values()),
        )
        for one in packages
    )
    return Facts(stated=stated)


def _lines(content: Content) -> list[_Line]:
    """The lines after the header. Raises `Unreadable`."""
    data = _plain(content)
    if data.count(b"\n") > MOST_LINES:
        raise Unreadable(f"more than {MOST_LINES} lines")
    decoder = msgspec.json.Decoder(_Line)
    try:
        found = [decoder.decode(line) for line in data.split(b"\n") if line]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"no manifest of Chisel: {error}") from error
    if not found or not found[0].jsonwall.startswith("1.") or found[0].schema[:2] != "1.":
        raise Unreadable("no manifest of Chisel of schema 1")
    return found[1:]


def _plain(content: Content) -> bytes:
    if content[: len(_ZSTD)] != _ZSTD:
        return content[:]
    steps = (content[start : start + _STEP] for start in range(0, len(content), _STEP))
    try:
        return b"".join(decompress(steps, "zst", limit=LARGEST, what="the manifest"))
    except MalformedArchive as error:
        raise Unreadable(error.message) from error


def _checksum(line: _Line) -> str:
    value = line.final_sha256 or line.sha256
    is_sha256 = len(value) == 64 and _HEXADECIMAL.issuperset(value)
    return f"sha256:{value}" if is_sha256 else ""


def _component(line: _Line, slices: list[str]) -> InventoryComponent:
    checksum = _checksum(line)
    return InventoryComponent(
        name=line.name,
        version=line.version,
        kind="deb",
        purl=package_url("deb", line.name, line.version, qualifiers=(("arch", line.arch),)),
        architecture=line.arch,
        checksums=(Checksum("sha256", checksum.partition(":")[2]),) if checksum else (),
        properties=(("slices", " ".join(sorted(slices))),) if slices else (),
    )
