"""The cataloguers: adding one is a parser and a row here."""

from __future__ import annotations

from typing import Final

from distil.catalog.cataloger import Cataloger

VERSION: Final = 1
"""Raised whenever a parser says something else of the same bytes: nothing kept is used then."""

CATALOGERS: Final[tuple[Cataloger, ...]] = (
    # --- the operating system ---
    # --- languages ---
    # --- programs ---
)
