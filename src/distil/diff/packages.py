"""Components of an image by kind and name, for comparing them with those of another one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from distil.model.inventory import InventoryComponent

Packages = Mapping[tuple[str, str], tuple[str, ...]]
"""The versions of each package, by its kind and name."""

_SEPARATORS: Final = re.compile(r"[-_.]+")


def packages_of(components: Iterable[InventoryComponent]) -> Packages:
    """`components` by kind and name, each with its versions and what machines they are for."""
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for one in components:
        version = f"{one.version} {one.architecture}".strip()
        found[one.kind, one_name(one)].add(version)
    return {key: tuple(sorted(versions)) for key, versions in found.items()}


def one_name(one: InventoryComponent) -> str:
    """Its name, one for what is spelt in several ways (PEP 503)."""
    return _SEPARATORS.sub("-", one.name).lower() if one.kind == "python" else one.name
