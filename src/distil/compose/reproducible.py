"""Whether making an image twice comes to the same, and what differs first where it does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from distil.compose.errors import NotReproducible
from distil.compose.inspect import Check
from distil.compose.product import Product
from distil.events import Warned, emit
from distil.model.blob import Blob
from distil.model.node import Kind, Node
from distil.model.origin import StageOrigin
from distil.stages.stages import Stages

_PIECE: Final = 1 << 16
_KINDS: Final = {Kind.HARDLINK: "a file", Kind.FIFO: "a FIFO", Kind.SYMLINK: "a symbolic link"}


def check_reproducible(
    first: Sequence[Product], again: Sequence[Product], stages: tuple[Stages, Stages]
) -> tuple[Product, ...]:
    """`first`, with what was found: they are the same as `again`.

    `stages` are those of both. What of them differs and is not copied is told in a warning.
    Raises `NotReproducible`.
    """
    for one, other in zip(first, again, strict=True):
        platform = one.plan.resolved.base.platform
        before, after = ({node.path: node for node in p.composition.tree} for p in (one, other))
        for path, what in differences(before, after):
            origin = (before.get(path) or after[path]).origin
            stage = origin.stage if isinstance(origin, StageOrigin) else ""
            source = origin.source if isinstance(origin, StageOrigin) else ""
            raise NotReproducible(platform.oci, path, what, stage=stage, source=source)
        digests = [[image.descriptor.digest for image, _ in p.images] for p in (one, other)]
        if digests[0] != digests[1]:
            raise NotReproducible(platform.oci, "", "its documents differ")
        _tell_others(*(each.left(platform) for each in stages))
    found = Check("reproducible", "made twice, stages included, it is the same to the bit")
    return tuple(msgspec.structs.replace(one, checks=(*one.checks, found)) for one in first)


def _tell_others(
    first: Mapping[str, Mapping[str, Node]], again: Mapping[str, Mapping[str, Node]]
) -> None:
    """Warn of what stages leave behind that differs: the next copy may be of it."""
    for name in first.keys() & again.keys():
        for path, what in differences(first[name], again[name]):
            text = f"stage {name}: {path} is not the same each time: {what}; no image has it"
            emit(Warned(text))
            break


def differences(first: Mapping[str, Node], again: Mapping[str, Node]) -> Iterator[tuple[str, str]]:
    """The paths that differ, in order, and what of each does."""
    for path in sorted(first.keys() | again.keys()):
        one, other = first.get(path), again.get(path)
        if one is None or other is None:
            yield path, f"it is there only the {'second' if one is None else 'first'} time"
        elif what := _difference(one, other):
            yield path, what


def _difference(one: Node, other: Node) -> str:
    """What differs between two nodes of one path; nothing when they are the same."""
    pairs = (
        ("it is {} first, and then {}", _kind(one), _kind(other)),
        ("it leads to {} first, and then to {}", one.target, other.target),
        ("its mode is {} first, and then {}", f"{one.mode:o}", f"{other.mode:o}"),
        ("its owner is {} first, and then {}", f"{one.uid}:{one.gid}", f"{other.uid}:{other.gid}"),
    )
    for text, left, right in pairs:
        if left != right:
            return text.format(left, right)
    if one.blob is not None and other.blob is not None and one.blob.digest != other.blob.digest:
        sizes = f" ({one.size:,} and {other.size:,} bytes)" if one.size != other.size else ""
        return f"its contents differ from byte {_first_byte(one.blob, other.blob):,} on{sizes}"
    if one.mtime != other.mtime:
        return f"its date is {one.mtime} first, and then {other.mtime}"
    return "" if one.xattrs == other.xattrs else "its extended attributes differ"


def _kind(node: Node) -> str:
    return _KINDS.get(node.kind, f"a {node.kind.name.lower()}")


def _first_byte(one: Blob, other: Blob) -> int:
    """The position of the first byte that differs, from 0."""
    at = 0
    for left, right in zip(_pieces(one), _pieces(other), strict=False):
        if left != right:
            pairs = zip(left, right, strict=False)
            shorter = min(len(left), len(right))
            return at + next((n for n, (a, b) in enumerate(pairs) if a != b), shorter)
        at += len(left)
    return at


def _pieces(blob: Blob) -> Iterator[bytes]:
    """The contents in pieces of one length, but for the last."""
    pending = b""
    for piece in blob.chunks():
        pending += piece
        while len(pending) >= _PIECE:
            yield pending[:_PIECE]
            pending = pending[_PIECE:]
    if pending:
        yield pending
