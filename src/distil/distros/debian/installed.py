"""The packages that an image has already, as its package database tells.

Debian's own database is one file, ``/var/lib/dpkg/status``; images without dpkg have a file for
each package in ``status.d``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Final

import msgspec

from distil.distros.debian.errors import MalformedControl
from distil.distros.debian.formats.deb822 import Stanza, parse_stanzas
from distil.distros.debian.index import PackageIndex
from distil.distros.debian.index_records import NO_ENTRY, Entry, PackageRecord
from distil.distros.debian.repository import SuiteIndex
from distil.distros.debian.status import DIRECTORY, STATUS
from distil.distros.debian.suites import MAJOR_VERSIONS
from distil.distros.foundation import LARGEST
from distil.fetch.cache import Cache
from distil.model.blob import Blob
from distil.model.digest import Digest
from distil.model.platform import Platform
from distil.model.tree import Tree

NAME: Final = "packages of the base image"
_RELEASE: Final = "/etc/os-release"
_LARGEST_RELEASE: Final = 1 << 16
_LINE: Final = re.compile(r"""([A-Z_]+)=(["']?)([^"'\n]*)\2""")
_PRESENT: Final = " ok installed"
_FIELDS: Final = ("package", "version", "architecture", "source", "multi-arch", "provides")
_NEGATIVE: Final = ("conflicts", "breaks", "replaces")
"""What an installed package says that concerns others: what it needs, who made the image knew."""

_NOWHERE: Final = {"filename": "installed", "size": "0", "sha256": "0" * 64}


class Installed(msgspec.Struct, frozen=True):
    """What is installed for a platform, as a ``Packages`` file; `names` are the packages'.

    `database` is the file or directory that tells of it; empty where there is none.
    """

    database: str = ""
    names: tuple[str, ...] = ()
    packages: bytes = b""

    def onto(self, index: PackageIndex, cache: Cache) -> PackageIndex:
        """`index` in which each installed package has its version, and no other."""
        if not self.names:
            return index
        suite = SuiteIndex(
            suite=NAME,
            component="",
            codename="",
            version="",
            date=0,
            base_url="",
            digest=Digest.of(self.packages),
            packages=functools.partial(bytes, self.packages),
            extra=_nothing_more,
        )
        own = PackageIndex([suite], cache, index.architecture)
        return _IndexWithInstalled(index, own, frozenset(self.names))


def read_installed(tree: Tree, platform: Platform) -> Installed:
    """What the package database in `tree` tells of. Raises `MalformedControl`."""
    status = tree.resolve(STATUS)
    if status is not None and status.blob is not None and status.size:
        database, files = STATUS, {STATUS: status.blob}
    else:
        nodes = (tree.resolve(node.path) for node in tree.children(DIRECTORY))
        found = [node for node in nodes if node is not None and node.blob is not None]
        files = {
            node.path: node.blob
            for node in found
            if node.blob is not None and not node.name.endswith((".md5sums", ".list"))
        }
        database = DIRECTORY if files else ""
    stanzas = {stanza["package"]: stanza for stanza in _installed(files, platform)}
    text = "\n".join(_as_offered(stanzas[name]) for name in sorted(stanzas))
    return Installed(database, tuple(sorted(stanzas)), text.encode("utf-8", "surrogateescape"))


def _installed(files: dict[str, Blob], platform: Platform) -> Iterator[Stanza]:
    if sum(blob.size for blob in files.values()) > LARGEST:
        raise MalformedControl(next(iter(files)), 1, "the package database is too large")
    for path, blob in files.items():
        for stanza in parse_stanzas(blob.read(), path):
            present = stanza.get("status", _PRESENT).endswith(_PRESENT)
            fits = stanza.get("architecture") in (platform.debian, "all")
            if present and fits and stanza.get("package") and stanza.get("version"):
                yield stanza


def _as_offered(stanza: Stanza) -> str:
    fields = {name: stanza[name] for name in (*_FIELDS, *_NEGATIVE) if stanza.get(name)}
    said = (fields | _NOWHERE).items()
    return "".join(f"{name}: {' '.join(text.split())}\n" for name, text in said)


def _nothing_more(name: str) -> None:
    """No list of files."""


class _IndexWithInstalled(PackageIndex):
    """An index, and what is installed in the place of what it offers by these names."""

    def __init__(self, index: PackageIndex, installed: PackageIndex, names: frozenset[str]) -> None:
        self.architecture = index.architecture
        self.sources = (*index.sources, *installed.sources)
        self._index = index
        self._installed = installed
        self._installed_names = names
        self._cache = index.cache
        self._entries = {}

    def entry(self, name: str) -> Entry:
        found = self._entries.get(name)
        if found is None:
            found = self._entries[name] = self._joined(name)
        return found

    def _joined(self, name: str) -> Entry:
        offered = self._index.entry(name)
        own = self._installed.entry(name)
        if name not in self._installed_names and not own.providers:
            others = tuple(p for p in offered.providers if p.owner not in self._installed_names)
            if others == offered.providers:
                return offered
        providers = tuple(p for p in offered.providers if p.owner not in self._installed_names)
        versions = tuple(self._moved(record) for record in own.versions)
        if offered == NO_ENTRY:
            offered = msgspec.structs.replace(own, order=own.order + (1 << 30))
        return msgspec.structs.replace(
            offered,
            versions=versions if name in self._installed_names else offered.versions,
            providers=(*providers, *own.providers),
        )

    def _moved(self, record: PackageRecord) -> PackageRecord:
        return msgspec.structs.replace(record, suite=record.suite + len(self._index.sources))

    def names(self) -> list[str]:
        return sorted({*self._index.names(), *self._installed_names})

    def essential(self) -> list[str]:
        return self._index.essential()


def release_of(tree: Tree) -> dict[str, str]:
    """What ``/etc/os-release`` says (os-release(5)); nothing where it cannot be read."""
    node = tree.resolve(_RELEASE)
    if node is None or node.blob is None or node.size > _LARGEST_RELEASE:
        return {}
    text = node.blob.read().decode("utf-8", "replace")
    return {match[1]: match[3] for match in map(_LINE.fullmatch, text.splitlines()) if match}


class SuiteOfImage(msgspec.Struct, frozen=True):
    """The base that an image's packages are from; `refusal` says why none can be added instead."""

    base: str = ""
    refusal: str = ""


def suite_of_image(tree: Tree, installed: Installed) -> SuiteOfImage:
    """Where packages for an image of `tree` are from, as its os-release says."""
    release = release_of(tree)
    title = release.get("PRETTY_NAME") or release.get("NAME") or "no system that it names"
    if not installed.database:
        return SuiteOfImage(refusal=f"it is of {title} and has no database of dpkg")
    if release.get("ID") != "debian":
        return SuiteOfImage(refusal=f"it is of {title}, and its packages are not Debian's own")
    if "/sid" in title:
        why = f"it is of {title}, which does not say from which of the two suites its packages are"
        return SuiteOfImage(refusal=why)
    codenames = {number: name for name, number in MAJOR_VERSIONS.items()}
    name = release.get("VERSION_CODENAME") or codenames.get(release.get("VERSION_ID", ""), "")
    if not name:
        return SuiteOfImage(refusal=f"it is of {title}, which does not say of which release it is")
    return SuiteOfImage(base=f"debian:{name}")
