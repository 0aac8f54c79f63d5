"""What the files of an image say, joined: components, and how they stand to each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

import msgspec

from distil.catalog.cpe import cpes_of
from distil.catalog.facts import Added, Claim, Facts, Stated
from distil.catalog.formats.os_release import PRECEDENCE
from distil.catalog.history import Identity, identity
from distil.catalog.os_purl import completed
from distil.catalog.package_url import qualified
from distil.model.inventory import (
    KINDS,
    OS_KINDS,
    InventoryComponent,
    Link,
    OsRelease,
    Place,
    Relation,
)

_MOST_OF_KEY: Final = 8
"""Components of one key that what is added is added to: a package has few architectures in one
system. A list of a million paths for a hundred thousand of them would fill any memory."""

_KIND_ORDER: Final = {kind: place for place, kind in enumerate(KINDS)}


class Joined(msgspec.Struct):
    """A component while it is put together: all claims, and its keys."""

    identity: Identity
    component: InventoryComponent
    places: set[Place]
    claims: dict[str, Claim]
    keys: set[str]
    needs: set[str]
    inside: set[str]


class Told(msgspec.Struct, frozen=True):
    """All that facts come to.

    Components are sorted, those of `OS_KINDS` first. Several may have one key: a package for
    several architectures. `licensed` has by key what tells of licences. `moved` and `generated`
    are as in `Facts`.
    """

    components: tuple[Joined, ...]
    by_key: dict[str, tuple[Joined, ...]]
    licensed: dict[str, Added]
    moved: dict[str, tuple[str, str]]
    generated: dict[str, str]
    release: OsRelease | None

    def first(self, key: str) -> Joined | None:
        """The component of `key` that was told of first."""
        found = self.by_key.get(key)
        return found[0] if found else None


def join(facts: Iterable[tuple[str, int, Facts]]) -> Told:
    """Put together what `facts`, each with its path and its layer, say of components."""
    found: dict[Identity, Joined] = {}
    by_key: defaultdict[str, dict[int, Joined]] = defaultdict(dict)
    added: list[Added] = []
    moved: dict[str, tuple[str, str]] = {}
    generated: dict[str, str] = {}
    releases: dict[str, OsRelease] = {}
    for path, layer, said in facts:
        for stated in said.stated:
            joined = _state(found, stated, path, layer)
            for key in stated.keys:
                by_key[key][id(joined)] = joined
        added += said.added
        for keeper, moved_from, moved_to in said.moved:
            moved[moved_from] = (keeper, moved_to)
        generated.update(said.generated)
        if said.release is not None:
            releases[path] = msgspec.structs.replace(said.release, path=path)
    for one in added:
        for target in islice(by_key.get(one.key, {}).values(), _MOST_OF_KEY):
            add(target, one)
    release = _release(releases)
    for joined in found.values():
        _complete(joined, release)
    components = tuple(sorted(found.values(), key=_order))
    licensed = {one.key: one for one in added if one.licenses}
    keyed = {key: tuple(several.values()) for key, several in by_key.items()}
    return Told(components, keyed, licensed, moved, generated, release)


def relations(told: Told, standing: set[str]) -> Iterator[Relation]:
    """What contains and what needs what, of the components whose refs are in `standing`."""
    for joined in told.components:
        ref = joined.component.ref
        if ref not in standing:
            continue
        for key in joined.inside:
            outer = told.first(key)
            if outer is not None and outer is not joined:
                yield Relation(outer.component.ref, Link.CONTAINS, ref)
        for wanted in joined.needs:
            for key in wanted.split("|"):
                other = told.first(key)
                if other is not None:
                    if other is not joined:
                        yield Relation(ref, Link.NEEDS, other.component.ref)
                    break


def order_of(component: InventoryComponent) -> tuple[int, str, str, str, str]:
    """What components are sorted by: kind, name, version."""
    told = component.name, component.version, component.architecture, component.purl
    return _KIND_ORDER.get(component.kind, len(KINDS)), *told


def _order(joined: Joined) -> tuple[int, str, str, str, str]:
    return order_of(joined.component)


def _state(found: dict[Identity, Joined], stated: Stated, path: str, layer: int) -> Joined:
    own = stated.component.places
    places = {Place(place.path, layer) for place in own} if own else {Place(path, layer)}
    key = identity(stated)
    joined = found.get(key)
    if joined is None:
        joined = found[key] = Joined(key, stated.component, places, {}, set(), set(), set())
    else:
        joined.places |= places
        joined.component = _filled(joined.component, stated.component)
    _claim(joined, stated.claims)
    joined.keys.update(stated.keys)
    joined.needs.update(stated.needs)
    if stated.inside:
        joined.inside.add(stated.inside)
    return joined


def _filled(one: InventoryComponent, other: InventoryComponent) -> InventoryComponent:
    """`one`, and what it does not tell as `other` tells it."""
    if one == other:
        return one
    lacking = {
        name: getattr(other, name)
        for name in one.__struct_fields__
        if not getattr(one, name) and getattr(other, name)
    }
    return msgspec.structs.replace(one, **lacking) if lacking else one


def _claim(joined: Joined, claims: Iterable[Claim]) -> None:
    """Claim what is claimed: of two claims of one path, the one that tells more."""
    for claim in claims:
        known = joined.claims.get(claim.path)
        if known is None:
            joined.claims[claim.path] = claim
        elif known != claim:
            joined.claims[claim.path] = Claim(
                claim.path,
                known.checksum or claim.checksum,
                known.is_configuration or claim.is_configuration,
                known.is_tree or claim.is_tree,
                known.is_optional and claim.is_optional,
            )


def add(joined: Joined, added: Added) -> None:
    """Add what is said of a component to what it is put together from."""
    _claim(joined, added.claims)
    component = joined.component
    changes: dict[str, object] = {
        name: value for name, value in added.fields if not getattr(component, name)
    }
    if added.licenses and not component.licenses:
        changes["licenses"] = added.licenses
        changes["license_texts"] = added.license_texts
    if added.qualifiers and component.purl:
        changes["purl"] = qualified(component.purl, added.qualifiers)
    if added.properties:
        changes["properties"] = tuple(sorted({*component.properties, *added.properties}))
    if changes:
        joined.component = msgspec.structs.replace(component, **changes)


def _complete(joined: Joined, release: OsRelease | None) -> None:
    component = joined.component
    if component.kind in OS_KINDS and component.purl:
        purl = completed(component.purl, release)
        joined.component = msgspec.structs.replace(component, purl=purl)
    elif not component.cpes:
        known = cpes_of(component.purl)
        if known:
            joined.component = msgspec.structs.replace(component, cpes=known)


def _release(releases: dict[str, OsRelease]) -> OsRelease | None:
    if not releases:
        return None
    known = (path for path in PRECEDENCE if path in releases)
    return releases[next(known, min(releases, key=lambda path: (len(path), path)))]
