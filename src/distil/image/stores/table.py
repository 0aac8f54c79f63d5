"""The places for images that distil knows: one line each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from distil.image.errors import UnreadablePlace, UnsupportedDestination
from distil.image.stores import NOTHING_SAID, Store, StoreSettings
from distil.image.stores.docker_archive import DockerArchive
from distil.image.stores.engine import Docker, Podman
from distil.image.stores.layout import Layout
from distil.image.stores.oci_archive import OciArchive
from distil.model.reference import Location, Transport

STORES: Final[dict[Transport, Callable[[Location, StoreSettings], Store]]] = {
    Transport.OCI: Layout,
    Transport.OCI_ARCHIVE: OciArchive,
    Transport.DOCKER_ARCHIVE: DockerArchive,
    Transport.DOCKER_DAEMON: Docker,
    Transport.CONTAINERS_STORAGE: Podman,
}


def store_to_read(location: Location, settings: StoreSettings = NOTHING_SAID) -> Store:
    """The store at `location`. Raises `UnreadablePlace` for a kind that nothing is read from."""
    if location.transport not in STORES:
        raise UnreadablePlace(
            str(location),
            "distil does not read from registries",
            hint=f"`skopeo copy {location} oci:DIR:TAG`, then read oci:DIR:TAG",
        )
    return STORES[location.transport](location, settings)


def store_to_write(location: Location, settings: StoreSettings = NOTHING_SAID) -> Store:
    """The store at `location`. Raises `UnsupportedDestination` where nothing is ever written to."""
    if location.transport not in STORES:
        raise UnsupportedDestination(
            str(location),
            "distil does not push to registries",
            hint="write oci:DIR:TAG, then `skopeo copy oci:DIR:TAG docker://NAME`",
        )
    return STORES[location.transport](location, settings)
