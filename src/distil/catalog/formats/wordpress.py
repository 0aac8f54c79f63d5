"""WordPress plug-ins: the header comment of ``wp-content/plugins/NAME/*.php``."""

from __future__ import annotations

import re
from typing import Final

from distil.catalog.facts import Claim, Content, Facts, Stated
from distil.catalog.formats.field_text import clean
from distil.catalog.formats.image_path import directory_of
from distil.catalog.formats.json_file import line, word
from distil.catalog.formats.licenses import spdx
from distil.model.inventory import InventoryComponent

_HEADER: Final = 8 << 10
"""Bytes at the beginning that WordPress itself reads."""
_PLUGINS: Final = re.compile(r"/wp-content/plugins/(?P<name>[^/]+)/[^/]+\.php$")
_FIELD: Final = re.compile(
    r"^[ \t/*#@]*+(?P<name>Plugin Name|Plugin URI|Version|Author|License|Description):"
    r"[ \t]*+(?P<value>[^\n\r]*+)",
    re.MULTILINE | re.IGNORECASE,
)


def plugin(path: str, content: Content) -> Facts:
    """The plug-in that a file in its directory begins: nothing for its other files."""
    found = _PLUGINS.search(path)
    if found is None:
        return Facts()
    told: dict[str, str] = {}
    for field in _FIELD.finditer(content[:_HEADER].decode("utf-8", "replace")):
        told.setdefault(field["name"].lower(), field["value"].removesuffix("*/").strip())
    name, version = word(told.get("plugin name")), word(told.get("version"))
    if not name or not version:
        return Facts()
    licenses = spdx(word(told.get("license")))
    component = InventoryComponent(
        name=name,
        version=version,
        kind="wordpress",
        supplier=word(told.get("author")),
        licenses=licenses.expressions,
        license_texts=licenses.texts,
        homepage=word(told.get("plugin uri")),
        description=line(told.get("description")),
        properties=(("plugin-directory", clean(found["name"])),),
    )
    directory = directory_of(path)
    claims = (Claim(path, is_optional=True), Claim(directory, is_tree=True))
    return Facts((Stated(component, (f"wordpress:{directory}",), claims),))
