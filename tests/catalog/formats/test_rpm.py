"""What rpm's databases say, of every kind that there has been."""

from __future__ import annotations

import contextlib
import lzma
import sqlite3
import struct
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.catalog.facts import Claim, Facts, Stated, Unreadable
from distil.catalog.formats import rpm_header as tags
from distil.catalog.formats.rpm import manifest, packages
from distil.model.inventory import InventoryComponent, SourcePackage
from tests.support.rpm_databases import (
    berkeley_database,
    header,
    ndb_database,
    sqlite_database,
)

REAL = Path(__file__).parent / "rpm"
PLACE = "/var/lib/rpm/Packages"
SHA = "ab" * 32

CONTAINERS = {
    "sqlite": sqlite_database,
    "ndb": ndb_database,
    "berkeley, little-endian": berkeley_database,
    "berkeley, big-endian": lambda headers: berkeley_database(headers, order=">", page=4096),
}
containers = pytest.mark.parametrize("write", CONTAINERS.values(), ids=CONTAINERS)

BASH: dict[int, Any] = {
    tags.NAME: "bash",
    tags.VERSION: "5.2.26",
    tags.RELEASE: "3.fc40",
    tags.SUMMARY: "The GNU Bourne Again shell",
    tags.VENDOR: "Fedora Project",
    tags.LICENSE: "GPL-3.0-or-later",
    tags.URL: "https://www.gnu.org/software/bash",
    tags.ARCH: "x86_64",
    tags.SOURCE_RPM: "bash-5.2.26-3.fc40.src.rpm",
    tags.PROVIDE_NAMES: ["bash", "config(bash)"],
    tags.REQUIRE_NAMES: ["libtinfo.so.6()(64bit)", "rpmlib(PayloadIsZstd)", "glibc-common", "bash"],
    tags.DIRECTORY_NAMES: ["/etc/", "/usr/bin/", "/var/"],
    tags.DIRECTORY_INDEXES: [0, 1, 1, 1, 2, 0, 0],
    tags.BASE_NAMES: ["bashrc", "bash", "sh", "bashbug", "log", "left-out", "may-lack"],
    tags.FILE_MODES: [0o100644, 0o100755, 0o120777, 0o40755, 0o100644, 0o100644, 0o100644],
    tags.FILE_FLAGS: [1, 0, 0, 0, 64, 0, 8],
    tags.FILE_STATES: bytes([0, 0, 0, 0, 0, 2, 0]),
    tags.FILE_DIGESTS: [SHA, "cd" * 32, "", "", "", SHA, SHA],
    tags.FILE_LINKS: ["", "", "bash", "", "", "", ""],
    tags.DIGEST_ALGORITHM: 8,
}
LIBRARY: dict[int, Any] = {
    tags.NAME: "ncurses-libs",
    tags.VERSION: "6.4",
    tags.RELEASE: "1",
    tags.EPOCH: 0,
    tags.LICENSE: "BSD and MIT",
    tags.ARCH: "x86_64",
    tags.MODULARITY: "ncurses:rhel8",
    tags.PROVIDE_NAMES: ["libtinfo.so.6()(64bit)"],
    tags.REQUIRE_NAMES: ["/usr/bin/sh"],
}
OLD: dict[int, Any] = {
    tags.NAME: "old",
    tags.VERSION: "1",
    tags.RELEASE: "2",
    tags.PACKAGER: "Somebody",
    tags.SOURCE_RPM: "(none)",
    tags.OLD_FILE_NAMES: ["/bin/old", "not/absolute"],
    tags.FILE_DIGESTS: ["ef" * 16, ""],
}
KEY: dict[int, Any] = {
    tags.NAME: "gpg-pubkey",
    tags.VERSION: "a15b79cc",
    tags.RELEASE: "63d04c2c",
    tags.LICENSE: "pubkey",
    tags.ARCH: "(none)",
}


def by_name(read: Facts) -> dict[str, Stated]:
    return {one.component.name: one for one in read.stated}


