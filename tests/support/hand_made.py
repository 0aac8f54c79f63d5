"""Images whose documents are written by hand, so that they can be wrong."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from pathlib import Path
from typing import IO

import zstandard

from distil.model.digest import Digest
from distil.model.image import MEDIA_CONFIG, MEDIA_LAYER, MEDIA_MANIFEST


class Layout:
    """An OCI layout written by hand."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "blobs/sha256").mkdir(parents=True)

    def add(self, data: bytes | dict, media_type: str = MEDIA_MANIFEST, **changes: object) -> dict:
        if isinstance(data, dict):
            data = json.dumps(data).encode()
        digest = Digest.of(data)
        (self.directory / "blobs/sha256" / digest.hex).write_bytes(data)
        return {"mediaType": media_type, "digest": digest, "size": len(data)} | changes

    def index(self, *entries: dict, **changes: object) -> None:
        index = {"schemaVersion": 2, "manifests": list(entries)} | changes
        (self.directory / "index.json").write_text(json.dumps(index))

    def config(self, *diff_ids: str) -> dict:
        rootfs = {"type": "layers", "diff_ids": list(diff_ids)}
        document = {"architecture": "amd64", "os": "linux", "rootfs": rootfs}
        return self.add(document, MEDIA_CONFIG)

    def manifest(self, config: dict | None = None, *layers: dict, **changes: object) -> dict:
        config = config or self.config()
        return {"schemaVersion": 2, "config": config, "layers": list(layers)} | changes

    def image(self, *layers: tuple[bytes, str], diff_ids: tuple[str, ...] = ()) -> None:
        """One image of `layers`: the blobs, and their kinds ("", "+gzip", "+zstd").

        `diff_ids` where the layers do not unpack, or not to what they say.
        """
        entries = [self.add(data, MEDIA_LAYER + kind) for data, kind in layers]
        config = self.config(*(diff_ids or tuple(diff_id(*layer) for layer in layers)))
        self.index(self.add(self.manifest(config, *entries)))


def diff_id(data: bytes, kind: str) -> str:
    """The digest of what a layer unpacks to, all of its streams."""
    stream: IO[bytes] | gzip.GzipFile = io.BytesIO(data)
    if kind == "+gzip":
        stream = gzip.GzipFile(fileobj=stream)
    if kind == "+zstd":
        stream = zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True)
    hasher = hashlib.sha256()
    while piece := stream.read(1 << 20):
        hasher.update(piece)
    return f"sha256:{hasher.hexdigest()}"
