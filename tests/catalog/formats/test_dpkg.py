"""Packages by the databases of dpkg and opkg."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.catalog.facts import Added, Claim, Facts, Stated, Unreadable
from distil.catalog.formats import debian_fields
from distil.catalog.formats.dpkg import KEPT, LEFT_BY, control, status, status_d
from distil.model.inventory import InventoryComponent, SourcePackage

STATUS = "/var/lib/dpkg/status"
BASH = b"""Package: bash
Essential: yes
Status: install ok installed
Architecture: amd64
Multi-Arch: foreign
Source: bash-source (5.2.15-2)
Version: 1:5.2.15-2+b13
Maintainer: Somebody <somebody@example.org>
Pre-Depends: libc6 (>= 2.36)
Depends: base-files (>= 2.1.12), nothing-of-this | awk:any
Conffiles:
 /etc/bash.bashrc 89269e1298235f1b12b4c16e4065ad0d
 /etc/skel/a b 22bfb8c1dd94b5f3813a2b25da67463f obsolete remove-on-upgrade
 /etc/new newconffile
Description: GNU Bourne Again SHell
 Bash is an sh-compatible command language interpreter.
Homepage: https://example.org/bash

"""


def paragraph(name: str, state: str = "install ok installed", **fields: str) -> bytes:
    told = {"Package": name, "Status": state, "Version": "1", "Architecture": "amd64"} | fields
    return "".join(f"{key}: {value}\n" for key, value in told.items()).encode() + b"\n"


def only(facts: Facts) -> Stated:
    assert len(facts.stated) == 1
    return facts.stated[0]


def names(content: bytes) -> list[str]:
    return [one.component.name for one in status(STATUS, content).stated]


def test_all_that_a_paragraph_tells() -> None:
    facts = status(STATUS, BASH + paragraph("mawk", Provides="awk, nawk (= 1)"))
    bash, mawk = facts.stated
    assert bash == Stated(
        InventoryComponent(
            name="bash",
            version="1:5.2.15-2+b13",
            kind="deb",
            purl="pkg:deb/bash@1:5.2.15-2%2Bb13?arch=amd64&upstream=bash-source%405.2.15-2",
            architecture="amd64",
            source=SourcePackage("bash-source", "5.2.15-2"),
            supplier="Somebody <somebody@example.org>",
            homepage="https://example.org/bash",
            description="GNU Bourne Again SHell",
            properties=(
                ("depends", "base-files (>= 2.1.12), nothing-of-this | awk:any"),
                ("essential", "yes"),
                ("multi-arch", "foreign"),
                ("pre-depends", "libc6 (>= 2.36)"),
            ),
        ),
        keys=("dpkg:/:bash", "dpkg:/:bash:amd64"),
        claims=(
            Claim(
                "/etc/bash.bashrc", "md5:89269e1298235f1b12b4c16e4065ad0d", is_configuration=True
            ),
            Claim(
                "/etc/skel/a b",
                "md5:22bfb8c1dd94b5f3813a2b25da67463f",
                is_configuration=True,
                is_optional=True,
            ),
            Claim("/etc/new", is_configuration=True, is_optional=True),
        ),
        needs=("dpkg-provided:/:awk",),
    )
    assert mawk.keys[2:] == ("dpkg-provided:/:awk", "dpkg-provided:/:nawk")
    assert facts.remarks == ()


@pytest.mark.parametrize(
    ("state", "is_there"),
    [
        ("install ok installed", True),
        ("hold ok installed", True),
        ("deinstall ok installed", True),
        ("install reinstreq half-installed", True),
        ("install ok unpacked", True),
        ("install ok half-configured", True),
        ("install ok triggers-pending", True),
        ("deinstall ok config-files", False),
        ("purge ok not-installed", False),
    ],
)
def test_who_is_installed(state: str, is_there: bool) -> None:
    found = status(STATUS, paragraph("a") + paragraph("b", state)).stated
    assert [one.component.name for one in found] == ["a", "b"][: 1 + is_there]
    if is_there and not state.endswith(" installed"):
        assert ("status", state.split()[2]) in found[1].component.properties


def test_configuration_that_a_removed_package_left_is_said_to_be_that() -> None:
    checksum = "89269e1298235f1b12b4c16e4065ad0d"
    left = f"\n /etc/gone.conf {checksum}\n /usr/bin/mine {checksum}"
    facts = status(STATUS, paragraph("gone", "deinstall ok config-files", Conffiles=left))
    kept = [f"/var/lib/dpkg/info/gone{end}" for end in (".list", ".postrm")]
    kept += [f"/var/lib/dpkg/info/gone:amd64{end}" for end in (".list", ".postrm")]
    assert facts == Facts(
        generated=(
            ("/etc/gone.conf", LEFT_BY.format("gone")),
            *((path, f"{KEPT} gone") for path in kept),
        )
    )


def test_a_database_below_another_root_speaks_of_that_root() -> None:
    found = only(status("/srv/chroot/var/lib/dpkg/status", BASH))
    assert found.keys[0] == "dpkg:/srv/chroot:bash"
    assert found.claims[0].path == "/srv/chroot/etc/bash.bashrc"


def test_dependencies_are_of_the_same_architecture_where_there_are_several() -> None:
    content = (
        paragraph("a", Depends="b, c:i386, d", Architecture="i386")
        + paragraph("b", Architecture="amd64")
        + paragraph("b", Architecture="i386")
        + paragraph("c", Architecture="i386")
        + paragraph("d", Architecture="all", Depends="b")
    )
    stated = status(STATUS, content).stated
    assert stated[0].needs == (
        "dpkg:/:b:i386|dpkg:/:b",
        "dpkg:/:c:i386",
        "dpkg:/:d:i386|dpkg:/:d",
    )
    assert stated[4].needs == ("dpkg:/:b",)


def test_a_file_of_its_own_for_each_package() -> None:
    path = "/var/lib/dpkg/status.d/libc6"
    content = b"Package: libc6\nVersion: 2.36\nArchitecture: amd64\nDepends: a | b"
    found = only(status_d(path, content))
    assert found.component.purl == "pkg:deb/libc6@2.36?arch=amd64"
    assert found.keys == ("dpkg:/:libc6", "dpkg:/:libc6:amd64", f"dpkg-file:{path}")
    assert found.needs == ("dpkg:/:a|dpkg-provided:/:a|dpkg:/:b|dpkg-provided:/:b",)
    encoded = only(status_d("/var/lib/dpkg/status.d/bGliYzY", content))
    assert encoded.keys[2:] == ("dpkg-file:/var/lib/dpkg/status.d/bGliYzY", f"dpkg-file:{path}")


def test_lists_beside_it_are_no_packages() -> None:
    assert status_d("/var/lib/dpkg/status.d/libc6.md5sums", b"0" * 32 + b"  usr/a\n") == Facts()
    assert status_d("/var/lib/dpkg/status.d/libc6.postinst", b"#!/bin/sh\n") == Facts()


def test_packages_of_opkg() -> None:
    content = (
        b"Package: libc\nVersion: 1.2.4-4\nDepends: libgcc1\nStatus: install user installed\n"
        b"Architecture: x86_64\nLicense: GPL-2.0-or-later\n"
    )
    found = only(status("/usr/lib/opkg/status", content))
    assert found.component.kind == "opkg"
    assert found.component.purl == "pkg:opkg/libc@1.2.4-4?arch=x86_64"
    assert found.component.licenses == ("GPL-2.0-or-later",)
    assert found.keys[0] == "opkg:/:libc"


def test_control_files_of_opkg_add_to_what_the_database_tells() -> None:
    content = b"Package: libc\nVersion: 1.2.4-4\nLicense: MIT\nDescription: C library\n"
    assert control("/usr/lib/opkg/info/libc.control", content).added == (
        Added("opkg:/:libc", licenses=("MIT",), fields=(("description", "C library"),)),
    )


def test_what_is_damaged_costs_only_itself() -> None:
    content = (
        paragraph("a")
        + b"\xff\xfe no field\n continues nothing\n\n"
        + b"Version: 2\n\n"
        + b"  \t\n\nPackage: ../../etc\nVersion: 1\n\n"
        + b"PACKAGE: b\nversion: \xff2\nVersion: 3\nno field\n"
    )
    facts = status(STATUS, content)
    assert [one.component.name for one in facts.stated] == ["a", "b"]
    assert facts.stated[1].component.version == "�2"
    assert facts.remarks == ("2 paragraphs that name no package",)


@pytest.mark.parametrize("content", [b"\0", b"nothing of packages", b"Version: 1\n", b"\xff"])
def test_what_is_no_database_is_said_so(content: bytes) -> None:
    with pytest.raises(Unreadable):
        status(STATUS, content)


def test_an_empty_database_has_no_packages() -> None:
    assert status(STATUS, b"") == Facts() == status(STATUS, b"\n\n")


def test_thirty_thousand_packages_are_read_and_endless_ones_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert len(names(b"".join(paragraph(f"p{number}") for number in range(30_000)))) == 30_000
    monkeypatch.setattr(debian_fields, "MOST_PARAGRAPHS", 10)
    with pytest.raises(Unreadable, match="more than 10 paragraphs"):
        status(STATUS, paragraph("a") * 11)


def test_what_is_repeated_takes_time_in_proportion() -> None:
    """What a pattern could go back and forth in, a million times: it would not end in a day."""
    many = 1 << 20
    for piece in ("a b ", ",", "| ", " \t", "\n ", "(", "a:"):
        for field in ("Depends", "Conffiles", "Source", "Provides", "Status"):
            with contextlib.suppress(Unreadable):
                status(STATUS, paragraph("a", **{field: piece * (many // len(piece))}))


WORDS = st.sampled_from(
    [
        b"Package: a\n",
        b"Status: install ok installed\n",
        b"Version: 1:2\n",
        b"Conffiles:\n /etc/a 1 obsolete\n",
        b"Depends: a | b (>= 1), c:any\n",
        b"Source: (",
        b"\n",
        b"\0",
        b"\xff",
        b" ",
    ]
)


@given(
    st.sampled_from(["/var/lib/dpkg/status", "/usr/lib/opkg/status", "/var/lib/dpkg/status.d/a"]),
    st.binary() | st.lists(WORDS).map(b"".join),
)
def test_any_bytes_are_packages_or_unreadable(path: str, content: bytes) -> None:
    parser = status_d if "status.d" in path else status
    try:
        facts = parser(path, content)
    except Unreadable:
        return
    for one in facts.stated:
        assert one.component.name
        assert one.component.purl.startswith("pkg:")
        one.component.version.encode()
