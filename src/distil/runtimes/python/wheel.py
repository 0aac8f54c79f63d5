"""One Python distribution as a wheel: what it is called, and the archive that holds it."""

from __future__ import annotations

from typing import Final

import msgspec
from packageurl import PackageURL

from distil.model.digest import Digest

ECOSYSTEM: Final = "pypi"


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
        return PackageURL(ECOSYSTEM, None, self.name, self.version).to_string()

    def __str__(self) -> str:
        return f"{self.name} {self.version}"
