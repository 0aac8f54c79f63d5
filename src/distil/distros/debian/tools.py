"""What the debug twin has and production has not: busybox under ``/busybox``, and packages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from distil.distros.debian.archive import DebPack
from distil.distros.debian.cuts import Cuts
from distil.distros.debian.effects.library_cache import library_cache_nodes
from distil.distros.debian.errors import MalformedBusybox
from distil.distros.debian.formats.busybox import applets
from distil.distros.debian.ground import Place
from distil.distros.debian.select import Wanted
from distil.distros.protocol import Elf
from distil.fetch.packs import Pack
from distil.model.node import Node, directory, symlink
from distil.model.origin import GeneratedOrigin
from distil.model.tree import Tree

BUSYBOX: Final = "busybox-static"
HOME: Final = "/busybox"
_BINARY: Final = f"{HOME}/busybox"
_SHIPPED: Final = ("/usr/bin/busybox", "/bin/busybox")
_ORIGIN: Final = GeneratedOrigin("busybox applets")


class DebianTools:
    """See `distil.distros.protocol.Tools`."""

    def __init__(self, debs: Sequence[DebPack], cuts: Cuts, wanted: Wanted, place: Place) -> None:
        self._debs = debs
        self._cuts = cuts
        self._wanted = wanted
        self._platform, self._ground = place.platform, place.ground

    @property
    def packs(self) -> list[Pack]:
        """All of them."""
        return [deb.pack for deb in self._debs]

    def install(self, production: Tree, elf: Elf) -> Tree:
        """`production` and the tools; what production has stays as it is.

        Raises `MalformedBusybox`, `FileConflict`.
        """
        selection = self._ground.selected(self._debs, self._cuts, self._wanted)
        added = selection.tree.filter(
            lambda node: node.path not in production and node.path not in _SHIPPED
        )
        tree = production.merge(added).with_nodes(_busybox(selection.tree))
        foundation = self._ground.foundation
        tree = tree.with_nodes(library_cache_nodes(tree, elf, self._platform, foundation))
        tree = tree.with_nodes(self._ground.identity(tree, self._debs))
        return tree.with_nodes(self._ground.database(tree, self._debs))


def _busybox(tree: Tree) -> Iterator[Node]:
    """The binary in its own directory, so that PATH finds the application's programs first."""
    shipped = next((node for path in _SHIPPED if (node := tree.get(path)) is not None), None)
    if shipped is None or shipped.blob is None:
        raise MalformedBusybox(f"{BUSYBOX} has no {_SHIPPED[0]}")
    yield directory(HOME, _ORIGIN)
    yield msgspec.structs.replace(shipped, path=_BINARY)
    for name in applets(shipped.blob.read()):
        if name != "busybox":
            yield symlink(f"{HOME}/{name}", "busybox", _ORIGIN)
