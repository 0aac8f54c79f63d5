"""``index.json`` of a layout as it stands there, and what nothing in it leads to any more."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import msgspec

from distil.errors import DistilError
from distil.image.documents import check_costs
from distil.image.errors import ManifestTooLarge
from distil.image.limits import limits_here
from distil.image.naming import NamedImage
from distil.image.staging import staged_blob
from distil.image.stores.parts import BLOBS, INDEX_FILE
from distil.model.blob import InlineBlob
from distil.model.digest import Digest
from distil.model.errors import InvalidReference, MalformedImage
from distil.model.image import (
    CONTAINERD_NAME,
    MANIFEST_TYPES,
    MEDIA_INDEX,
    REF_NAME,
    decode_document,
    decode_object,
    encode_document,
)
from distil.model.reference import parse_image_name
from distil.model.regular_file import open_regular

Entry = dict[str, object]
"""A descriptor in the index, with whatever else somebody wrote there."""


def plain_entry(image: NamedImage) -> Entry:
    """The entry of `image`."""
    entry: Entry = msgspec.json.decode(encode_document(image.entry))
    return entry


def index_json(index: Mapping[str, object], entries: Sequence[Entry]) -> bytes:
    """`index` (what is known of it and what is not) with `entries`, canonically."""
    document = {"schemaVersion": 2, "mediaType": MEDIA_INDEX, **index, "manifests": entries}
    return msgspec.json.encode(document, order="sorted")


def read_index(path: Path) -> dict[str, object]:
    """The layout's index as it stands; empty when an interrupted writer left none."""
    try:
        data = _read_document(path)
    except FileNotFoundError:
        return {}
    index = decode_object(data, str(path))
    if not isinstance(index, dict):
        raise MalformedImage(str(path), "not an image index")
    return index


def entries_of(index: Mapping[str, object], path: Path) -> list[Entry]:
    """The entries of the index at `path`. Raises `MalformedImage`."""
    try:
        return msgspec.convert(index.get("manifests", []), list[Entry])
    except msgspec.ValidationError as error:
        raise MalformedImage(str(path), f"not an image index: {error}") from error


def ref_name_of(entry: Entry) -> object:
    """The name by which the image is found in the layout, whatever stands there for it."""
    annotations = entry.get("annotations")
    return annotations.get(REF_NAME) if isinstance(annotations, dict) else None


def key_of(entry: Entry) -> object:
    """As `NamedImage.key`."""
    return ref_name_of(entry) or entry.get("digest")


def add_names(directory: Path, digest: Digest, names: Sequence[str]) -> None:
    """Give the image of `digest` in the layout, which is locked, `names` as well.

    What had them loses them, and its blobs if nothing else leads to them. Raises `MalformedImage`,
    OSError.
    """
    index = read_index(directory / INDEX_FILE)
    old = entries_of(index, directory / INDEX_FILE)
    image = next((entry for entry in old if entry.get("digest") == digest), None)
    if image is None:
        raise MalformedImage(str(directory), f"its index has no {digest}")
    kept = [entry for entry in old if ref_name_of(entry) not in names]
    gone = [entry for entry in old if ref_name_of(entry) in names]
    _replace(directory, index, [*kept, *(_called(image, name) for name in names)], gone)


def remove_image(directory: Path, digest: Digest, name: str) -> None:
    """Take the entry called `name`, or all of `digest` without one, out of the locked layout.

    With the artifacts about what nothing leads to any more. Raises `MalformedImage`, OSError.
    """
    index = read_index(directory / INDEX_FILE)
    old = entries_of(index, directory / INDEX_FILE)
    gone = [
        entry
        for entry in old
        if (ref_name_of(entry) == name if name else entry.get("digest") == digest)
    ]
    kept = [entry for entry in old if entry not in gone]
    while about := left_behind(directory, kept, gone):
        kept = [entry for entry in kept if entry not in about]
        gone += about
    _replace(directory, index, kept, gone)


def _replace(
    directory: Path, index: Mapping[str, object], entries: Sequence[Entry], gone: Sequence[Entry]
) -> None:
    with staged_blob(directory / INDEX_FILE, InlineBlob.of(index_json(index, entries))):
        pass
    prune(directory, gone, entries)


def _called(entry: Entry, name: str) -> Entry:
    """`entry` under another name, which engines are told as well if they know the first."""
    before = entry.get("annotations")
    annotations = {**before, REF_NAME: name} if isinstance(before, dict) else {REF_NAME: name}
    try:
        full = parse_image_name(str(annotations.get(CONTAINERD_NAME, ""))).with_tag(name)
    except InvalidReference:
        annotations.pop(CONTAINERD_NAME, None)
    else:
        annotations[CONTAINERD_NAME] = full.canonical
    return {**entry, "annotations": annotations}


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


def left_behind(
    directory: Path,
    kept: Sequence[Entry],
    replaced: Sequence[Entry],
    types: Collection[str] | None = None,
) -> list[Entry]:
    """The artifacts among `kept`, of `types` or of any, about `replaced` images.

    An image for one platform and one for several have artifacts of different names. Where it
    cannot be told what an entry leads to, everything stays.
    """
    artifacts = [
        entry
        for entry in kept
        if (entry.get("artifactType") if types is None else entry.get("artifactType") in types)
    ]
    if not artifacts:
        return []
    others = [entry for entry in kept if entry not in artifacts]
    try:
        gone = _reachable(directory, replaced) - _reachable(directory, others)
        return [entry for entry in artifacts if _subject(directory, entry) in gone]
    except (DistilError, msgspec.MsgspecError, OSError):
        return []


def _subject(directory: Path, entry: Entry) -> str:
    """The digest of what an artifact is about; "" for one that is about nothing."""
    digest = Digest(msgspec.convert(entry, _Reference).digest)
    path = directory / BLOBS / digest.hex
    subject = decode_document(_read_document(path), _Links, str(path)).subject
    return subject.digest if subject is not None else ""


def prune(directory: Path, replaced: Sequence[Entry], kept: Sequence[Entry]) -> None:
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


def _reachable(directory: Path, entries: Sequence[Entry]) -> set[Digest]:
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
