"""What the release of an image adds to the package URLs of its packages."""

from __future__ import annotations

import pytest

from distil.catalog.os_purl import completed
from distil.model.inventory import OsRelease


@pytest.mark.parametrize(
    ("purl", "release", "expected"),
    [
        (
            "pkg:apk/musl@1.2.4-r5?arch=x86_64&upstream=x",
            OsRelease("alpine", "3.19.1"),
            "pkg:apk/alpine/musl@1.2.4-r5?arch=x86_64&distro=alpine-3.19.1&upstream=x",
        ),
        (
            "pkg:rpm/bash@5-1?arch=x86_64&epoch=0",
            OsRelease("rhel", "9.4"),
            "pkg:rpm/redhat/bash@5-1?arch=x86_64&distro=rhel-9.4&epoch=0",
        ),
        (
            "pkg:rpm/bash@5-1",
            OsRelease("opensuse-leap", "15.6"),
            "pkg:rpm/opensuse/bash@5-1?distro=opensuse-leap-15.6",
        ),
        ("pkg:rpm/bash@5-1", OsRelease("ol", "9"), "pkg:rpm/ol/bash@5-1?distro=ol-9"),
        ("pkg:rpm/bash@5-1", OsRelease("amzn", "2"), "pkg:rpm/amzn/bash@5-1?distro=amzn-2"),
        (
            "pkg:alpm/gmp@6-1?arch=x86_64",
            OsRelease("arch", "rolling"),
            "pkg:alpm/arch/gmp@6-1?arch=x86_64&distro=arch-rolling",
        ),
        ("pkg:alpm/gmp@6-1", OsRelease("arch"), "pkg:alpm/arch/gmp@6-1?distro=arch"),
        ("pkg:rpm/bash@5-1", None, "pkg:rpm/bash@5-1"),
        ("pkg:deb/ubuntu/a@1?x=y", OsRelease("debian", "12"), "pkg:deb/ubuntu/a@1?x=y"),
    ],
)
def test_namespace_and_distro_are_added(
    purl: str, release: OsRelease | None, expected: str
) -> None:
    assert completed(purl, release) == expected
