"""The Debian packages that several suites offer together, looked up by name.

Every suite has the same priority, as apt gives them: of a package's versions the highest is the
candidate, and of equal ones the one from the suite named first. The decoded form is kept in the
cache, so that opening it and looking up a hundred packages costs a few milliseconds.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import msgspec

from distil.distros.debian.index_records import (
    ESSENTIAL_KEY,
    NAMES_KEY,
    NO_ENTRY,
    Entry,
    PackageRecord,
    PackageSource,
    Provision,
)
from distil.distros.debian.package import DebianPackage
from distil.distros.debian.record_table import RecordTable, write_table
from distil.distros.errors import UnknownPackage, UnknownPackageVersion
from distil.errors import nearest
from distil.events import Warned, emit
from distil.fetch.cache import Cache
from distil.model.digest import Digest
from distil.model.errors import CorruptContent

LAYOUT: Final = "3"
"""Changes whenever the stored form does, so that an older one is not read."""


class PackageIndex:
    """The packages of `sources` for one Debian architecture.

    Opening it reads nothing from `sources` when the cache has their decoded form. Otherwise it
    raises what `index_records` and the sources do, and `DiskFull`, `CacheUnwritable`.
    """

    def __init__(self, sources: Sequence[PackageSource], cache: Cache, architecture: str) -> None:
        self.architecture = architecture
        self.sources = tuple(sources)
        self._cache = cache
        self._entries: dict[str, Entry] = {}
        self._decoder = msgspec.msgpack.Decoder(Entry)
        self._label = "\n".join(
            (LAYOUT, architecture, *(f"{source.suite} {source.digest}" for source in sources))
        )
        self._file = hashlib.sha256(self._label.encode()).hexdigest() + ".packages"
        self._table = self._open() or self._build()

    @property
    def cache(self) -> Cache:
        """Where the decoded form is kept, and what else is made from the same suites."""
        return self._cache

    @property
    def description(self) -> str:
        """The suites and the architecture in a few words, for errors."""
        suites = dict.fromkeys(source.suite for source in self.sources)
        return f"{', '.join(suites)} ({self.architecture})"

    def entry(self, name: str) -> Entry:
        """What is known about `name`, an empty entry when that is nothing."""
        found = self._entries.get(name)
        if found is None:
            data = self._get(name) if name not in (NAMES_KEY, ESSENTIAL_KEY) else None
            found = NO_ENTRY if data is None else self._decoder.decode(data)
            self._entries[name] = found
        return found

    def candidate(self, name: str) -> PackageRecord | None:
        """The version of `name` that apt would install, None when it is no real package."""
        versions = self.entry(name).versions
        return versions[0] if versions else None

    def package(self, name: str, version: str = "") -> PackageRecord:
        """The candidate of `name`, or its version `version`.

        Raises `UnknownPackage`, which names similar packages, and `UnknownPackageVersion`.
        """
        versions = self.entry(name).versions
        if not versions:
            raise UnknownPackage(name, self.description, nearest(name, self.names()))
        if not version:
            return versions[0]
        for record in versions:
            if record.version == version:
                return record
        raise UnknownPackageVersion(name, version, [record.version for record in versions])

    def providers(self, name: str) -> tuple[Provision, ...]:
        """The packages that provide `name` besides the one that is called so."""
        return self.entry(name).providers

    def names(self) -> list[str]:
        """The names of all real packages, sorted."""
        return self._list(NAMES_KEY)

    def essential(self) -> list[str]:
        """The names of the packages that a whole system always has, sorted."""
        return self._list(ESSENTIAL_KEY)

    def describe(self, record: PackageRecord) -> DebianPackage:
        """`record` as the value that the other stages exchange."""
        source = self.sources[record.suite]
        return DebianPackage(
            name=record.name,
            version=record.version,
            architecture=record.architecture,
            source=record.source,
            source_version=record.source_version,
            url=f"{source.base_url.rstrip('/')}/{record.filename.removeprefix('./')}",
            size=record.size,
            digest=Digest.from_hex(record.sha256),
            suite=source.suite,
            distribution=self._distribution(),
        )

    def _distribution(self) -> str:
        """``debian-13``: the first suite's release, as os-release has it; sid has no number.

        So it is for packages of other repositories as well: scanners know no other system.
        """
        first = next((s for s in self.sources if s.version or s.codename), self.sources[0])
        return f"debian-{first.version.partition('.')[0] or first.codename}"

    def _list(self, key: str) -> list[str]:
        data = self._get(key)
        return bytes(data).decode().split("\n") if data else []

    def _get(self, key: str) -> bytes | memoryview | None:
        try:
            return self._table.get(key)
        except CorruptContent as error:
            self._table = self._rebuild(error)
            return self._table.get(key)

    def _open(self) -> RecordTable | None:
        path = self._cache.path("indexes", self._file)
        try:
            table = RecordTable.open(path, self._label)
        except CorruptContent as error:
            return self._rebuild(error)
        if table is not None:
            self._cache.used("indexes", self._file)
        return table

    def _rebuild(self, error: CorruptContent) -> RecordTable:
        emit(Warned(error.message, hint="it is made again"))
        return self._build()

    def _build(self) -> RecordTable:
        # Only a changed index needs this, so a warm start does not pay for its import.
        from distil.distros.debian.index_building import index_records

        with self._cache.writing("indexes", self._file) as stream, _no_collection():
            write_table(stream, self._label, index_records(self.sources, self.architecture))
        table = RecordTable.open(self._cache.path("indexes", self._file), self._label)
        if table is None:
            raise CorruptContent(str(self._cache.path("indexes", self._file)), "just written")
        return table


@contextmanager
def _no_collection() -> Iterator[None]:
    """Spare the collector a million new objects, none of them garbage: a third of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
