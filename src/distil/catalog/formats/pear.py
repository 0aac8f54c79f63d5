"""PEAR and PECL packages: the registry that ``pear`` and ``pecl`` keep, ``.registry/NAME.reg``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from distil.catalog.facts import Claim, Content, Facts, Stated, Unreadable
from distil.catalog.formats.image_path import directory_of, image_path
from distil.catalog.formats.json_file import line, word
from distil.catalog.formats.licenses import spdx
from distil.catalog.formats.php_serialized import Value, unserialized
from distil.catalog.package_url import package_url
from distil.model.inventory import InventoryComponent

_PECL: Final = "pecl.php.net"
_PEAR: Final = "pear.php.net"
_LOADED: Final = frozenset({"php", "ext", "script"})
"""The roles of files that PHP or people run; distributions leave out and move the others."""
_MD5: Final = frozenset("0123456789abcdef")


def registered(path: str, content: Content) -> Facts:
    """A package of the registry, with the files that it installed and their checksums."""
    told = unserialized(content[:])
    if not isinstance(told, dict):
        raise Unreadable("it is no package of PEAR's registry")
    name = _text(told, "name") or _text(told, "package")
    if not name:
        raise Unreadable("it names no package")
    version = _text(told, "version", "release") or _text(told, "version")
    channel = _text(told, "channel") or _PEAR
    licenses = spdx(_text(told, "license") or _text(told, "license", "_content"))
    component = InventoryComponent(
        name=name,
        version=version,
        kind="pear",
        purl=_purl(channel, name, version),
        supplier=_lead(told.get("lead")),
        licenses=licenses.expressions,
        license_texts=licenses.texts,
        description=line(told.get("summary")),
        properties=(("channel", channel),),
    )
    claims = (Claim(path, is_optional=True), *_files(told.get("filelist")))
    return Facts((Stated(component, (f"pear:{directory_of(path)}:{name.lower()}",), claims),))


def _purl(channel: str, name: str, version: str) -> str:
    if channel == _PECL:
        return package_url("pecl", name, version)
    return package_url("pear", name, version, namespace=channel)


def _text(told: Value, *names: str) -> str:
    for name in names:
        told = told.get(name) if isinstance(told, dict) else None
    return word(told)


def _lead(told: Value) -> str:
    """The first of the people in charge: one, or a list of them."""
    one = told.get(0) if isinstance(told, dict) and 0 in told else told
    name, address = _text(one, "name"), _text(one, "email")
    return f"{name} <{address}>" if name and address else name


def _files(told: Value) -> Iterator[Claim]:
    for one in told.values() if isinstance(told, dict) else ():
        written = _text(one, "installed_as")
        place = image_path("/", written)
        if place:
            md5 = _text(one, "md5sum")
            is_md5 = len(md5) == 32 and _MD5.issuperset(md5)
            is_optional = _text(one, "role") not in _LOADED
            yield Claim(place, f"md5:{md5}" if is_md5 else "", is_optional=is_optional)
