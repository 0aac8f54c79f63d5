"""Sparse files in tar archives, as GNU tar writes them and as nobody should."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from distil.formats.errors import ArchiveTooLarge, MalformedArchive, TruncatedArchive
from distil.formats.tar import TarReader
from distil.formats.tar_fields import BLOCK
from distil.formats.tar_member import TarLimits, TarMember
from tests.support.raw_tar import END, header, padded, pax
from tests.support.tools import run_tool

SIZE = 3 << 20
PIECE = 64 << 10
FORMATS = {
    "old GNU": ["--format=gnu"],
    "0.0": ["--format=posix", "--sparse-version=0.0"],
    "0.1": ["--format=posix", "--sparse-version=0.1"],
    "1.0": ["--format=posix", "--sparse-version=1.0"],
}
SHAPES = {
    "a hole at both ends": [1 << 20],
    "no hole at the beginning": [0, 2 << 20],
    "data at the end": [1 << 20, SIZE - PIECE],
    "nothing but a hole": [],
    "more pieces than a header holds": list(range(0, SIZE, 2 * PIECE)),
}


def read(data: bytes, limits: TarLimits | None = None) -> list[tuple[TarMember, bytes]]:
    reader = TarReader(io.BytesIO(data), "it", limits)
    return [(member, b"".join(reader.chunks())) for member in reader]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("version", FORMATS)
def test_what_gnu_tar_writes(tmp_path: Path, version: str, shape: str) -> None:
    name = "d" * 120  # so that there are a long name and a map
    with (tmp_path / name).open("wb") as out:
        for start in SHAPES[shape]:
            out.seek(start)
            out.write(os.urandom(PIECE))
        out.truncate(SIZE)
    (tmp_path / "z").write_bytes(b"after")
    archive = tmp_path / "a.tar"
    options = [*FORMATS[version], "--sparse", "--hole-detection=raw", f"--directory={tmp_path}"]
    run_tool("tar", "--create", f"--file={archive}", *options, name, "z")
    assert archive.stat().st_size < SIZE or len(SHAPES[shape]) > 9
    (sparse, content), (after, rest) = read(archive.read_bytes())
    assert (sparse.path, sparse.size, sparse.is_sparse) == (f"/{name}", SIZE, True)
    assert content == (tmp_path / name).read_bytes()
    assert (after.path, rest, after.is_sparse) == ("/z", b"after", False)
    # Contents that nobody asks for are skipped by what is stored of them.
    reader = TarReader(io.BytesIO(archive.read_bytes()), "it")
    assert [member.path for member in reader] == [f"/{name}", "/z"]


def old(*numbers: int | bytes, size: int, stored: int = 0, goes_on: bytes = b"\0") -> bytes:
    """A header of the old format."""
    block = bytearray(header(kind=b"S", size=stored, magic=b"ustar  \0"))
    for at, value in enumerate(numbers):
        number = value if isinstance(value, bytes) else b"%011o\0" % value
        block[386 + 12 * at : 398 + 12 * at] = number
    block[482:483] = goes_on
    block[483:495] = b"%011o\0" % size
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def new(*numbers: int | bytes, size: int = 9, stored: int = 0) -> bytes:
    """A member of version 1.0 that says it stores so many bytes beside its map."""
    text = b"".join(b"%d\n" % n if isinstance(n, int) else n for n in numbers)
    data = padded(text) + bytes(stored)
    records = [("GNU.sparse.major", b"1"), ("GNU.sparse.minor", b"0")]
    records += [("GNU.sparse.realsize", b"%d" % size), ("GNU.sparse.name", b"f")]
    return pax(*records) + header(b"GNUSparseFile.0/f", size=len(data)) + padded(data)


def in_pax(text: bytes, size: bytes = b"9", **more: bytes) -> bytes:
    records = [("GNU.sparse.map", text), ("GNU.sparse.size", size)]
    return pax(*records, *((f"GNU.sparse.{key}", value) for key, value in more.items())) + header()


DAMAGED: dict[str, bytes] = {
    "old: not in order": old(5, 1, 3, 1, size=9, stored=2),
    "old: one in the other": old(1, 3, 2, 3, size=9, stored=6),
    "old: beyond the end": old(8, 2, size=9, stored=2),
    "old: less stored": old(0, 9, size=9, stored=2),
    "old: half a pair": old(1, size=9),
    "old: no number": old(b"x" * 12, 1, size=9, stored=1),
    "old: without an end": old(size=0, goes_on=b"\1") + (b"\1" * BLOCK) * 3000,
    "1.0: not in order": new(2, 5, 1, 3, 1, stored=2),
    "1.0: beyond the end": new(1, 8, 2, stored=2),
    "1.0: less stored": new(1, 0, 9, stored=2),
    "1.0: a negative length": new(b"1\n0\n-1\n"),
    "1.0: many pieces": new(b"9" * 18 + b"\n"),
    "1.0: a count without an end": new(b"9" * 3000),
    "1.0: no number": new(b"x\n"),
    "1.0: no map": pax(("GNU.sparse.major", b"1"), ("GNU.sparse.minor", b"0"),
                       ("GNU.sparse.realsize", b"1")) + header(),
    "0.1: half a pair": in_pax(b"1"),
    "0.1: nothing": in_pax(b","),
    "0.1: not in order": in_pax(b"5,0,3,0"),
    "0.1: beyond the end": in_pax(b"5,0,10,0"),
    "0.1: less stored": in_pax(b"0,9"),
    "0.1: no size": pax(("GNU.sparse.map", b"0,0")) + header(),
    "0.1: a negative size": in_pax(b"0,0", b"-1"),
    "0.0: lengths alone": pax(("GNU.sparse.numbytes", b"0"), ("GNU.sparse.size", b"9")) + header(),
    "0.0: two offsets": pax(("GNU.sparse.offset", b"0"), ("GNU.sparse.offset", b"1")) + header(),
    "0.0 against 0.1": in_pax(b"0,0", offset=b"1", numbytes=b"0"),
    "an unknown version": in_pax(b"0,0", major=b"2"),
    "a version of a file without a map": pax(("GNU.sparse.major", b"0")) + header(),
    "a map for all": pax(("GNU.sparse.size", b"1"), kind=b"g") + header(),
    "a name that climbs": in_pax(b"0,0", name=b"../x"),
}  # fmt: skip


@pytest.mark.parametrize("case", DAMAGED)
def test_maps_that_make_no_sense(case: str) -> None:
    with pytest.raises(MalformedArchive):
        read(DAMAGED[case] + END)


def test_a_hole_counts_as_contents() -> None:
    with pytest.raises(ArchiveTooLarge, match="more than 100 bytes"):
        read(old(size=101) + END, TarLimits(content=100))


def test_what_is_stored_of_a_sparse_file_can_be_cut() -> None:
    with pytest.raises(TruncatedArchive):
        read(new(1, 0, 9, stored=9)[: -BLOCK + 3])


def test_the_name_in_the_map_counts() -> None:
    assert [(m.path, content) for m, content in read(new(1, 0, 2, stored=2) + END)] == [
        ("/f", bytes(9))
    ]
