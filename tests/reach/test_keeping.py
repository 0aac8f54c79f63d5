"""What keeping a path keeps: the node, and every link on the way to it."""

from __future__ import annotations

import pytest

from distil.model.errors import LinkLoop
from distil.model.ledger import Reason
from distil.model.node import Kind, Node
from distil.model.tree import Tree
from distil.reach.keeping import LINK, Keeping
from tests.support.nodes import file, special

WHY = Reason("import", "/app/app.py", "line 1")


def link(path: str, target: str) -> Node:
    return special(path, Kind.SYMLINK, target=target)


def kept(tree: Tree, path: str) -> dict[str, Reason]:
    keeping = Keeping(tree)
    assert keeping.keep(path, WHY)
    return keeping.kept


def test_a_file() -> None:
    assert kept(Tree([file("/a/b"), file("/a/c")]), "/a/b") == {"/a/b": WHY}


def test_links_to_a_file_one_after_the_other() -> None:
    tree = Tree([link("/a", "b"), link("/b", "/d/c"), file("/d/c")])
    assert kept(tree, "/a") == {
        "/a": WHY,
        "/b": Reason(LINK, "/a", "import"),
        "/d/c": Reason(LINK, "/b", "import"),
    }


def test_links_among_the_directories() -> None:
    tree = Tree(
        [
            link("/lib", "usr/lib"),
            link("/usr/lib/ssl", "../share/ssl/"),
            link("/usr/share/ssl/certs", "/etc/certs"),
            file("/etc/certs/ca.pem"),
        ]
    )
    found = kept(tree, "/lib/ssl/./certs//ca.pem")
    on_the_way = Reason(LINK, "", "import")
    assert found == {
        "/lib": on_the_way,
        "/usr/lib/ssl": on_the_way,
        "/usr/share/ssl/certs": on_the_way,
        "/etc/certs/ca.pem": WHY,
    }


@pytest.mark.parametrize("target", [".", "..", "d/..", "./d/../", "/", "d/"])
def test_links_to_directories_in_any_spelling(target: str) -> None:
    tree = Tree([link("/x/link", target), special("/x/d", Kind.DIRECTORY)])
    keeping = Keeping(tree)
    assert keeping.keep("/x/link", WHY)
    real = tree.resolve("/x/link")
    assert real is not None
    assert set(keeping.kept) == {"/x/link", real.path}


def test_nothing_there() -> None:
    keeping = Keeping(Tree([link("/gone", "nowhere"), file("/a")]))
    assert not keeping.keep("/b", WHY)
    assert not keeping.keep("/b/c", WHY)
    assert keeping.kept == {}
    assert not keeping.keep("/gone", WHY)
    assert keeping.kept == {"/gone": WHY}


def test_a_loop_ends() -> None:
    tree = Tree([link("/a", "b"), link("/b", "a")])
    with pytest.raises(LinkLoop):
        Keeping(tree).keep("/a", WHY)


def test_the_first_reason_stays_and_each_node_is_handed_out_once() -> None:
    keeping = Keeping(Tree([file("/a"), file("/b")]))
    keeping.keep("/b", WHY)
    keeping.keep("/a", WHY)
    keeping.keep("/b", Reason("other"))
    assert keeping.kept["/b"] == WHY
    assert [keeping.next(), keeping.next(), keeping.next()] == [
        keeping.tree["/b"],
        keeping.tree["/a"],
        None,
    ]
