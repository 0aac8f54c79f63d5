"""What a Tree does with hostile and odd nodes, case by case."""

from __future__ import annotations

import pytest

from distil.model.blob import FileBlob, InlineBlob
from distil.model.digest import Digest
from distil.model.errors import DanglingHardLink, FileConflict, InvalidPath, LinkLoop, NotADirectory
from distil.model.node import Kind, Node, directory, symlink
from distil.model.origin import GeneratedOrigin, LayerOrigin
from distil.model.tree import Tree

ORIGIN = GeneratedOrigin("test")


def file(path: str, data: bytes = b"x", **more) -> Node:
    return Node(path, Kind.FILE, 0o644, blob=InlineBlob.of(data), origin=ORIGIN, **more)


def link(path: str, target: str) -> Node:
    return symlink(path, target, ORIGIN)


def hard_link(path: str, target: str) -> Node:
    return Node(path, Kind.HARDLINK, 0o644, target=target, origin=ORIGIN)


def whiteout(path: str) -> Node:
    return Node(path, Kind.FILE, 0o644, origin=ORIGIN)


# --- hostile layers ------------------------------------------------------------------------


def test_the_root_cannot_be_a_link():
    with pytest.raises(FileConflict, match="root directory"):
        Tree([file("/etc/passwd")]).overlay([link("/", "/etc")])


def test_writing_through_a_link_stays_inside():
    tree = Tree().overlay([link("/out", "../../../../etc"), file("/out/passwd")])
    assert list(tree.paths()) == ["/", "/etc", "/etc/passwd", "/out"]


def test_a_link_in_a_lower_layer_leads_the_upper_one():
    tree = Tree([link("/data", "/srv"), directory("/srv", ORIGIN)]).overlay([file("/data/f")])
    assert "/srv/f" in tree
    assert tree["/data"].kind is Kind.SYMLINK


@pytest.mark.parametrize("target", ["passwd", "../etc/passwd", "", "/etc/..", "/", "/nothing"])
def test_a_hard_link_to_nothing_is_refused(target):
    with pytest.raises(DanglingHardLink):
        Tree([file("/etc/passwd")]).overlay([hard_link("/etc/shadow", target)])


def test_a_hard_link_to_a_directory_is_refused():
    with pytest.raises(DanglingHardLink):
        Tree([directory("/etc", ORIGIN)]).overlay([hard_link("/x", "/etc")])


def test_a_whiteout_through_a_link_hides_what_the_link_leads_to():
    lower = Tree([link("/a", "/b"), file("/b/hidden"), file("/b/kept")])
    tree = lower.overlay([whiteout("/a/.wh.hidden")])
    assert "/b/hidden" not in tree
    assert "/b/kept" in tree


def test_a_link_that_a_whiteout_took_away_leads_nowhere():
    lower = Tree([link("/a", "/b"), file("/b/f")])
    tree = lower.overlay([whiteout("/a/.wh.f"), whiteout("/.wh.a"), file("/a/x")])
    assert list(tree.paths()) == ["/", "/a", "/a/x", "/b"]


def test_a_marker_of_another_file_system_hides_nothing():
    lower = Tree([file("/d/f")])
    assert list(lower.overlay([whiteout("/d/.wh..wh.plnk")]).paths()) == list(lower.paths())


@pytest.mark.parametrize("name", [".wh.", ".wh..", ".wh..."])
def test_a_whiteout_of_no_name_is_refused(name):
    with pytest.raises(FileConflict, match="whiteout"):
        Tree([file("/d/f")]).overlay([whiteout(f"/d/{name}")])


def test_a_directory_named_like_a_whiteout_is_refused():
    # Written out again, it would hide something.
    with pytest.raises(InvalidPath, match="whiteout"):
        Tree([file("/etc/passwd")]).overlay([file("/.wh.etc/x")])


def test_an_opaque_directory_hides_lower_layers_only_whatever_the_order():
    lower = Tree([file("/d/old"), file("/d/sub/old"), file("/e")])
    tree = lower.overlay([file("/d/new"), whiteout("/d/.wh..wh..opq")])
    assert list(tree.paths()) == ["/", "/d", "/d/new", "/e"]


