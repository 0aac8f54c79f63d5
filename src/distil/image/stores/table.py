"""The places for images that distil knows: one line each.

A store is loaded when it is asked for: looking into a directory needs no client of registries.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Final

from distil.image.stores import NOTHING_SAID, Store, StoreSettings
from distil.model.reference import Location, Transport

Opening = Callable[[Location, StoreSettings], Store]


def _store(module: str, name: str) -> Opening:
    """How to make the store that is called `name` in `module` of this package."""

    def open_store(location: Location, settings: StoreSettings) -> Store:
        loaded = importlib.import_module(f"distil.image.stores.{module}")
        made: Store = getattr(loaded, name)(location, settings)
        return made

    return open_store


STORES: Final[dict[Transport, Opening]] = {
    Transport.OCI: _store("layout", "Layout"),
    Transport.OCI_ARCHIVE: _store("oci_archive", "OciArchive"),
    Transport.DOCKER_ARCHIVE: _store("docker_archive", "DockerArchive"),
    Transport.DOCKER_DAEMON: _store("engine", "Docker"),
    Transport.CONTAINERS_STORAGE: _store("engine", "Podman"),
    Transport.REGISTRY: _store("registry.store", "Registry"),
}


def store_to_read(location: Location, settings: StoreSettings = NOTHING_SAID) -> Store:
    """The store at `location`."""
    return STORES[location.transport](location, settings)


def store_to_write(location: Location, settings: StoreSettings = NOTHING_SAID) -> Store:
    """The store at `location`, which may still refuse what is to be put there."""
    return STORES[location.transport](location, settings)