@containers
def test_packages_are_the_same_in_every_container(write: Any) -> None:
    read = packages(PLACE, write([header(one) for one in (BASH, LIBRARY, OLD, KEY)]))
    assert read.remarks == ()
    found = by_name(read)
    assert found["bash"] == Stated(
        InventoryComponent(
            name="bash",
            version="5.2.26-3.fc40",
            kind="rpm",
            purl="pkg:rpm/bash@5.2.26-3.fc40?arch=x86_64&upstream=bash-5.2.26-3.fc40.src.rpm",
            architecture="x86_64",
            source=SourcePackage("bash", "5.2.26-3.fc40"),
            supplier="Fedora Project",
            licenses=("GPL-3.0-or-later",),
            homepage="https://www.gnu.org/software/bash",
            description="The GNU Bourne Again shell",
        ),
        keys=("rpm:/:bash", "rpm:/:bash-5.2.26-3.fc40.x86_64"),
        claims=(
            Claim("/etc/bashrc", f"sha256:{SHA}", is_configuration=True),
            Claim("/usr/bin/bash", f"sha256:{'cd' * 32}"),
            Claim("/usr/bin/sh", "link:bash"),
            Claim("/var/log", is_optional=True),
            Claim("/etc/left-out", is_optional=True),
            Claim("/etc/may-lack", f"sha256:{SHA}", is_optional=True),
        ),
        needs=("rpm:/:ncurses-libs-0:6.4-1.x86_64",),
    )
    library = found["ncurses-libs"]
    assert library.component.version == "0:6.4-1"
    assert library.component.purl == "pkg:rpm/ncurses-libs@6.4-1?arch=x86_64&epoch=0"
    assert library.component.licenses == ("LicenseRef-BSD AND MIT",)
    assert library.component.properties == (("modularity", "ncurses:rhel8"),)
    assert library.needs == ("rpm:/:bash-5.2.26-3.fc40.x86_64",)
    assert found["old"].claims == (Claim("/bin/old", f"md5:{'ef' * 16}"),)
    assert found["old"].component.source is None
    assert found["old"].component.supplier == "Somebody"
    assert found["gpg-pubkey"].component.purl == "pkg:rpm/gpg-pubkey@a15b79cc-63d04c2c"
    assert found["gpg-pubkey"].component.licenses == ()


@pytest.mark.parametrize("name", ["sqlite", "berkeley-little", "berkeley-big"])
def test_what_rpm_and_berkeley_db_have_written_themselves(name: str) -> None:
    content = lzma.decompress((REAL / f"{name}.xz").read_bytes())
    found = by_name(packages(PLACE, content))
    assert {one.component.purl for one in found.values()} == {
        "pkg:rpm/plain@7-1?arch=noarch&epoch=0&upstream=toolbox-1.4-3.fc40.src.rpm",
        "pkg:rpm/toolbox-libs@1.4-3.fc40?arch=x86_64&epoch=2&upstream=toolbox-1.4-3.fc40.src.rpm",
        "pkg:rpm/toolbox@1.4-3.fc40?arch=x86_64&epoch=2&upstream=toolbox-1.4-3.fc40.src.rpm",
    }
    conf = "8d0d4c8a1e6ab75ae2f81abf1e1e66ce1ab7be53c7b8f245a41907fc45b3a801"
    plain = "dacf36547c7774a0a170806363b5d412991fbc0d6260b2c00b1d3a80a816c23f"
    tool = "67948dd9afd6afe5043b0029d5aa7cf0f8b2824baf16f4f097d40d830edb686d"
    assert found["toolbox"].claims == (
        Claim("/etc/toolbox.conf", f"sha256:{conf}", is_configuration=True),
        Claim("/usr/bin/tool", f"sha256:{tool}"),
        Claim("/usr/bin/tool-link", "link:tool"),
        Claim("/usr/share/doc/toolbox/README", is_optional=True),
        Claim("/var/log/toolbox.log", is_optional=True),
    )
    assert found["plain"].claims == (
        Claim("/etc/plain.conf", f"sha256:{plain}", is_configuration=True, is_optional=True),
        Claim("/usr/share/plain/naïve", f"sha256:{plain}"),
    )
    assert found["toolbox"].needs == ("rpm:/:toolbox-libs-2:1.4-3.fc40.x86_64",)


@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("/usr/lib/sysimage/rpm/Packages.db", "/"),
        ("/srv/root/usr/lib/sysimage/rpm/rpmdb.sqlite", "/srv/root"),
        ("/srv/root/var/lib/rpm/Packages", "/srv/root"),
    ],
)
def test_another_root_has_its_own(path: str, root: str) -> None:
    found = by_name(packages(path, ndb_database([header(BASH), header(LIBRARY)])))
    assert found["bash"].keys[0] == f"rpm:{root}:bash"
    assert found["bash"].claims[0].path == f"{root.rstrip('/')}/etc/bashrc"
    assert found["ncurses-libs"].needs == (f"rpm:{root}:bash-5.2.26-3.fc40.x86_64",)


@containers
def test_a_header_that_is_broken_costs_only_itself(write: Any) -> None:
    read = packages(PLACE, write([header(BASH), b"\xff" * 40, header({tags.VERSION: "1" * 40})]))
    assert list(by_name(read)) == ["bash"]
    assert read.remarks == ("2 packages that cannot be read",)


@containers
def test_an_empty_database_says_nothing(write: Any) -> None:
    assert packages(PLACE, write([])) == Facts()


@pytest.mark.parametrize(
    "table",
    [
        "VIEW Packages AS SELECT 1 AS hnum, x'00' AS blob",
        "TABLE Another (a)",
    ],
)
def test_a_table_that_is_none_is_unreadable(table: str) -> None:
    with pytest.raises(Unreadable, match="without a table of packages"):
        packages(PLACE, sqlite_database([header(BASH)], table=table))


