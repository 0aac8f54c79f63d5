"""Finding what a user names in the tree of an image."""

from __future__ import annotations

from distil.errors import did_you_mean
from distil.image.errors import NotAFile, PathNotFound
from distil.model.blob import Blob
from distil.model.errors import InvalidPath
from distil.model.node import Kind, Node, absolute_path, parent_of
from distil.model.tree import Tree


def path_asked_for(text: str) -> str:
    """The absolute path that `text` means: one that begins without a slash is below the root.

    Raises `InvalidPath`.
    """
    if not text or "\0" in text:
        raise InvalidPath(text, "it is empty or holds a NUL byte")
    return absolute_path(text)


def find_node(tree: Tree, path: str, image: str) -> Node:
    """What is at `path` of `tree`, links followed inside it alone; `image` names it in errors.

    Raises `PathNotFound`, `LinkLoop`.
    """
    found = tree.resolve(path)
    if found is None:
        parent = tree.resolve(parent_of(path))
        beside = tree.children(parent.path) if parent is not None else []
        hint = did_you_mean(path, [node.path for node in beside])
        raise PathNotFound(image, path, hint=hint)
    return found


def find_file(tree: Tree, path: str, image: str) -> Blob:
    """The contents at `path`. Raises what `find_node` raises, and `NotAFile`."""
    node = find_node(tree, path, image)
    if node.kind is Kind.HARDLINK:
        node = find_node(tree, node.target, image)
    if node.kind is not Kind.FILE or node.blob is None:
        raise NotAFile(image, path, node.kind.name.lower())
    return node.blob