def test_a_directory_in_place_of_a_link_is_hidden_and_not_where_the_link_led():
    """As `docker build` writes ``rm link; mkdir link``."""
    lower = Tree([symlink("/link", "/d", ORIGIN), file("/d/kept"), file("/d/also")])
    upper = [directory("/link", ORIGIN), whiteout("/link/.wh..wh..opq"), whiteout("/link/.wh.also")]
    assert list(lower.overlay(upper).paths()) == ["/", "/d", "/d/also", "/d/kept", "/link"]
    below = [whiteout("/link/.wh.also"), directory("/link", ORIGIN)]
    assert list(lower.overlay(below).paths()) == ["/", "/d", "/d/kept", "/link"]


def test_layers_at_once_are_layers_one_by_one():
    """Links included: a file that takes the place of another is not linked to what was linked."""
    layers = [
        [file("/a"), hard_link("/b", "/a"), link("/l", "/d"), file("/d/x")],
        [file("/a"), file("/l/y"), whiteout("/l/.wh.x")],
        [hard_link("/c", "/b"), hard_link("/e", "/a"), hard_link("/f", "/e")],
    ]
    at_once, one_by_one = Tree().overlaid(layers), Tree()
    for layer in layers:
        one_by_one = one_by_one.overlay(layer)
    assert list(at_once.paths()) == list(one_by_one.paths())
    groups = {node.path: node.target for node in at_once if node.kind is Kind.HARDLINK}
    assert groups == {"/c": "/b", "/e": "/a", "/f": "/a"}


def test_an_opaque_root():
    tree = Tree([file("/a"), file("/d/b")]).overlay([whiteout("/.wh..wh..opq"), file("/c")])
    assert list(tree.paths()) == ["/", "/c"]


def test_of_two_entries_the_later_counts():
    tree = Tree().overlay([file("/f", b"1"), file("/f", b"2")])
    assert tree["/f"].blob.read() == b"2"


def test_a_file_replaces_a_directory_with_all_it_holds():
    tree = Tree([file("/d/a"), file("/d/b/c")]).overlay([file("/d")])
    assert list(tree.paths()) == ["/", "/d"]


def test_a_directory_replaces_a_link_and_what_follows_goes_into_it():
    lower = Tree([link("/d", "/real"), file("/real/f")])
    tree = lower.overlay([file("/d/first"), directory("/d", ORIGIN), file("/d/second")])
    assert {"/real/first", "/d/second"} <= set(tree.paths())
    assert tree["/d"].kind is Kind.DIRECTORY


def test_below_a_file_there_is_nothing():
    with pytest.raises(NotADirectory, match="/f "):
        Tree([file("/f")]).overlay([file("/f/x")])


def test_loops_end():
    tree = Tree([link("/a", "b"), link("/b", "a"), link("/self", "self/x")])
    for path in ("/a", "/self", "/a/deeper"):
        with pytest.raises(LinkLoop):
            tree.resolve(path)
    with pytest.raises(LinkLoop):
        tree.overlay([file("/a/x")])


def test_depth_is_no_obstacle():
    path = "/d" * 5000
    tree = Tree([file(f"{path}/f")])
    assert len(list(tree.under("/"))) == 5002
    assert len(tree.overlay([whiteout("/.wh.d")])) == 1


# --- hard links ----------------------------------------------------------------------------


def hard_links(tree: Tree) -> dict[str, str]:
    return {node.path: node.target for node in tree if node.kind is Kind.HARDLINK}


def test_the_first_of_several_links_is_the_file():
    tree = Tree([file("/z"), hard_link("/b", "/z"), hard_link("/a", "/b")])
    assert tree["/a"].kind is Kind.FILE
    assert hard_links(tree) == {"/b": "/a", "/z": "/a"}
    assert tree["/z"].blob.read() == b"x"


def test_links_outlive_their_target():
    lower = Tree([file("/a"), hard_link("/b", "/a"), hard_link("/c", "/a")])
    for tree in (lower.overlay([whiteout("/.wh.a")]), lower.overlay([file("/a", b"new")])):
        assert hard_links(tree) == {"/c": "/b"}
        assert tree["/b"].blob.read() == b"x"
    later = lower.overlay([whiteout("/.wh.a"), hard_link("/d", "/b")])
    assert hard_links(later) == {"/c": "/b", "/d": "/b"}


