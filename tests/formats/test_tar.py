from __future__ import annotations

import io
import tarfile

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distil.errors import DistilError
from distil.formats.byte_source import ByteSource
from distil.formats.errors import (
    ArchiveTooLarge,
    MalformedArchive,
    TruncatedArchive,
    UnsupportedArchive,
)
from distil.formats.tar import TarReader
from distil.formats.tar_fields import BLOCK
from distil.formats.tar_member import TarLimits, TarMember
from distil.model.node import Kind
from tests.support.deb_builder import Entry, directory, file, hard_link, link, tar
from tests.support.raw_tar import END, gnu, header, padded, pax

LAYOUTS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]


def read(data: bytes, limits: TarLimits | None = None) -> list[tuple[TarMember, bytes]]:
    reader = TarReader(io.BytesIO(data), "it", limits)
    return [(member, b"".join(reader.chunks())) for member in reader]


def paths(data: bytes) -> list[str]:
    return [member.path for member, _ in read(data)]


# --- what honest archives hold ---------------------------------------------------------------


ENTRIES = [
    directory("/"),
    directory("/usr", 0o2775),
    file("/usr/a", b"x" * 1000, 0o4755),
    hard_link("/usr/b", "/usr/a"),
    link("/usr/c", "../a"),
    file("/" + "d" * 90 + "/" + "e" * 60 + "/caf\u00e9", b"long"),
    Entry("/" + "n" * 99, b"exact"),
    file("/empty"),
]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_of_the_standard_library_reads_alike(layout: int) -> None:
    data = tar(ENTRIES, layout)
    kinds = {
        tarfile.REGTYPE: Kind.FILE,
        tarfile.DIRTYPE: Kind.DIRECTORY,
        tarfile.SYMTYPE: Kind.SYMLINK,
        tarfile.LNKTYPE: Kind.HARDLINK,
    }
    expected = [
        (entry.path, kinds[entry.type], entry.mode, entry.link, len(entry.content))
        for entry in ENTRIES
    ]
    found = read(data)
    assert [(m.path, m.kind, m.mode, m.target, m.size) for m, _ in found] == expected
    assert [content for _, content in found] == [entry.content for entry in ENTRIES]
    assert {member.mtime for member, _ in found} == {1_700_000_000}


