"""Which packages a relationship is about: the named one, and those that provide the name.

The rules are apt's: a versioned relation is only satisfied by a Provides that names a version;
``name:any`` means a package of the name that is ``Multi-Arch: allowed``, or one that provides it
and is; a package never conflicts with itself, nor with another through what it provides itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from distil.distros.debian.formats.dependencies import Relation
from distil.distros.debian.index import PackageIndex
from distil.distros.debian.index_records import PackageRecord
from distil.formats.debian_version import satisfies

POSITIVE_FIELDS: Final = ("Pre-Depends", "Depends")
NEGATIVE_FIELDS: Final = ("Conflicts", "Breaks")
WEAK_FIELDS: Final = ("Recommends", "Suggests")

ALLOWED: Final = "allowed"


class Dependency(msgspec.Struct, frozen=True):
    """One clause of a package's relationship field, with the package that has it."""

    owner: str
    field: str
    alternatives: tuple[Relation, ...]

    @property
    def negative(self) -> bool:
        """Whether it says what must not be there."""
        return self.field in NEGATIVE_FIELDS

    @property
    def text(self) -> str:
        """The clause as the field writes it."""
        return " | ".join(map(str, self.alternatives))


def dependencies(record: PackageRecord, fields: tuple[str, ...]) -> list[Dependency]:
    """The clauses of `fields` in order; of a negative field each relation is one of its own."""
    found = []
    for field in fields:
        for clause in record.relations(field):
            if field in NEGATIVE_FIELDS:
                found += [Dependency(record.name, field, (relation,)) for relation in clause]
            else:
                found.append(Dependency(record.name, field, clause))
    return found


Pick = Callable[[str], PackageRecord | None]
"""The one version of a package that a question is about: the installed one, the candidate."""


class Targets:
    """Finds what satisfies a relation (or is hit by it, for Conflicts and Breaks)."""

    def __init__(self, index: PackageIndex) -> None:
        self._index = index

    def real_name(self, relation: Relation) -> str:
        """The package a relation names, empty when only providers can satisfy it."""
        return "" if relation.qualifier else relation.name

    def matching(
        self, relation: Relation, owner: str, pick: Pick, *, negative: bool
    ) -> Iterator[str]:
        """The names of the packages whose picked version the relation of `owner` is about."""
        name = self.real_name(relation)
        if name and not (negative and name == owner):
            record = pick(name)
            if record is not None and satisfies(
                record.version, relation.operator, relation.version
            ):
                yield name
        for provider, owner_version, version in self._provisions(relation):
            if negative and provider == owner:
                continue
            record = pick(provider)
            if record is None or record.version != owner_version:
                continue
            if relation.operator and not version:
                continue
            if satisfies(version, relation.operator, relation.version):
                yield provider

    def satisfying(self, dependency: Dependency, pick: Pick) -> list[str]:
        """The names of the packages whose picked version satisfies a positive clause, each once."""
        owner = dependency.owner
        found = [self.matching(one, owner, pick, negative=False) for one in dependency.alternatives]
        return list(dict.fromkeys(name for names in found for name in names))

    def versions(self, relation: Relation, owner: str, *, negative: bool) -> list[PackageRecord]:
        """Every version of every package that the relation is about."""
        found = []
        name = self.real_name(relation)
        if name and not (negative and name == owner):
            found += [
                record
                for record in self._index.entry(name).versions
                if satisfies(record.version, relation.operator, relation.version)
            ]
        for provider, owner_version, version in self._provisions(relation):
            if negative and provider == owner:
                continue
            if relation.operator and not version:
                continue
            if satisfies(version, relation.operator, relation.version):
                found += [
                    record
                    for record in self._index.entry(provider).versions
                    if record.version == owner_version
                ]
        return found

    def provider_names(self, relation: Relation) -> list[str]:
        """The packages that provide what a relation names, each once."""
        return list(dict.fromkeys(owner for owner, _, _ in self._provisions(relation)))

    def _provisions(self, relation: Relation) -> Iterator[tuple[str, str, str]]:
        """Provider, its version, and the version that it provides."""
        qualifier = relation.qualifier
        if not qualifier:
            for provision in self._index.providers(relation.name):
                yield provision.owner, provision.owner_version, provision.version
        elif qualifier == "any":
            yield from self._any_provisions(relation.name)
        elif qualifier in ("native", self._index.architecture):
            entry = self._index.entry(relation.name)
            for record in entry.versions:
                yield record.name, record.version, record.version
            for provision in entry.providers:
                yield provision.owner, provision.owner_version, provision.version

    def _any_provisions(self, name: str) -> Iterator[tuple[str, str, str]]:
        entry = self._index.entry(name)
        for record in entry.versions:
            if record.multi_arch == ALLOWED:
                yield record.name, record.version, record.version
        for provision in entry.providers:
            if provision.multi_arch == ALLOWED:
                yield provision.owner, provision.owner_version, provision.version
        for provision in self._index.providers(f"{name}:any"):
            yield provision.owner, provision.owner_version, provision.version
