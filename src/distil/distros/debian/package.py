"""One binary package of Debian: what it is called, and the archive that holds it."""

from __future__ import annotations

from typing import Final

import msgspec
from packageurl import PackageURL

from distil.model.digest import Digest

ECOSYSTEM: Final = "deb"


class DebianPackage(msgspec.Struct, frozen=True):
    """One binary package as a verified ``Packages`` index describes it.

    `url` is where the .deb can be had, `size` its length in bytes and `digest` its sha256,
    both as the index says. `suite` is the suite that offered it, such as ``trixie-security``.
    """

    name: str
    version: str
    architecture: str
    source: str
    source_version: str
    url: str
    size: int
    digest: Digest
    suite: str
    distribution: str = "debian-13"

    @property
    def purl(self) -> str:
        """The package URL, with the qualifiers scanners use (purl-spec, type deb)."""
        qualifiers = {"arch": self.architecture, "distro": self.distribution}
        if (self.source, self.source_version) != (self.name, self.version):
            upstream = self.source
            if self.source_version != self.version:
                upstream += f"@{self.source_version}"
            qualifiers["upstream"] = upstream
        return PackageURL(ECOSYSTEM, "debian", self.name, self.version, qualifiers).to_string()

    def __str__(self) -> str:
        return f"{self.name} {self.version}"