@pytest.mark.parametrize("layout", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_very_long_names_and_links(layout: int) -> None:
    name, target = "/" + "/".join("n" * 50 for _ in range(20)), "t" * 900
    data = tar([link(name, target), file("/plain")], layout)
    assert [(m.path, m.target) for m, _ in read(data)] == [(name, target), ("/plain", "")]


def test_large_and_negative_numbers_in_base_256() -> None:
    info = tarfile.TarInfo("x")
    info.uid, info.gid, info.mtime = 3_000_000, 4_000_000, -5
    (member, _) = read(info.tobuf(tarfile.GNU_FORMAT) + END)[0]
    assert (member.uid, member.gid, member.mtime) == (3_000_000, 4_000_000, -5)


@pytest.mark.parametrize(
    ("text", "seconds"), [(b"12.75", 12), (b"-1.5", -2), (b"-3", -3), (b"-3.0", -3), (b"0", 0)]
)
def test_fractional_times_are_rounded_down(text: bytes, seconds: int) -> None:
    assert read(pax(("mtime", text)) + header() + END)[0][0].mtime == seconds


def test_pax_owner_and_extended_attributes() -> None:
    capability = b"\1\0\0\2\0\x04\0\0\n\0=\0"
    data = pax(
        ("uid", b"4294967294"),
        ("SCHILY.xattr.security.capability", capability),
        ("SCHILY.xattr.user.a", b"1"),
        ("comment", b"ignored"),
    )
    member = read(data + header() + END)[0][0]
    assert member.uid == 4294967294
    assert member.xattrs == (("security.capability", capability), ("user.a", b"1"))


def test_extended_attributes_as_libarchive_writes_them() -> None:
    records = [
        ("LIBARCHIVE.xattr.user.caf%E9%3D", b"AAECAw"),
        ("LIBARCHIVE.xattr.user.b", b"MQ=="),
    ]
    assert read(pax(*records) + header() + END)[0][0].xattrs == (
        ("user.b", b"1"),
        ("user.caf\udce9=", b"\0\1\2\3"),
    )


def test_extended_attributes_written_in_both_ways_are_those_that_engines_read() -> None:
    records = [
        ("LIBARCHIVE.xattr.user.caf%E9", b"MQ=="),
        ("LIBARCHIVE.xattr.user.both", b"MQ=="),
        ("SCHILY.xattr.user.both", b"1"),
        ("SCHILY.xattr.user.lines", b"a\n12 b=c\n\0"),
        ("SCHILY.xattr.user.empty", b""),
    ]
    assert read(pax(*records) + header() + END)[0][0].xattrs == (
        ("user.both", b"1"),
        ("user.empty", b""),
        ("user.lines", b"a\n12 b=c\n\0"),
    )


def test_an_attribute_of_a_global_header_can_be_taken_back() -> None:
    data = pax(("SCHILY.xattr.user.a", b"1"), kind=b"g") + header(b"a")
    data += pax(("SCHILY.xattr.user.a", b"")) + header(b"b")
    assert [m.xattrs for m, _ in read(data + END)] == [(("user.a", b"1"),), ()]


def test_global_headers_hold_for_what_follows() -> None:
    data = pax(("uid", b"7"), kind=b"g") + header(b"a") + pax(("uid", b"")) + header(b"b")
    found = [member.uid for member, _ in read(data + header(b"c") + END)]
    assert found == [7, 0, 7]


def test_devices_and_fifos() -> None:
    data = (
        header(b"null", b"3", major=b"0000001\0", minor=b"0000003\0")
        + header(b"disk", b"4", major=b"0000010\0", minor=b"0000000\0")
        + header(b"pipe", b"6")
    )
    found = [(m.kind, m.device) for m, _ in read(data + END)]
    assert found == [(Kind.CHARACTER, (1, 3)), (Kind.BLOCK, (8, 0)), (Kind.FIFO, None)]


def test_the_prefix_of_gnu_headers_is_not_part_of_the_name() -> None:
    times = b"00000000000\0" * 2
    assert paths(header(b"x", magic=b"ustar  \0", prefix=times) + END) == ["/x"]
    assert paths(header(b"x", prefix=b"a/b") + END) == ["/a/b/x"]


def test_directories_from_before_posix() -> None:
    found = read(header(b"d/", b"\0", magic=b"") + header(b"f", b"\0", magic=b"") + END)
    assert [(m.path, m.kind) for m, _ in found] == [("/d", Kind.DIRECTORY), ("/f", Kind.FILE)]


def test_names_that_are_not_utf8_are_kept() -> None:
    path = paths(header(b"caf\xe9") + END)[0]
    assert path.encode("utf-8", "surrogateescape") == b"/caf\xe9"


def test_sums_of_signed_bytes_are_accepted() -> None:
    block = header(b"\xe9")
    total = int(block[148:154], 8) - 256
    signed = block[:148] + b"%06o\0 " % total + block[156:]
    assert len(paths(signed + END)) == 1


def test_contents_may_be_left_unread() -> None:
    data = tar([file("/a", b"x" * 5000), file("/b", b"y")])
    assert [member.path for member in TarReader(ByteSource([data]), "it")] == ["/a", "/b"]


def test_zero_padding_after_the_end_is_normal() -> None:
    assert paths(header() + bytes(10 * BLOCK)) == ["/x"]
    assert paths(END) == []


# --- what dishonest ones hold ----------------------------------------------------------------


CASES: list[tuple[str, bytes, type[DistilError], str]] = [
    ("nothing", b"", TruncatedArchive, "ends at byte 0"),
    ("no end", header(), TruncatedArchive, "ends at byte 512"),
    ("half a header", header()[:300], TruncatedArchive, "ends at byte 0"),
    ("half a file", header(size=1000) + bytes(700), TruncatedArchive, "last 300 bytes"),
    ("no padding", header(size=1) + b"x", TruncatedArchive, "ends at byte 513"),
    ("checksum", header(checksum=b"000001\0 ") + END, MalformedArchive, "wrong checksum"),
    ("no checksum", header(checksum=b"garbage!") + END, MalformedArchive, "damaged checksum"),
    ("negative size", header(size=b"-0000000001\0") + END, MalformedArchive, "size"),
    ("negative base 256", header(size=b"\xff" * 12) + END, MalformedArchive, "size"),
    ("huge", header(size=0o77777777777) + END, TruncatedArchive, "lacks its last"),
    ("base 256 huge", header(size=b"\x80" + b"\x7f" * 11) + END, ArchiveTooLarge, "bytes"),
    ("size with sign", header(size=b"+0000000000\0") + END, MalformedArchive, "size"),
    ("size with digit 9", header(size=b"00000000009\0") + END, MalformedArchive, "size"),
    ("climbing", header(b"a/../../etc/passwd") + END, MalformedArchive, "climbs out"),
    ("no name", header(b"") + END, MalformedArchive, "empty"),
    ("climbing link", header(kind=b"1", link=b"../x") + END, MalformedArchive, "climbs out"),
    ("link to nothing", header(kind=b"2") + END, MalformedArchive, "symbolic link to nothing"),
    ("file with slash", header(b"x/") + END, MalformedArchive, "ends in a slash"),
    ("volume", header(kind=b"V") + END, UnsupportedArchive, "member type b'V' .the name of a vol"),
    ("unknown", header(kind=b"!") + END, UnsupportedArchive, "member type b'!' .unknown. of b'x'"),
    ("attribute twice", pax(("SCHILY.xattr.user.a", b"1"), ("LIBARCHIVE.xattr.user.a", b"Mg")) +
     header() + END, MalformedArchive, "two different values of the extended attribute 'user.a'"),
    ("attribute no base64", pax(("LIBARCHIVE.xattr.user.a", b"!")) + header() + END,
     MalformedArchive, "damaged extended attribute"),
    ("attribute without name", pax(("SCHILY.xattr.", b"1")) + header() + END, MalformedArchive,
     "without a name"),
    ("attribute with NUL", pax(("LIBARCHIVE.xattr.a%00", b"MQ==")) + header() + END,
     MalformedArchive, "without a name"),
    ("huge device", header(kind=b"3", major=b"\x80\0\0\1\0\0\0\0") + END, MalformedArchive,
     "damaged device"),
    ("NUL in name", pax(("path", b"a\0b")) + header() + END, MalformedArchive, "NUL"),
    ("NUL in GNU name", gnu(b"L", b"a\0b") + header() + END, MalformedArchive, "NUL"),
    ("NUL in link", pax(("linkpath", b"a\0b")) + header(kind=b"2") + END, MalformedArchive, "link"),
    ("two names", gnu(b"L", b"a") + pax(("path", b"b")) + header() + END, MalformedArchive,
     "different names"),
    ("two targets", gnu(b"K", b"a") + pax(("linkpath", b"b")) + header(kind=b"2") + END,
     MalformedArchive, "different link targets"),
    ("two sizes", pax(("size", b"512")) + header(size=1) + bytes(BLOCK) + END, MalformedArchive,
     "two different sizes"),
    ("hidden size", pax(("size", b"512")) + header() + bytes(BLOCK) + END, MalformedArchive,
     "two different sizes"),
    ("pax negative size", pax(("size", b"-1")) + header() + END, MalformedArchive, "damaged size"),
    ("pax owner", pax(("uid", b"-1")) + header() + END, MalformedArchive, "owner"),
    ("owner too large", pax(("gid", b"4294967295")) + header() + END, MalformedArchive, "owner"),
    ("pax time", pax(("mtime", b"now")) + header() + END, MalformedArchive, "time"),
    ("pax time beyond", pax(("mtime", b"9" * 18)) + header() + END, MalformedArchive, "time"),
    ("two pax headers", pax(("uid", b"1")) * 2 + header() + END, MalformedArchive, "two PAX"),
    ("two GNU names", gnu(b"L", b"a") * 2 + header() + END, MalformedArchive, "two long names"),
    ("record twice", pax(("uid", b"1"), ("uid", b"2")) + header() + END, MalformedArchive, "twice"),
    ("global name", pax(("path", b"a"), kind=b"g") + header() + END, MalformedArchive, "global"),
    ("pax at the end", pax(("uid", b"1")) + END, MalformedArchive, "without its member"),
    ("record without =", header(b"p", b"x", 6) + padded(b"6 abc\n") + END, MalformedArchive,
     "PAX record"),
    ("record too long", header(b"p", b"x", 8) + padded(b"99 ab=c\n") + END, MalformedArchive,
     "PAX record"),
    ("record of length 0", header(b"p", b"x", 8) + padded(b"0 ab=cd\n") + END, MalformedArchive,
     "PAX record"),
    ("huge extension", header(b"p", b"x", 2 << 20) + END, ArchiveTooLarge, "extended header"),
    ("second archive", header() + END + header(b"y") + END, MalformedArchive, "something follows"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "error", "message"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_hostile_archives(data: bytes, error: type[DistilError], message: str) -> None:
    with pytest.raises(error, match=message) as raised:
        read(data)
    assert raised.value.message.startswith("it: ")


def test_a_huge_pax_size_overrides_a_header_that_cannot_hold_it() -> None:
    with pytest.raises(TruncatedArchive, match=f"last {2**34} bytes"):
        read(pax(("size", b"%d" % 2**34)) + header() + END[:-1024])


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (TarLimits(members=2), "more than 2 members"),
        (TarLimits(content=9), "more than 9 bytes"),
        (TarLimits(extension=100), "extended header"),
        (TarLimits(metadata=1000), "headers together"),
        (TarLimits(path=100), "path is longer than 100 bytes"),
        (TarLimits(depth=2), "more than 2 directories"),
        (TarLimits(xattrs=9), "more than 9 bytes of extended attributes"),
    ],
)
def test_limits(limits: TarLimits, message: str) -> None:
    data = pax(("SCHILY.xattr.user.a", b"1234")) + header(b"x")
    data += tar([file("/a", b"12345"), file("/b/b/b", b"67890"), file("/" + "c" * 200)])
    with pytest.raises(ArchiveTooLarge, match=message) as raised:
        read(data, limits)
    given = msgspec.structs.asdict(limits)
    assert given[raised.value.limit] != msgspec.structs.asdict(TarLimits())[raised.value.limit]


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1, max_size=120)


