"""dpkg's order: Debian, Ubuntu and what is made from them."""

from __future__ import annotations

from typing import Final

from distil.formats.debian_version import version_key
from distil.vulns.versions.ordering import ordering

DPKG: Final = ordering("dpkg", version_key)
