"""Of an image, what a base brings and what is put onto it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

import msgspec

from distil.formats.elf import ElfFile
from distil.model.digest import Digest
from distil.model.finding import Scan
from distil.model.inventory import (
    OS_KINDS,
    UNKNOWN_LAYER,
    Answer,
    Attribution,
    Inventory,
    InventoryComponent,
    InventoryFile,
    Link,
)
from distil.model.tree import Tree
from distil.recommend.counts import Counts, count, counts_of
from distil.recommend.recognised import Recognised

_PROGRAM: Final = "binary"
_MUSL: Final = "libc.musl-"


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part of an image: bytes of its files, its components, and their vulnerabilities."""

    size: int
    components: int
    counts: Counts


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What another base takes the place of (`system`), and what stays (`own`)."""

    system: Part
    own: Part


class Needed(msgspec.Struct, frozen=True, kw_only=True):
    """What compiled files of the part that stays are linked with, by the names of libraries.

    `is_musl` says that they are made for another C library than the bases here have.
    """

    libraries: tuple[str, ...] = ()
    is_musl: bool = False


class Division:
    """Whether a component, or a file, of an image is the system's, or stays with another base.

    The layers of its base are the system's where they are known. So are packages of the
    distribution, what these own, programs that are known by their bytes, and what lies with the
    `runtime` where no package put it.
    """

    def __init__(self, inventory: Inventory, runtime: Recognised | None) -> None:
        self._inventory = inventory
        base = inventory.base
        self._below = base.layers if base is not None else 0
        owned = {one.object for one in inventory.relations if one.link is Link.OWNS}
        self._prefix = _prefix(inventory, runtime)
        self._refs = frozenset(
            one.ref for one in inventory.components if one.ref in owned or self._is_systems(one)
        )

    @property
    def refs(self) -> Collection[str]:
        """The components that are the system's."""
        return self._refs

    def has(self, file: InventoryFile) -> bool:
        """Whether `file` is the system's."""
        if UNKNOWN_LAYER < file.layer < self._below:
            return True
        owners = [self._inventory.components[number].ref for number in file.owners]
        if owners:
            return any(one in self._refs for one in owners)
        if file.attribution is Attribution.GENERATED:
            return True
        if file.attribution is Attribution.APPLICATION:
            return False
        return bool(self._prefix) and file.path.startswith(self._prefix)

    def _is_systems(self, one: InventoryComponent) -> bool:
        if one.kind in OS_KINDS or one.kind == _PROGRAM:
            return True
        return UNKNOWN_LAYER < one.layer < self._below


def parts_of(scan: Scan, inventory: Inventory, division: Division) -> Parts:
    """Both parts with their sizes and vulnerabilities; what nobody knows is the system's."""
    sizes = [0, 0]
    for file in inventory.files:
        sizes[division.has(file)] += file.size
    refs = division.refs
    system = [one for one in scan.findings if one.component in refs]
    own = [one for one in scan.findings if one.component not in refs]
    rest = {one.ref for one in inventory.components} - set(refs)
    untold = {ref for one in scan.unassessed for ref in one.components}
    is_told = not rest or not rest <= untold
    mine = msgspec.structs.replace(
        count(own), answer=Answer.COMPLETE if is_told else Answer.UNKNOWN
    )
    told = msgspec.structs.replace(count(system), answer=scan.verdict.answer)
    return Parts(
        system=Part(size=sizes[1], components=len(refs), counts=told),
        own=Part(size=sizes[0], components=len(rest), counts=mine),
    )


def all_of(scan: Scan, inventory: Inventory) -> Parts:
    """The parts where nothing but a program stays, which every candidate has: all, and nothing."""
    size = sum(file.size for file in inventory.files)
    components = len(inventory.components)
    return Parts(
        system=Part(size=size, components=components, counts=counts_of(scan)),
        own=Part(size=0, components=0, counts=Counts()),
    )


def needed_by(
    inventory: Inventory, division: Division, tree: Tree, elf: Mapping[Digest, ElfFile | None]
) -> Needed:
    """The libraries that the part which stays needs and does not bring."""
    wanted: set[str] = set()
    brought: set[str] = set()
    for file in inventory.files:
        if division.has(file):
            continue
        brought.add(file.path.rpartition("/")[2])
        node = tree.get(file.path)
        found = elf.get(node.blob.digest) if node is not None and node.blob is not None else None
        if found is not None:
            wanted.update(found.needed)
            brought.add(found.soname)
    outside = sorted(one for one in wanted if one not in brought and "/" not in one)
    return Needed(
        libraries=tuple(one for one in outside if not one.startswith(_MUSL)),
        is_musl=any(one.startswith(_MUSL) for one in outside),
    )


def _prefix(inventory: Inventory, runtime: Recognised | None) -> str:
    """The directory that a runtime is in which no package owns: ``/usr/local/``."""
    if runtime is None or runtime.from_os:
        return ""
    for one in inventory.components:
        if one.ref == runtime.component and one.places:
            directory = one.places[0].path.rpartition("/")[0]
            above = directory.rpartition("/")[0]
            return f"{above}/" if above else ""
    return ""
