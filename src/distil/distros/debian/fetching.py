"""The archives of packages, verified and decoded into the cache."""

from __future__ import annotations

from collections.abc import Sequence

from distil.distros.debian.archive import DebPack, open_unpacked, unpack_all
from distil.distros.debian.package import DebianPackage
from distil.events import stage
from distil.fetch.http import Client, Download


def fetch_packages(packages: Sequence[DebianPackage], client: Client) -> list[DebPack]:
    """`packages` with their contents, in their order.

    Raises `NetworkError`, `WrongDigest`, `WrongSize`, `MalformedArchive`.
    """
    with stage("fetching Debian packages") as result:
        opened = (open_unpacked(package, client.cache) for package in packages)
        found = {pack.name: pack for pack in opened if pack is not None}
        missing = [package for package in packages if package.name not in found]
        downloads = [Download(p.url, p.digest, p.size, str(p)) for p in missing]
        blobs = client.archives(downloads)
        for pack in unpack_all(list(zip(missing, blobs, strict=True)), client.cache):
            found[pack.name] = pack
        result(f"{len(packages)} packages, {len(missing)} unpacked")
    return [found[package.name] for package in packages]
