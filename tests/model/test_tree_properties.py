"""Trees against a plain file system, and path look-ups against the kernel's own."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import struct
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from distil.errors import DistilError
from distil.model.blob import InlineBlob
from distil.model.errors import FileConflict, LinkLoop
from distil.model.node import Kind, Node, parent_of
from distil.model.tree import Tree
from tests.support.plain_filesystem import FileSystem, Refused

names = st.sampled_from(["a", "b", "c"])
paths = st.lists(names, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))
targets = st.builds(
    lambda start, parts, end: start + "/".join(parts) + end,
    st.sampled_from(["", "/"]),
    st.lists(st.sampled_from(["a", "b", "c", "..", "."]), min_size=1, max_size=4),
    st.sampled_from(["", "", "", "/"]),
)
contents = st.sampled_from(["one", "two"])


def entries(*, links=targets):
    return st.one_of(
        st.tuples(st.just("directory"), paths, st.just("")),
        st.tuples(st.just("file"), paths, contents),
        st.tuples(st.just("symlink"), paths, links),
        st.tuples(st.just("hard link"), paths, paths),
    )


whiteouts = st.builds(
    lambda parts, name: ("file", "/" + "/".join([*parts, name]), ""),
    st.lists(names, max_size=3),
    st.sampled_from([".wh.a", ".wh.b", ".wh..wh..opq"]),
)
layers = st.lists(
    st.lists(st.one_of(entries(), entries(), whiteouts), max_size=8), min_size=1, max_size=4
)

KINDS = {
    "directory": Kind.DIRECTORY,
    "file": Kind.FILE,
    "symlink": Kind.SYMLINK,
    "hard link": Kind.HARDLINK,
}


def node(kind: str, path: str, argument: str) -> Node:
    if kind == "file":
        return Node(path, Kind.FILE, 0o644, blob=InlineBlob.of(argument.encode()))
    return Node(path, KINDS[kind], 0o755, target=argument)


def facts(tree: Tree) -> dict[str, tuple[str, str]]:
    words = {kind: name for name, kind in KINDS.items()}
    return {
        n.path: (words[n.kind], n.blob.read().decode() if n.kind is Kind.FILE else n.target)
        for n in tree
    }


def unshared(found: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """With hard links as the files they are links to."""
    return {
        path: found[argument] if kind == "hard link" else (kind, argument)
        for path, (kind, argument) in found.items()
    }


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(layers)
def test_layers_do_what_they_do_to_a_plain_file_system(stack):
    plain, tree = FileSystem(), Tree()
    for layer in stack:
        try:
            plain.apply(layer)
        except Refused:
            with pytest.raises(DistilError):
                tree.overlay([node(*entry) for entry in layer])
            return
        tree = tree.overlay([node(*entry) for entry in layer])
    assert unshared(facts(tree)) == unshared(plain.facts())
    # Two files of equal content may be tied where the plain ones are not, never the other way.
    assert all(
        facts(tree)[path] == fact for path, fact in plain.facts().items() if fact[0] == "hard link"
    )


@settings(max_examples=200, deadline=None)
@given(layers)
def test_every_tree_keeps_its_promises(stack):
    tree = Tree()
    for layer in stack:
        try:
            tree = tree.overlay([node(*entry) for entry in layer])
        except DistilError:
            break
    found = list(tree.paths())
    assert found == sorted(found)
    assert tree["/"].kind is Kind.DIRECTORY
    for each in tree:
        assert tree[parent_of(each.path)].kind is Kind.DIRECTORY
        if each.kind is Kind.HARDLINK:
            assert each.target < each.path
            assert tree[each.target].kind is Kind.FILE
            assert each.blob == tree[each.target].blob
    assert sorted(n.path for n in tree.under("/")) == found
    for each in tree:
        below = [n.path for n in tree.children(each.path)]
        assert below == [p for p in found if p != "/" and parent_of(p) == each.path]


# --- the kernel ----------------------------------------------------------------------------

_OPENAT2, _RESOLVE_IN_ROOT = 437, 0x10


def opened_by_kernel(root: Path, path: str) -> str | None:
    """The path below `root` that opening `path` in a chroot of it reaches."""
    libc = ctypes.CDLL(None, use_errno=True)
    how = struct.pack("QQQ", os.O_PATH, 0, _RESOLVE_IN_ROOT)
    base = os.open(root, os.O_PATH)
    try:
        fd = libc.syscall(_OPENAT2, base, path.encode() or b"/", how, len(how))
        if fd < 0:
            if ctypes.get_errno() == errno.ELOOP:
                raise LinkLoop(path)
            if ctypes.get_errno() in (errno.ENOSYS, errno.EPERM):
                pytest.skip("no openat2 here")
            return None
        found = str(Path(f"/proc/self/fd/{fd}").readlink())
        os.close(fd)
    finally:
        os.close(base)
    return found[len(str(root)) :] or "/"


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="needs openat2")
@settings(max_examples=200, deadline=None)
@given(st.lists(entries(), max_size=12), st.lists(targets, min_size=1, max_size=6))
def test_paths_resolve_as_in_a_chroot(layer, wanted):
    plain = FileSystem()
    try:
        plain.apply([entry for entry in layer if entry[0] != "hard link"])
    except Refused:
        reject()
    tree = Tree([node(*fact(item)) for item in plain.facts().items()])
    root = Path(tempfile.mkdtemp())
    try:
        write(root, tree)
        for path in wanted:
            try:
                expected = opened_by_kernel(root, path)
            except LinkLoop:
                with pytest.raises(LinkLoop):
                    tree.resolve(path)
                continue
            reached = tree.resolve(path)
            assert (reached.path if reached else None) == expected, path
            if reached:
                assert tree.real_path(path) == expected
    finally:
        shutil.rmtree(root)


def fact(item):
    path, (kind, argument) = item
    return kind, path, argument


def write(root: Path, tree: Tree) -> None:
    for each in tree:
        place = root / each.path[1:]
        if each.kind is Kind.DIRECTORY:
            place.mkdir(exist_ok=True)
        elif each.kind is Kind.SYMLINK:
            place.symlink_to(each.target)
        else:
            place.write_bytes(each.blob.read())


# --- side by side --------------------------------------------------------------------------

MERGED = {"/lib": "usr/lib", "/bin": "usr/bin"}
package_paths = st.builds(
    lambda top, parts: "/".join([top, *parts]),
    st.sampled_from(["/lib", "/usr/lib", "/bin", "/usr/share"]),
    st.lists(names, min_size=1, max_size=3),
)
package_entries = st.lists(
    st.one_of(
        st.tuples(st.just("directory"), package_paths, st.just("")),
        st.tuples(st.just("file"), package_paths, contents),
        st.tuples(st.just("directory"), st.sampled_from([*MERGED, "/usr/lib"]), st.just("")),
    ),
    max_size=6,
)


def merged_path(path: str) -> str:
    top = next((link for link in MERGED if path.startswith(f"{link}/") or path == link), None)
    return path if top is None else f"/{MERGED[top]}{path[len(top) :]}"


@settings(max_examples=300, deadline=None)
@given(package_entries, package_entries, st.booleans())
def test_packages_join_below_usr_whatever_their_order(first, second, reverse):
    base = Tree([node("symlink", path, target) for path, target in MERGED.items()])
    expected: dict[str, str] = {}
    conflict = False
    for kind, path, argument in [*first, *second]:
        real = merged_path(path)
        content = argument if kind == "file" else "a directory"
        conflict |= expected.setdefault(real, content) != content
        parent = parent_of(real)
        while parent != "/":
            conflict |= expected.setdefault(parent, "a directory") != "a directory"
            parent = parent_of(parent)
    try:
        packages = [Tree([node(*entry) for entry in part]) for part in (first, second)]
        everything = [packages[1], base, packages[0]] if reverse else [base, *packages]
        tree = everything[0].merge(*everything[1:])
    except DistilError:
        assert conflict
        return
    assert not conflict
    found = unshared(facts(tree))
    assert {
        path: found[path][1] if found[path][0] == "file" else "a directory" for path in expected
    } == expected
    assert set(found) - set(expected) <= {"/", "/usr", "/usr/lib", "/usr/bin", *MERGED}


@settings(max_examples=200, deadline=None)
@given(st.lists(entries(), max_size=10), st.sets(paths, max_size=6))
def test_pruning_keeps_what_is_asked_for_and_its_parents(layer, keep):
    plain = FileSystem()
    try:
        plain.apply(layer)
        tree = Tree().overlay([node(*entry) for entry in layer])
    except (Refused, DistilError):
        reject()
    pruned = tree.prune(keep)
    kept = {path for path in tree.paths() if path in keep}
    parents = {"/", *(str(parent) for path in kept for parent in Path(path).parents)}
    assert set(pruned.paths()) == kept | parents
    before, after = unshared(facts(tree)), unshared(facts(pruned))
    assert all(before[path] == found for path, found in after.items())


def test_a_conflict_names_both_sides():
    one, two = node("file", "/a", "one"), node("file", "/a", "two")
    with pytest.raises(FileConflict, match="/a comes from both"):
        Tree([one]).merge(Tree([two]))
