"""Directories that the image's user may write to."""

from __future__ import annotations

import pytest

from distil.compose.writable import RULE, writable_nodes
from distil.model.account import ImageUser
from distil.model.errors import FileConflict
from distil.model.node import Kind
from distil.model.origin import GeneratedOrigin
from distil.model.tree import Tree
from tests.support.nodes import file, special

USER = ImageUser(1001, 1002)


def with_writable(tree: Tree, *paths: str) -> Tree:
    return tree.with_nodes(writable_nodes(tree, paths, USER))


def test_a_directory_that_is_not_there_is_made() -> None:
    tree = with_writable(Tree(), "/var/lib/shop")
    node = tree["/var/lib/shop"]
    assert (node.kind, node.mode, node.uid, node.gid) == (Kind.DIRECTORY, 0o755, 1001, 1002)
    assert node.origin == GeneratedOrigin(RULE)
    assert (tree["/var/lib"].uid, tree["/var/lib"].gid) == (0, 0)


def test_what_is_there_belongs_to_the_user_with_all_it_holds() -> None:
    tree = Tree(
        [
            special("/app/data", Kind.DIRECTORY, mode=0o555),
            file("/app/data/shop.db", b"seed", mode=0o444),
            special("/app/data/link", Kind.SYMLINK, target="shop.db"),
            file("/app/data2", b"not below"),
            file("/app/code.py", b"not below either"),
        ]
    )
    made = with_writable(tree, "/app/data")
    owners = {node.path: (node.uid, node.gid, node.mode) for node in made if node.uid}
    assert owners == {
        "/app/data": (1001, 1002, 0o755),
        "/app/data/shop.db": (1001, 1002, 0o644),
        "/app/data/link": (1001, 1002, 0o777),
    }
    assert made["/app/data/shop.db"].blob == tree["/app/data/shop.db"].blob


def test_links_on_the_way_are_followed() -> None:
    tree = Tree([special("/var/run", Kind.SYMLINK, target="/run"), special("/run", Kind.DIRECTORY)])
    made = with_writable(tree, "/var/run/shop")
    assert made["/run/shop"].uid == 1001
    assert made["/var/run"].kind is Kind.SYMLINK


def test_a_file_cannot_be_a_writable_directory() -> None:
    with pytest.raises(FileConflict, match=r"/app/x.*\[image\] writable"):
        with_writable(Tree([file("/app/x")]), "/app/x")
