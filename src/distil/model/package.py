"""Third-party components: what they are called, and the archive that holds them."""

from __future__ import annotations

import msgspec
from packageurl import PackageURL

from distil.model.digest import Digest


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
        return PackageURL("deb", "debian", self.name, self.version, qualifiers).to_string()

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class Wheel(msgspec.Struct, frozen=True):
    """One Python distribution in wheel form, chosen for the target.

    `size` is in bytes, None when the index did not say; `digest` is the archive's sha256.
    """

    name: str
    version: str
    filename: str
    url: str
    size: int | None
    digest: Digest

    @property
    def purl(self) -> str:
        """The package URL (purl-spec, type pypi: the name normalised by PEP 503)."""
        return PackageURL("pypi", None, self.name, self.version).to_string()

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class PythonInterpreter(msgspec.Struct, frozen=True):
    """The interpreter of the target, which is never run: what wheels have to fit.

    `version` is the full version (``3.13.5``); `glibc` the target's C library version.
    """

    version: str
    glibc: tuple[int, int]
    machine: str

    @property
    def line(self) -> str:
        """Major and minor version: ``3.13``."""
        return ".".join(self.version.split(".")[:2])

    @property
    def executable(self) -> str:
        """The interpreter's path in the image."""
        return f"/usr/bin/python{self.line}"

    @property
    def site_directory(self) -> str:
        """Where Debian's interpreter looks for locally installed distributions, .pth included."""
        return f"/usr/local/lib/python{self.line}/dist-packages"
