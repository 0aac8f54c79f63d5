"""Splitting a tree: every path has one layer that is its own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from distil.compose.layers import Components, LayerKind, split
from distil.model.digest import Digest
from distil.model.node import ROOT, Kind, Node, directory, generated_file
from distil.model.origin import ApplicationOrigin, GeneratedOrigin, Origin, PackageOrigin
from distil.model.tree import Tree
from tests.support.nodes import file

ARCHIVE = Digest.of(b"archive")
LIBC = PackageOrigin("pkg:deb/debian/libc6@2.41-12", ARCHIVE)
PYTHON = PackageOrigin("pkg:deb/debian/python3.13@3.13.5-2", ARCHIVE)
FLASK = PackageOrigin("pkg:pypi/flask@3.1.0", ARCHIVE)
OWN = PackageOrigin("pkg:pypi/till@4.2", ARCHIVE)
CODE = ApplicationOrigin("/src/app.py")
MADE = GeneratedOrigin("hosts")

COMPONENTS = Components("deb", frozenset([PYTHON.purl]), frozenset([OWN.purl]))
ORIGINS: dict[Origin, LayerKind] = {
    LIBC: LayerKind.SYSTEM,
    PYTHON: LayerKind.RUNTIME,
    FLASK: LayerKind.DEPENDENCIES,
    OWN: LayerKind.APPLICATION,
    CODE: LayerKind.APPLICATION,
    MADE: LayerKind.CONFIGURATION,
}


def of(origin: Origin, path: str) -> Node:
    return file(path, path.encode(), origin=origin)


def paths(tree: Tree) -> dict[LayerKind, list[str]]:
    return {kind: [node.path for node in nodes] for kind, nodes in split(tree, COMPONENTS)}


def test_by_origin() -> None:
    for origin, kind in ORIGINS.items():
        assert COMPONENTS.layer_of(origin) is kind


def test_layers_come_in_the_order_of_their_changes_and_empty_ones_not_at_all() -> None:
    tree = Tree([of(CODE, "/app/app.py"), of(MADE, "/etc/hosts"), of(LIBC, "/usr/lib/libc.so.6")])
    assert list(paths(tree)) == [
        LayerKind.SYSTEM,
        LayerKind.APPLICATION,
        LayerKind.CONFIGURATION,
    ]


def test_directories_that_lead_there_are_in_each_layer() -> None:
    tree = Tree([directory("/usr", LIBC), of(LIBC, "/usr/lib/a"), of(FLASK, "/usr/local/b")])
    assert paths(tree) == {
        LayerKind.SYSTEM: ["/usr", "/usr/lib", "/usr/lib/a"],
        LayerKind.DEPENDENCIES: ["/usr", "/usr/local", "/usr/local/b"],
    }


def test_directories_that_nobody_has_are_only_where_something_is_below() -> None:
    """Otherwise a new file of the application's would change the generated layer."""
    before = Tree([of(CODE, "/app/app.py"), of(MADE, "/etc/hosts")])
    after = before.with_nodes([of(CODE, "/app/new/module.py")])
    assert paths(after)[LayerKind.CONFIGURATION] == paths(before)[LayerKind.CONFIGURATION]


def test_a_directory_on_purpose_is_in_its_layer() -> None:
    tree = Tree([directory("/tmp", LIBC, 0o1777), directory("/home/nonroot", MADE)])
    assert paths(tree) == {
        LayerKind.SYSTEM: ["/tmp"],
        LayerKind.CONFIGURATION: ["/home", "/home/nonroot"],
    }


@given(
    st.dictionaries(
        st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(lambda p: "/" + "/".join(p)),
        st.sampled_from(list(ORIGINS)),
        min_size=1,
        max_size=12,
    )
)
def test_every_file_is_in_exactly_the_layer_of_its_origin(found: dict[str, Origin]) -> None:
    leaves = {p: o for p, o in found.items() if not any(q.startswith(p + "/") for q in found)}
    tree = Tree(
        generated_file(path, b"", origin.rule)
        if isinstance(origin, GeneratedOrigin)
        else of(origin, path)
        for path, origin in leaves.items()
    )
    layers = split(tree, COMPONENTS)
    homes = [(n.path, kind) for kind, nodes in layers for n in nodes if n.kind is Kind.FILE]
    assert dict(homes) == {path: ORIGINS[origin] for path, origin in leaves.items()}
    assert len(homes) == len(leaves)
    for _, nodes in layers:
        listed = [node.path for node in nodes]
        assert listed == sorted(set(listed))
        assert ROOT not in listed
        assert {node.parent for node in nodes} - {ROOT} <= set(listed)
