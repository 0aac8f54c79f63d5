"""Node.js packages: every ``package.json`` with a name and a version.

Where the file is the one of a module that can be required (below ``node_modules``, pnpm's store,
Debian's ``/usr/share/nodejs``), the whole directory is the package's, and it needs no version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from distil.catalog.facts import Claim, Content, Facts, Stated
from distil.catalog.formats.image_path import directory_of, image_path
from distil.catalog.formats.json_file import json_file, line, word
from distil.catalog.formats.licenses import Licenses, spdx, spdx_all
from distil.catalog.package_url import package_url
from distil.model.inventory import InventoryComponent

_MODULES: Final = "node_modules"
_SHARED: Final = ("/usr/share/nodejs", "/usr/lib/nodejs")
"""Where Debian's packages put modules."""
_LOCKS: Final = (
    "bun.lock",
    "bun.lockb",
    "npm-shrinkwrap.json",
    "package-lock.json",
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    "yarn.lock",
)
"""What package managers keep beside the ``package.json`` of an application."""
_MOST_NEEDS: Final = 1000
_DEEPEST: Final = 16
"""Directories above a module in which what it needs is looked for."""
_PROGRAMS: Final = {"lib": "bin", "share": "bin"}
"""Where the programs of modules are that are installed for everybody."""
_NOT_IN_URL: Final = re.compile(r"^(?:git\+|github:)")


class _Package(msgspec.Struct):
    """Of ``package.json`` what is read; anything may stand in any field."""

    name: object = None
    version: object = None
    description: object = None
    homepage: object = None
    repository: object = None
    author: object = None
    license: object = None
    licenses: object = None
    bin: object = None
    private: object = None
    dependencies: object = None
    optional_dependencies: object = msgspec.field(default=None, name="optionalDependencies")


def package_json(path: str, content: Content) -> Facts:
    """A ``package.json``: nothing where it is only a part of a package, or says how to load it."""
    told = json_file(content, _Package)
    name, version = word(told.name), word(told.version)
    directory = directory_of(path)
    modules = _modules(directory)
    if not name or not (version or modules):
        return Facts()
    licenses = _licenses(told)
    namespace, _, short = name.rpartition("/")
    component = InventoryComponent(
        name=name,
        version=version,
        kind="npm",
        purl=package_url("npm", short, version, namespace=namespace),
        supplier=_person(told.author),
        licenses=licenses.expressions,
        license_texts=licenses.texts,
        homepage=word(told.homepage) or _repository(told.repository),
        description=line(told.description),
        properties=(("private", "true"),) if told.private is True else (),
    )
    claims = [Claim(path, is_optional=True)]
    if modules:
        claims.append(Claim(directory, is_tree=True))
        claims += _programs(told.bin, name, modules)
    else:
        claims += [Claim(image_path(directory, one), is_optional=True) for one in _LOCKS]
    needs = tuple(_needs(told, directory))
    return Facts((Stated(component, (f"npm:{directory}",), tuple(claims), needs),))


def _modules(directory: str) -> str:
    """The directory of modules that the package in `directory` is one of, or empty."""
    above = directory_of(directory)
    if above.rpartition("/")[2].startswith("@"):
        above = directory_of(above)
    return above if above.rpartition("/")[2] == _MODULES or above in _SHARED else ""


def _programs(told: object, name: str, modules: str) -> Iterator[Claim]:
    """The links to its programs: in ``.bin``, or in the ``bin`` of everybody."""
    commands = list(told) if isinstance(told, dict) else [name.rpartition("/")[2]] if told else []
    above = directory_of(modules)
    places = [f"{modules}/.bin"]
    if above.rpartition("/")[2] in _PROGRAMS:
        places.append(image_path(directory_of(above), "bin"))
    for command in commands[:_MOST_NEEDS]:
        if word(command) and "/" not in command:
            for place in places:
                yield Claim(f"{place}/{command}", is_optional=True)


def _needs(told: _Package, directory: str) -> Iterator[str]:
    """What Node.js would find for each dependency: in the nearest directory of modules."""
    names: dict[str, None] = {}
    for several in (told.dependencies, told.optional_dependencies):
        if isinstance(several, dict):
            names.update(dict.fromkeys(filter(None, map(word, several))))
    if not names:
        return
    places: list[str] = []
    above = directory
    for _ in range(_DEEPEST):
        if above.rpartition("/")[2] != _MODULES:
            places.append(f"{above.rstrip('/')}/{_MODULES}")
        if above == "/":
            break
        above = directory_of(above)
    places += _SHARED
    for name in list(names)[:_MOST_NEEDS]:
        yield "|".join(f"npm:{place}/{name}" for place in places)


def _person(told: object) -> str:
    """``Name <address>``, of the object or the text that npm has for people."""
    if isinstance(told, dict):
        name, address = word(told.get("name")), word(told.get("email"))
        return f"{name} <{address}>".strip() if address else name
    return word(told).partition("(")[0].strip()


def _repository(told: object) -> str:
    url = word(told.get("url") if isinstance(told, dict) else told)
    return _NOT_IN_URL.sub("", url) if "://" in url else ""


def _licenses(told: _Package) -> Licenses:
    """The licence: an expression, or one of the older forms, an object or a list of them."""
    for several in (told.license, told.licenses):
        found = list(_names(several))
        if len(found) == 1:
            return spdx(found[0])
        if found:
            return spdx_all(found)
    return Licenses()


def _names(told: object) -> Iterator[str]:
    for one in told if isinstance(told, list) else [told]:
        name = word(one.get("type") or one.get("name") if isinstance(one, dict) else one)
        if name:
            yield name
