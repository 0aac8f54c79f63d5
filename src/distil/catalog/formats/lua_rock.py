"""Lua rocks: the rockspec that LuaRocks keeps of each, and the manifest of its files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from distil.catalog.facts import Added, Claim, Content, Facts, Stated, Unreadable
from distil.catalog.formats.image_path import directory_of, image_path
from distil.catalog.formats.json_file import line, word
from distil.catalog.formats.licenses import spdx
from distil.catalog.formats.lua_table import Value, assignments
from distil.catalog.package_url import package_url
from distil.model.inventory import InventoryComponent

_ROCKS: Final = re.compile(
    r"^(?P<prefix>.*)/(?:lib|share)/(?:lua/)?luarocks/rocks-(?P<lua>[\d.]+)$"
)
_DEPLOYED: Final = {"lua": "share/lua/{}", "lib": "lib/lua/{}", "bin": "bin"}
"""Where the parts of a rock are put, below the prefix."""
_DEPENDENCY: Final = re.compile(r"\s*([A-Za-z0-9._/-]+)")
_MOST_NEEDS: Final = 1000
_DEEPEST: Final = 64


def rockspec(path: str, content: Content) -> Facts:
    """``NAME-VERSION.rockspec``: one in LuaRocks' own tree has the directory it is in."""
    told = assignments(content[:].decode("utf-8", "replace"))
    name, version = word(told.get("package")), word(told.get("version"))
    if not name or not version:
        raise Unreadable("it names no rock and version")
    about = told.get("description")
    licenses = spdx(_text(about, "license"))
    component = InventoryComponent(
        name=name,
        version=version,
        kind="lua",
        purl=package_url("luarocks", name, version),
        supplier=_text(about, "maintainer"),
        licenses=licenses.expressions,
        license_texts=licenses.texts,
        homepage=_text(about, "homepage"),
        description=line(_text(about, "summary")),
    )
    directory = directory_of(path)
    rocks = directory_of(directory, 2)
    claims = [Claim(path, is_optional=True)]
    if _ROCKS.match(rocks):
        claims.append(Claim(directory, is_tree=True))
    keys = (f"lua:{directory}", f"lua:{rocks}:{name.lower()}")
    return Facts((Stated(component, keys, tuple(claims), tuple(_needs(told, rocks))),))


def rock_manifest(path: str, content: Content) -> Facts:
    """``rock_manifest``: the files that were put in place, with their MD5."""
    directory = directory_of(path)
    found = _ROCKS.match(directory_of(directory, 2))
    told = assignments(content[:].decode("utf-8", "replace")).get("rock_manifest")
    if found is None or not isinstance(told, dict):
        return Facts()
    claims: list[Claim] = []
    for part, place in _DEPLOYED.items():
        deployed = image_path(found["prefix"] or "/", place.format(found["lua"]))
        for relative, md5 in _files(told.get(part, {}), "", 0):
            checksum = f"md5:{md5}" if len(md5) == 32 else ""
            if part == "bin":  # What is deployed is a script that starts the rock's own.
                claims.append(Claim(image_path(directory, f"bin/{relative}"), checksum))
                checksum = ""
            claims.append(Claim(image_path(deployed, relative), checksum))
    return Facts(added=(Added(f"lua:{directory}", tuple(one for one in claims if one.path)),))


def _files(told: Value, above: str, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(told, str):
        yield above, told
    elif depth < _DEEPEST:
        for name, value in told.items():
            yield from _files(value, f"{above}/{name}" if above else name, depth + 1)


def _text(told: Value | None, name: str) -> str:
    return word(told.get(name)) if isinstance(told, dict) else ""


def _needs(told: dict[str, Value], rocks: str) -> Iterator[str]:
    several = told.get("dependencies")
    for one in list(several.values())[:_MOST_NEEDS] if isinstance(several, dict) else ():
        found = _DEPENDENCY.match(one) if isinstance(one, str) else None
        if found is not None and found[1] != "lua":
            yield f"lua:{rocks}:{found[1].rpartition('/')[2].lower()}"
