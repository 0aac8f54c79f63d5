"""Debian packages that come as files: what dpkg-deb makes of them, and bombs."""

from __future__ import annotations

import io
import lzma
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from distil.distros.debian.formats.deb import DebReader
from distil.errors import DistilError
from tests.support.command import World
from tests.support.deb_builder import ar, control_file, deb, directory, file, hard_link, link, tar
from tests.support.hostile import ESCAPED, Ended, hostile
from tests.support.raw_tar import END, gnu, header, pax

VERSION = ("debian-binary", b"2.0\n")
CONTROL = ("control.tar", tar([file("/control", control_file("tool"))]))
DATA = ("data.tar", tar([directory("/"), directory("/usr"), file("/usr/a", b"a")]))
OTHER = ("data.tar", tar([directory("/"), file(f"/{ESCAPED}", b"b")]))
WHOLE = ar([VERSION, CONTROL, DATA])

DEBS: dict[str, bytes] = {
    "whole": WHOLE,
    "two data members": ar([VERSION, CONTROL, DATA, OTHER]),
    "data of two compressions": ar([VERSION, CONTROL, DATA, ("data.tar.xz", b"x")]),
    "trailing header that is none": WHOLE + b"x" * 60,
    "trailing header cut short": WHOLE + b"x" * 30,
    "trailing line": WHOLE + b"\n",
    "trailing zeros": WHOLE + bytes(1000),
    "trailing member": ar([VERSION, CONTROL, DATA, ("more", b"abc")]),
    "trailing member cut short": ar([VERSION, CONTROL, DATA, ("more", b"abcdef")])[:-3],
    "trailing control": ar([VERSION, CONTROL, DATA, CONTROL]),
    "two archives": WHOLE * 2,
    "private members": ar([VERSION, ("_a", b"a"), CONTROL, ("_b", b"b"), DATA, ("_c", b"c")]),
    "two controls": ar([VERSION, CONTROL, CONTROL, DATA]),
    "data first": ar([VERSION, DATA, CONTROL]),
    "another member between": ar([VERSION, CONTROL, ("more", b"a"), DATA]),
    "unknown compression": ar([VERSION, CONTROL, ("data.tar.foo", DATA[1])]),
    "capitals": ar([VERSION, CONTROL, ("DATA.tar", DATA[1])]),
    "names with a slash": ar([(f"{name}/", data) for name, data in (VERSION, CONTROL, DATA)]),
    "later minor version": ar([("debian-binary", b"2.1\n"), CONTROL, DATA]),
    "no minor version": ar([("debian-binary", b"2\n"), CONTROL, DATA]),
    "minor version no number": ar([("debian-binary", b"2.x\n"), CONTROL, DATA]),
    "major version 20": ar([("debian-binary", b"20\n"), CONTROL, DATA]),
    "version without a line": ar([("debian-binary", b"2.0"), CONTROL, DATA]),
}


def read(data: bytes) -> list[str] | None:
    """The paths of a package as distil reads it; None when it does not."""
    try:
        reader = DebReader(io.BytesIO(data), "it")
        return [member.path for member in reader.data()]
    except DistilError:
        return None


def shown(path: Path) -> list[str] | None:
    """The same as dpkg-deb has it."""
    done = subprocess.run(["dpkg-deb", "--fsys-tarfile", path], capture_output=True, check=False)
    if done.returncode:
        return None
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        return ["/" + name.strip("./") for name in archive.getnames()]


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs dpkg-deb")
@pytest.mark.parametrize("case", DEBS)
def test_packages_are_read_as_dpkg_deb_does(tmp_path: Path, case: str) -> None:
    path = tmp_path / "tool.deb"
    path.write_bytes(DEBS[case])
    assert read(DEBS[case]) == shown(path)


# --- through a build --------------------------------------------------------------------------


def built(world: World, package: bytes) -> Ended:
    """A build that is given `package` as a file."""
    files: dict[str, str | bytes] = {
        "main.py": "print()\n",
        "tool.deb": package,
        "distil.toml": SPEC,
    }
    app = world.app(files)
    return hostile(world, "build", app, "-t", "shop:1", "-o", f"oci:{world.out}")


SPEC = '[base]\ndebs = ["tool.deb"]\n[app]\npackages = ["tool"]\n'
XATTR = ("SCHILY.xattr.user.a", b"x" * 1_000_000)


def with_data(data: bytes, compression: str = "") -> bytes:
    return ar([VERSION, CONTROL, (f"data.tar{compression}", data)])


def zeros(size: int) -> bytes:
    """A data member of `size` zero bytes, in xz."""
    encoder = lzma.LZMACompressor(preset=0)
    pieces = [header(b"./zero", size=b"\x80" + size.to_bytes(11, "big"))]
    pieces += [bytes(1 << 20)] * (size >> 20)
    return b"".join(map(encoder.compress, [*pieces, END])) + encoder.flush()


REFUSED: dict[str, Callable[[], bytes]] = {
    "name climbs": lambda: with_data(header(f"./../../{ESCAPED}".encode()) + END),
    "control climbs": lambda: ar(
        [VERSION, ("control.tar", header(f"../{ESCAPED}".encode()) + END), DATA]
    ),
    "attributes": lambda: with_data(
        lzma.compress(b"".join((pax(XATTR) + header(b"%d" % at)) for at in range(300)) + END), ".xz"
    ),
    "link target": lambda: with_data(gnu(b"K", b"x" * 5000) + header(b"a", b"2") + END),
    "zeros": lambda: with_data(zeros(1200 << 20), ".xz"),
    "hard link to nothing": lambda: with_data(tar([hard_link("/a", "/b")])),
    "another name": lambda: deb(control_file("../../" + ESCAPED), [file("/a")]),
    "name of control characters": lambda: deb(control_file("a\x1b[2Jb"), [file("/a")]),
    "version of control characters": lambda: deb(
        control_file("tool", Version="1\x1b[2J"), [file("/a")]
    ),
    "nothing": lambda: b"",
}


@pytest.mark.parametrize("case", REFUSED)
def test_packages_that_are_refused(warm: World, case: str) -> None:
    built(warm, REFUSED[case]()).refused()
    assert not warm.out.exists()


HARMLESS: dict[str, Callable[[], bytes]] = {
    "trailing header that is none": lambda: DEBS["trailing header that is none"],
    "two data members": lambda: DEBS["two data members"],
    "links out": lambda: deb(control_file("tool"), [link("/opt", "/tmp"), link("/x", "../../tmp")]),
    "names of control characters": lambda: with_data(
        pax(("path", b"./usr/bin/a\x1b[2J\xff\n")) + header(mode=b"0004755\0") + END
    ),
    "description of control characters": lambda: deb(
        control_file("tool", Homepage="http://\x1b[2J\u202e"), [file("/usr/a")]
    ),
    "conffiles that climb": lambda: deb(
        control_file("tool"), [file("/usr/a")], {"conffiles": "/../../etc/passwd\n/\x1b[2J\n"}
    ),
    "sums that lie": lambda: deb(
        control_file("tool"), [file("/usr/a")], {"md5sums": "0  ../../x\n\x1b[2J\n" * 1000}
    ),
}


@pytest.mark.parametrize("case", HARMLESS)
def test_packages_that_do_no_harm(warm: World, case: str) -> None:
    built(warm, HARMLESS[case]()).answered(0, 2)
