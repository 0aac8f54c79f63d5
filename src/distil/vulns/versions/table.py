"""Which ecosystem orders its versions how, by its name in the OSV schema."""

from __future__ import annotations

import importlib
from functools import lru_cache
from typing import Final

from distil.vulns.versions.ordering import Ordering

_ORDERINGS: Final = {
    "AlmaLinux": "rpm:RPM",
    "Alpaquita": "apk:APK",
    "Alpine": "apk:APK",
    "Azure Linux": "rpm:RPM",
    "BellSoft Hardened Containers": "apk:APK",
    "Bitnami": "semver:BITNAMI",
    "CRAN": "cran:CRAN",
    "Chainguard": "apk:APK",
    "CleanStart": "apk:APK",
    "Debian": "debian:DPKG",
    "Echo": "debian:DPKG",
    "Go": "semver:GO",
    "Mageia": "rpm:RPM",
    "Maven": "maven:MAVEN",
    "MinimOS": "apk:APK",
    "NuGet": "nuget:NUGET",
    "Packagist": "packagist:PACKAGIST",
    "Photon OS": "rpm:RPM",
    "PyPI": "pep440:PEP440",
    "Red Hat": "rpm:RPM",
    "Rocky Linux": "rpm:RPM",
    "RubyGems": "gem:GEM",
    "SUSE": "rpm:RPM",
    "Ubuntu": "debian:DPKG",
    "Wolfi": "apk:APK",
    "crates.io": "semver:SEMVER",
    "npm": "semver:SEMVER",
    "openEuler": "rpm:RPM",
    "openSUSE": "rpm:RPM",
}
"""The module here and the name in it: a scan loads those alone that it needs."""


@lru_cache(maxsize=1 << 10)
def ordering_of(ecosystem: str) -> Ordering | None:
    """The ordering of an ecosystem such as ``Debian:12``, or None where none is known.

    What follows the first colon is a release, which changes nothing about the order.
    """
    module, _, name = _ORDERINGS.get(ecosystem.partition(":")[0], "").partition(":")
    if not name:
        return None
    found: Ordering = getattr(importlib.import_module(f"{__package__}.{module}"), name)
    return found
