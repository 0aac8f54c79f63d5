from __future__ import annotations

import contextlib
import io
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distil.distros.debian.formats.ar import ArReader
from distil.distros.debian.formats.deb import DebReader
from distil.errors import DistilError
from distil.formats.errors import MalformedArchive, TruncatedArchive, UnsupportedArchive
from tests.support.deb_builder import ar, compress, control_file, deb, directory, file, link, tar
from tests.support.tools import needs

ENTRIES = [directory("/"), directory("/usr"), file("/usr/x", b"content"), link("/usr/y", "x")]


def read(data: bytes) -> tuple[dict[str, bytes], list[tuple[str, bytes]]]:
    reader = DebReader(io.BytesIO(data), "x.deb")
    files = reader.data()
    return reader.control, [(member.path, b"".join(files.chunks())) for member in files]


@pytest.mark.parametrize("compression", ["", "gz", "xz", "zst"])
def test_control_and_data_are_read(compression: str) -> None:
    text = control_file("x")
    control, data = read(deb(text, ENTRIES, {"postinst": "#!/bin/sh\n"}, compression=compression))
    assert control["control"] == text.encode()
    assert control["postinst"] == b"#!/bin/sh\n"
    assert b"usr/x" in control["md5sums"]
    assert data == [("/", b""), ("/usr", b""), ("/usr/x", b"content"), ("/usr/y", b"")]


CONTROL = ("control.tar", tar([file("/control", b"Package: x\n")]))
DATA = ("data.tar", tar(ENTRIES))
VERSION = ("debian-binary", b"2.0\n")


def test_later_minor_versions_and_private_members_are_read() -> None:
    members = [("debian-binary", b"2.9\nmore\n"), ("_sign", b"odd"), CONTROL, ("_gpg", b""), DATA]
    assert len(read(ar(members))[1]) == 4


def test_member_names_with_a_slash() -> None:
    assert len(read(ar([(name + "/", data) for name, data in (VERSION, CONTROL, DATA)]))[1]) == 4


WHOLE = ar([VERSION, CONTROL, DATA])
CASES: list[tuple[str, bytes, type[DistilError], str]] = [
    ("empty", b"", MalformedArchive, "not an ar archive"),
    ("zip", b"PK\3\4" + bytes(100), MalformedArchive, "not an ar archive"),
    ("no members", ar([]), MalformedArchive, "not debian-binary"),
    ("wrong first", ar([CONTROL, DATA]), MalformedArchive, "not debian-binary"),
    ("version 3", ar([("debian-binary", b"3.0\n")]), UnsupportedArchive, "'3.0', not 2.0"),
    ("huge version", ar([("debian-binary", bytes(5000))]), MalformedArchive, "too large"),
    ("no control", ar([VERSION, DATA]), MalformedArchive, "'data.tar' where control.tar"),
    ("no data", ar([VERSION, CONTROL]), TruncatedArchive, "no data member"),
    ("two controls", ar([VERSION, CONTROL, CONTROL]), MalformedArchive, "'control.tar' where"),
    ("odd name", ar([VERSION, ("control.tarx", b"")]), MalformedArchive, "control.tar"),
    ("bzip2", ar([VERSION, ("control.tar.bz2", b"x")]), UnsupportedArchive, "'bz2' is not one of"),
    ("cut header", WHOLE[:100], TruncatedArchive, "inside a member's header"),
    ("cut member", WHOLE[:-100], TruncatedArchive, "lacks its last 100 bytes"),
    ("bad ar header", WHOLE.replace(b"`\n", b"``", 1), MalformedArchive, "header is damaged"),
    ("negative ar size", WHOLE.replace(b"4         `", b"-4        `", 1), MalformedArchive,
     "header is damaged"),
    ("no control file", ar([VERSION, ("control.tar", tar([file("/x")])), DATA]), MalformedArchive,
     "no control file"),
    ("control link", ar([VERSION, ("control.tar", tar([link("/control", "x")])), DATA]),
     MalformedArchive, "unexpected member '/control'"),
    ("control twice", ar([VERSION, ("control.tar", tar([file("/control")] * 2)), DATA]),
     MalformedArchive, "unexpected member '/control'"),
    ("control below", ar([VERSION, ("control.tar", tar([file("/a/control")])), DATA]),
     MalformedArchive, "unexpected member '/a/control'"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "error", "message"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_hostile_packages(data: bytes, error: type[DistilError], message: str) -> None:
    with pytest.raises(error, match=message) as raised:
        read(data)
    assert raised.value.message.startswith("x.deb")


def test_a_control_bomb_is_stopped() -> None:
    bomb = compress(tar([file("/control", bytes(65 << 20))]), "xz")
    with pytest.raises(DistilError, match="more than"):
        read(ar([VERSION, ("control.tar.xz", bomb), DATA]))


@given(st.lists(st.tuples(st.from_regex(r"[a-z.]{1,15}", fullmatch=True), st.binary(max_size=9))))
@settings(max_examples=50, deadline=None)
def test_any_ar_archive_reads_as_it_was_written(members: list[tuple[str, bytes]]) -> None:
    reader = ArReader(io.BytesIO(ar(members)), "it")
    assert [(member.name, b"".join(reader.chunks())) for member in reader] == members


@given(at=st.integers(0, 100_000), byte=st.integers(0, 255))
@settings(max_examples=100, deadline=None)
def test_damage_is_an_error_of_ours(at: int, byte: int) -> None:
    data = bytearray(deb(control_file("x"), ENTRIES, compression="gz"))
    data[at % len(data)] = byte
    with contextlib.suppress(MalformedArchive):
        read(bytes(data))


@needs("dpkg-deb")
@pytest.mark.parametrize("compression", ["gz", "xz", "zst"])
def test_dpkg_sees_the_same(tmp_path: Path, compression: str) -> None:
    package = tmp_path / "x.deb"
    package.write_bytes(deb(control_file("x"), ENTRIES, compression=compression))
    shown = subprocess.run(
        ["dpkg-deb", "--fsys-tarfile", package], capture_output=True, check=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(shown)) as archive:
        contents = {info: archive.extractfile(info) for info in archive if info.isreg()}
        expected = [
            ("/" + info.name.lstrip("./"), data.read() if (data := contents.get(info)) else b"")
            for info in archive
        ]
    assert read(package.read_bytes())[1] == expected
