"""Comparing two images: pure functions over what was read of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from distil.diff.packages import packages_of
from distil.image.layer import Layer
from distil.image.read import StoredImage
from distil.model.difference import (
    FileChange,
    ImageDifference,
    LayerEntry,
    PackageChange,
    SettingChange,
)
from distil.model.digest import Digest
from distil.model.image import ImageConfig
from distil.model.inventory import InventoryComponent
from distil.model.node import Kind, Node
from distil.model.tree import Tree


class Side(msgspec.Struct, frozen=True):
    """One of the two: its name, its documents, what a container of it sees, and what that is."""

    name: str
    image: StoredImage
    tree: Tree
    components: tuple[InventoryComponent, ...]


def compare(before: Side, after: Side) -> ImageDifference:
    """All that differs between the two. Times of files and images are not compared."""
    removed, added, shared = _layers(before.image.layers, after.image.layers)
    return ImageDifference(
        before=before.name,
        after=after.name,
        packages=tuple(_packages(before, after)),
        files=tuple(_files(before.tree, after.tree)),
        settings=tuple(_changed(_settings(before.image.config), _settings(after.image.config))),
        removed_layers=removed,
        added_layers=added,
        shared=shared,
        sizes=(_size(before.tree), _size(after.tree)),
    )


def _size(tree: Tree) -> int:
    return sum(node.size for node in tree if node.kind is Kind.FILE)


def _packages(before: Side, after: Side) -> Iterator[PackageChange]:
    old, new = packages_of(before.components), packages_of(after.components)
    for key in sorted({*old, *new}):
        versions = old.get(key, ()), new.get(key, ())
        if versions[0] != versions[1]:
            yield PackageChange(*key, *versions)


def _files(before: Tree, after: Tree) -> Iterator[FileChange]:
    for path in sorted({*before.paths(), *after.paths()}):
        old, new = before.get(path), after.get(path)
        if old is None or new is None:
            yield FileChange(path, old, new)
            continue
        what = tuple(_differing(old, new))
        if what:
            yield FileChange(path, old, new, what)


def _differing(old: Node, new: Node) -> Iterator[str]:
    # Whether a file has a second name is told by that one; here both are files.
    files = (Kind.FILE, Kind.HARDLINK)
    if old.kind is not new.kind and not (old.kind in files and new.kind in files):
        yield "kind"
    elif _digest(old) != _digest(new):
        yield "content"
    if old.kind is Kind.SYMLINK is new.kind and old.target != new.target:
        yield "target"
    if old.mode != new.mode and Kind.SYMLINK not in (old.kind, new.kind):
        yield "mode"
    if (old.uid, old.gid) != (new.uid, new.gid):
        yield "owner"
    if sorted(old.xattrs) != sorted(new.xattrs):
        yield "attributes"
    if old.device != new.device:
        yield "device"


def _digest(node: Node) -> str:
    return node.blob.digest if node.blob is not None else ""


def _settings(config: ImageConfig) -> dict[str, str]:
    """What `config` says, flat: each variable, label and port is a setting of its own."""
    run = config.config
    platform = "/".join(filter(None, (config.os, config.architecture, config.variant)))
    health = msgspec.json.encode(run.healthcheck).decode() if run.healthcheck is not None else ""
    said = {
        "platform": platform,
        "user": run.user,
        "working directory": run.working_dir,
        "entrypoint": _words(run.entrypoint),
        "command": _words(run.cmd),
        "stop signal": run.stop_signal,
        "health check": health,
        **{f"label {name}": value for name, value in run.labels.items()},
        **{f"port {port}": "exposed" for port in run.exposed_ports},
        **{f"volume {path}": "declared" for path in run.volumes},
    }
    for variable in run.env:
        name, _, value = variable.partition("=")
        said[f"env {name}"] = value or '""'
    return said


def _words(words: Sequence[str]) -> str:
    return json.dumps(words, ensure_ascii=False) if words else ""


def _changed(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[SettingChange]:
    for name in dict.fromkeys([*old, *new]):
        if old.get(name, "") != new.get(name, ""):
            yield SettingChange(name, old.get(name, ""), new.get(name, ""))


def _layers(
    before: Sequence[Layer], after: Sequence[Layer]
) -> tuple[tuple[LayerEntry, ...], tuple[LayerEntry, ...], int]:
    """The layers of the first alone, of the second alone, and how many both have."""
    old, new = (Counter(layer.diff_id for layer in layers) for layers in (before, after))
    shared = (old & new).total()
    return _beyond(before, new), _beyond(after, old), shared


def _beyond(layers: Sequence[Layer], others: Counter[Digest]) -> tuple[LayerEntry, ...]:
    left = Counter(others)
    found = []
    for layer in layers:
        left[layer.diff_id] -= 1
        if left[layer.diff_id] < 0:
            found.append(LayerEntry(layer.diff_id, layer.descriptor.size, layer.created_by))
    return tuple(found)
