"""Which runtime an image is made for, from what is in it and what its container starts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from distil.model.inventory import Inventory, InventoryComponent, Link
from distil.recommend.known import KNOWN, Known

_VERSION: Final = re.compile(r"(?:\d+:)?v?(\d+(?:\.\d+)*)")
"""The numbers of an upstream version, after Debian's epoch."""
_BY_BYTES: Final = "binary"


class Recognised(msgspec.Struct, frozen=True, kw_only=True):
    """A runtime that was found: the row's `name`, and `version`, empty where none can be told.

    `evidence` says in a few words how it shows. `component` is the ref of what it is, `from_os`
    that a distribution's packages have it. `components` counts what is written for it.
    """

    name: str
    title: str
    version: str = ""
    evidence: str
    component: str = ""
    from_os: bool = False
    components: int = 0

    @property
    def known(self) -> Known:
        """The row of the table."""
        return next(one for one in KNOWN if one.name == self.name)

    @property
    def line(self) -> str:
        """The first numbers of the version: what applications are made for."""
        return ".".join(self.version.split(".")[: self.known.line])


def recognised(inventory: Inventory, command: Sequence[str]) -> Recognised | None:
    """The runtime of the image that `inventory` tells of and whose container starts `command`.

    What is started counts first; then a program that no package owns, for somebody put it there;
    then a package for which the most components are written; then that some are, for what is not
    there. None when nothing shows.
    """
    found = started_by(inventory, command)
    if found is not None:
        return found
    written = _written(inventory)
    for row in KNOWN:
        one = _best(row, inventory.components)
        if one is not None and one.kind == _BY_BYTES:
            where = one.places[0].path if one.places else one.name
            return _told(row, one, f"{where} is it", written)
    there = [(row, _best(row, inventory.components)) for row in KNOWN]
    by_number = sorted(there, key=lambda one: (one[1] is None, -written[one[0].language]))
    for row, one in by_number:
        count = written[row.language]
        if count:
            evidence = f"{count:,} {'component' if count == 1 else 'components'} written for it"
            return _told(row, one, evidence, written)
        if one is not None:
            return _told(row, one, f"package {one.name}", written)
    return None


def started_by(inventory: Inventory, command: Sequence[str]) -> Recognised | None:
    """The runtime that `command` names; None when it names none."""
    for word in command:
        name = word.rpartition("/")[2]
        for row in KNOWN:
            if re.fullmatch(row.started, name):
                found = _best(row, inventory.components)
                evidence = f"the container starts {name}"
                return _told(row, found, evidence, _written(inventory))
    return None


def _written(inventory: Inventory) -> Counter[str]:
    """How many components of each kind there are that no package of the system owns."""
    owned = {one.object for one in inventory.relations if one.link is Link.OWNS}
    return Counter(one.kind for one in inventory.components if one.ref not in owned)


def _best(row: Known, components: Iterable[InventoryComponent]) -> InventoryComponent | None:
    """The component that is the runtime: what no package owns first, the longest version then."""
    kinds = dict(row.components)
    fitting = [
        one
        for one in components
        if one.kind in kinds and re.fullmatch(kinds[one.kind], one.name) is not None
    ]
    order = list(kinds)
    return min(
        fitting,
        key=lambda one: (order.index(one.kind), -len(version_of(one).split(".")), one.name),
        default=None,
    )


def _told(
    row: Known, found: InventoryComponent | None, evidence: str, written: Counter[str]
) -> Recognised:
    return Recognised(
        name=row.name,
        title=row.title,
        version=version_of(found) if found is not None else "",
        evidence=evidence,
        component=found.ref if found is not None else "",
        from_os=found is not None and found.kind != _BY_BYTES,
        components=written[row.language] if row.language else 0,
    )


def version_of(component: InventoryComponent) -> str:
    """The numbers of its upstream version, ``3.13.5`` of ``3.13.5-2+deb13u5``."""
    match = _VERSION.match(component.version)
    return match[1] if match is not None else ""
