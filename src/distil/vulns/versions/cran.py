"""R's order (``package_version``): numbers between dots or hyphens; the shorter is the lower."""

from __future__ import annotations

import re
from typing import Final

from distil.vulns.versions.ordering import Key, ordering

_CRAN: Final = re.compile(r"\d+(?:[.-]\d+)*", re.ASCII)


def _parse(version: str) -> Key | None:
    if not _CRAN.fullmatch(version):
        return None
    return tuple(int(one) for one in re.split("[.-]", version))


CRAN: Final = ordering("R", _parse)
