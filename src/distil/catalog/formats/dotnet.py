"""What .NET publishes of an application: ``NAME.deps.json``, its packages with their files."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Final

import msgspec

from distil.catalog.facts import Claim, Content, Facts, Stated
from distil.catalog.formats.image_path import directory_of, image_path
from distil.catalog.formats.json_file import json_file, word
from distil.catalog.package_url import package_url
from distil.model.inventory import Checksum, InventoryComponent

_LISTED: Final = frozenset({"package", "project", "runtimepack"})
_MOST_NEEDS: Final = 1000


class _Library(msgspec.Struct):
    type: object = None
    sha512: object = None


class _Target(msgspec.Struct):
    """What a library has at run time: `runtime` and `native` by path in the package."""

    dependencies: object = None
    runtime: object = None
    native: object = None
    resources: object = None
    runtime_targets: object = msgspec.field(default=None, name="runtimeTargets")


class _RuntimeTarget(msgspec.Struct):
    name: object = None


class _Application(msgspec.Struct):
    libraries: dict[str, _Library] = {}
    targets: dict[str, dict[str, _Target]] = {}
    runtime_target: _RuntimeTarget | None = msgspec.field(default=None, name="runtimeTarget")


def deps_json(path: str, content: Content) -> Facts:
    """The application itself and its NuGet packages, each with the files next to the document.

    A package without files, such as one that the compiler alone uses, is not in the image.
    """
    told = json_file(content, _Application)
    directory = directory_of(path)
    wanted = word(told.runtime_target.name) if told.runtime_target else ""
    target = told.targets.get(wanted) or next(iter(told.targets.values()), {})
    program = _program(path)
    stated = []
    for title, library in told.libraries.items():
        name, _, version = title.partition("/")
        if word(library.type) in _LISTED and word(name) and word(version):
            one = _library(path, title, library, target.get(title, _Target()))
            if one.claims or name == program:
                stated.append(one)
    own = Claim(f"{directory.rstrip('/')}/{program}.runtimeconfig.json", is_optional=True)
    claims = (Claim(path, is_optional=True), own)
    for place, one in enumerate(stated):
        if one.component.name == program:
            stated[place] = msgspec.structs.replace(one, claims=(*claims, *one.claims))
    return Facts(tuple(stated))


def _program(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".deps.json")


def _library(path: str, title: str, library: _Library, target: _Target) -> Stated:
    name, _, version = title.partition("/")
    component = InventoryComponent(
        name=name,
        version=version,
        kind="dotnet",
        purl=package_url("nuget", name, version),
        checksums=tuple(_checksums(library)),
    )
    needs = target.dependencies if isinstance(target.dependencies, dict) else {}
    keys = tuple(f"dotnet:{path}:{one}" for one in list(needs)[:_MOST_NEEDS])
    claims = tuple(Claim(one) for one in dict.fromkeys(_files(target, directory_of(path))) if one)
    return Stated(component, (f"dotnet:{path}:{name}",), claims, keys)


def _checksums(library: _Library) -> Iterator[Checksum]:
    algorithm, _, written = word(library.sha512).partition("-")
    if algorithm == "sha512":
        try:
            digest = base64.b64decode(written)
        except (binascii.Error, ValueError):
            return
        if len(digest) == 64:
            yield Checksum("sha512", digest.hex())


def _files(target: _Target, directory: str) -> Iterator[str]:
    """Where publishing puts a library's files: flat, but for cultures and other platforms."""
    for several in (target.runtime, target.native):
        for one in several if isinstance(several, dict) else ():
            name = one.rpartition("/")[2]
            if name not in ("", "_._"):
                yield image_path(directory, name)
    for one in target.resources if isinstance(target.resources, dict) else ():
        yield image_path(directory, "/".join(one.split("/")[-2:]))
    for one in target.runtime_targets if isinstance(target.runtime_targets, dict) else ():
        yield image_path(directory, one)
