"""`tags`, `tag` and `delete`: what names an image has where it is."""

from __future__ import annotations

from collections.abc import Sequence

from distil.image.stores import NOTHING_SAID, StoreSettings
from distil.image.stores.table import store_to_read, store_to_write
from distil.model.digest import Digest
from distil.model.reference import parse_location


def tags(place: str, settings: StoreSettings = NOTHING_SAID) -> list[str]:
    """The tags in `place`, a repository in a registry or ``oci:DIR``, sorted.

    Raises `UnreadablePlace`, and what reading the place raises.
    """
    return sorted(store_to_read(parse_location(place), settings).tags())


def tag(image: str, names: Sequence[str], settings: StoreSettings = NOTHING_SAID) -> list[str]:
    """Give `image` the tags `names` as well, where it is; how it is addressed by each of them.

    No layer is moved. Raises `InvalidReference`, `UnreadablePlace`, and what reading and writing
    raise.
    """
    location = parse_location(image)
    addresses = [str(location.with_tag(name)) for name in names]
    store = store_to_write(location, settings)
    with store.opened() as source:
        descriptor = source.resolve()
    store.tag(descriptor, names)
    return addresses


def delete(image: str, settings: StoreSettings = NOTHING_SAID) -> Digest:
    """Remove `image` from where it is; its digest.

    From a layout its name, and what nothing else leads to; from a registry the manifest, and so
    every tag of it. Raises `UnreadablePlace`, and what reading and writing raise.
    """
    return store_to_write(parse_location(image), settings).delete()
