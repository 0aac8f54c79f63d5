"""Python's order, PEP 440, as the library ``packaging`` has it.

Advisories of PyPI write some versions as CPEs do: ``3.0.3-NA`` is 3.0.3 with no update, and what a
local version has after its plus sign stands after a hyphen, as in ``2.6.0-cu124``.
"""

from __future__ import annotations

import re
from typing import Final

from distil.vulns.versions.ordering import Key, ordering

_NO_UPDATE: Final = "-NA"
_LOCAL: Final = re.compile(r"-(?=(?:cpu|cu\d+|rocm[\d.]+|\d+\.[\d.]+)$)", re.ASCII)


def _parse(version: str) -> Key | None:
    from packaging.version import InvalidVersion, Version

    told = _LOCAL.sub("+", version.removesuffix(_NO_UPDATE))
    try:
        return (Version(told),)
    except InvalidVersion:
        return None


PEP440: Final = ordering("PEP 440", _parse)
