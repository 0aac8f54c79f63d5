"""How Syft, Grype and Trivy call what they look for in documents of others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from distil.model.inventory import (
    OS_KINDS,
    InventoryComponent,
    InventoryLayer,
    SourcePackage,
)
from distil.sbom.properties import Property, Told


class SyftType(msgspec.Struct, frozen=True):
    """A kind of component as Syft has it: its type, language, and what its metadata are called."""

    type: str
    language: str = ""
    metadata: str = ""


_UNKNOWN: Final = "UnknownPackage"
SYFT_TYPES: Final = {
    "deb": SyftType("deb", "", "dpkg-db-entry"),
    "opkg": SyftType("deb", "", "dpkg-db-entry"),
    "apk": SyftType("apk", "", "apk-db-entry"),
    "rpm": SyftType("rpm", "", "rpm-db-entry"),
    "alpm": SyftType("alpm", "", "alpm-db-entry"),
    "portage": SyftType("portage", "", "portage-db-entry"),
    "python": SyftType("python", "python", "python-package"),
    "conda": SyftType("conda"),
    "npm": SyftType("npm", "javascript", "javascript-npm-package"),
    "go": SyftType("go-module", "go", "go-module-buildinfo-entry"),
    "rust": SyftType("rust-crate", "rust", "rust-cargo-audit-entry"),
    "java": SyftType("java-archive", "java", "java-archive"),
    "gem": SyftType("gem", "ruby", "ruby-gemspec"),
    "composer": SyftType("php-composer", "php", "php-composer-installed-entry"),
    "pear": SyftType("php-pear", "php", "php-pear-entry"),
    "wordpress": SyftType("wordpress-plugin", "php", "wordpress-plugin-entry"),
    "dotnet": SyftType("dotnet", "dotnet", "dotnet-deps-entry"),
    "r": SyftType("R-package", "R", "r-description"),
    "lua": SyftType("lua-rocks", "lua", "lua-rocks-package"),
    "perl": SyftType(_UNKNOWN),
    "elf": SyftType("binary", "", "elf-binary-package-note-json-payload"),
    "binary": SyftType("binary", "", "binary-signature"),
    "image": SyftType(_UNKNOWN),
    "application": SyftType(_UNKNOWN),
}
"""The kinds of components (`KINDS`), in Syft's words."""

KINDS_OF_SYFT: Final = {
    one.type: kind for kind, one in reversed(SYFT_TYPES.items()) if one.type != _UNKNOWN
} | {"binary": "binary", "php-pecl": "pear"}
"""Back: the kind of a component of a type of Syft's."""

_TRIVY_TYPES: Final = {
    "python": "python-pkg",
    "npm": "node-pkg",
    "go": "gobinary",
    "rust": "rustbinary",
    "java": "jar",
    "gem": "gemspec",
    "composer": "composer-vendor",
    "dotnet": "dotnet-core",
    "conda": "conda-pkg",
}
"""The types of Trivy's that it tells the others of a language by."""


def for_scanners(
    component: InventoryComponent, layers: Sequence[InventoryLayer]
) -> Iterator[Property]:
    """The properties by which Syft, Grype and Trivy know type, source and place of a component."""
    syft = SYFT_TYPES[component.kind] if component.kind in SYFT_TYPES else SyftType("binary")
    yield Property("syft:package:type", syft.type)
    if syft.language:
        yield Property("syft:package:language", syft.language)
    if syft.metadata:
        yield Property("syft:package:metadataType", syft.metadata)
    for number, place in enumerate(component.places[:1]):
        yield Property(f"syft:location:{number}:path", place.path)
        if 0 <= place.layer < len(layers):
            yield Property(f"syft:location:{number}:layerID", layers[place.layer].diff_id)
    if component.kind in OS_KINDS:
        yield from _source(component)
    elif component.kind in _TRIVY_TYPES:
        yield Property("aquasecurity:trivy:PkgType", _TRIVY_TYPES[component.kind])
        if component.places:
            yield Property("aquasecurity:trivy:FilePath", component.places[0].path.lstrip("/"))
    if 0 <= component.layer < len(layers):
        yield Property("aquasecurity:trivy:LayerDiffID", layers[component.layer].diff_id)


def source_for_scanners(component: InventoryComponent) -> SourcePackage:
    """The source package of an OS package: itself where it names none."""
    source = component.source or SourcePackage(component.name)
    return SourcePackage(source.name, source.version or component.version)


def source_told(told: Told) -> SourcePackage | None:
    """The source package that Syft's or Trivy's properties tell of, None where they do not."""
    name = told.first("aquasecurity:trivy:SrcName") or told.first("syft:metadata:source")
    if not name:
        return None
    version = told.first("syft:metadata:sourceVersion")
    if told.first("aquasecurity:trivy:SrcVersion"):
        version = told.first("aquasecurity:trivy:SrcVersion")
        if release := told.first("aquasecurity:trivy:SrcRelease"):
            version = f"{version}-{release}"
        if epoch := told.first("aquasecurity:trivy:SrcEpoch"):
            version = f"{epoch}:{version}"
    return SourcePackage(name, version)


def _source(component: InventoryComponent) -> Iterator[Property]:
    source = source_for_scanners(component)
    yield Property("syft:metadata:source", source.name)
    if source.version != component.version:
        yield Property("syft:metadata:sourceVersion", source.version)
    yield Property("aquasecurity:trivy:PkgID", f"{component.name}@{component.version}")
    yield Property("aquasecurity:trivy:SrcName", source.name)
    version, release, epoch = source.version, "", ""
    if component.kind != "apk":
        epoch, colon, rest = version.partition(":")
        epoch, version = (epoch, rest) if colon else ("", version)
        head, dash, tail = version.rpartition("-")
        version, release = (head, tail) if dash else (version, "")
    yield Property("aquasecurity:trivy:SrcVersion", version)
    if release:
        yield Property("aquasecurity:trivy:SrcRelease", release)
    if epoch:
        yield Property("aquasecurity:trivy:SrcEpoch", epoch)
