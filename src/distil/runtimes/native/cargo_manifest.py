"""Cargo.toml, Cargo.lock and .cargo/config.toml: what a Rust project says about itself.

https://doc.rust-lang.org/cargo/reference/manifest.html and config.html
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

import msgspec

from distil.formats.errors import InvalidProjectFile
from distil.formats.toml import NotToml, parse_toml
from distil.model.node import Kind
from distil.source.scan import Sources

MANIFEST: Final = "Cargo.toml"
LOCK: Final = "Cargo.lock"
CONFIGS: Final = (".cargo/config.toml", ".cargo/config")
_MOST_REPLACED: Final = 8
"""Sources that stand in for one another, one after the other."""


class CargoBinary(msgspec.Struct, frozen=True):
    """A program that a package builds."""

    package: str
    name: str


class CargoPackage(msgspec.Struct, frozen=True):
    """A package: what it is called, the Rust it needs, its programs and the one run by default."""

    name: str
    version: str
    rust_version: str
    binaries: tuple[CargoBinary, ...]
    default_run: str = ""


def read_packages(sources: Sources) -> list[CargoPackage]:
    """The package at the top, and those of its workspace after it.

    Raises `InvalidProjectFile`, `UnreadableSource`.
    """
    top = _toml(sources, MANIFEST)
    workspace = _table(top, "workspace")
    shared = _table(workspace, "package")
    packages = [_package(top, "", shared, sources)] if "package" in top else []
    for directory in _members(workspace, sources):
        manifest = _toml(sources, f"{directory}/{MANIFEST}")
        if "package" in manifest:
            packages.append(_package(manifest, directory, shared, sources))
    return packages


def read_dependencies(sources: Sources) -> tuple[str, ...]:
    """The crates of others that the project's own packages name, sorted, as Cargo.lock has it.

    Raises `InvalidProjectFile`, `UnreadableSource`.
    """
    entries = _tables(_toml(sources, LOCK), "package")
    own = [one for one in entries if "source" not in one]
    names = {str(one.get("name", "")) for one in own}
    wanted = {item.split(" ", 1)[0] for one in own for item in _strings(one, "dependencies")}
    return tuple(sorted(wanted - names))


def crate_directory(sources: Sources) -> str:
    """The directory that stands in for the public registry, by .cargo/config.toml; mostly empty.

    Raises `InvalidProjectFile`, `UnreadableSource`.
    """
    path = next((name for name in CONFIGS if sources.named(name)), None)
    if path is None:
        return ""
    table = _table(_toml(sources, path), "source")
    name = "crates-io"
    for _ in range(_MOST_REPLACED):
        source = _table(table, name)
        directory = source.get("directory")
        if isinstance(directory, str):
            return posixpath.normpath(directory)
        name = str(source.get("replace-with", ""))
    return ""


def _package(
    manifest: Mapping[str, Any], directory: str, shared: Mapping[str, Any], sources: Sources
) -> CargoPackage:
    package = _table(manifest, "package")
    name = package.get("name")
    if not isinstance(name, str) or not name:
        where = posixpath.join(sources.root, directory, MANIFEST)
        raise InvalidProjectFile(where, "its package has no name")
    return CargoPackage(
        name=name,
        version=_inherited(package, "version", shared),
        rust_version=_inherited(package, "rust-version", shared),
        binaries=tuple(_binaries(manifest, name, directory, sources)),
        default_run=str(package.get("default-run", "")),
    )


def _binaries(
    manifest: Mapping[str, Any], package: str, directory: str, sources: Sources
) -> Iterator[CargoBinary]:
    """Those that are written down, then those that Cargo finds by their files."""
    names = [str(one["name"]) for one in _tables(manifest, "bin") if "name" in one]
    if _table(manifest, "package").get("autobins", True):
        prefix = f"{directory}/src/" if directory else "src/"
        if sources.named(f"{prefix}main.rs"):
            names.append(package)
        for file in sources.files:
            if file.kind is Kind.FILE and file.path.startswith(f"{prefix}bin/"):
                rest = file.path.removeprefix(f"{prefix}bin/").split("/")
                if len(rest) == 1 and rest[0].endswith(".rs"):
                    names.append(rest[0].removesuffix(".rs"))
                elif rest[1:] == ["main.rs"]:
                    names.append(rest[0])
    for name in dict.fromkeys(names):
        yield CargoBinary(package, name)


def _members(workspace: Mapping[str, Any], sources: Sources) -> list[str]:
    """The directories of the members, which their patterns name one by one."""
    wanted, unwanted = (
        [one.strip("/").removeprefix("./") for one in _strings(workspace, key)]
        for key in ("members", "exclude")
    )
    directories = [
        file.path.removesuffix(f"/{MANIFEST}")
        for file in sources.files
        if file.path.endswith(f"/{MANIFEST}")
    ]
    return [one for one in directories if _matches(one, wanted) and one not in unwanted]


def _matches(directory: str, patterns: list[str]) -> bool:
    depth = directory.count("/")
    return any(
        depth == pattern.count("/") and fnmatchcase(directory, pattern) for pattern in patterns
    )


def _inherited(package: Mapping[str, Any], key: str, shared: Mapping[str, Any]) -> str:
    value = package.get(key, "")
    if isinstance(value, dict):
        value = shared.get(key, "") if value.get("workspace") else ""
    return value if isinstance(value, str) else ""


def _table(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = table.get(key, {})
    return found if isinstance(found, dict) else {}


def _tables(table: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    return [one for one in _list(table, key) if isinstance(one, dict)]


def _strings(table: Mapping[str, Any], key: str) -> list[str]:
    return [one for one in _list(table, key) if isinstance(one, str)]


def _list(table: Mapping[str, Any], key: str) -> list[Any]:
    found = table.get(key, [])
    return found if isinstance(found, list) else []


def _toml(sources: Sources, path: str) -> dict[str, Any]:
    try:
        return parse_toml(sources.read(path).decode())
    except (NotToml, UnicodeDecodeError) as error:
        raise InvalidProjectFile(f"{sources.root}/{path}", str(error)) from None
