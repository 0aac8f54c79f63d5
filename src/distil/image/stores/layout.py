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
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from distil.errors import DistilError
from distil.image.documents import check_costs
from distil.image.errors import ManifestTooLarge, UnsupportedDestination
from distil.image.limits import limits_here
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
from distil.image.stores.parts import BLOBS, INDEX_FILE, DirectoryParts, LayoutSource
from distil.model.blob import Blob, FileBlob, InlineBlob
from distil.model.digest import Digest
from distil.model.errors import MalformedImage
from distil.model.image import (
    MANIFEST_TYPES,
    MEDIA_INDEX,
    REF_NAME,
    decode_document,
    decode_object,
    encode_document,
)
from distil.model.regular_file import open_regular

LAYOUT_FILE: Final = "oci-layout"
LAYOUT: Final = b'{"imageLayoutVersion":"1.0.0"}'

_Entry = dict[str, object]


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


def layout_documents(images: Sequence[NamedImage]) -> dict[str, bytes]:
    """The documents of a layout of `images` alone, by their names."""
    return {
        LAYOUT_FILE: LAYOUT,
        INDEX_FILE: _index_json({}, [_plain(image) for image in told_apart(images)]),
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
    index = _read_index(directory / INDEX_FILE)
    old = _entries(index, directory / INDEX_FILE)
    names = {image.key for image in images}
    kept = [entry for entry in old if _key(entry) not in names]
    replaced = [entry for entry in old if _key(entry) in names]
    for entry in _left_behind(directory, kept, replaced, images):
        kept.remove(entry)
        replaced.append(entry)
    new = [*kept, *(_plain(image) for image in images)]
    with _undone_on_failure(directory) as added:
        for blob in blobs_of(images).values():
            path = directory / BLOBS / blob.digest.hex
            if not _holds(path, blob):
                if not path.exists():
                    added.append(path)
                write_file(path, blob)
        with staged_blob(directory / INDEX_FILE, InlineBlob.of(_index_json(index, new))):
            yield
    _prune(directory, replaced, new)


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


def _holds(path: Path, blob: Blob) -> bool:
    """Whether the file at `path` has exactly the bytes of `blob`."""
    try:
        if path.is_symlink() or path.stat().st_size != blob.size:
            return False
        return FileBlob.of_file(path).digest == blob.digest
    except FileNotFoundError:
        return False


# --- the index -----------------------------------------------------------------------------


def _plain(image: NamedImage) -> _Entry:
    entry: _Entry = msgspec.json.decode(encode_document(image.entry))
    return entry


def _index_json(index: Mapping[str, object], entries: Sequence[_Entry]) -> bytes:
    """`index` (what is known of it and what is not) with `entries`, canonically."""
    document = {"schemaVersion": 2, "mediaType": MEDIA_INDEX, **index, "manifests": entries}
    return msgspec.json.encode(document, order="sorted")


def _read_index(path: Path) -> dict[str, object]:
    """The layout's index as it stands; empty when an interrupted writer left none."""
    try:
        data = _read_document(path)
    except FileNotFoundError:
        return {}
    index = decode_object(data, str(path))
    if not isinstance(index, dict):
        raise MalformedImage(str(path), "not an image index")
    return index


def _entries(index: Mapping[str, object], path: Path) -> list[_Entry]:
    try:
        return msgspec.convert(index.get("manifests", []), list[_Entry])
    except msgspec.ValidationError as error:
        raise MalformedImage(str(path), f"not an image index: {error}") from error


def _ref_name(entry: _Entry) -> object:
    annotations = entry.get("annotations")
    return annotations.get(REF_NAME) if isinstance(annotations, dict) else None


def _key(entry: _Entry) -> object:
    """As `NamedImage.key`."""
    return _ref_name(entry) or entry.get("digest")


def _read_document(path: Path) -> bytes:
    with open_regular(path) as stream:
        data = stream.read(limits_here().manifest_size + 1)
    check_costs(data, str(path), ManifestTooLarge)
    return data


# --- what nothing leads to any more --------------------------------------------------------


class _Reference(msgspec.Struct, rename="camel"):
    """A descriptor, of which only the target matters here."""

    digest: str
    media_type: str = ""


class _Links(msgspec.Struct):
    """Where an index or a manifest leads."""

    config: _Reference | None = None
    layers: list[_Reference] = []
    manifests: list[_Reference] = []
    subject: _Reference | None = None


def _left_behind(
    directory: Path, kept: Sequence[_Entry], replaced: Sequence[_Entry], new: Sequence[NamedImage]
) -> list[_Entry]:
    """The artifacts among `kept` about `replaced` images, of the types that come with `new`.

    An image for one platform and one for several have artifacts of different names. Where it
    cannot be told what an entry leads to, everything stays.
    """
    types = {image.image.descriptor.artifact_type for image in new} - {""}
    artifacts = [entry for entry in kept if entry.get("artifactType") in types]
    if not artifacts:
        return []
    others = [entry for entry in kept if entry not in artifacts]
    try:
        gone = _reachable(directory, replaced) - _reachable(directory, others)
        return [entry for entry in artifacts if _subject(directory, entry) in gone]
    except (DistilError, msgspec.MsgspecError, OSError):
        return []


def _subject(directory: Path, entry: _Entry) -> str:
    """The digest of what an artifact is about; "" for one that is about nothing."""
    digest = Digest(msgspec.convert(entry, _Reference).digest)
    path = directory / BLOBS / digest.hex
    subject = decode_document(_read_document(path), _Links, str(path)).subject
    return subject.digest if subject is not None else ""


def _prune(directory: Path, replaced: Sequence[_Entry], kept: Sequence[_Entry]) -> None:
    """Remove the blobs that `replaced` entries lead to and `kept` ones do not.

    Where it cannot be told what an entry leads to, everything stays. The images are in place by
    now, so a file that cannot be removed is not an error.
    """
    try:
        unreferenced = _reachable(directory, replaced) - _reachable(directory, kept)
    except (DistilError, msgspec.MsgspecError, OSError):
        return
    for digest in unreferenced:
        with contextlib.suppress(OSError):
            (directory / BLOBS / digest.hex).unlink()


def _reachable(directory: Path, entries: Sequence[_Entry]) -> set[Digest]:
    """The digests that `entries` lead to, directly and through indexes and manifests.

    Raises `MalformedImage` for an entry of an unknown kind, which could lead anywhere.
    """
    found: set[Digest] = set()
    pending = msgspec.convert(entries, list[_Reference])
    while pending:
        entry = pending.pop()
        digest = Digest(entry.digest)
        if digest in found:
            continue
        found.add(digest)
        path = directory / BLOBS / digest.hex
        if entry.media_type not in MANIFEST_TYPES:
            raise MalformedImage(str(path), f"{entry.media_type!r} is not known")
        links = decode_document(_read_document(path), _Links, str(path))
        pending += links.manifests
        pending += [links.subject] if links.subject is not None else []
        leaves = [*links.layers, *([links.config] if links.config is not None else [])]
        found.update(Digest(leaf.digest) for leaf in leaves)
    return found
