"""Writing images to where the user wants them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import msgspec

from distil.errors import DistilError
from distil.image.errors import PartlyWritten
from distil.image.naming import NamedImage, told_apart
from distil.image.stores import NOTHING_SAID, Store, StoreSettings
from distil.image.stores.table import store_to_write
from distil.model.reference import Location


class Output(msgspec.Struct, frozen=True):
    """Images, and where they are to be written."""

    images: Sequence[NamedImage]
    location: Location
    settings: StoreSettings = NOTHING_SAID

    @property
    def references(self) -> list[str]:
        """How each image is addressed there afterwards, in their order."""
        store = self.store()
        return [store.reference(image) for image in told_apart(self.images)]

    def store(self) -> Store:
        """The place itself. Raises `UnsupportedDestination`."""
        return store_to_write(self.location, self.settings)


@contextlib.contextmanager
def staged(outputs: Sequence[Output]) -> Iterator[list[str]]:
    """Write `outputs`: all of them appear when the block has ended well, otherwise none does.

    Files and layouts are complete and on the disk before the block, under temporary names; what
    an engine is given is given before it. The list that the block gets, of what cannot be
    undone, it may extend: an error says so, as it does when a file system takes one output and
    then refuses the next its name (`PartlyWritten`). Raises what `write` raises.
    """
    stores = _in_order(outputs)
    done: list[str] = []
    try:
        with contextlib.ExitStack() as stack:
            for store, images in stores:
                stack.enter_context(_noted(store, images, done))
            yield done
    except DistilError as error:
        if done:
            raise PartlyWritten(error, done) from error
        raise


def write(
    images: Sequence[NamedImage], location: Location, settings: StoreSettings = NOTHING_SAID
) -> list[str]:
    """Write `images` to `location`; how each is addressed there, in the same order.

    Nothing half-written stays: a file or directory appears whole, an existing one is as it was
    when anything goes wrong. Raises `UnsupportedDestination`, `OutputFailed`, `DiskFull`,
    `CorruptContent`, `MalformedImage`, and for engines `NoEngine` and `EngineFailed`.
    """
    output = Output(images, location, settings)
    with staged([output]):
        pass
    return output.references


def _in_order(outputs: Sequence[Output]) -> list[tuple[Store, Sequence[NamedImage]]]:
    """What is put where, engines last: once into a store that is shared, which locks itself."""
    merged: dict[object, tuple[Store, Sequence[NamedImage]]] = {}
    for number, output in enumerate(outputs):
        store, images = output.store(), output.images
        key = store.place if store.is_shared else number
        if store.is_shared:
            before = merged[key][1] if key in merged else ()
            images = [*{image.key: image for image in (*before, *told_apart(images))}.values()]
        merged[key] = store, images
    found = list(merged.values())
    staged = sorted((each for each in found if not each[0].is_engine), key=_rank)
    # The last to be staged is the first to get its name. All processes lock in one order.
    return staged[::-1] + [each for each in found if each[0].is_engine]


def _rank(each: tuple[Store, Sequence[NamedImage]]) -> tuple[bool, str]:
    return each[0].is_remote, each[0].place


@contextlib.contextmanager
def _noted(store: Store, images: Sequence[NamedImage], done: list[str]) -> Iterator[None]:
    """The images staged; their place in `done` once it has them for good."""
    name = str(store.location.with_reference(""))
    with store.put(images):
        if store.is_engine:
            done.append(name)
        yield
    if not store.is_engine:
        done.append(name)
