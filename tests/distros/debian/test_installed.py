"""What an image has of packages, and where more of them are from."""

from __future__ import annotations

import pytest

from distil.distros.debian.errors import MalformedControl
from distil.distros.debian.installed import read_installed, suite_of_image
from distil.model.platform import AMD64, ARM64
from distil.model.tree import Tree
from tests.support.nodes import file

STATUS = b"""\
Package: libc6
Status: install ok installed
Version: 2.41-12
Architecture: amd64
Depends: libgcc-s1
Provides: libc-dev-virtual
Breaks: old (<< 2)

Package: gone
Status: deinstall ok config-files
Version: 1
Architecture: all

Package: other
Status: install ok installed
Version: 1
Architecture: i386
"""


def image(status: bytes = STATUS, release: bytes = b"ID=debian\nVERSION_CODENAME=trixie\n") -> Tree:
    return Tree([file("/var/lib/dpkg/status", status), file("/etc/os-release", release)])


def test_what_is_installed_for_the_platform_counts() -> None:
    found = read_installed(image(), AMD64)
    assert (found.database, found.names) == ("/var/lib/dpkg/status", ("libc6",))
    text = found.packages.decode()
    assert "breaks: old (<< 2)" in text
    assert "depends" not in text
    assert read_installed(image(), ARM64).names == ()


def test_a_file_for_each_package() -> None:
    place = "/var/lib/dpkg/status.d"
    stanza = b"Package: x\nVersion: 1\nArchitecture: all\n"
    tree = Tree([file(f"{place}/x", stanza), file(f"{place}/x.md5sums", b"0  usr/x\n")])
    found = read_installed(tree, AMD64)
    assert (found.database, found.names) == (place, ("x",))


def test_without_a_database_nothing_is_installed() -> None:
    found = read_installed(Tree(), AMD64)
    assert (found.database, found.names) == ("", ())
    assert "no database of dpkg" in suite_of_image(Tree(), found).refusal


def test_a_damaged_database_is_an_error() -> None:
    with pytest.raises(MalformedControl):
        read_installed(image(b"Package: x\nno field\n"), AMD64)


@pytest.mark.parametrize(
    ("release", "base"),
    [
        (b"ID=debian\nVERSION_CODENAME=bookworm\n", "debian:bookworm"),
        (b'ID="debian"\nVERSION_ID="12"\n', "debian:bookworm"),
        (b"ID=ubuntu\nVERSION_CODENAME=noble\n", ""),
        (b'ID=debian\nPRETTY_NAME="Debian GNU/Linux forky/sid"\nVERSION_CODENAME=forky\n', ""),
        (b"ID=debian\n", ""),
        (b"\xff\x00=", ""),
    ],
)
def test_the_suite_is_the_one_that_os_release_names(release: bytes, base: str) -> None:
    tree = image(release=release)
    found = suite_of_image(tree, read_installed(tree, AMD64))
    assert (found.base, bool(found.refusal)) == (base, not base)
