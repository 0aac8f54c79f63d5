"""The packages that a user names: ``name``, ``name=version``, ``name:architecture``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from distil.distros.debian.errors import VirtualPackage
from distil.distros.debian.index import PackageIndex
from distil.distros.debian.index_records import PackageRecord
from distil.distros.errors import UnknownPackage

_WANTED: Final = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9+.-]*)(?::(?P<architecture>[a-z0-9-]+))?(?:=(?P<version>\S+))?"
)


def requested_records(wanted: Iterable[str], index: PackageIndex) -> dict[str, PackageRecord]:
    """The versions that `wanted` names, by package; of a package named twice the last one.

    Raises `UnknownPackage`, `UnknownPackageVersion`, `VirtualPackage`.
    """
    records = (_requested(text, index) for text in wanted)
    return {record.name: record for record in records}


def _requested(text: str, index: PackageIndex) -> PackageRecord:
    found = _WANTED.fullmatch(text)
    if found is None or found["architecture"] not in (None, "all", "native", index.architecture):
        raise UnknownPackage(text, index.description)
    name = found["name"]
    if index.candidate(name) is None and not found["version"]:
        providers = sorted(
            {
                provision.owner
                for provision in index.providers(name)
                if index.package(provision.owner).version == provision.owner_version
            }
        )
        if len(providers) == 1:
            return index.package(providers[0])
        if providers:
            raise VirtualPackage(name, providers)
    return index.package(name, found["version"] or "")
