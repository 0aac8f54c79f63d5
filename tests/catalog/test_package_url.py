"""Package URLs are what the reference implementation writes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from distil.catalog.package_url import package_url

QUALIFIERS = (("upstream", "bash@5.2-2"), ("arch", "amd64"), ("epoch", ""))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (package_url("deb", "libc6"), "pkg:deb/libc6"),
        (
            package_url("deb", "libstdc++6", "1:12.2~rc1+dfsg-1", namespace="debian"),
            "pkg:deb/debian/libstdc%2B%2B6@1:12.2~rc1%2Bdfsg-1",
        ),
        (
            package_url("deb", "bash", "5.2-2+b1", qualifiers=QUALIFIERS),
            "pkg:deb/bash@5.2-2%2Bb1?arch=amd64&upstream=bash%405.2-2",
        ),
        (package_url("npm", "core", namespace="@babel"), "pkg:npm/%40babel/core"),
        (
            package_url("golang", "d", "v1", namespace="example.org/b c", subpath="e/f"),
            "pkg:golang/example.org/b%20c/d@v1#e/f",
        ),
        (package_url("deb", "bad\udcff"), "pkg:deb/bad%FF"),
    ],
)
def test_parts_are_encoded_as_purl_spec_says(url: str, expected: str) -> None:
    assert url == expected


WORDS = st.text("ab1:+~@%&=#?!é-._", min_size=1)


@given(WORDS, WORDS, WORDS)
def test_what_is_written_can_be_read_back(name: str, version: str, value: str) -> None:
    read = PackageURL.from_string(
        package_url("generic", name, version, qualifiers=(("upstream", value),))
    )
    assert read.name == name
    assert read.version == version
    assert read.qualifiers == {"upstream": value}
