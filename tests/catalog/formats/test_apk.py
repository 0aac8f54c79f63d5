"""What apk's database says of packages and their files."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.catalog.facts import Claim, Facts, Stated, Unreadable
from distil.catalog.formats.apk import DATABASES, installed
from distil.model.inventory import InventoryComponent, SourcePackage

PLACE = "/lib/apk/db/installed"


def q1(content: bytes) -> str:
    return "Q1" + base64.b64encode(hashlib.sha1(content).digest()).decode()


def sha1(content: bytes) -> str:
    return f"sha1:{hashlib.sha1(content).hexdigest()}"


UTILS = f"""C:{q1(b"control")}
P:musl-utils
V:1.2.4_git20230717-r5
A:x86_64
S:36678
I:122880
T:the musl c library (libc) implementation
U:https://musl.libc.org/
L:MIT AND BSD-2-Clause AND GPL-2.0-or-later
o:musl
m:Timo Teräs <timo.teras@iki.fi>
t:1711633837
c:b4ce2a2d
D:scanelf so:libc.musl-x86_64.so.1>=1.2 !uclibc-utils
p:cmd:getconf=1.2.4-r5 cmd:ldd=1.2.4-r5
r:libiconv
F:sbin
R:ldconfig
a:0:0:755
Z:{q1(b"ldconfig")}
F:etc
M:0:0:750
R:ld.so.conf
Z:{q1(b"conf")}
F:usr
F:usr/bin
R:ldd
R:getconf
Z:Q1broken*
F:
R:marker
Z:{hashlib.md5(b"old").hexdigest()}
"""

MUSL = f"""P:musl
V:1.2.4-r5
o:musl
L:MIT
p:so:libc.musl-x86_64.so.1=1
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
Z:{q1(b"loader")}
R:libc.musl-x86_64.so.1
a:0:0:777
Z:{q1(b"ld-musl-x86_64.so.1")}
R:new
Z:Q2{base64.b64encode(hashlib.sha256(b"new").digest()).decode()}
R:short
Z:Q2{base64.b64encode(hashlib.sha256(b"new").digest()[:20]).decode()}
"""


def the_package(text: str, path: str = PLACE) -> Stated:
    (stated,) = installed(path, text.encode()).stated
    return stated


def test_a_package_is_told_with_all_that_the_database_knows() -> None:
    assert the_package(UTILS) == Stated(
        InventoryComponent(
            name="musl-utils",
            version="1.2.4_git20230717-r5",
            kind="apk",
            purl="pkg:apk/musl-utils@1.2.4_git20230717-r5?arch=x86_64&upstream=musl",
            architecture="x86_64",
            source=SourcePackage("musl"),
            supplier="Timo Teräs <timo.teras@iki.fi>",
            licenses=("MIT AND BSD-2-Clause AND GPL-2.0-or-later",),
            homepage="https://musl.libc.org/",
            description="the musl c library (libc) implementation",
            properties=(
                ("commit", "b4ce2a2d"),
                ("control-sha1", hashlib.sha1(b"control").hexdigest()),
                ("installed-size", "122880"),
            ),
        ),
        keys=("apk:/:musl-utils", "apk:/:cmd:getconf", "apk:/:cmd:ldd"),
        claims=(
            Claim("/sbin/ldconfig", sha1(b"ldconfig")),
            Claim("/etc/ld.so.conf", sha1(b"conf"), is_configuration=True),
            Claim("/usr/bin/ldd"),
            Claim("/usr/bin/getconf"),
            Claim("/marker", f"md5:{hashlib.md5(b'old').hexdigest()}"),
        ),
        needs=("apk:/:scanelf", "apk:/:so:libc.musl-x86_64.so.1"),
    )


def test_its_own_source_is_not_another() -> None:
    musl = the_package(MUSL)
    assert musl.component.source is None
    assert musl.component.purl == "pkg:apk/musl@1.2.4-r5"
    assert musl.claims == (
        Claim("/lib/ld-musl-x86_64.so.1", sha1(b"loader")),
        Claim("/lib/libc.musl-x86_64.so.1", sha1(b"ld-musl-x86_64.so.1")),
        Claim("/lib/new", f"sha256:{hashlib.sha256(b'new').hexdigest()}"),
        Claim("/lib/short"),
    )


@pytest.mark.parametrize("place", DATABASES)
def test_another_root_has_its_own_packages_and_files(place: str) -> None:
    musl = the_package(MUSL, f"/srv/root{place}")
    assert musl.keys == ("apk:/srv/root:musl", "apk:/srv/root:so:libc.musl-x86_64.so.1")
    assert musl.claims[0].path == "/srv/root/lib/ld-musl-x86_64.so.1"
    utils = the_package(UTILS, f"/srv/root{place}")
    assert [one.path for one in utils.claims if one.is_configuration] == [
        "/srv/root/etc/ld.so.conf"
    ]
    assert the_package(MUSL, place).keys[0] == "apk:/:musl"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("MIT BSD GPL2+", "MIT AND LicenseRef-BSD AND GPL-2.0-or-later"),
        ("GPL-2.0-only WITH Linux-syscall-note", "GPL-2.0-only WITH Linux-syscall-note"),
        ("custom", "LicenseRef-custom"),
    ],
)
def test_licenses_of_all_years(written: str, expected: str) -> None:
    assert the_package(f"P:a\nV:1\nL:{written}\n").component.licenses == (expected,)


def test_packages_follow_each_other_and_what_has_no_name_is_remarked() -> None:
    read = installed(PLACE, f"{MUSL}\n\n{UTILS}\nV:7\nA:x\n".encode())
    assert [one.component.name for one in read.stated] == ["musl", "musl-utils"]
    assert read.remarks == ("1 packages without name or version",)


def test_an_empty_database_says_nothing() -> None:
    assert installed(PLACE, b"\n") == Facts()


@pytest.mark.parametrize("content", [b"\x00\xff\x13", b"garbage\n\ngarbage", b"V:1\n"])
def test_what_is_no_database_is_unreadable(content: bytes) -> None:
    with pytest.raises(Unreadable, match="no package"):
        installed(PLACE, content)


def test_a_path_that_is_longer_than_any_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="longer"):
        installed(PLACE, b"P:a\nV:1\nF:" + b"d" * 5000 + b"\n" + b"R:a\n" * 1000)


def test_bytes_that_are_no_text_stay_in_paths_alone() -> None:
    (stated,) = installed(PLACE, b"P:a\nV:1\nT:\xff\nF:usr\nR:\xff\n").stated
    assert stated.component.description == "\ufffd"
    assert stated.claims == (Claim("/usr/\udcff"),)


_LINES = st.tuples(
    st.sampled_from([b"P:", b"V:", b"F:", b"R:", b"Z:", b"Z:Q1", b"L:", b"D:", b"p:", b"", b"\n"]),
    st.binary(max_size=12),
).map(b"".join)


@given(st.one_of(st.binary(max_size=200), st.lists(_LINES, max_size=30).map(b"\n".join)))
def test_whatever_is_there_is_read_or_unreadable(content: bytes) -> None:
    try:
        read = installed(PLACE, content)
    except Unreadable:
        return
    assert all(one.component.name and one.component.version for one in read.stated)
