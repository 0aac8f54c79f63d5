"""Which ecosystem orders its versions how, by its name in the OSV schema."""

from __future__ import annotations

from typing import Final

from distil.vulns.versions.apk import APK
from distil.vulns.versions.cran import CRAN
from distil.vulns.versions.debian import DPKG
from distil.vulns.versions.gem import GEM
from distil.vulns.versions.maven import MAVEN
from distil.vulns.versions.nuget import NUGET
from distil.vulns.versions.ordering import Ordering
from distil.vulns.versions.packagist import PACKAGIST
from distil.vulns.versions.pep440 import PEP440
from distil.vulns.versions.rpm import RPM
from distil.vulns.versions.semver import BITNAMI, GO, SEMVER

_ORDERINGS: Final = {
    "AlmaLinux": RPM,
    "Alpaquita": APK,
    "Alpine": APK,
    "Azure Linux": RPM,
    "BellSoft Hardened Containers": APK,
    "Bitnami": BITNAMI,
    "CRAN": CRAN,
    "Chainguard": APK,
    "CleanStart": APK,
    "Debian": DPKG,
    "Echo": DPKG,
    "Go": GO,
    "Mageia": RPM,
    "Maven": MAVEN,
    "MinimOS": APK,
    "NuGet": NUGET,
    "Packagist": PACKAGIST,
    "Photon OS": RPM,
    "PyPI": PEP440,
    "Red Hat": RPM,
    "Rocky Linux": RPM,
    "RubyGems": GEM,
    "SUSE": RPM,
    "Ubuntu": DPKG,
    "Wolfi": APK,
    "crates.io": SEMVER,
    "npm": SEMVER,
    "openEuler": RPM,
    "openSUSE": RPM,
}


def ordering_of(ecosystem: str) -> Ordering | None:
    """The ordering of an ecosystem such as ``Debian:12``, or None where none is known.

    What follows the first colon is a release, which changes nothing about the order.
    """
    return _ORDERINGS.get(ecosystem.partition(":")[0])
