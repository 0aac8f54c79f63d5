"""Whether two scanners mean the same package: by package URL, or by name where one has none."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from distil.formats.purl import Purl
from distil.model.inventory import InventoryComponent
from distil.model.other_report import OtherPackage

_SEPARATORS: Final = re.compile(r"[-_.]+")
_EPOCH: Final = "0:"


def keys_of(name: str, purl: str) -> tuple[str, ...]:
    """What a package is found by: its typed name, or else its name alone, in lower case."""
    read = Purl.read(purl)
    if read.type in ("", "generic"):
        return (_plain(name),)
    full = f"{read.namespace}/{read.name}" if _is_named_wholly(read) else read.name
    return (f"{read.type}:{_plain(full)}",)


def is_same_version(one: str, other: str) -> bool:
    """Whether two versions are the same but for what scanners leave out of them."""
    return _bare(one) == _bare(other)


class Packages:
    """Components of an inventory, found by what others call them."""

    def __init__(self, components: Iterable[InventoryComponent]) -> None:
        self._by_key: defaultdict[str, list[InventoryComponent]] = defaultdict(list)
        self._by_name: defaultdict[str, list[InventoryComponent]] = defaultdict(list)
        for one in components:
            for key in keys_of(one.name, one.purl):
                self._by_key[key].append(one)
            self._by_name[_plain(one.name)].append(one)
            self._by_name[_plain(Purl.read(one.purl).name)].append(one)

    def of(self, package: OtherPackage) -> tuple[InventoryComponent, ...]:
        """The components that `package` can be, those of its version first."""
        found = [one for key in keys_of(package.name, package.purl) for one in self._by_key[key]]
        if not found:
            found = [one for one in self._by_name[_plain(package.name)] if _may_be(package, one)]
        same = dict.fromkeys(found)
        return tuple(
            sorted(same, key=lambda one: not is_same_version(one.version, package.version))
        )


def _may_be(package: OtherPackage, component: InventoryComponent) -> bool:
    """Whether nothing says that they are of different kinds."""
    types = {Purl.read(package.purl).type, Purl.read(component.purl).type} - {"", "generic"}
    return len(types) < 2


def _is_named_wholly(purl: Purl) -> bool:
    """Whether the namespace is a part of the name, and not that of a distribution."""
    return bool(purl.namespace) and purl.type not in ("deb", "rpm", "apk", "alpm", "opkg")


def _plain(name: str) -> str:
    return _SEPARATORS.sub("-", name).replace(":", "/").lower()


def _bare(version: str) -> str:
    return version.removeprefix(_EPOCH).removeprefix("go").removeprefix("v")
