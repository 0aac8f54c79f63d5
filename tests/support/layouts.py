"""An OCI layout read with the standard library alone, as somebody else's program would."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

REF_NAME = "org.opencontainers.image.ref.name"


def blob(layout: Path, digest: str) -> bytes:
    return (layout / "blobs" / "sha256" / digest.removeprefix("sha256:")).read_bytes()


def tag_digest(layout: Path, tag: str) -> str:
    """The digest of the image that the layout calls `tag`."""
    index = json.loads((layout / "index.json").read_bytes())
    named = [e for e in index["manifests"] if REF_NAME in e.get("annotations", {})]
    digests = [str(e["digest"]) for e in named if e["annotations"][REF_NAME].endswith(tag)]
    assert len(digests) == 1, index
    return digests[0]


def manifest(layout: Path, tag: str) -> dict[str, Any]:
    """The manifest of the image that the layout calls `tag`."""
    found: dict[str, Any] = json.loads(blob(layout, tag_digest(layout, tag)))
    return found


def config(layout: Path, tag: str) -> dict[str, Any]:
    """The configuration of that image."""
    found: dict[str, Any] = json.loads(blob(layout, manifest(layout, tag)["config"]["digest"]))
    return found


def members(layout: Path, tag: str) -> list[tuple[str, list[tarfile.TarInfo]]]:
    """For each layer what its history calls it, and its entries."""
    layers = manifest(layout, tag)["layers"]
    titles = [
        entry["created_by"].removeprefix("distil: ") for entry in config(layout, tag)["history"]
    ]
    found = []
    for title, layer in zip(titles, layers, strict=True):
        with tarfile.open(fileobj=io.BytesIO(blob(layout, layer["digest"]))) as archive:
            found.append((title, archive.getmembers()))
    return found


def files(layout: Path, tag: str) -> dict[str, bytes]:
    """The contents of every regular file of the image, by path without the first slash."""
    found = {}
    for layer in manifest(layout, tag)["layers"]:
        with tarfile.open(fileobj=io.BytesIO(blob(layout, layer["digest"]))) as archive:
            for entry in archive:
                if entry.isfile():
                    stream = archive.extractfile(entry)
                    assert stream is not None
                    found[entry.name] = stream.read()
    return found
