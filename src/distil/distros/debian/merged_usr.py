"""The merged /usr: directories at the root that are links to those of the same name in /usr."""

from __future__ import annotations

from typing import Final

from distil.model.node import Kind

MERGED: Final = ("bin", "sbin", "lib", "lib32", "lib64", "libo32", "libx32")
"""Every directory that any architecture of Debian has merged."""

MERGED_PATHS: Final = frozenset(f"/{name}" for name in MERGED)
_PREFIXES: Final = tuple(f"/{name}/" for name in MERGED)


def merged_path(path: str, kind: Kind) -> str:
    """`path` as it is called when the directories at the root are links into /usr."""
    if path.startswith(_PREFIXES) or (kind is Kind.DIRECTORY and path in MERGED_PATHS):
        return "/usr" + path
    return path
