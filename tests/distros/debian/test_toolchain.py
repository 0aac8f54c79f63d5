"""A whole system to build in: what is essential beside what is asked for, and nothing cut."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

from distil.distros.debian.index import PackageIndex
from distil.distros.debian.lock_part import DebianPart
from distil.distros.debian.locked import open_locked
from distil.distros.debian.toolchain import DebianToolchain
from distil.distros.errors import UnknownPackage
from distil.fetch.cache import Cache
from distil.fetch.http import Client
from distil.model.node import generated_file
from distil.model.origin import PackageOrigin
from distil.model.platform import parse_platform
from distil.model.tree import Tree
from tests.support.mirror import Mirror
from tests.support.suites import SuiteOpener

AMD64 = parse_platform("linux/amd64")
_ALTERNATIVE = "update-alternatives --install /usr/bin/cc cc /usr/bin/compile 20"


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    made = Mirror(tmp_path)
    made.suites["trixie-security"].date += 3600
    made.add_package("shell", files={"/usr/bin/sh": "sh"}, essential="yes", depends="files")
    made.add_package("files", files={"/usr/share/man/man1/sh.1": "read me"})
    made.add_package(
        "compiler",
        files={
            "/usr/bin/compile": "cc",
            "/usr/share/doc/compiler/README": "why",
            "/usr/share/doc/compiler/copyright": "free",
        },
        recommends="headers",
        scripts={"postinst": f"#!/bin/sh\n{_ALTERNATIVE}\n"},
    )
    made.add_package("headers", files={"/usr/include/x.h": ""})
    with made.serve():
        yield made


@pytest.fixture
def made(mirror: Mirror, tmp_path: Path) -> functools.partial[DebianToolchain]:
    """Makes toolchains of given packages."""
    cache = Cache(tmp_path / "cache")
    suites = SuiteOpener(mirror, cache)()
    index = PackageIndex(suites, cache, "amd64")
    return functools.partial(DebianToolchain, index=index, suites=suites, platform=AMD64)


def test_what_is_essential_is_there_and_nothing_is_cut(
    made: functools.partial[DebianToolchain], tmp_path: Path
) -> None:
    toolchain = made(["compiler"])
    assert [package.name for package in toolchain.packages] == ["compiler", "files", "shell"]
    with Client(Cache(tmp_path / "cache")) as client:
        tree = toolchain.tree(client)
    for path in ("/bin/sh", "/usr/share/man/man1/sh.1", "/usr/share/doc/compiler/README"):
        assert tree.resolve(path) is not None, path
    compiler = tree.resolve("/usr/bin/cc")
    assert compiler is not None
    assert compiler.path == "/usr/bin/compile"
    assert tree["/tmp"].mode == 0o1777
    assert tree.get("/var/lib/dpkg/status.d/compiler") is not None


def test_the_identity_is_that_of_what_goes_in(made: functools.partial[DebianToolchain]) -> None:
    assert made(["compiler"]).identity == made(["compiler", "shell"]).identity
    assert made(["compiler"]).identity != made([]).identity
    with pytest.raises(UnknownPackage):
        made(["no-such-package"])


def test_updates_do_not_make_it_newer(
    made: functools.partial[DebianToolchain], mirror: Mirror
) -> None:
    assert made([]).date == int(mirror.suites["trixie-updates"].date)
    assert made([]).date < mirror.suites["trixie-security"].date - 1800


def test_its_lock_comes_to_the_same(
    made: functools.partial[DebianToolchain], tmp_path: Path
) -> None:
    toolchain = made(["compiler"])
    part = DebianPart.read(toolchain.lock())
    assert {package.name for package in part.packages} == {"compiler", "files", "shell"}
    cache = Cache(tmp_path / "other")
    with Client(cache) as client:
        suites = open_locked(part, AMD64, client, tmp_path)
        again = DebianToolchain(["compiler"], PackageIndex(suites, cache, "amd64"), suites, AMD64)
    assert again.identity == toolchain.identity
    assert again.date == toolchain.date


def test_what_is_copied_of_a_package_is_told_of(
    made: functools.partial[DebianToolchain], tmp_path: Path
) -> None:
    toolchain = made(["compiler"])
    with Client(Cache(tmp_path / "cache")) as client:
        whole = toolchain.tree(client)
        image = Tree([whole["/usr/bin/compile"]])
        origin = image["/usr/bin/compile"].origin
        assert isinstance(origin, PackageOrigin)
        paths = [node.path for node in toolchain.records(image, (), client)]
        assert "/var/lib/dpkg/status.d/compiler" in paths
        assert "/var/lib/dpkg/status.d/compiler.md5sums" in paths
        assert "/usr/share/doc/compiler/copyright" in paths
        assert toolchain.records(image, {origin.purl}, client) == []
        assert toolchain.records(Tree(), (), client) == []
        # Another version of the package has that name already.
        other = generated_file("/var/lib/dpkg/status.d/compiler", b"", "test")
        again = toolchain.records(image.with_nodes([other]), (), client)
        assert "/var/lib/dpkg/status.d/compiler_1.0-1" in [node.path for node in again]
