"""Python's order, PEP 440, as the library ``packaging`` has it."""

from __future__ import annotations

from typing import Final

from distil.vulns.versions.ordering import Key, ordering


def _parse(version: str) -> Key | None:
    from packaging.version import InvalidVersion, Version

    try:
        return (Version(version),)
    except InvalidVersion:
        return None


PEP440: Final = ordering("PEP 440", _parse)
