"""Python's order, PEP 440, as the library ``packaging`` has it.

Advisories of PyPI have versions such as ``3.0.3-NA`` besides: "no update of 3.0.3", as CPEs write
it, which is 3.0.3.
"""

from __future__ import annotations

from typing import Final

from distil.vulns.versions.ordering import Key, ordering

_NO_UPDATE: Final = "-NA"


def _parse(version: str) -> Key | None:
    from packaging.version import InvalidVersion, Version

    try:
        return (Version(version.removesuffix(_NO_UPDATE)),)
    except InvalidVersion:
        return None


PEP440: Final = ordering("PEP 440", _parse)
