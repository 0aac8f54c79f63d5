"""What the same packages would be if an image were made today, and what that would fix."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from distil.distros.protocol import Offered
from distil.model.finding import Scan
from distil.model.inventory import Inventory, InventoryComponent, SourcePackage
from distil.recommend.counts import Counts, count
from distil.vulns.supposed import Scanner, at_version, ids_of, supposed

Offers = Callable[[str], Offered | None]
"""What a release has of a package today, by name."""


class Change(msgspec.Struct, frozen=True):
    """A package that has another version now; `after` is empty when there is none any more."""

    name: str
    before: str
    after: str


class Rebuilt(msgspec.Struct, frozen=True, kw_only=True):
    """A rebuild today of what was made at `created`, from `base` as it is at `date`.

    Dates are in seconds since 1970. `fixes` are ids that are gone then, `brings` new ones; `after`
    counts all that there are then. `is_ours` says that distil built the image.
    """

    base: str
    date: int
    created: int
    is_ours: bool
    changes: tuple[Change, ...] = ()
    fixes: tuple[str, ...] = ()
    brings: tuple[str, ...] = ()
    before: Counts
    after: Counts


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """A release as it is now: `kind` is that of its packages."""

    name: str
    date: int
    kind: str
    offers: Offers


def rebuilt(
    scan: Scan, inventory: Inventory, release: Release, look: Scanner, *, is_ours: bool
) -> Rebuilt:
    """What changes when all packages of `inventory` are those that `release` has today."""
    changes: list[Change] = []
    old: dict[str, InventoryComponent] = {}
    new: dict[str, InventoryComponent] = {}
    for one in inventory.components:
        if one.kind != release.kind:
            continue
        offered = release.offers(one.name)
        after = offered.version if offered is not None else ""
        if after != one.version:
            changes.append(Change(one.name, one.version, after))
            old[one.ref] = one
            new[one.ref] = one if offered is None else _as_offered(one, offered)
    stay = tuple(one for one in scan.findings if one.component not in old)
    if not old:
        counted = count(scan.findings)
        after_all, before_ids, after_ids = counted, frozenset[str](), frozenset[str]()
    else:
        then = look(supposed(inventory, new.values()))
        before_ids = ids_of(look(supposed(inventory, old.values())))
        after_ids = ids_of(then)
        after_all = count((*stay, *then.findings))
    unchanged = {one.id for one in stay if one.settled is None}
    fixed = ids_of(scan, old) - after_ids - unchanged
    return Rebuilt(
        base=release.name,
        date=release.date,
        created=inventory.subject.created,
        is_ours=is_ours,
        changes=tuple(sorted(changes, key=lambda one: one.name)),
        fixes=tuple(dict.fromkeys(one.id for one in scan.open if one.id in fixed)),
        brings=tuple(sorted(after_ids - before_ids)),
        before=count(scan.findings),
        after=after_all,
    )


def _as_offered(one: InventoryComponent, offered: Offered) -> InventoryComponent:
    source = SourcePackage(offered.source, offered.source_version)
    return msgspec.structs.replace(at_version(one, offered.version), source=source)
