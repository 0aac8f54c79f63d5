"""What the three files of a package say in pacman's database."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.catalog.facts import Added, Claim, Facts, Stated, Unreadable
from distil.catalog.formats.alpm import description, files, mtree
from distil.model.inventory import InventoryComponent, SourcePackage

HERE = "/var/lib/pacman/local/gcc-libs-14.1.1-1"
KEY = f"alpm:{HERE}"

DESC = """%NAME%
gcc-libs

%VERSION%
14.1.1-1

%BASE%
gcc

%DESC%
Runtime libraries shipped by GCC

%URL%
https://gcc.gnu.org

%ARCH%
x86_64

%PACKAGER%
Somebody <some@body.example>

%LICENSE%
GPL-3.0-with-GCC-exception
GFDL-1.3-or-later
custom

%DEPENDS%
glibc>=2.27
libtree.so=1-64

%PROVIDES%
libgomp.so=1-64
libubsan.so
"""

SHA = hashlib.sha256(b"x").hexdigest()
MD5 = hashlib.md5(b"x").hexdigest()

MTREE = f"""#mtree
/set type=file uid=0 gid=0 mode=644
./.BUILDINFO time=1.0 size=1 md5digest={MD5} sha256digest={SHA}
./.PKGINFO time=1.0 size=1 sha256digest={SHA}
/set mode=755
./usr time=1.0 type=dir
./usr/bin/tool time=1.0 size=1 md5digest={MD5} sha256digest={SHA}
./usr/bin/old time=1.0 size=1 md5digest={MD5}
./usr/bin/link time=1.0 mode=777 type=link link=tool
./usr/share/caf\\303\\251 time=1.0 \\
 sha256digest={SHA}
./usr/share/a\\040b sha256digest=broken
/set type=dir
./usr/share/plain
"""


def test_a_package_is_told_with_its_base_and_dependencies() -> None:
    assert description(f"{HERE}/desc", DESC.encode()) == Facts(
        stated=(
            Stated(
                InventoryComponent(
                    name="gcc-libs",
                    version="14.1.1-1",
                    kind="alpm",
                    purl="pkg:alpm/gcc-libs@14.1.1-1?arch=x86_64&upstream=gcc",
                    architecture="x86_64",
                    source=SourcePackage("gcc"),
                    supplier="Somebody <some@body.example>",
                    licenses=(
                        "GPL-3.0-only WITH GCC-exception-3.1",
                        "GFDL-1.3-or-later",
                        "LicenseRef-custom",
                    ),
                    license_texts=(("LicenseRef-custom", "custom"),),
                    homepage="https://gcc.gnu.org",
                    description="Runtime libraries shipped by GCC",
                ),
                keys=("alpm:/:gcc-libs", KEY, "alpm:/:libgomp.so", "alpm:/:libubsan.so"),
                needs=("alpm:/:glibc", "alpm:/:libtree.so"),
            ),
        )
    )


def test_files_and_those_of_the_user() -> None:
    text = f"%FILES%\netc/\netc/a.conf\nusr/\nusr/a\n\n%BACKUP%\netc/a.conf\t{MD5}\n"
    assert files(f"{HERE}/files", text.encode()) == Facts(
        added=(
            Added(
                KEY,
                (Claim("/etc/a.conf", f"md5:{MD5}", is_configuration=True), Claim("/usr/a")),
            ),
        )
    )
    assert files(f"{HERE}/files", b"") == Facts()


def test_what_the_files_must_be() -> None:
    assert mtree(f"{HERE}/mtree", gzip.compress(MTREE.encode())) == Facts(
        added=(
            Added(
                KEY,
                (
                    Claim("/usr/bin/tool", f"sha256:{SHA}"),
                    Claim("/usr/bin/old", f"md5:{MD5}"),
                    Claim("/usr/bin/link", "link:tool"),
                    Claim("/usr/share/café", f"sha256:{SHA}"),
                    Claim("/usr/share/a b"),
                ),
            ),
        )
    )


def test_another_root_has_its_own() -> None:
    (stated,) = description(f"/srv/root{HERE}/desc", DESC.encode()).stated
    assert stated.keys[:2] == ("alpm:/srv/root:gcc-libs", f"alpm:/srv/root{HERE}")
    (added,) = files(f"/srv/root{HERE}/files", b"%FILES%\nusr/a\n").added
    assert added == Added(f"alpm:/srv/root{HERE}", (Claim("/srv/root/usr/a"),))


@pytest.mark.parametrize("content", [b"", b"\xff\x00", b"%NAME%\n\n", b"%NAME%\na\n"])
def test_a_description_without_name_and_version_is_unreadable(content: bytes) -> None:
    with pytest.raises(Unreadable):
        description(f"{HERE}/desc", content)


@pytest.mark.parametrize(
    "content",
    [b"", MTREE.encode(), gzip.compress(b"no tree"), gzip.compress(MTREE.encode())[:-9]],
    ids=["nothing", "not packed", "no tree", "cut"],
)
def test_what_is_no_mtree_is_unreadable(content: bytes) -> None:
    with pytest.raises(Unreadable):
        mtree(f"{HERE}/mtree", content)


def test_an_mtree_that_unpacks_to_too_much_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="unpacks to more"):
        mtree(f"{HERE}/mtree", gzip.compress(b"#mtree\n" + bytes(65 << 20)))


@pytest.mark.parametrize("parse", [description, files])
def test_lines_beyond_measure_are_unreadable(parse: Callable[[str, bytes], Facts]) -> None:
    with pytest.raises(Unreadable, match="lines"):
        parse(f"{HERE}/x", b"%FILES%" + b"\na" * 1_000_001)


@given(st.binary(max_size=300))
def test_whatever_is_there_is_read_or_unreadable(content: bytes) -> None:
    packed = gzip.compress(b"#mtree\n./usr " + content)
    for parse, data in (
        (description, b"%NAME%\na\n\n%VERSION%\n" + content),
        (description, content),
        (files, b"%FILES%\n" + content),
        (files, b"%BACKUP%\n" + content),
        (mtree, content),
        (mtree, packed),
    ):
        try:
            parse(f"{HERE}/x", data)
        except Unreadable:
            continue
