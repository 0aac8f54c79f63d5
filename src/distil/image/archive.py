"""Images in one tar file: oci-archive, and a docker-archive that is an oci-archive as well.

The docker-archive holds ``manifest.json`` (Docker image specification 1.2) beside the OCI layout;
both lead to the same blobs. ``docker load`` from 20.10 on and podman read the one, newer engines
and skopeo's ``oci-archive:`` the other. The same images give the same bytes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from distil.errors import UnsupportedDestination
from distil.formats.tar import TarMember
from distil.image.layout import BLOBS, INDEX_FILE, LAYOUT, LAYOUT_FILE, blobs_of, index_of
from distil.image.naming import NamedImage
from distil.image.staging import staged_file
from distil.image.tar import END, header, padding
from distil.model.blob import Blob, InlineBlob
from distil.model.image import Compression, Descriptor
from distil.model.node import Kind

MANIFEST_FILE: Final = "manifest.json"


class DockerImage(msgspec.Struct, frozen=True, rename="pascal"):
    """One entry of ``manifest.json``: paths in the archive, and the names."""

    config: str
    layers: tuple[str, ...]
    repo_tags: tuple[str, ...] = ()


@contextlib.contextmanager
def staged_archive(path: Path, images: Sequence[NamedImage], *, docker: bool) -> Iterator[None]:
    """Write `images` to a tar file that becomes `path`, or replaces it, when the block ends well.

    With `docker`, engines can load it. Raises `UnsupportedDestination`, `CorruptContent` and
    OSError; then, and when the block raises, `path` is as it was.
    """
    if path.exists() and not path.is_file():
        raise UnsupportedDestination(str(path), "it is there and not a file")
    pieces = archive_stream(images, docker=docker)
    with staged_file(path, pieces):
        yield


def archive_stream(
    images: Sequence[NamedImage], *, docker: bool, layout: bool = True
) -> Iterator[bytes]:
    """The archive of `images` in pieces, for a file or an engine's standard input.

    With `docker` it holds ``manifest.json``, with `layout` the documents of an OCI layout.
    Raises `UnsupportedDestination` before the first piece when `docker` and an engine could
    not load one of them, `CorruptContent` when a blob is not what its digest says.
    """
    documents = {LAYOUT_FILE: LAYOUT, INDEX_FILE: index_of(images)} if layout else {}
    if docker:
        documents[MANIFEST_FILE] = _docker_manifest(images)
    return _stream(documents, images)


def _stream(documents: dict[str, bytes], images: Sequence[NamedImage]) -> Iterator[bytes]:
    # Documents first, so that a reader of a stream knows early what comes.
    for name in sorted(documents):
        yield from _file(name, InlineBlob.of(documents[name]))
    for name in ("blobs", BLOBS):
        yield header(TarMember(f"/{name}", Kind.DIRECTORY, 0o755, 0, 0, 0, 0))
    for digest, blob in blobs_of(images).items():
        yield from _file(f"{BLOBS}/{digest.hex}", blob)
    yield END


def _file(name: str, blob: Blob) -> Iterator[bytes]:
    yield header(TarMember(f"/{name}", Kind.FILE, 0o644, 0, 0, 0, blob.size))
    yield from blob.chunks()
    yield padding(blob.size)


def _docker_manifest(images: Sequence[NamedImage]) -> bytes:
    entries: dict[str, DockerImage] = {}
    for named in images:
        if len(named.image.images) != 1:
            raise UnsupportedDestination(
                f"a docker-archive ({named.name})",
                "it holds one platform for each name",
                hint="write oci: or oci-archive:, or build one platform",
            )
        image = named.image.images[0]
        _check_compression(named, [layer.descriptor for layer in image.layers])
        entry = entries.get(image.id)
        entries[image.id] = DockerImage(
            config=f"{BLOBS}/{image.id.hex}",
            repo_tags=(entry.repo_tags if entry else ()) + (named.name.familiar,),
            layers=tuple(f"{BLOBS}/{layer.descriptor.digest.hex}" for layer in image.layers),
        )
    return msgspec.json.encode(list(entries.values()), order="sorted")


def _check_compression(named: NamedImage, layers: Sequence[Descriptor]) -> None:
    if any(layer.media_type == Compression.ZSTD.media_type for layer in layers):
        raise UnsupportedDestination(
            f"a docker-archive ({named.name})",
            "its layers are compressed with zstd, which Docker 20.10 cannot load",
            hint="use gzip, or write oci: or oci-archive:",
        )
