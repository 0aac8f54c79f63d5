"""Packages in a conda environment: ``conda-meta/NAME-VERSION-BUILD.json``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from distil.catalog.facts import Claim, Content, Facts, Stated, Unreadable
from distil.catalog.formats.image_path import directory_of, image_path
from distil.catalog.formats.json_file import json_file, word, words
from distil.catalog.formats.licenses import spdx
from distil.catalog.package_url import package_url
from distil.model.inventory import Checksum, InventoryComponent

_MOST_NEEDS: Final = 1000


class _Path(msgspec.Struct):
    path: object = msgspec.field(default=None, name="_path")
    sha256: object = None
    sha256_in_prefix: object = None
    path_type: object = None


class _Paths(msgspec.Struct):
    paths: list[_Path] = []


class _Record(msgspec.Struct):
    name: object = None
    version: object = None
    build: object = None
    channel: object = None
    subdir: object = None
    license: object = None
    url: object = None
    md5: object = None
    sha256: object = None
    depends: object = None
    files: object = None
    paths_data: _Paths | None = None


def record(path: str, content: Content) -> Facts:
    """A package, with its files and what they are after conda wrote the prefix into them."""
    told = json_file(content, _Record)
    name, version = word(told.name), word(told.version)
    if not name or not version:
        raise Unreadable("it names no package and version")
    prefix = directory_of(path, 2)
    licenses = spdx(word(told.license))
    subdir = word(told.subdir)
    component = InventoryComponent(
        name=name,
        version=version,
        kind="conda",
        purl=_purl(told, name, version),
        architecture=subdir,
        licenses=licenses.expressions,
        license_texts=licenses.texts,
        checksums=tuple(_checksums(told)),
    )
    claims = (Claim(path, is_optional=True), *_claims(told, prefix))
    needs = words(told.depends)[:_MOST_NEEDS] if told.depends else ()
    keys = tuple(f"conda:{prefix}:{one.split(' ')[0]}" for one in needs)
    return Facts((Stated(component, (f"conda:{prefix}:{name}",), claims, keys),))


def _purl(told: _Record, name: str, version: str) -> str:
    """With the qualifiers that purl-spec has for conda."""
    url = word(told.url)
    archive = next((one for one in ("tar.bz2", "conda") if url.endswith(f".{one}")), "")
    channel = word(told.channel).rstrip("/")
    subdir = word(told.subdir)
    qualifiers = (
        ("build", word(told.build)),
        ("channel", channel.removesuffix(f"/{subdir}").rpartition("/")[2]),
        ("subdir", subdir),
        ("type", archive),
    )
    return package_url("conda", name, version, qualifiers=qualifiers)


def _checksums(told: _Record) -> Iterator[Checksum]:
    for algorithm, value in (("md5", told.md5), ("sha256", told.sha256)):
        if word(value):
            yield Checksum(algorithm, word(value).lower())


def _claims(told: _Record, prefix: str) -> Iterator[Claim]:
    listed: set[str] = set()
    for one in told.paths_data.paths if told.paths_data else ():
        found = image_path(prefix, one.path) if isinstance(one.path, str) else ""
        if found:
            listed.add(found)
            digest = word(one.sha256_in_prefix) or word(one.sha256)
            is_file = word(one.path_type) != "softlink" and len(digest) == 64
            yield _claim(found, f"sha256:{digest.lower()}" if is_file else "")
    for one in told.files if isinstance(told.files, list) else ():
        found = image_path(prefix, one) if isinstance(one, str) else ""
        if found and found not in listed:
            yield _claim(found, "")


def _claim(path: str, checksum: str) -> Claim:
    is_byte_code = path.endswith(".pyc")
    return Claim(path, "" if is_byte_code else checksum, is_optional=is_byte_code)