def test_a_link_keeps_the_metadata_of_its_file():
    lower = Tree([file("/a"), hard_link("/b", "/a")])
    changed = lower.overlay([Node("/a", Kind.FILE, 0o4755, blob=InlineBlob.of(b"x"))])
    assert hard_links(changed) == {}
    assert changed["/b"].mode == 0o644


def test_links_to_each_other_end():
    lower = Tree([file("/a"), hard_link("/b", "/a")])
    tree = lower.overlay([hard_link("/a", "/b"), hard_link("/b", "/a"), hard_link("/c", "/a")])
    assert hard_links(tree) == {"/b": "/a", "/c": "/a"}


def test_a_link_to_itself_is_the_file_it_was():
    assert Tree([file("/a")]).overlay([hard_link("/a", "/a")])["/a"].blob.read() == b"x"


def test_a_hard_link_to_a_symbolic_link_is_one():
    tree = Tree([link("/a", "there"), hard_link("/b", "/a")])
    assert (tree["/b"].kind, tree["/b"].target) == (Kind.SYMLINK, "there")


def test_pruning_leaves_links_tied():
    tree = Tree([file("/a"), hard_link("/b", "/a"), hard_link("/c", "/a")]).prune({"/b", "/c"})
    assert tree["/b"].kind is Kind.FILE
    assert hard_links(tree) == {"/c": "/b"}


# --- merging -------------------------------------------------------------------------------


def test_equal_contents_are_equal_wherever_they_are_kept(tmp_path):
    (tmp_path / "f").write_bytes(b"x")
    kept = Node("/f", Kind.FILE, 0o644, blob=FileBlob.of_file(tmp_path / "f"), origin=ORIGIN)
    assert len(Tree([file("/f")]).merge(Tree([kept]))) == 2


@pytest.mark.parametrize(
    "other",
    [
        file("/x", b"other"),
        link("/x", "y"),
        directory("/x", ORIGIN),
        file("/x", xattrs=(("user.a", b"1"),)),
        Node("/x", Kind.FILE, 0o4755, blob=InlineBlob.of(b"x")),
        Node("/x", Kind.CHARACTER, 0o644, device=(1, 3)),
    ],
)
def test_different_things_conflict_in_either_order(other):
    for first, second in ((file("/x"), other), (other, file("/x"))):
        with pytest.raises(FileConflict):
            Tree([first]).merge(Tree([second]))


def test_a_real_directory_gives_an_implied_one_its_metadata():
    real = Node(
        "/var/lib", Kind.DIRECTORY, 0o700, uid=7, origin=LayerOrigin(Digest("sha256:" + "0" * 64))
    )
    implied = Tree([file("/var/lib/f")])
    for tree in (implied.merge(Tree([real])), Tree([real]).merge(implied)):
        assert (tree["/var/lib"].mode, tree["/var/lib"].uid) == (0o700, 7)


def test_a_link_to_a_file_is_no_directory():
    with pytest.raises((FileConflict, NotADirectory)):
        Tree([link("/lib", "usr/lib"), file("/usr/lib")]).merge(Tree([file("/lib/x")]))


# --- reading -------------------------------------------------------------------------------


def test_a_missing_directory_has_no_parent():
    tree = Tree([file("/usr/lib/f"), file("/g")])
    assert tree.resolve("/usr/nothing/../lib/f") is None
    assert tree.resolve("/g/../g") is None
    assert tree.resolve("/g/") is None
    assert tree.resolve("/usr/./lib/../lib/f").path == "/usr/lib/f"
    assert tree.resolve("/../..").path == "/"
    assert tree.real_path("/usr/nothing/../lib") == "/usr/lib"


def test_neighbours_whose_names_sort_before_the_slash():
    tree = Tree([file("/a/x"), file("/a-b"), file("/a.c")])
    assert [node.path for node in tree.under("/a")] == ["/a", "/a/x"]
    assert [node.path for node in tree.children("/")] == ["/a", "/a-b", "/a.c"]


def test_with_nodes_replaces():
    tree = Tree([file("/d/a"), file("/f", b"old")]).with_nodes([file("/f", b"new"), file("/g")])
    assert tree["/f"].blob.read() == b"new"
    assert tree.filter(lambda node: node.path == "/d/a").get("/g") is None
