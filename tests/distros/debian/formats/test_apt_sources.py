"""apt's two formats of source lists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.distros.debian.errors import MalformedControl
from distil.distros.debian.formats.apt_sources import (
    AptSource,
    parse_deb822_sources,
    parse_one_line_sources,
)

HOST = "http://mirror.example/debian"


def one_line(text: str) -> list[AptSource]:
    return list(parse_one_line_sources(text.encode(), "sources.list"))


def deb822(text: str) -> list[AptSource]:
    return list(parse_deb822_sources(text.encode(), "debian.sources"))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"deb {HOST} trixie main", AptSource((HOST,), ("trixie",), ("main",))),
        (
            f"deb\t{HOST}  trixie main contrib # both",
            AptSource((HOST,), ("trixie",), ("main", "contrib")),
        ),
        (
            f"deb [signed-by=/k.gpg arch=amd64,arm64] {HOST} trixie main",
            AptSource((HOST,), ("trixie",), ("main",), "/k.gpg"),
        ),
        (
            f'deb [ Check-Valid-Until=no signed-by="/a b.gpg" ] {HOST} trixie main',
            AptSource((HOST,), ("trixie",), ("main",), "/a b.gpg", check_valid_until=False),
        ),
        (f'deb "{HOST}" "trixie" main', AptSource((HOST,), ("trixie",), ("main",))),
        (f"deb {HOST} ./", AptSource((HOST,), ("./",), ())),
        (
            "deb cdrom:[Debian GNU/Linux 13 - amd64]/ trixie main",
            AptSource(("cdrom:[Debian GNU/Linux 13 - amd64]/",), ("trixie",), ("main",)),
        ),
    ],
)
def test_one_line(line, expected):
    assert one_line(line) == [expected]


@pytest.mark.parametrize("text", ["", "\n\n", f"# deb {HOST} trixie main\n", f"deb-src {HOST} a b"])
def test_one_line_that_says_nothing(text):
    assert one_line(text) == []


@pytest.mark.parametrize("text", ["deb", f"deb {HOST}", "rpm x y z", "deb [a=b] x", "garbage\0"])
def test_one_line_that_is_wrong(text):
    with pytest.raises(MalformedControl, match=r"sources\.list"):
        one_line(text)


def test_deb822():
    text = f"""\
# A comment
Types: deb deb-src
URIs: {HOST} http://other.example/debian
# another
Suites: trixie trixie-updates
Components: main
 contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.pgp

Types: deb
URIs: {HOST}
Suites: sid
Components: main
Enabled: no

Types: deb-src
URIs: {HOST}
Suites: sid
Components: main

types: deb
uris: {HOST}
suites: forky
components: main
check-valid-until: no
"""
    assert deb822(text) == [
        AptSource(
            (HOST, "http://other.example/debian"),
            ("trixie", "trixie-updates"),
            ("main", "contrib"),
            "/usr/share/keyrings/debian-archive-keyring.pgp",
        ),
        AptSource((HOST,), ("forky",), ("main",), check_valid_until=False),
    ]


def test_deb822_with_a_key_inside():
    text = (
        f"Types: deb\nURIs: {HOST}\nSuites: x\nComponents: main\nSigned-By:\n"
        " -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mDMEYCQjIxYJ\n"
        " -----END PGP PUBLIC KEY BLOCK-----\n"
    )
    [source] = deb822(text)
    assert source.signed_by.startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----")


@given(st.text())
def test_any_text_parses_or_is_an_error(text):
    data = text.encode("utf-8", "surrogatepass")
    for parse in (parse_one_line_sources, parse_deb822_sources):
        try:
            list(parse(data, "file"))
        except MalformedControl:
            continue
