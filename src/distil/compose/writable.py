"""``[image] writable``: directories of the image that its user may write to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from distil.model.account import ImageUser
from distil.model.draft import describe
from distil.model.errors import FileConflict
from distil.model.node import Kind, Node, directory
from distil.model.origin import GeneratedOrigin
from distil.model.tree import Tree

RULE: Final = "writable directories"
_KEY: Final = "[image] writable"


def writable_nodes(tree: Tree, paths: Sequence[str], user: ImageUser) -> Iterator[Node]:
    """The directories `paths` and everything below them, as `user` owns it.

    An engine fills a new volume with what the image has there, owners and modes included, so a
    directory that is to be written to has to be there and belong to the user. Raises
    `FileConflict` where something else is.
    """
    for path in paths:
        real = tree.real_path(path)
        if tree.get(real) is None:
            yield directory(real, GeneratedOrigin(RULE), 0o755, user.uid, user.gid)
        for node in tree.under(real):
            if node.path == real and node.kind is not Kind.DIRECTORY:
                raise FileConflict(path, describe(node.origin), _KEY)
            own = {Kind.DIRECTORY: 0o700, Kind.SYMLINK: 0}.get(node.kind, 0o600)
            yield msgspec.structs.replace(node, uid=user.uid, gid=user.gid, mode=node.mode | own)
