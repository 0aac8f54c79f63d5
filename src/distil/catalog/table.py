"""The cataloguers: adding one is a parser and a row here."""

from __future__ import annotations

from typing import Final

from distil.catalog.cataloger import Cataloger

VERSION: Final = 1
"""Raised whenever a parser says something else of the same bytes: nothing kept is used then."""

CATALOGERS: Final = (
    # --- the operating system ---
    Cataloger(name="os-release", parser="os_release:os_release", names=("os-release",)),
    Cataloger(name="dpkg", parser="dpkg:status", names=("status",), inside=("/lib/dpkg/status",)),
    # --- languages ---
    # --- programs ---
)
