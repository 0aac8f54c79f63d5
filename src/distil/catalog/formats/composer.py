"""PHP packages that Composer installed: ``vendor/composer/installed.json`` of version 1 and 2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from distil.catalog.facts import Claim, Content, Facts, Stated
from distil.catalog.formats.image_path import directory_of, image_path
from distil.catalog.formats.json_file import json_file, line, word, words
from distil.catalog.formats.licenses import Licenses, spdx, spdx_all
from distil.catalog.package_url import package_url
from distil.model.inventory import InventoryComponent

_MOST_NEEDS: Final = 1000
_GENERATED: Final = (
    "../autoload.php",
    "ClassLoader.php",
    "InstalledVersions.php",
    "LICENSE",
    "autoload_classmap.php",
    "autoload_files.php",
    "autoload_namespaces.php",
    "autoload_psr4.php",
    "autoload_real.php",
    "autoload_static.php",
    "include_paths.php",
    "installed.json",
    "installed.php",
    "platform_check.php",
)
"""What Composer writes itself, from the directory that ``installed.json`` is in."""


class _Package(msgspec.Struct):
    name: object = None
    version: object = None
    description: object = None
    homepage: object = None
    license: object = None
    authors: object = None
    require: object = None
    bin: object = None
    install_path: object = msgspec.field(default=None, name="install-path")


class _Installed(msgspec.Struct):
    packages: list[_Package] = []


def installed(path: str, content: Content) -> Facts:
    """The packages, each with the directory that it is in."""
    first = content[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    is_old = first.startswith(b"[")
    packages = (
        json_file(content, list[_Package]) if is_old else json_file(content, _Installed).packages
    )
    directory = directory_of(path)
    facts = [_package(one, directory) for one in packages]
    is_own = directory.endswith("/composer")
    made = [image_path(directory, name) for name in _GENERATED] if is_own else []
    return Facts(
        tuple(stated for stated in facts if stated is not None),
        generated=tuple((one, "Composer's autoloader and its records") for one in made),
    )


def _package(told: _Package, directory: str) -> Stated | None:
    name, version = word(told.name), word(told.version)
    if not name:
        return None
    vendor = directory_of(directory)
    licenses = _licenses(told.license)
    namespace, _, short = name.partition("/")
    component = InventoryComponent(
        name=name,
        version=version,
        kind="composer",
        purl=_purl(namespace, short, version),
        supplier=", ".join(_people(told.authors)),
        licenses=licenses.expressions,
        license_texts=licenses.texts,
        homepage=word(told.homepage),
        description=line(told.description),
    )
    place = _place(told, name, directory)
    claims = []
    project = directory_of(vendor).rstrip("/") or vendor
    if place != vendor and place.startswith(f"{project}/"):
        claims.append(Claim(place, is_tree=True))
    programs = [f"{vendor}/bin/{one.rpartition('/')[2]}" for one in words(told.bin)]
    claims += [Claim(one, is_optional=True) for one in programs]
    needs = list(told.require)[:_MOST_NEEDS] if isinstance(told.require, dict) else []
    wanted = tuple(f"composer:{vendor}:{one.lower()}" for one in needs if "/" in one)
    return Stated(component, (f"composer:{vendor}:{name.lower()}",), tuple(claims), wanted)


def _purl(namespace: str, short: str, version: str) -> str:
    if not short:
        return package_url("composer", namespace, version)
    return package_url("composer", short.replace("/", "-"), version, namespace=namespace)


def _place(told: _Package, name: str, directory: str) -> str:
    written = word(told.install_path)
    if written:
        return image_path(directory, written)
    return "" if told.install_path else image_path(directory_of(directory), name)


def _people(told: object) -> Iterator[str]:
    for one in told if isinstance(told, list) else ():
        if isinstance(one, dict) and word(one.get("name")):
            address = word(one.get("email"))
            yield f"{word(one['name'])} <{address}>" if address else word(one["name"])


def _licenses(told: object) -> Licenses:
    """Of several, one may choose (Composer's schema)."""
    found = words(told)
    if len(found) > 1 and not any(" " in one for one in found):
        return spdx(" OR ".join(found))
    return spdx_all(found)
