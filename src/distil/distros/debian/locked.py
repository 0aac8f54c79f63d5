"""Suites narrowed to what a lock holds: the package index that a locked build resolves with.

The lock keeps the index entries of its packages, so the solver runs as ever and comes to the
packages that were locked, with the same reasons, and no index is fetched.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from distil.distros.debian.errors import NoMirror
from distil.distros.debian.index import PackageIndex
from distil.distros.debian.index_building import PRIORITIES
from distil.distros.debian.index_records import PackageSource
from distil.distros.debian.library_packages import policy_names
from distil.distros.debian.local_debs import NAME, place_of
from distil.distros.debian.lock_part import DebianPart, LockedPackage, LockedSuite
from distil.distros.debian.package import DebianPackage
from distil.distros.debian.repository import SuiteIndex
from distil.distros.debian.sources import Mirrors, find_mirrors
from distil.distros.debian.suites import is_security_suite, is_suite_name
from distil.fetch.http import Client
from distil.model.digest import Digest
from distil.model.platform import Platform

_PRIORITY_NAMES: Final = {number: name for name, number in PRIORITIES.items()}

HERE: Final = "."
"""The mirror of local files: their names are relative to the application's directory."""


# --- what a lock holds ---------------------------------------------------------------------


def locked_suites(suites: Sequence[SuiteIndex]) -> tuple[LockedSuite, ...]:
    """`suites` as they are now."""
    return tuple(
        LockedSuite(
            suite=suite.suite,
            component=suite.component,
            codename=suite.codename,
            version=suite.version,
            date=datetime.datetime.fromtimestamp(suite.date, datetime.UTC),
            mirror=HERE if suite.suite == NAME else suite.base_url,
            index=suite.digest,
        )
        for suite in suites
    )


def locked_packages(
    packages: Sequence[DebianPackage], index: PackageIndex, suites: Sequence[LockedSuite]
) -> tuple[LockedPackage, ...]:
    """The index entries of `packages`, in the order in which apt meets them.

    `suites` are those of `index`, in its order. Raises what `PackageIndex.package` raises.
    """
    wanted = {package.name: package for package in packages}
    names = sorted(wanted, key=lambda name: index.entry(name).order)
    return tuple(_locked(wanted[name], index, suites) for name in names)


def _locked(
    package: DebianPackage, index: PackageIndex, suites: Sequence[LockedSuite]
) -> LockedPackage:
    record, entry = index.package(package.name, package.version), index.entry(package.name)
    return LockedPackage(
        name=record.name,
        version=record.version,
        architecture=record.architecture,
        suite=suites[record.suite].key,
        filename=record.filename,
        size=record.size,
        digest=Digest.from_hex(record.sha256),
        source=record.source,
        source_version=record.source_version,
        multi_arch=record.multi_arch,
        priority=record.priority,
        essential=entry.essential,
        important=entry.important,
        relations=record.fields,
    )


def otherwise_called(libraries: Mapping[str, str]) -> dict[str, str]:
    """Of `libraries` (soname to package) those whose package is not called after them."""
    return {
        soname: package
        for soname, package in sorted(libraries.items())
        if package not in policy_names(soname)
    }


# --- the index of a lock -------------------------------------------------------------------


def open_locked(
    locked: DebianPart, platform: Platform, client: Client, source: Path
) -> tuple[SuiteIndex, ...]:
    """The suites of `locked`, offering nothing but its packages; local ones lie in `source`.

    Archives come from the machine's own mirrors, or else from where they were when the lock was
    made. Raises `InvalidUrl`.
    """
    mirrors = _mirrors()
    libraries = _contents(locked.libraries, platform)
    found = []
    for number, suite in enumerate(locked.suites):
        of_suite = [package for package in locked.packages if package.suite == suite.key]
        text = stanzas(of_suite)
        found.append(
            SuiteIndex(
                suite=suite.suite,
                component=suite.component,
                codename=suite.codename,
                version=suite.version,
                date=int(suite.date.timestamp()),
                base_url=place_of(source)
                if suite.suite == NAME
                else client.use_debian_mirror(
                    _mirror_for(suite, mirrors), _snapshot_for(suite, mirrors)
                ),
                digest=Digest.of(text),
                packages=functools.partial(bytes, text),
                extra=functools.partial(_index_called, libraries if number == 0 else b""),
            )
        )
    return tuple(found)


