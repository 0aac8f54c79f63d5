"""Putting what ``[[copy]]`` names into the tree: what it may replace, and what it may not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from distil.formats.errors import InvalidSpec
from distil.model.draft import PARENT_RULE, describe
from distil.model.errors import InvalidPath
from distil.model.ledger import Removed
from distil.model.node import MOUNTED, Kind, Node, parent_of, unusable
from distil.model.origin import LayerOrigin, OwnOrigin, PackageOrigin
from distil.model.tree import Tree
from distil.userfiles.copies import COPY, Copied, Copies, same_contents

_CONFIGURATION: Final = "/etc/"
_HINT: Final = (
    "a copy can replace configuration below /etc and the application's own files, nothing else: "
    "choose another path"
)


class Placed(msgspec.Struct, frozen=True):
    """A tree with the copies in it, what they replaced, and each of them by its real path."""

    tree: Tree
    removed: tuple[Removed, ...]
    copied: dict[str, Copied]


def place_copies(tree: Tree, copies: Copies) -> Placed:
    """`tree` with `copies` in it, at the places that its links lead to.

    What the user names wins over what is configuration (everything below ``/etc``), whoever
    wrote that, over the application's own files and those of an image that is built on;
    directories that are there stay as they are. Raises `InvalidSpec` when anything else is at the
    path of a copy, or above it.
    """
    nodes: list[Node] = []
    removed: list[Removed] = []
    placed: dict[str, Copied] = {}
    for copied in copies.by_path.values():
        path = _real_path(tree, copied.node)
        node = msgspec.structs.replace(copied.node, path=path)
        placed[path] = msgspec.structs.replace(copied, node=node)
        existing = tree.get(path)
        if existing is not None and _stays(tree, existing, node):
            continue
        _check(tree, existing, placed[path])
        nodes.append(node)
        if existing is not None:
            removed += _removals(existing, node)
    return Placed(tree.with_nodes(nodes), tuple(removed), placed)


def check_placed(tree: Tree, copied: Mapping[str, Copied]) -> None:
    """Refuse copies that something written later stands in the place of.

    Raises `InvalidSpec`.
    """
    for path, one in copied.items():
        node = tree.get(path)
        if (
            node is not None
            and not isinstance(node.origin, OwnOrigin | PackageOrigin | LayerOrigin)
            and node.kind is not Kind.DIRECTORY
        ):
            raise _refused(node, one, hint="it is made anew for every image: leave it to distil")


def check_usable(tree: Tree) -> None:
    """Refuse what no container could open, whoever adds it. Raises `InvalidPath`."""
    for node in tree:
        why = "" if isinstance(node.origin, LayerOrigin) else unusable(node.path)
        if why and not (node.path in MOUNTED and node.kind is Kind.DIRECTORY):
            path = node.path if len(node.path) < 100 else f"{node.path[:100]}…"
            raise InvalidPath(path, f"{why} (from {describe(node.origin)[:100]})")


def _real_path(tree: Tree, node: Node) -> str:
    if node.path == "/":
        return "/"
    return f"{tree.real_path(node.parent).rstrip('/')}/{node.name}"


def _stays(tree: Tree, existing: Node, node: Node) -> bool:
    """Whether what is there already does for `node` as well."""
    if node.kind is Kind.DIRECTORY:
        if existing.kind is Kind.DIRECTORY:
            return existing.origin != PARENT_RULE
        target = tree.resolve(existing.path)
        return target is not None and target.kind is Kind.DIRECTORY
    return isinstance(existing.origin, PackageOrigin) and same_contents(existing, node)


def _check(tree: Tree, existing: Node | None, copied: Copied) -> None:
    node = copied.node
    above = node.path
    while existing is None:
        above = parent_of(above)
        existing = tree.get(above)
    if above != node.path:
        if existing.kind is not Kind.DIRECTORY:
            raise _refused(existing, copied)
        return
    directories = [existing.kind, node.kind].count(Kind.DIRECTORY)
    if directories == 2:
        return
    own = isinstance(existing.origin, OwnOrigin | LayerOrigin)
    if directories or not (own or node.path.startswith(_CONFIGURATION)):
        raise _refused(existing, copied)


def _refused(existing: Node, copied: Copied, *, hint: str = _HINT) -> InvalidSpec:
    kind = "a directory" if existing.kind is Kind.DIRECTORY else "a file"
    who = describe(existing.origin)
    if existing.path != copied.node.path:
        why = f"{existing.path} is {kind} of {who}, so nothing can be copied to {copied.node.path}"
    else:
        why = f"{existing.path} is {kind} of {who} already"
    keys = (*copied.place.keys[:-1], "to")
    place = msgspec.structs.replace(copied.place, keys=keys)
    if existing.kind is Kind.DIRECTORY and copied.node.kind is not Kind.DIRECTORY:
        return place.error(why, hint=f'to put the file into it, write "{existing.path}/"')
    return place.error(why, hint=hint)


def _removals(existing: Node, node: Node) -> Iterator[Removed]:
    """The record of a package's file that gives way."""
    if isinstance(existing.origin, PackageOrigin) and existing.kind is not Kind.DIRECTORY:
        source = getattr(node.origin, "source", "")
        why = f"{source} of the application takes its place"
        yield Removed(existing.path, existing.origin.purl, existing.size, COPY, why)
