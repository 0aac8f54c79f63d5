"""An inventory as it would be with other versions, so that a scan tells what these would change."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import quote

import msgspec

from distil.model.finding import Scan
from distil.model.inventory import OS_KINDS, Inventory, InventoryComponent, SourcePackage

Scanner = Callable[[Inventory], Scan]
"""Finds the vulnerabilities of an inventory, in one database and at one time."""

_PURL_VERSION: Final = re.compile(r"@[^@?#/]*(?=[?#]|$)")


def at_version(component: InventoryComponent, version: str) -> InventoryComponent:
    """`component` at `version`, which of an OS package is that of its source."""
    if component.kind not in OS_KINDS:
        return msgspec.structs.replace(
            component, version=version, purl=_repurled(component.purl, version)
        )
    name = component.source.name if component.source is not None else component.name
    return msgspec.structs.replace(
        component,
        version=version,
        purl=_repurled(component.purl, version),
        source=SourcePackage(name, version),
    )


def supposed(inventory: Inventory, components: Iterable[InventoryComponent]) -> Inventory:
    """An inventory of `components` alone, of the same system as `inventory`.

    Of one package there can be several versions. It has no files: how much of a component is there
    is not known of one that is supposed.
    """
    alone = {one.ref: one for one in components}
    return msgspec.structs.replace(
        inventory, components=tuple(alone.values()), relations=(), files=(), has_files=False
    )


def ids_of(scan: Scan, components: Iterable[str] | None = None) -> frozenset[str]:
    """The ids of the findings of `scan` that count, of the components with these refs alone."""
    wanted = None if components is None else frozenset(components)
    return frozenset(one.id for one in scan.open if wanted is None or one.component in wanted)


def _repurled(purl: str, version: str) -> str:
    written = "@" + quote(version, safe=":")
    return _PURL_VERSION.sub(lambda _: written, purl, count=1)
