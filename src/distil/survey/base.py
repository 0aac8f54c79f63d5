"""Which image an image was made on, and how that shows.

What is known for certain comes first: the image that the user names, the ledger, what others left
in the cache; then what the image says of itself; then what its history looks like.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from typing import Final

import msgspec

from distil.fetch.cache import Cache
from distil.image.layer import Layer
from distil.image.read import StoredImage
from distil.model.digest import Digest
from distil.model.image import History, ImageConfig
from distil.model.inventory import BaseImage
from distil.survey.errors import NotTheBase

NAME: Final = "org.opencontainers.image.base.name"
DIGEST: Final = "org.opencontainers.image.base.digest"
"""Annotations by which an image says what it was made on (image-spec, annotations.md)."""

_AREA: Final = "analysis"
_CHAIN: Final = "image of layers "
_ENDS: Final = ("CMD", "ENTRYPOINT")
"""The instructions that a Dockerfile of an image for others ends with."""


class KnownImage(msgspec.Struct, frozen=True):
    """An image that others may be made on: how it is called, and its layers."""

    name: str
    digest: str
    diff_ids: tuple[Digest, ...]


def recognised(
    image: StoredImage,
    below: Collection[Digest],
    cache: Cache,
    named: KnownImage | None = None,
    *,
    is_ours: bool = True,
) -> BaseImage | None:
    """The base of `image`; None when nothing tells of one.

    `below` are diff ids of layers that its ledger says are a base's, which was written here
    (`is_ours`) or lies beside the image; `named` is the image that the user says it is. Raises
    `NotTheBase` when that cannot be.
    """
    said = _said(image)
    if named is not None:
        return _user_named(image, named)
    if below:
        count = sum(layer.diff_id in below for layer in image.layers)
        ledger = "the ledger" if is_ours else "the ledger beside the image"
        return _completed(said, count, f"{ledger} tells which layers were there before")
    known = _known(image.layers, cache)
    if known is not None and (said is None or said.digest in ("", known.digest)):
        evidence = f"its {_layers(known.layers)} are the lowest of this image"
        return msgspec.structs.replace(known, evidence=evidence)
    if said is not None:
        return said
    return _of_history(image.config)


def remember(image: StoredImage, name: str, digest: str, cache: Cache) -> None:
    """Note the layers of `image`, called `name`, for others that are made on it.

    Raises `DiskFull`, `CacheUnwritable`.
    """
    key = _CHAIN + _chain([layer.diff_id for layer in image.layers])
    if image.layers and cache.document(_AREA, key) is None:
        cache.put_document(_AREA, key, msgspec.json.encode([name, digest]))


def _said(image: StoredImage) -> BaseImage | None:
    """What the image says of itself, in annotations of its manifest or labels."""
    for told, what in (
        (image.manifest.annotations, "annotation"),
        (image.config.config.labels, "label"),
    ):
        if told.get(NAME) or told.get(DIGEST):
            evidence = f"{what} {NAME if told.get(NAME) else DIGEST}"
            return BaseImage(told.get(NAME, ""), told.get(DIGEST, ""), 0, evidence)
    return None


def _user_named(image: StoredImage, named: KnownImage) -> BaseImage:
    count = len(named.diff_ids)
    own = tuple(layer.diff_id for layer in image.layers)
    if not count or own[:count] != named.diff_ids:
        pairs = zip(own, named.diff_ids, strict=False)
        first = next((n for n, (one, other) in enumerate(pairs, 1) if one != other), len(own) + 1)
        raise NotTheBase(named.name, first)
    evidence = f"its {_layers(count)} are the lowest of this image"
    return BaseImage(named.name, named.digest, count, evidence)


def _known(layers: Sequence[Layer], cache: Cache) -> BaseImage | None:
    """The image that was seen here and has the most of the lowest of `layers`, not all."""
    diff_ids = [layer.diff_id for layer in layers]
    for count in range(len(diff_ids) - 1, 0, -1):
        data = cache.document(_AREA, _CHAIN + _chain(diff_ids[:count]))
        if data is not None:
            name, digest = msgspec.json.decode(data, type=tuple[str, str])
            return BaseImage(name, digest, count)
    return None


def _chain(diff_ids: Sequence[Digest]) -> str:
    return hashlib.sha256(" ".join(diff_ids).encode()).hexdigest()


def _completed(said: BaseImage | None, layers: int, evidence: str) -> BaseImage:
    if said is None:
        return BaseImage("", "", layers, evidence)
    return msgspec.structs.replace(said, layers=layers, evidence=f"{said.evidence}; {evidence}")


def _of_history(config: ImageConfig) -> BaseImage | None:
    """A base by what the history looks like: a command that another build goes on behind."""
    steps = config.history
    made = [number for number, step in enumerate(steps) if not step.empty_layer]
    if len(made) != len(config.rootfs.diff_ids) or not made:
        return None
    for number in range(made[-1], -1, -1):
        instruction = _instruction(steps[number])
        if instruction.startswith(_ENDS):
            count = sum(place < number for place in made)
            if not count:
                return None
            shown = instruction if len(instruction) <= 60 else f"{instruction[:60]}…"
            return BaseImage("", "", count, f"history: another build goes on after {shown}")
    return None


def _instruction(step: History) -> str:
    """The instruction of a Dockerfile that made `step`, as builders write it down."""
    return step.created_by.removeprefix("/bin/sh -c ").removeprefix("#(nop) ").strip()


def _layers(count: int) -> str:
    return "layer" if count == 1 else f"{count} layers"
