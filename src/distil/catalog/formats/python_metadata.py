"""Installed Python distributions: core metadata of ``.dist-info``, ``.egg-info`` and eggs.

Core metadata specification; names are normalised as in PEP 503, in package URLs too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from distil.catalog.facts import Claim, Content, Facts, Stated, Unreadable
from distil.catalog.formats.headers import Headers, headers
from distil.catalog.formats.image_path import directory_of
from distil.catalog.formats.json_file import line, word
from distil.catalog.formats.licenses import Licenses, spdx, spdx_all
from distil.catalog.formats.zip_directory import Allowance, ZipDirectory
from distil.catalog.package_url import package_url
from distil.model.inventory import InventoryComponent

_SEPARATORS: Final = re.compile(r"[-_.]+")
_REQUIRED: Final = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_EXTRA: Final = re.compile(r"\bextra\b")
_HOME: Final = frozenset({"homepage", "home-page", "home page", "home"})
_SHARED: Final = "/usr/lib/python3/dist-packages"
"""Where Debian's packages put theirs, which is on every path of its interpreters."""
_MOST_NEEDS: Final = 1000
_LARGEST: Final = 4 << 20
"""Bytes of the metadata in a zipped egg."""


def normalised(name: str) -> str:
    """A distribution's name as indexes compare it (PEP 503)."""
    return _SEPARATORS.sub("-", name).lower()


def info_key(directory: str) -> str:
    """The key of the distribution that a ``.dist-info`` or ``.egg-info`` tells of."""
    return f"python:{directory}"


def installed(path: str, content: Content) -> Facts:
    """``METADATA`` in a ``.dist-info``, ``PKG-INFO`` in an ``.egg-info`` or ``EGG-INFO``."""
    information = directory_of(path)
    site = directory_of(information)
    claims = (Claim(path, is_optional=True), Claim(information, is_tree=True, is_optional=True))
    if information.endswith("/EGG-INFO"):
        claims = (claims[0], Claim(site, is_tree=True))
        site = directory_of(site)
    return _distribution(headers(content), site, information, claims)


def egg_file(path: str, content: Content) -> Facts:
    """An ``.egg-info`` that is a file, or an ``.egg`` that is a zip archive."""
    told = _zipped(content) if path.endswith(".egg") else headers(content)
    return _distribution(told, directory_of(path), path, (Claim(path, is_optional=True),))


def _zipped(content: Content) -> Headers:
    archive = ZipDirectory(content)
    for member in archive.members((b"EGG-INFO/PKG-INFO",)):
        return headers(archive.read(member, _LARGEST, Allowance(_LARGEST)))
    raise Unreadable("it has no EGG-INFO/PKG-INFO")


def _distribution(told: Headers, site: str, information: str, claims: tuple[Claim, ...]) -> Facts:
    name = word(told.first("name"))
    version = word(told.first("version"))
    if name == "Python":
        return Facts()  # the interpreter's own, of Debian's older ones: no distribution
    if not name:
        raise Unreadable("it names no distribution")
    licenses = _licenses(told)
    called = normalised(name)
    component = InventoryComponent(
        name=called,
        version=version,
        kind="python",
        purl=package_url("pypi", called, version),
        supplier=line(_author(told)),
        licenses=licenses.expressions,
        license_texts=licenses.texts,
        homepage=word(_homepage(told)),
        description=line(told.first("summary")),
    )
    keys = (info_key(information), f"python:{site}:{called}")
    return Facts((Stated(component, keys, claims, tuple(_needs(told, site))),))


def _author(told: Headers) -> str:
    for role in ("author", "maintainer"):
        name, address = told.first(role), told.first(f"{role}-email")
        if name and address and "<" not in address and "," not in address:
            return f"{name} <{address}>"
        if name or address:
            return address if "<" in address else name or address
    return ""


def _homepage(told: Headers) -> str:
    written = told.first("home-page")
    if written:
        return written
    for project in told.get("project-url", ()):
        label, _, url = project.partition(",")
        if label.strip().lower() in _HOME:
            return url
    return ""


def _licenses(told: Headers) -> Licenses:
    """The expression; else what is written, unless the classifiers are clearer."""
    expression = told.first("license-expression")
    if expression:
        return spdx(expression)
    written = spdx("\n".join(told.get("license", [])[:1]))
    if written.expressions and not written.texts:
        return written
    classifiers = [one for one in told.get("classifier", ()) if one.startswith("License ::")]
    classified = spdx_all(classifiers)
    return written if written.expressions and classified.texts else classified or written


def _needs(told: Headers, site: str) -> Iterator[str]:
    """What it requires of its own accord, not for an extra."""
    for required in told.get("requires-dist", ())[:_MOST_NEEDS]:
        name = _REQUIRED.match(required)
        if name is not None and _EXTRA.search(required.partition(";")[2]) is None:
            called = normalised(name[1])
            yield f"python:{site}:{called}|python:{_SHARED}:{called}"
