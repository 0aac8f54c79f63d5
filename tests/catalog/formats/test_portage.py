"""What Portage's database says of packages, each value in a file of its own."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.catalog.facts import Added, Claim, Facts, Stated, Unreadable
from distil.catalog.formats.portage import contents, value
from distil.model.inventory import InventoryComponent

HERE = "/var/db/pkg/app-containers/skopeo-1.5.1_rc2-r1"
KEY = f"portage:{HERE}"
MD5 = "ab" * 16

CONTENTS = f"""dir /usr
dir /usr/bin
obj /usr/bin/skopeo {MD5} 1649284349
obj /etc/containers/with space {MD5} 1649284349
sym /usr/bin/sk -> skopeo 1649284349
fif /run/pipe
"""


def test_a_package_is_named_by_its_directory() -> None:
    assert contents(f"{HERE}/CONTENTS", CONTENTS.encode()) == Facts(
        stated=(
            Stated(
                InventoryComponent(
                    name="app-containers/skopeo",
                    version="1.5.1_rc2-r1",
                    kind="portage",
                    purl="pkg:ebuild/app-containers/skopeo@1.5.1_rc2-r1",
                ),
                keys=("portage:/:app-containers/skopeo", KEY),
                claims=(
                    Claim("/usr/bin/skopeo", f"md5:{MD5}"),
                    Claim("/etc/containers/with space", f"md5:{MD5}", is_configuration=True),
                    Claim("/usr/bin/sk", "link:skopeo"),
                ),
            ),
        )
    )


@pytest.mark.parametrize(
    ("directory", "name", "version"),
    [
        ("sys-libs/glibc-2.38-r10", "sys-libs/glibc", "2.38-r10"),
        ("dev-lang/python-3.11.9_p1", "dev-lang/python", "3.11.9_p1"),
        ("media-libs/libsdl2-2-1.0b", "media-libs/libsdl2-2", "1.0b"),
        ("virtual/libc-1", "virtual/libc", "1"),
        ("dev-libs/gtk+-2.24", "dev-libs/gtk+", "2.24"),
    ],
)
def test_names_and_versions(directory: str, name: str, version: str) -> None:
    (stated,) = contents(f"/srv/root/var/db/pkg/{directory}/CONTENTS", b"").stated
    assert (stated.component.name, stated.component.version) == (name, version)
    assert stated.keys[0] == f"portage:/srv/root:{name}"


def test_another_root_has_its_own_files() -> None:
    (stated,) = contents(f"/srv{HERE}/CONTENTS", CONTENTS.encode()).stated
    assert stated.claims[1].path == "/srv/etc/containers/with space"
    assert stated.claims[1].is_configuration


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("GPL-2", "GPL-2.0-only"),
        ("BSD GPL-2+", "BSD-3-Clause AND GPL-2.0-or-later"),
        ("|| ( MIT Apache-2.0 )", "MIT OR Apache-2.0"),
        (
            "ISC || ( GPL-3 ( MIT BSD-2 ) ) ZLIB",
            "ISC AND (GPL-3.0-only OR MIT AND BSD-2-Clause) AND Zlib",
        ),
        ("all-rights-reserved MIT", "LicenseRef-all-rights-reserved AND MIT"),
        ("( ) )", "LicenseRef-a3f5"),
    ],
)
def test_licenses_are_all_of_a_list_or_one_of_a_choice(written: str, expected: str) -> None:
    (added,) = value(f"{HERE}/LICENSE", f"{written}\n".encode()).added
    assert added.key == KEY
    if expected.endswith("a3f5"):
        assert added.licenses[0].startswith("LicenseRef-")
    else:
        assert added.licenses == (expected,)


def test_other_values() -> None:
    assert value(f"{HERE}/DESCRIPTION", b"A tool\n").added == (
        Added(KEY, fields=(("description", "A tool"),)),
    )
    assert value(f"{HERE}/HOMEPAGE", b"https://a.example https://b.example\n").added == (
        Added(KEY, fields=(("homepage", "https://a.example"),)),
    )


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/var/db/pkg/a/CONTENTS", b""),
        ("/var/db/pkg/a/b/CONTENTS", b""),
        ("/var/db/pkg/a/-1/CONTENTS", b""),
        (f"{HERE}/CONTENTS", b"garbage"),
        (f"{HERE}/CONTENTS", b"obj /usr/bin/x"),
    ],
)
def test_what_is_no_package_is_unreadable(path: str, content: bytes) -> None:
    with pytest.raises(Unreadable):
        contents(path, content)


@pytest.mark.parametrize("content", [b"", b" \n", b"a\0b"])
def test_what_is_no_value_is_unreadable(content: bytes) -> None:
    with pytest.raises(Unreadable):
        value(f"{HERE}/LICENSE", content)


_WORDS = st.sampled_from([b"|| ", b"( ", b") ", b"MIT ", b"BSD ", b"obj /a ", b"sym /a -> b 1"])


@given(st.one_of(st.binary(max_size=300), st.lists(_WORDS, max_size=40).map(b"".join)))
def test_whatever_is_there_is_read_or_unreadable(content: bytes) -> None:
    for parse, name in ((contents, "CONTENTS"), (value, "LICENSE"), (value, "HOMEPAGE")):
        with contextlib.suppress(Unreadable):
            parse(f"{HERE}/{name}", content)
