"""The releases that os-release and its forerunners name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.catalog.facts import Facts, Unreadable
from distil.catalog.formats.os_release import LARGEST, PRECEDENCE, os_release
from distil.model.inventory import OsRelease

BOOKWORM = b"""PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
HOME_URL="https://www.debian.org/"
"""
SID = b"""PRETTY_NAME="Debian GNU/Linux forky/sid"
NAME="Debian GNU/Linux"
VERSION_CODENAME=forky
ID=debian
"""
DISTROLESS = b"""PRETTY_NAME="Distroless"
NAME="Debian GNU/Linux"
ID="debian"
VERSION_ID="12"
VERSION="Debian GNU/Linux 12 (bookworm)"
"""
WOLFI = b"""ID=wolfi
NAME="Wolfi"
PRETTY_NAME="Wolfi"
VERSION_ID="20230201"
HOME_URL="https://wolfi.dev"
"""
AMAZON = b"""NAME="Amazon Linux"
VERSION="2023"
ID="amzn"
ID_LIKE="fedora"
VERSION_ID="2023"
CPE_NAME="cpe:2.3:o:amazon:amazon_linux:2023"
VARIANT_ID=container
"""


def release(path: str, content: bytes) -> OsRelease:
    found = os_release(path, content).release
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            BOOKWORM,
            OsRelease(
                id="debian",
                version_id="12",
                version="12 (bookworm)",
                codename="bookworm",
                name="Debian GNU/Linux",
                pretty_name="Debian GNU/Linux 12 (bookworm)",
                home_url="https://www.debian.org/",
            ),
        ),
        (
            SID,
            OsRelease(
                id="debian",
                codename="forky",
                name="Debian GNU/Linux",
                pretty_name="Debian GNU/Linux forky/sid",
            ),
        ),
        (
            DISTROLESS,
            OsRelease(
                id="debian",
                version_id="12",
                version="Debian GNU/Linux 12 (bookworm)",
                name="Debian GNU/Linux",
                pretty_name="Distroless",
            ),
        ),
        (
            WOLFI,
            OsRelease(
                id="wolfi",
                version_id="20230201",
                name="Wolfi",
                pretty_name="Wolfi",
                home_url="https://wolfi.dev",
            ),
        ),
        (
            AMAZON,
            OsRelease(
                id="amzn",
                version_id="2023",
                version="2023",
                name="Amazon Linux",
                id_like=("fedora",),
                variant_id="container",
                cpe="cpe:2.3:o:amazon:amazon_linux:2023",
            ),
        ),
        (b"ID=arch\nBUILD_ID=rolling\n", OsRelease(id="arch", version_id="rolling")),
        (b"NAME=Own\n", OsRelease(id="linux", name="Own")),
    ],
)
def test_os_release_of_distributions(content: bytes, expected: OsRelease) -> None:
    assert release("/etc/os-release", content) == expected
    assert release("/usr/lib/os-release", content) == expected


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (rb'"a \"b\" \$c \\d \e"', r'a "b" $c \d \e'),
        (rb"'a \b'", r"a \b"),
        (rb"a\ b", "a b"),
        (b"", ""),
        (b'"half', '"half'),
        (b'"', '"'),
    ],
)
def test_values_are_read_as_a_shell_does(written: bytes, value: str) -> None:
    content = b"# a comment\n\nID=first\nnot an assignment\nPRETTY_NAME=" + written + b"\nID=own\n"
    assert release("/etc/os-release", content) == OsRelease(id="own", pretty_name=value)


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        ("/etc/debian_version", b"12.15\n", ("debian", "12", "")),
        ("/etc/debian_version", b"trixie/sid\n", ("debian", "", "trixie")),
        ("/etc/alpine-release", b"3.20.3\n", ("alpine", "3.20.3", "")),
        ("/etc/alpine-release", b"3.22.0_alpha20250108\n", ("alpine", "3.22.0_alpha20250108", "")),
        ("/etc/redhat-release", b"CentOS release 6.10 (Final)\n", ("centos", "6.10", "")),
        (
            "/etc/redhat-release",
            b"CentOS Linux release 7.9.2009 (Core)\n",
            ("centos", "7.9.2009", ""),
        ),
        (
            "/etc/redhat-release",
            b"Red Hat Enterprise Linux release 8.4 (Ootpa)\n",
            ("rhel", "8.4", ""),
        ),
        ("/etc/redhat-release", b"Other Linux release 3\n", ("other", "3", "")),
        ("/etc/system-release-cpe", b"cpe:/o:centos:linux:6:GA\n", ("centos", "6", "")),
        ("/bin/busybox", b"\x7fELF..BusyBox v1.36.1 (2024)\0", ("busybox", "1.36.1", "")),
    ],
)
def test_older_and_smaller_systems(
    path: str, content: bytes, expected: tuple[str, str, str]
) -> None:
    found = release(path, content)
    assert (found.id, found.version_id, found.codename) == expected


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/etc/os-release", b""),
        ("/etc/os-release", b"\x7fELF\0\0"),
        ("/etc/os-release", b"# nothing\n"),
        ("/etc/os-release", b"ID=x\n" + b"#" * LARGEST),
        ("/etc/debian_version", b"of mine"),
        ("/etc/alpine-release", b""),
        ("/etc/redhat-release", b"none"),
        ("/etc/system-release-cpe", b"cpe:/o:x"),
    ],
)
def test_what_names_no_system_is_said_so(path: str, content: bytes) -> None:
    with pytest.raises(Unreadable):
        os_release(path, content)


def test_other_places_tell_nothing_of_the_image() -> None:
    assert os_release("/srv/chroot/etc/os-release", BOOKWORM) == Facts()
    assert os_release("/bin/busybox", b"\x7fELF another program") == Facts()


@given(st.sampled_from(PRECEDENCE), st.binary() | st.text("ID=\"'\\#\n v1.ceo:/").map(str.encode))
def test_any_bytes_are_a_release_or_unreadable(path: str, content: bytes) -> None:
    try:
        facts = os_release(path, content)
    except Unreadable:
        return
    assert facts.release is None or facts.release.id
