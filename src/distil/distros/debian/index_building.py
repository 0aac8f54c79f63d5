"""Decoding ``Packages`` files into the records of a `PackageIndex`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from distil.distros.debian.errors import UnusablePackageEntry
from distil.distros.debian.formats.deb822 import Stanza, parse_stanzas
from distil.distros.debian.formats.dependencies import parse_relations
from distil.distros.debian.index_records import (
    ESSENTIAL_KEY,
    NAMES_KEY,
    Entry,
    PackageRecord,
    PackageSource,
    Provision,
)
from distil.formats.debian_version import version_key
from distil.model.digest import Digest
from distil.model.errors import InvalidDigest

PRIORITIES: Final = {"required": 1, "important": 2, "standard": 3, "optional": 4, "extra": 5}

_KEPT_FIELDS: Final = (
    "Pre-Depends",
    "Depends",
    "Conflicts",
    "Breaks",
    "Recommends",
    "Suggests",
    "Provides",
)
_MENTIONS: Final = (
    "pre-depends",
    "depends",
    "conflicts",
    "breaks",
    "recommends",
    "suggests",
    "replaces",
    "enhances",
    "provides",
)
"""Fields whose package names apt gives a number as it reads them, in its order."""

_MENTIONED: Final = re.compile(r"(?:^|[,|])\s*([^\s,|(]+)")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9+.-]*")
_VERSION: Final = re.compile(r"[A-Za-z0-9.+~:-]+")
_FILENAME: Final = re.compile(r"(?!/)(?!(?:.*/)?\.\.(?:/|\Z))[A-Za-z0-9_.+~%:=@/-]+")
_SOURCE: Final = re.compile(r"([a-z0-9][a-z0-9+.-]*)(?:\s+\(([^()\s]+)\))?")

_FORCED_ESSENTIAL: Final = frozenset({"apt"})
"""What apt takes for essential whatever the index says (its ``pkgCacheGen::ForceEssential``)."""


class _Draft(msgspec.Struct):
    """What has been read about one name."""

    versions: list[PackageRecord] = msgspec.field(default_factory=list)
    providers: list[Provision] = msgspec.field(default_factory=list)
    essential: bool = False
    important: bool = False


def index_records(
    sources: Sequence[PackageSource], architecture: str
) -> Iterator[tuple[str, bytes]]:
    """The records of an index table: one for each name, and two lists of names.

    Packages of other architectures are left out. Raises `MalformedControl`, `MalformedRelation`,
    and `UnusablePackageEntry` for a package that lacks what it must have, or whose name, version
    or file name could not be used safely.
    """
    drafts: dict[str, _Draft] = {}
    order: dict[str, int] = {}
    for number, source in enumerate(sources):
        what = f"the package index of {source.suite}"
        for stanza in parse_stanzas(source.packages(), what):
            if stanza.get("architecture") not in (architecture, "all"):
                continue
            record = _record(stanza, number, what)
            _note_order(order, record.name, stanza, architecture)
            _add(drafts, record, stanza, architecture)
    encoder = msgspec.msgpack.Encoder()
    names = sorted(name for name, draft in drafts.items() if draft.versions)
    essential = [n for n in names if drafts[n].essential and n not in _FORCED_ESSENTIAL]
    yield NAMES_KEY, "\n".join(names).encode()
    yield ESSENTIAL_KEY, "\n".join(essential).encode()
    for name in sorted(drafts):
        draft = drafts[name]
        entry = Entry(
            order=order.get(name, -1),
            essential=draft.essential,
            important=draft.important,
            versions=tuple(draft.versions),
            providers=tuple(reversed(draft.providers)),
        )
        yield name, encoder.encode(entry)


def _record(stanza: Stanza, suite: int, what: str) -> PackageRecord:
    name = stanza.get("package", "").lower()
    if not _NAME.fullmatch(name):
        raise UnusablePackageEntry(what, f"{name[:80]!r} is no package name")
    version = stanza.get("version", "")
    filename = stanza.get("filename", "")
    size = stanza.get("size", "")
    usable = _VERSION.fullmatch(version) and _FILENAME.fullmatch(filename) and size.isdecimal()
    if not usable:
        raise UnusablePackageEntry(what, f"{name} lacks a usable Version, Filename or Size")
    try:
        digest = Digest.from_hex(stanza.get("sha256", ""))
    except InvalidDigest as error:
        raise UnusablePackageEntry(what, f"{name}: {error.message}") from error
    source = _SOURCE.fullmatch(stanza.get("source", name))
    if source is None:
        raise UnusablePackageEntry(what, f"{name} has the unreadable Source {stanza['source']!r}")
    return PackageRecord(
        name=name,
        version=version,
        architecture=stanza["architecture"],
        multi_arch=stanza.get("multi-arch", "").lower(),
        priority=_priority(stanza),
        source=source[1],
        source_version=source[2] or version,
        filename=filename,
        size=int(size[:18]),
        sha256=digest.hex,
        suite=suite,
        fields={
            field: text for field in _KEPT_FIELDS if (text := stanza.get(field.lower())) is not None
        },
    )


def _priority(stanza: Stanza) -> int:
    named = stanza.get("priority")
    return 0 if named is None else PRIORITIES.get(named.lower(), PRIORITIES["extra"])


def _note_order(order: dict[str, int], name: str, stanza: Stanza, architecture: str) -> None:
    """Number the names of a stanza in the order in which apt first meets them.

    apt numbers a package when it reads its stanza or the first relation that names it,
    whichever comes first (pkgCacheGenerator::NewPackage).
    """
    order.setdefault(name, len(order))
    text = ",".join([stanza[field] for field in _MENTIONS if field in stanza])
    for mentioned in _MENTIONED.findall(text):
        if mentioned in order:
            continue
        base, colon, qualifier = mentioned.partition(":")
        if not colon or qualifier in (architecture, "native"):
            order.setdefault(base, len(order))


def _add(
    drafts: dict[str, _Draft], record: PackageRecord, stanza: Stanza, architecture: str
) -> None:
    draft = drafts.setdefault(record.name, _Draft())
    forced = record.name in _FORCED_ESSENTIAL
    draft.essential |= forced or stanza.get("essential") == "yes"
    draft.important |= forced or "yes" in (stanza.get("important"), stanza.get("protected"))
    if not _insert(draft.versions, record):
        return
    provides = stanza.get("provides")
    if provides:
        _add_provisions(drafts, record, provides, architecture)


def _insert(versions: list[PackageRecord], record: PackageRecord) -> bool:
    """Keep the highest version first; of equal ones the first suite's is the one that counts."""
    key = version_key(record.version) if versions else ()
    for position, other in enumerate(versions):
        other_key = version_key(other.version)
        if other_key == key:
            return False
        if other_key < key:
            versions.insert(position, record)
            return True
    versions.append(record)
    return True


def _add_provisions(
    drafts: dict[str, _Draft], record: PackageRecord, provides: str, architecture: str
) -> None:
    for relation, *_ in parse_relations(provides):
        if relation.operator not in ("", "="):
            continue  # apt ignores such a Provides with a warning
        if relation.name == record.name and relation.version in ("", record.version):
            continue
        provision = Provision(record.name, record.version, relation.version, record.multi_arch)
        if relation.qualifier in ("", "any", architecture):
            name = f"{relation.name}:any" if relation.qualifier == "any" else relation.name
            drafts.setdefault(name, _Draft()).providers.append(provision)
