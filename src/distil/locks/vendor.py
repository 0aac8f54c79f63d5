"""The archives of a lock kept in an OCI layout, so that a build needs no mirror and no index."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from distil.errors import UnusableVendor
from distil.events import stage
from distil.fetch.http import Client, Download
from distil.formats.lock_toml import encode_lock
from distil.image.bundle import BundledFile, bundle
from distil.image.layout import BLOBS
from distil.image.naming import NamedImage
from distil.image.write import write
from distil.locks.locked import locked_base
from distil.model.blob import InlineBlob
from distil.model.digest import Digest
from distil.model.lock import Lock, LockedPlatform, LockedWheel
from distil.model.package import Wheel
from distil.model.platform import parse_platform
from distil.model.reference import ImageName, Location, Transport
from distil.model.spec import Spec
from distil.runtimes.python.locked_projects import as_locked
from distil.runtimes.python.wheels import wheel_downloads

ARTIFACT_TYPE: Final = "application/vnd.distil.vendor.v1"
_NAME: Final = ImageName("localhost", "distil", "vendor")
_DEB: Final = "application/vnd.debian.binary-package"
_WHEEL: Final = "application/zip"
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


def keep_archives(
    lock: Lock, source: Path, spec: Spec, directory: Path, client: Client
) -> Vendored:
    """Put everything that `lock` names into the OCI layout at `directory`, and the lock itself.

    What an earlier lock needed and this one does not is removed from it. Raises what fetching
    and `write` raise.
    """
    with stage("keeping the archives") as result:
        files: dict[Digest, BundledFile] = {}
        for platform in lock.platforms:
            for file in [
                *_packages(platform, spec, client, source),
                *_wheels(platform, source, client),
            ]:
                files.setdefault(file.blob.digest, file)
        archives = sorted(files.values(), key=lambda file: (file.title, file.blob.digest))
        size = sum(file.blob.size for file in archives)
        text = BundledFile("distil.lock", _LOCK, InlineBlob.of(encode_lock(lock).encode()))
        whole = bundle(ARTIFACT_TYPE, [text, *archives])
        write([NamedImage(whole, _NAME)], Location(Transport.OCI, str(directory)))
        result(f"{len(archives)} archives")
    return Vendored(str(directory), len(archives), size)


def _packages(
    platform: LockedPlatform, spec: Spec, client: Client, source: Path
) -> list[BundledFile]:
    base = locked_base(spec, platform, parse_platform(platform.name), client, source)
    found = [base.index.describe(base.index.package(p.name)) for p in platform.packages]
    blobs = client.archives([Download(p.url, p.digest, p.size, str(p)) for p in found])
    return [
        BundledFile(package.url.rpartition("/")[2], _DEB, blob)
        for package, blob in zip(found, blobs, strict=True)
    ]


def _wheels(platform: LockedPlatform, source: Path, client: Client) -> list[BundledFile]:
    locked = list(platform.wheels)
    locked += [wheel for project in platform.projects for wheel in project.requires]
    wheels = [as_locked(wheel, source) for wheel in locked]
    wheels += [_built(project.wheel, client) for project in platform.projects]
    blobs = client.archives(wheel_downloads(wheels, client, source))
    pairs = zip(wheels, blobs, strict=True)
    return [BundledFile(wheel.filename, _WHEEL, blob) for wheel, blob in pairs]


def _built(locked: LockedWheel, client: Client) -> Wheel:
    """A project's own wheel, which is in the cache since the lock was made."""
    url = client.cache.path("blobs", locked.digest.hex).absolute().as_uri()
    return Wheel(locked.name, locked.version, locked.filename, url, locked.size, locked.digest)