def test_a_column_that_is_computed_to_no_end_is_given_up() -> None:
    connection = sqlite3.connect(":memory:")
    computed = "hex(hex(hex(hex(zeroblob(9000000)))))"
    connection.execute(f"CREATE TABLE Packages (hnum INTEGER, blob AS ({computed}))")
    connection.execute("INSERT INTO Packages (hnum) VALUES (1)")
    connection.commit()
    content = bytes(connection.serialize())
    connection.close()
    with pytest.raises(Unreadable, match="too big"):
        packages(PLACE, content)


def test_a_python_without_sqlite_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlite3", None)
    content = lzma.decompress((REAL / "sqlite.xz").read_bytes())
    with pytest.raises(Unreadable, match="this Python"):
        packages(PLACE, content)


def test_what_is_cut_off_is_told_up_to_there() -> None:
    content = ndb_database([header(BASH), header(LIBRARY)])
    read = packages(PLACE, content[:-200])
    assert list(by_name(read)) == ["bash"]
    assert read.remarks == ("ndb with a broken blob",)


def test_slots_that_share_a_blob_end() -> None:
    content = bytearray(ndb_database([header(LIBRARY)] * 2 + [header(BASH)]))
    for slot in range(48, 4096, 16):
        content[slot : slot + 16] = content[32:48]
    read = packages(PLACE, bytes(content))
    assert read.remarks == ("headers overlap",)
    assert len(read.stated) < 100


@pytest.mark.parametrize("most", [5, 6])
def test_files_beyond_measure_end_it(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr("distil.catalog.formats.rpm.MOST_FILES", most)
    content = ndb_database([header(BASH), header(LIBRARY)])
    read = packages(PLACE, content)
    expected = (2, ()) if most == 6 else (1, ("more than 5 files",))
    assert (len(read.stated), read.remarks) == expected


def test_a_value_in_a_circle_ends() -> None:
    content = bytearray(berkeley_database([header(BASH)]))
    struct.pack_into("<I", content, 2 * 512 + 16, 2)
    struct.pack_into("<I", content, content.index(b"\3\0\0\0\2\0\0\0") + 8, 1 << 30)
    with pytest.raises(Unreadable, match="circle"):
        packages(PLACE, bytes(content))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "neither"),
        (b"x" * 5000, "neither"),
        (b"SQLite format 3\0" + bytes(84), "SQLite"),
        (b"RpmP", "first page"),
        (b"RpmP\1" + bytes(5000), "version 1"),
        (struct.pack("<12xIII", 0x061561, 9, 100).ljust(600, b"\0"), "pages of 100 bytes"),
        (struct.pack("<12xIIIB", 0x061561, 9, 512, 1).ljust(600, b"\0"), "encrypted"),
    ],
)
def test_what_is_no_database_is_unreadable(content: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        packages(PLACE, content)


def test_paths_longer_than_any_are_left_out() -> None:
    values: dict[int, Any] = {
        tags.NAME: "a",
        tags.VERSION: "1",
        tags.RELEASE: "1",
        tags.DIRECTORY_NAMES: ["/" + "d" * 5000 + "/"],
        tags.DIRECTORY_INDEXES: [0, 7],
        tags.BASE_NAMES: ["x", "y"],
    }
    (stated,) = packages(PLACE, ndb_database([header(values)])).stated
    assert stated.claims == ()


def test_a_manifest_stands_for_a_database() -> None:
    line = "bash\t5.1.8-1.cm2\t16538\t16536\tMicrosoft\t{}\t5\tx86_64\t{}\tbash-5.1.8-1.src.rpm"
    text = f"{line.format('(none)', 0)}\n{line.format(3, 3).replace('bash', 'zsh')}\nbroken\n"
    read = manifest("/var/lib/rpmmanifest/container-manifest-2", text.encode())
    found = by_name(read)
    assert found["bash"].component == InventoryComponent(
        name="bash",
        version="5.1.8-1.cm2",
        kind="rpm",
        purl="pkg:rpm/bash@5.1.8-1.cm2?arch=x86_64&upstream=bash-5.1.8-1.src.rpm",
        architecture="x86_64",
        source=SourcePackage("bash", "5.1.8-1"),
        supplier="Microsoft",
    )
    assert found["zsh"].component.version == "3:5.1.8-1.cm2"
    assert read.remarks == ("1 lines that cannot be read",)
    with pytest.raises(Unreadable):
        manifest("/var/lib/rpmmanifest/container-manifest-2", b"garbage")


_CHANGES = st.lists(st.tuples(st.integers(0, 1 << 16), st.binary(min_size=1, max_size=4)))


@containers
@given(changes=_CHANGES, size=st.integers(0, 1 << 16))
def test_whatever_is_changed_is_read_or_unreadable(write: Any, changes: Any, size: int) -> None:
    content = bytearray(write([header(BASH), header(LIBRARY)]))
    content = content[: size % len(content) + 1]
    for place, piece in changes:
        at = place % len(content)
        content[at : at + len(piece)] = piece
    with contextlib.suppress(Unreadable):
        packages(PLACE, bytes(content))


@given(st.binary(max_size=400))
def test_any_header_is_read_or_counted(blob: bytes) -> None:
    with contextlib.suppress(Unreadable):
        packages(PLACE, ndb_database([blob, header(BASH)]))
