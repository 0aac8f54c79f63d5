"""How much of a component is there, by the files that are attributed to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Final, NamedTuple

from distil.model.documentation import is_document
from distil.model.finding import Presence
from distil.model.inventory import (
    Attribution,
    Inventory,
    InventoryComponent,
    InventoryFile,
)


class Remains(NamedTuple):
    """What of a component is there: how much, counted, and the files that are documents."""

    presence: Presence
    present: int
    claimed: int
    documents: tuple[InventoryFile, ...] = ()


class Remaining:
    """What is there of the components in `inventory` that have the numbers `wanted`."""

    def __init__(self, inventory: Inventory, wanted: Collection[int]) -> None:
        self._inventory = inventory
        self._documents: defaultdict[int, list[InventoryFile]] = defaultdict(list)
        self._others: defaultdict[int, int] = defaultdict(int)
        numbers = frozenset(wanted)
        components = inventory.components
        for file in inventory.files:
            if file.attribution not in _OWNED:
                continue
            for owner in file.owners:
                if owner not in numbers:
                    continue
                if is_document(file.path, components[owner].kind):
                    self._documents[owner].append(file)
                else:
                    self._others[owner] += 1

    def of(self, number: int) -> Remains:
        """What is there of the component of this number."""
        component = self._inventory.components[number]
        if not self._inventory.has_files or not component.claimed:
            is_there = self._inventory.has_files and component.kind in _IN_PROGRAMS
            presence = Presence.WHOLE if is_there and component.places else Presence.UNTOLD
            return Remains(presence, component.present, component.claimed)
        documents = tuple(self._documents[number])
        presence = self._presence(component, number, has_documents=bool(documents))
        return Remains(presence, component.present, component.claimed, documents)

    def _presence(
        self, component: InventoryComponent, number: int, *, has_documents: bool
    ) -> Presence:
        if self._others[number]:
            return Presence.PART if component.is_partial else Presence.WHOLE
        if has_documents:
            return Presence.DOCUMENTS
        if component.present:
            return Presence.WHOLE
        # Where a package's list of files is gone, its settings are all that it still claims.
        is_list_gone = all(path.startswith(SETTINGS) for path in component.missing)
        return Presence.UNTOLD if component.missing and is_list_gone else Presence.NONE


_OWNED: Final = frozenset({Attribution.PACKAGE, Attribution.LANGUAGE, Attribution.PROGRAM})

SETTINGS: Final = "/etc/"
"""Where the files are that dpkg keeps in its status, apart from the list of a package's files."""
_IN_PROGRAMS: Final = frozenset({"go", "rust", "java", "binary", "elf"})
"""Kinds that are told by the bytes of a file which they are, or are in: so they are there."""
