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
    Cataloger(name="program", parser="program:program", elf=True, largest=1 << 30),
    Cataloger(
        name="script",
        parser="classify:script",
        names=("composer", "composer.phar", "elixir", "wp", "liberts_internal.a"),
    ),
    Cataloger(
        name="go-toolchain",
        parser="toolchains:go_toolchain",
        names=("VERSION",),
        inside=("/go/VERSION",),
    ),
    Cataloger(name="java-runtime", parser="toolchains:java_runtime", names=("release",)),
)
