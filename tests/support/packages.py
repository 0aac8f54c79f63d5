"""Unpacked packages for tests, made in one call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from distil.distros.debian.archive import DebPack, unpack
from distil.fetch.cache import Cache
from tests.support import deb_builder as build


def unpacked(
    cache: Cache,
    name: str,
    entries: Iterable[build.Entry] = (),
    scripts: Mapping[str, str | bytes] | None = None,
    **fields: str,
) -> DebPack:
    """A package of `entries` as the cache has it after unpacking."""
    control = build.control_file(name, **fields)
    archive = build.deb(control, entries, scripts, compression="gz")
    cache.root.mkdir(parents=True, exist_ok=True)
    return unpack(build.described(control, archive), build.blob(cache.root, archive), cache)


def documented(name: str) -> list[build.Entry]:
    """The copyright file of a package, with its directories."""
    home = f"/usr/share/doc/{name}"
    return [build.directory(home), build.file(f"{home}/copyright", f"copyright of {name}")]
