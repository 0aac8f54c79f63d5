"""The functions of Go programs in an image, read once and kept by the programs' digests."""

from __future__ import annotations

import contextlib
import hashlib
import mmap
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from distil.events import Warned, emit
from distil.fetch.cache import Cache
from distil.formats.elf_image import ElfImage
from distil.formats.errors import MalformedElf
from distil.formats.go_functions import read_go_functions
from distil.image.layer import Layer
from distil.image.layer_contents import Allowance, layer_members
from distil.image.limits import limits_here
from distil.model.inventory import Inventory, InventoryFile
from distil.model.node import Kind
from distil.vulns.matching.symbols import Keys, keys_of

_AREA: Final = "analysis"
_VERSION: Final = 3
"""Raised when the same program would be kept otherwise."""
_LARGEST: Final = 1 << 30
"""Bytes of a program that is read."""
_MOST: Final = 512
"""Programs of one image that are read."""


class ProgramFunctions:
    """The functions of the Go programs of an image, which `keep_functions` has kept."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def __call__(self, file: InventoryFile) -> Keys | None:
        """Those of the program in `file`; None where they are not known, or not all of them."""
        data = self._cache.document(_AREA, _key(file.digest)) if file.digest else None
        return _unpacked(data) if data else None


def keep_functions(inventory: Inventory, layers: Sequence[Layer], cache: Cache) -> ProgramFunctions:
    """Read those of the Go programs of `inventory`, an image of `layers`, that are not known.

    Raises what `layer_members` raises.
    """
    wanted: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for file in _programs(inventory):
        if cache.document(_AREA, _key(file.digest)) is None:
            wanted[file.layer][file.digest] = file.size
    if wanted:
        allowance = Allowance(limits_here())
        for number, programs in sorted(wanted.items()):
            _read(layers[number], programs, allowance, cache)
    return ProgramFunctions(cache)


def _programs(inventory: Inventory) -> Iterator[InventoryFile]:
    """The files that Go modules are in, at most `_MOST`."""
    paths = {place.path for one in inventory.components if one.kind == "go" for place in one.places}
    found = [
        file
        for file in inventory.files
        if file.path in paths and file.digest and 0 <= file.layer < len(inventory.layers)
    ]
    if len(found) > _MOST:
        emit(Warned(f"of {len(found)} Go programs the functions of {_MOST} are read"))
    return iter(found[:_MOST])


def _read(layer: Layer, programs: dict[str, int], allowance: Allowance, cache: Cache) -> None:
    """Keep the functions of those programs of a layer that have these digests and sizes."""
    sizes = frozenset(programs.values())
    left = set(programs)
    with contextlib.closing(layer_members(layer, allowance)) as members:
        for member, pieces in members:
            if member.kind is not Kind.FILE or member.size not in sizes or member.size > _LARGEST:
                continue
            with _kept(pieces) as (digest, content):
                if digest in left:
                    left.discard(digest)
                    cache.put_document(_AREA, _key(digest), _packed(content))


@contextlib.contextmanager
def _kept(pieces: Iterable[bytes]) -> Iterator[tuple[str, mmap.mmap | bytes]]:
    """The digest of a file and its contents, which are on the disk and not in memory."""
    import tempfile

    hasher = hashlib.sha256()
    with tempfile.TemporaryFile() as stream:
        for piece in pieces:
            hasher.update(piece)
            stream.write(piece)
        stream.flush()
        if not stream.tell():
            yield hasher.hexdigest(), b""
            return
        with mmap.mmap(stream.fileno(), 0, prot=mmap.PROT_READ) as content:
            yield hasher.hexdigest(), content


def _packed(content: mmap.mmap | bytes) -> bytes:
    """The names as they are kept; nothing where there is no table that names them all."""
    import zstandard

    try:
        found = read_go_functions(ElfImage(content))
    except MalformedElf:
        found = None
    if found is None or not found.has_inlined:
        return b""
    keys = keys_of(found)
    lists = ("\0".join(sorted(one)) for one in (keys.packages, keys.names))
    return zstandard.ZstdCompressor(level=3).compress("\n".join(lists).encode())


def _unpacked(data: bytes) -> Keys:
    import zstandard

    packages, _, names = zstandard.ZstdDecompressor().decompress(data).decode().partition("\n")
    return Keys(frozenset(names.split("\0")), frozenset(packages.split("\0")))


def _key(digest: str) -> str:
    return f"functions {_VERSION} {digest}"
