"""The places for images that distil knows: one line each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from distil.image.stores import NOTHING_SAID, Store, StoreSettings
from distil.image.stores.docker_archive import DockerArchive
from distil.image.stores.engine import Docker, Podman
from distil.image.stores.layout import Layout
from distil.image.stores.oci_archive import OciArchive
from distil.image.stores.registry.store import Registry
from distil.model.reference import Location, Transport

STORES: Final[dict[Transport, Callable[[Location, StoreSettings], Store]]] = {
    Transport.OCI: Layout,
    Transport.OCI_ARCHIVE: OciArchive,
    Transport.DOCKER_ARCHIVE: DockerArchive,
    Transport.DOCKER_DAEMON: Docker,
    Transport.CONTAINERS_STORAGE: Podman,
    Transport.REGISTRY: Registry,
}


def store_to_read(location: Location, settings: StoreSettings = NOTHING_SAID) -> Store:
    """The store at `location`."""
    return STORES[location.transport](location, settings)


def store_to_write(location: Location, settings: StoreSettings = NOTHING_SAID) -> Store:
    """The store at `location`, which may still refuse what is to be put there."""
    return STORES[location.transport](location, settings)
