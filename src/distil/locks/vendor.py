"""The archives of a lock kept in an OCI layout, so that a build needs no mirror and no index."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from distil.compose.subject import Subject
from distil.distros.protocol import LockedArchive, Opening
from distil.distros.table import distro_called
from distil.events import stage
from distil.fetch.http import Client, Download
from distil.formats.lock_toml import encode_lock
from distil.image.artifact import BundledFile, bundle
from distil.image.naming import NamedImage
from distil.image.stores.parts import BLOBS
from distil.image.write import write
from distil.locks.errors import UnusableVendor
from distil.locks.stages import locked_stage_files
from distil.model.blob import InlineBlob
from distil.model.digest import Digest
from distil.model.lock import Lock, LockedPlatform
from distil.model.platform import parse_platform
from distil.model.reference import ImageName, Location, Transport
from distil.runtimes.table import runtime_called

ARTIFACT_TYPE: Final = "application/vnd.distil.vendor.v1"
_NAME: Final = ImageName("localhost", "distil", "vendor")
_LOCK: Final = "application/toml"


class Vendored(msgspec.Struct, frozen=True):
    """Where archives are kept, how many, and their size in bytes."""

    directory: str
    archives: int
    size: int


def vendor_directory(lock: Lock | None, source: Path, asked: Path | None) -> Path | None:
    """Where archives are kept: as `asked`, or else as `lock` says; None where they are not."""
    if asked is not None:
        return asked
    return source / lock.vendor if lock is not None and lock.vendor else None


def kept_archives(lock: Lock | None, source: Path, asked: Path | None) -> Path | None:
    """The directory with the archives that a build from `lock` may use, called by their sha256.

    Raises `UnusableVendor` for one that was asked for and keeps nothing.
    """
    if asked is not None and (lock is None or not archives_of(asked).is_dir()):
        raise UnusableVendor(str(asked), locked=lock is not None)
    directory = vendor_directory(lock, source, asked)
    return archives_of(directory) if directory is not None else None


def archives_of(directory: Path) -> Path:
    """Where in the layout at `directory` an archive is found by its sha256."""
    return directory / BLOBS


def keep_archives(lock: Lock, subject: Subject, directory: Path, client: Client) -> Vendored:
    """Put everything that `lock` names into the OCI layout at `directory`, and the lock itself.

    What an earlier lock needed and this one does not is removed from it. Raises what fetching
    and `write` raise.
    """
    with stage("keeping the archives") as result:
        files: dict[Digest, BundledFile] = {}
        for platform in lock.platforms:
            for file in [
                *_packages(platform, subject, client),
                *_components(platform, subject, client),
            ]:
                files.setdefault(file.blob.digest, file)
        archives = sorted(files.values(), key=lambda file: (file.title, file.blob.digest))
        size = sum(file.blob.size for file in archives)
        text = BundledFile("distil.lock", _LOCK, InlineBlob.of(encode_lock(lock).encode()))
        whole = bundle(ARTIFACT_TYPE, [text, *archives])
        write([NamedImage(whole, _NAME)], Location(Transport.OCI, str(directory)))
        result(f"{len(archives)} archives")
    return Vendored(str(directory), len(archives), size)


def _packages(platform: LockedPlatform, subject: Subject, client: Client) -> list[BundledFile]:
    opening = Opening(subject.source, subject.spec, client)
    found: list[LockedArchive] = []
    for name, part in platform.base.items():
        found += distro_called(name).locked_files(part, opening, parse_platform(platform.name))
    found += locked_stage_files(platform, subject, opening)
    downloads = [Download(p.url, p.digest, p.size, p.title) for p in found]
    pairs = zip(found, client.archives(downloads), strict=True)
    return [BundledFile(file.filename, file.media_type, blob) for file, blob in pairs]


def _components(platform: LockedPlatform, subject: Subject, client: Client) -> list[BundledFile]:
    return [
        BundledFile(file.filename, file.media_type, file.blob)
        for name, part in platform.runtime.items()
        for file in runtime_called(name).locked_files(part, subject.source, client)
    ]
