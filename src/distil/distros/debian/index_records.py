"""What is kept about the packages of a suite, by name: the records of a `PackageIndex`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

import msgspec

from distil.distros.debian.formats.dependencies import Clause, parse_relations
from distil.model.digest import Digest

NAMES_KEY: Final = ""
"""Key of the list of all package names; no package is called that."""

ESSENTIAL_KEY: Final = " essential"
"""Key of the list of the packages that every whole system has; no package is called that."""


class PackageSource(Protocol):
    """One suite and component, its ``Packages`` file verified: what the index is made from."""

    @property
    def suite(self) -> str:
        """``trixie-security``."""

    @property
    def codename(self) -> str:
        """``trixie-security`` as the Release file has it."""

    @property
    def version(self) -> str:
        """The release's version, ``13.1``; empty where a suite has none."""

    @property
    def base_url(self) -> str:
        """What the ``Filename`` of a package is relative to."""

    @property
    def digest(self) -> Digest:
        """sha256 of the ``Packages`` file as the suite's signed Release names it."""

    @property
    def packages(self) -> Callable[[], bytes]:
        """The decompressed ``Packages`` file."""


class PackageRecord(msgspec.Struct, frozen=True, array_like=True):
    """One version of one package. Relationship fields are kept as text until they are asked for.

    `priority` is apt's number: 1 required … 5 extra, 0 when the index does not say. `suite` is
    the position of the suite that offers it.
    """

    name: str
    version: str
    architecture: str
    multi_arch: str
    priority: int
    source: str
    source_version: str
    filename: str
    size: int
    sha256: str
    suite: int
    fields: dict[str, str]

    def relations(self, field: str) -> tuple[Clause, ...]:
        """The clauses of a relationship field such as ``Depends``, empty when it has none."""
        text = self.fields.get(field)
        return parse_relations(text) if text else ()

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class Provision(msgspec.Struct, frozen=True, array_like=True):
    """That a version of a package provides a name, in `version` or in none (empty)."""

    owner: str
    owner_version: str
    version: str
    multi_arch: str


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """Everything known about one name, real or virtual.

    `versions` has the highest first, `providers` the one read last, as apt keeps them. `order`
    is the position at which apt would first meet the name when it reads the same indexes; apt
    breaks ties with it. `essential` and `important` (``Protected``) are properties of the name,
    not of a version, in apt and so here.
    """

    order: int = -1
    essential: bool = False
    important: bool = False
    versions: tuple[PackageRecord, ...] = ()
    providers: tuple[Provision, ...] = ()


NO_ENTRY: Final = Entry()
