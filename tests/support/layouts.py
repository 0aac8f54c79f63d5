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
    """The digest of what the layout calls `tag`."""
    index = json.loads((layout / "index.json").read_bytes())
    named = [e for e in index["manifests"] if REF_NAME in e.get("annotations", {})]
    digests = [str(e["digest"]) for e in named if e["annotations"][REF_NAME].endswith(tag)]
    assert len(digests) == 1, index
    return digests[0]


def document(layout: Path, tag: str) -> dict[str, Any]:
    """What the layout calls `tag`: a manifest, or an index of several."""
    found: dict[str, Any] = json.loads(blob(layout, tag_digest(layout, tag)))
    return found


def manifest(layout: Path, tag: str, architecture: str = "") -> dict[str, Any]:
    """The manifest of the image called `tag`, of `architecture` where there are several."""
    found = document(layout, tag)
    if architecture:
        entries = found["manifests"]
        digests = [e["digest"] for e in entries if e["platform"]["architecture"] == architecture]
        assert len(digests) == 1, found
        found = json.loads(blob(layout, digests[0]))
    return found


def config(layout: Path, tag: str, architecture: str = "") -> dict[str, Any]:
    """The configuration of that image."""
    digest = manifest(layout, tag, architecture)["config"]["digest"]
    found: dict[str, Any] = json.loads(blob(layout, digest))
    return found


def members(
    layout: Path, tag: str, architecture: str = ""
) -> list[tuple[str, list[tarfile.TarInfo]]]:
    """For each layer what its history calls it, and its entries."""
    layers = manifest(layout, tag, architecture)["layers"]
    history = config(layout, tag, architecture)["history"]
    titles = [entry["created_by"].removeprefix("distil: ") for entry in history]
    found = []
    for title, layer in zip(titles, layers, strict=True):
        with tarfile.open(fileobj=io.BytesIO(blob(layout, layer["digest"]))) as archive:
            found.append((title, archive.getmembers()))
    return found


def files(layout: Path, tag: str, architecture: str = "") -> dict[str, bytes]:
    """The contents of every regular file of the image, by path without the first slash."""
    found = {}
    for layer in manifest(layout, tag, architecture)["layers"]:
        with tarfile.open(fileobj=io.BytesIO(blob(layout, layer["digest"]))) as archive:
            for entry in archive:
                if entry.isfile():
                    stream = archive.extractfile(entry)
                    assert stream is not None
                    found[entry.name] = stream.read()
    return found
