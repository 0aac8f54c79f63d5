"""The interpreter that an image has: which one, told from its files alone."""

from __future__ import annotations

import pytest

from distil.model.digest import Digest
from distil.model.node import Kind, Node
from distil.model.origin import LayerOrigin
from distil.model.tree import Tree
from distil.runtimes.python.existing import installed_twice, present_interpreter
from distil.runtimes.python.target import describe_target, target_tags
from tests.support.nodes import file

GLIBC = b"GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36.\n"
MUSL = b"musl libc\0" + b"1.2.5\0"
SITE = "/usr/local/lib/python3.12/site-packages"


def image(
    prefix: str, *more: Node, version: bytes = b"x86/3.12.4\0", library: bytes = GLIBC
) -> Tree:
    """A Python below `prefix` and a C library."""
    lib = f"{prefix}/lib/python3.12"
    loader = (
        "/lib/ld-musl-x86_64.so.1" if library is MUSL else "/usr/lib/x86_64-linux-gnu/libc.so.6"
    )
    return Tree(
        [
            file(f"{prefix}/bin/python3.12", b"ELF " + version, mode=0o755),
            file(f"{lib}/os.py"),
            file(f"{lib}/encodings/__init__.py"),
            file(f"{lib}/json/__init__.py"),
            file(loader, library),
            *more,
        ]
    )


def test_an_interpreter_of_its_own() -> None:
    found = present_interpreter(image("/usr/local"), "x86_64")
    assert found is not None
    assert (found.version, found.glibc, found.is_musl) == ("3.12.4", (2, 36), False)
    assert found.executable == "/usr/local/bin/python3.12"
    assert found.command == "/usr/local/bin/python3"
    assert found.site_directory == SITE
    assert not found.is_added


def test_musl_takes_other_wheels() -> None:
    found = present_interpreter(image("/usr/local", library=MUSL), "x86_64")
    assert found is not None
    assert found.is_musl
    assert describe_target(found) == "CPython 3.12 on Linux x86_64 with musl 1.2"
    platforms = {tag.platform for tag in target_tags(found)}
    assert {"musllinux_1_2_x86_64", "musllinux_1_1_x86_64"} <= platforms
    assert not [name for name in platforms if name.startswith("manylinux")]


def test_debian_s_own_looks_where_debian_says() -> None:
    site = file("/usr/lib/python3.12/site.py", b"sitepackages += 'dist-packages'")
    found = present_interpreter(image("/usr", site), "x86_64")
    assert found is not None
    assert found.site_directory == "/usr/local/lib/python3.12/dist-packages"


def test_the_first_on_the_search_path_counts() -> None:
    both = Tree([*image("/usr/local"), *image("/usr", version=b"3.12.9\0")])
    found = present_interpreter(both, "x86_64")
    assert found is not None
    assert found.version == "3.12.4"


def test_half_of_a_standard_library_is_completed_by_packages() -> None:
    tree = image("/usr").filter(lambda node: "/json" not in node.path)
    found = present_interpreter(tree, "x86_64")
    assert found is not None
    assert found.is_added


@pytest.mark.parametrize("version", [b"13.12.4\0", b"3.12.4x", b"3.11.2\0"])
def test_what_cannot_be_told_counts_as_none(version: bytes) -> None:
    assert present_interpreter(image("/usr/local", version=version), "x86_64") is None


def test_nothing_is_there() -> None:
    assert present_interpreter(Tree(), "x86_64") is None


def test_a_distribution_that_the_image_has_in_another_version() -> None:
    layer = LayerOrigin(Digest.of(b""))
    theirs = Node(f"{SITE}/Foo_bar-1.0.dist-info/METADATA", Kind.FILE, 0o644, origin=layer)
    tree = Tree([theirs, file(f"{SITE}/foo_bar-2.0.dist-info/METADATA")])
    (fault,) = installed_twice(tree, SITE)
    assert fault.path.endswith("foo_bar-2.0.dist-info/METADATA")
    assert "the base image has foo-bar as well" in fault.what
    assert installed_twice(Tree([theirs]), SITE) == []
