"""OCI image layouts: a directory of blobs and an index (image-spec 1.1, image-layout.md).

Writing into a layout that is there replaces the entries of the same names and keeps the others.
Blobs come first, ``index.json`` is renamed last, so a reader sees the old images or the new
ones. Then the blobs that only replaced entries led to are removed; a blob that was never
reachable from the index, or still is, stays. An artifact goes with the image it is about when
artifacts of its type come with the new ones.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from distil.image.errors import UnsupportedDestination
from distil.image.naming import NamedImage, blobs_of, told_apart
from distil.image.staging import (
    is_leftover,
    locked,
    reporting,
    staged_blob,
    staged_directory,
    sweep,
    write_file,
)
from distil.image.stores import Source, Store
from distil.image.stores.layout_index import (
    add_names,
    entries_of,
    index_json,
    key_of,
    left_behind,
    plain_entry,
    prune,
    read_index,
    remove_image,
)
from distil.image.stores.parts import BLOBS, INDEX_FILE, DirectoryParts, LayoutSource
from distil.image.stores.side_by_side import for_each
from distil.model.blob import Blob, FileBlob, InlineBlob
from distil.model.digest import Digest
from distil.model.image import Descriptor

LAYOUT_FILE: Final = "oci-layout"
LAYOUT: Final = b'{"imageLayoutVersion":"1.0.0"}'


class Layout(Store):
    """An OCI layout directory."""

    is_shared = True

    @contextlib.contextmanager
    def opened(self) -> Iterator[Source]:
        yield LayoutSource(self.location, DirectoryParts(Path(self.location.path)))

    @contextlib.contextmanager
    def put(self, images: Sequence[NamedImage]) -> Iterator[None]:
        path = Path(self.location.path)
        with reporting(path), _staged(path, images):
            yield

    def tags(self) -> Iterator[str]:
        yield from LayoutSource(self.location, DirectoryParts(Path(self.location.path))).names()

    def tag(self, descriptor: Descriptor, names: Sequence[str]) -> None:
        path = Path(self.location.path)
        with reporting(path), locked(path):
            add_names(path, descriptor.digest, names)

    def delete(self) -> Digest:
        path = Path(self.location.path)
        with reporting(path), locked(path), self.opened() as source:
            digest = source.resolve().digest
            remove_image(path, digest, self.location.reference)
        return digest


def layout_documents(images: Sequence[NamedImage]) -> dict[str, bytes]:
    """The documents of a layout of `images` alone, by their names."""
    return {
        LAYOUT_FILE: LAYOUT,
        INDEX_FILE: index_json({}, [plain_entry(image) for image in told_apart(images)]),
    }


@contextlib.contextmanager
def _staged(directory: Path, images: Sequence[NamedImage]) -> Iterator[None]:
    """Put `images` into the OCI layout at `directory`, which is made if it is not there.

    They are found there once the block has ended well; a layout that was there is locked until
    then. Raises `UnsupportedDestination` for a directory that holds anything else,
    `MalformedImage` for a damaged layout, `CorruptContent` and OSError; then, and when the block
    raises, the layout is as it was.
    """
    images = told_apart(images)
    if not directory.exists() and not directory.is_symlink():
        with _new_layout(directory, images):
            yield
        return
    _check_is_layout(directory)
    with locked(directory), _updated(directory, images):
        yield


@contextlib.contextmanager
def _new_layout(directory: Path, images: Sequence[NamedImage]) -> Iterator[None]:
    written = False
    try:
        with staged_directory(directory) as staged:
            with _updated(staged, images):
                pass
            yield
            written = True
    except OSError as error:
        taken = error.errno in (errno.ENOTEMPTY, errno.EEXIST) and directory.is_dir()
        if not (written and taken):
            raise
        # Somebody else has made it meanwhile.
        _check_is_layout(directory)
        with locked(directory), _updated(directory, images):
            pass


def _check_is_layout(directory: Path) -> None:
    if not directory.is_dir():
        raise UnsupportedDestination(str(directory), "it is not a directory")
    names = {path.name for path in directory.iterdir() if not is_leftover(path.name)}
    if names and LAYOUT_FILE not in names:
        raise UnsupportedDestination(
            str(directory),
            "it is not empty and not an OCI image layout",
            hint="name a new directory, or an existing layout",
        )


@contextlib.contextmanager
def _updated(directory: Path, images: Sequence[NamedImage]) -> Iterator[None]:
    """Write the blobs and a new index, which gets its name when the block ends well."""
    index = read_index(directory / INDEX_FILE)
    old = entries_of(index, directory / INDEX_FILE)
    names = {image.key for image in images}
    kept = [entry for entry in old if key_of(entry) not in names]
    replaced = [entry for entry in old if key_of(entry) in names]
    types = {image.image.descriptor.artifact_type for image in images} - {""}
    for entry in left_behind(directory, kept, replaced, types):
        kept.remove(entry)
        replaced.append(entry)
    new = [*kept, *(plain_entry(image) for image in images)]
    with _undone_on_failure(directory) as added:
        for_each(blobs_of(images).values(), lambda blob: _keep(directory, blob, added))
        with staged_blob(directory / INDEX_FILE, InlineBlob.of(index_json(index, new))):
            yield
    prune(directory, replaced, new)


@contextlib.contextmanager
def _undone_on_failure(directory: Path) -> Iterator[list[Path]]:
    """Whatever ends the block early, remove the files noted in the list it is given.

    Not when the index was renamed by then: an interrupt can come right after that.
    """
    blobs = directory / BLOBS
    added: list[Path] = []
    before = _index_identity(directory)
    try:
        sweep(directory, grace=0)  # The layout is locked: nobody else is writing here.
        if not (directory / LAYOUT_FILE).exists():
            added.append(directory / LAYOUT_FILE)
            write_file(directory / LAYOUT_FILE, InlineBlob.of(LAYOUT))
        for path in (blobs.parent, blobs):
            path.mkdir(0o755, exist_ok=True)
        sweep(blobs, grace=0)
        yield added
    except BaseException:
        if _index_identity(directory) != before:
            raise
        for path in added:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        for path in (blobs, blobs.parent):
            with contextlib.suppress(OSError):
                path.rmdir()  # Only if it is empty, so only if it was made for this.
        raise


def _index_identity(directory: Path) -> tuple[int, int] | None:
    """What tells one index file from the next; None when there is none."""
    try:
        status = (directory / INDEX_FILE).stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns


def _keep(directory: Path, blob: Blob, added: list[Path]) -> None:
    """Write `blob` into the layout unless it is there; what was not is noted in `added`."""
    path = directory / BLOBS / blob.digest.hex
    if not _holds(path, blob):
        if not path.exists():
            added.append(path)
        write_file(path, blob)


def _holds(path: Path, blob: Blob) -> bool:
    """Whether the file at `path` has exactly the bytes of `blob`."""
    try:
        if path.is_symlink() or path.stat().st_size != blob.size:
            return False
        return FileBlob.of_file(path).digest == blob.digest
    except FileNotFoundError:
        return False