def _mirrors() -> Mirrors | None:
    try:
        return find_mirrors()
    except NoMirror:
        return None


def _mirror_for(suite: LockedSuite, mirrors: Mirrors | None) -> str:
    """Where to ask for archives of `suite`: here as it was, or else as this machine does."""
    if mirrors is None:
        return suite.mirror
    places: tuple[str, ...] = ()
    if is_security_suite(suite.suite):
        places = mirrors.securities
    elif is_suite_name(suite.suite):
        places = mirrors.archives
    return suite.mirror if suite.mirror in places or not places else places[0]


def _snapshot_for(suite: LockedSuite, mirrors: Mirrors | None) -> str | None:
    """Where old versions of archives of `suite` are asked for."""
    if mirrors is None:
        return None
    return mirrors.security_snapshot if is_security_suite(suite.suite) else mirrors.snapshot


def stanzas(packages: Sequence[LockedPackage]) -> bytes:
    """`packages` as a ``Packages`` file."""
    return "\n".join("\n".join(_fields(package)) + "\n" for package in packages).encode()


def _fields(package: LockedPackage) -> Iterator[str]:
    yield f"Package: {package.name}"
    yield f"Version: {package.version}"
    yield f"Architecture: {package.architecture}"
    yield f"Source: {package.source} ({package.source_version})"
    if package.multi_arch:
        yield f"Multi-Arch: {package.multi_arch}"
    if package.priority:
        yield f"Priority: {_PRIORITY_NAMES.get(package.priority, 'extra')}"
    if package.essential:
        yield "Essential: yes"
    if package.important:
        yield "Important: yes"
    for field, text in package.relations.items():
        yield f"{field}: {' '.join(text.split())}"
    yield f"Filename: {package.filename}"
    yield f"Size: {package.size}"
    yield f"SHA256: {package.digest.hex}"


def _contents(libraries: Mapping[str, str], platform: Platform) -> bytes:
    """`libraries` as a ``Contents`` file, in which `package_for_library` looks."""
    lines = [
        f"usr/lib/{platform.multiarch}/{soname}\tlibs/{package}\n"
        for soname, package in sorted(libraries.items())
    ]
    return "".join(lines).encode()


def _index_called(contents: bytes, name: str) -> bytes | None:
    return contents if name.startswith("Contents-") else None


# --- keeping versions ----------------------------------------------------------------------


def preferring(
    suites: Sequence[SuiteIndex], kept: DebianPart, names: frozenset[str]
) -> tuple[SuiteIndex, ...]:
    """`suites` in which the packages `names` have the versions that `kept` holds, and no other.

    A package whose suite is not among `suites` any more is as the suites have it now.
    """
    known = {f"{suite.suite}/{suite.component}" for suite in suites}
    pinned = [p for p in kept.packages if p.name in names and p.suite in known]
    pins = frozenset(package.name for package in pinned)
    mark = Digest.of(stanzas(pinned))
    found = []
    for suite in suites:
        own = stanzas([p for p in pinned if p.suite == f"{suite.suite}/{suite.component}"])
        narrowed = functools.partial(_narrowed, suite, own, pins)
        digest = Digest.of(f"{suite.digest} {mark}".encode())
        found.append(msgspec.structs.replace(suite, digest=digest, packages=narrowed))
    return tuple(found)


def _narrowed(suite: PackageSource, own: bytes, names: frozenset[str]) -> bytes:
    """The ``Packages`` file of `suite` with the stanzas `own` in place of those of `names`."""
    rest = [stanza for stanza in suite.packages().split(b"\n\n") if _name_of(stanza) not in names]
    return own + b"\n" + b"\n\n".join(rest)


def _name_of(stanza: bytes) -> str:
    head, _, rest = stanza.lstrip(b"\n").partition(b"\n")
    if not head.lower().startswith(b"package:"):
        # The field can stand anywhere in a stanza; in Debian's indexes it is the first.
        found = [line for line in rest.split(b"\n") if line.lower().startswith(b"package:")]
        head = found[0] if found else b"package:"
    return head.partition(b":")[2].strip().decode("ascii", "replace")
