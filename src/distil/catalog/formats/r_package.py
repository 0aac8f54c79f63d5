"""Installed R packages: a library's ``NAME/DESCRIPTION`` that says when it was built."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from distil.catalog.facts import Claim, Content, Facts, Stated
from distil.catalog.formats.headers import Headers, headers
from distil.catalog.formats.image_path import directory_of, image_path
from distil.catalog.formats.json_file import line, word
from distil.catalog.formats.licenses import spdx
from distil.catalog.package_url import package_url
from distil.model.inventory import InventoryComponent

_NAME: Final = re.compile(r"\s*([A-Za-z][A-Za-z0-9.]*)")
_MOST_NEEDS: Final = 1000
_LIBRARIES: Final = (
    "/usr/lib/R/library",
    "/usr/lib/R/site-library",
    "/usr/local/lib/R/site-library",
    "/usr/local/lib/R/library",
)
"""Where R looks beside the library that a package is in (Debian's and the source's)."""


def description(path: str, content: Content) -> Facts:
    """A ``DESCRIPTION``: nothing for one of a source tree, or for some other file of that name."""
    told = headers(content)
    name, version = word(told.first("package")), word(told.first("version"))
    directory = directory_of(path)
    library = directory_of(directory)
    is_installed = bool(told.first("built")) or library in _LIBRARIES
    if not name or not version or not is_installed or directory != image_path(library, name):
        return Facts()
    licenses = spdx(told.first("license"))
    component = InventoryComponent(
        name=name,
        version=version,
        kind="r",
        purl=package_url("cran", name, version),
        supplier=line(told.first("maintainer")),
        licenses=licenses.expressions,
        license_texts=licenses.texts,
        homepage=word(told.first("url").split(",")[0].split(" ")[0]),
        description=line(told.first("title")),
    )
    claims = (Claim(path, is_optional=True), Claim(directory, is_tree=True))
    needs = tuple(_needs(told, library))
    return Facts((Stated(component, (f"r:{library}:{name}",), claims, needs),))


def _needs(told: Headers, library: str) -> Iterator[str]:
    names: dict[str, None] = {}
    for field in ("depends", "imports", "linkingto"):
        for one in told.first(field).split(",")[:_MOST_NEEDS]:
            found = _NAME.match(one)
            if found is not None and found[1] != "R":
                names[found[1]] = None
    libraries = dict.fromkeys((library, *_LIBRARIES))
    for name in names:
        yield "|".join(f"r:{one}:{name}" for one in libraries)
