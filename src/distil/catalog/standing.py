"""The components that stand in an image, finished: what of them is there, and since which layer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from distil.catalog.history import Identity, Stay
from distil.catalog.join import Told, order_of, relations
from distil.catalog.os_purl import completed
from distil.catalog.owners import Claimed, file_of
from distil.model.inventory import (
    OS_KINDS,
    UNKNOWN_LAYER,
    InventoryComponent,
    InventoryFile,
    Link,
    OsRelease,
    Place,
    Relation,
    State,
)


class Standing:
    """The components of `told` that `claims` does not drop; `history` knows their layers."""

    def __init__(self, told: Told, claims: Claimed, history: Mapping[Identity, Stay]) -> None:
        self._told = told
        self._claims = claims
        self._history = history
        kept = [n for n in range(len(told.components)) if n not in claims.dropped]
        self._numbers = {old: new for new, old in enumerate(kept)}

    def numbered(
        self, files: Iterable[InventoryFile]
    ) -> tuple[tuple[InventoryComponent, ...], tuple[InventoryFile, ...]]:
        """The components finished, and `files`, whose owners are numbers among them now."""
        modified: defaultdict[int, list[str]] = defaultdict(list)
        renumbered = []
        for file in files:
            owners = tuple(self._numbers[one] for one in file.owners if one in self._numbers)
            if file.state in (State.MODIFIED, State.CONFIGURED):
                for owner in owners:
                    modified[owner].append(file.path)
            changed = owners != file.owners
            renumbered.append(msgspec.structs.replace(file, owners=owners) if changed else file)
        components = tuple(self._finished(old, modified[new]) for old, new in self._numbers.items())
        return components, tuple(renumbered)

    def relations(self) -> Iterator[Relation]:
        """How they stand to each other, each once."""
        refs = {
            position: self._told.components[position].component.ref for position in self._numbers
        }
        found = set(relations(self._told, set(refs.values())))
        for position, ref in refs.items():
            joined = self._told.components[position]
            if joined.component.kind in OS_KINDS:
                continue
            for place in joined.places:
                for owner, _ in self._claims.owners.get(file_of(place.path), ()):
                    if self._told.components[owner].component.kind in OS_KINDS:
                        found.add(Relation(refs[owner], Link.OWNS, ref))
        yield from found

    def _finished(self, position: int, modified: list[str]) -> InventoryComponent:
        joined = self._told.components[position]
        claimed, present = self._claims.counted[position]
        stay = self._history.get(joined.identity)
        return msgspec.structs.replace(
            joined.component,
            places=tuple(sorted(joined.places)),
            claimed=claimed,
            present=present,
            modified=tuple(modified),
            missing=self._claims.missing.get(position, ()),
            layer=stay.brought if stay is not None else UNKNOWN_LAYER,
        )


def removed(
    history: Mapping[Identity, Stay], release: OsRelease | None
) -> tuple[InventoryComponent, ...]:
    """The components that a layer brought and a later one took away again."""
    found = []
    for stay in history.values():
        if stay.taken < 0:
            continue
        component = stay.stated.component
        purl = component.purl
        if component.kind in OS_KINDS and purl:
            purl = completed(purl, release)
        own = [place.path for place in component.places] or [stay.path]
        found.append(
            msgspec.structs.replace(
                component,
                purl=purl,
                places=tuple(Place(path, stay.brought) for path in own),
                layer=stay.brought,
                removed_by=stay.taken,
            )
        )
    return tuple(sorted(found, key=order_of))