@st.composite
def entries(draw: st.DrawFn) -> list[Entry]:
    names = draw(st.lists(NAMES.filter(lambda n: n not in (".", "..")), unique=True, max_size=8))
    contents = [draw(st.binary(max_size=1500)) for _ in names]
    modes = [draw(st.integers(0, 0o7777)) for _ in names]
    return [Entry("/" + n, c, m) for n, c, m in zip(names, contents, modes, strict=True)]


@given(entries=entries(), layout=st.sampled_from(LAYOUTS[1:]), size=st.integers(1, 3000))
@settings(max_examples=60, deadline=None)
def test_any_archive_reads_as_it_was_written(entries: list[Entry], layout: int, size: int) -> None:
    data = tar(entries, layout)
    source = ByteSource(data[start : start + size] for start in range(0, len(data), size))
    reader = TarReader(source, "it")
    found = [(m.path, m.mode, b"".join(reader.chunks())) for m in reader]
    assert found == [(entry.path, entry.mode, entry.content) for entry in entries]


@given(at=st.integers(0, 10_000), byte=st.integers(0, 255), layout=st.sampled_from(LAYOUTS))
@settings(max_examples=200, deadline=None)
def test_damage_is_an_error_of_ours_or_changes_only_contents(
    at: int, byte: int, layout: int
) -> None:
    data = bytearray(tar(ENTRIES, layout))
    data[at % len(data)] = byte
    try:
        found = read(bytes(data))
    except MalformedArchive:
        return
    for member, content in found:
        assert member.path.startswith("/")
        assert ".." not in member.path.split("/")
        assert len(content) == member.size


@given(st.binary(max_size=3000))
@settings(max_examples=100, deadline=None)
def test_noise_is_an_error(noise: bytes) -> None:
    if noise[:BLOCK] != bytes(BLOCK):
        with pytest.raises(MalformedArchive):
            read(noise)
