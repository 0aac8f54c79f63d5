"""Layers of images: headers, names, links, whiteouts, compression, bombs."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
import zstandard

from distil.formats.tar_fields import BLOCK
from tests.support.deb_builder import directory, file, hard_link, link, tar
from tests.support.hand_made import Layout
from tests.support.hostile import ESCAPED, Ended, Place
from tests.support.raw_tar import END, gnu, header, padded, pax

ZEROS = bytes(100 << 20)
UNKNOWN = ("sha256:" + "0" * 64,)
"""The diff id of what does not unpack."""


def gz(pieces: Iterable[bytes]) -> bytes:
    encoder = zlib.compressobj(6, wbits=31)
    return b"".join(map(encoder.compress, pieces)) + encoder.flush()


def base256(value: int, length: int = 12) -> bytes:
    """GNU's binary number; negative ones too."""
    return (value % (1 << (8 * length)) | (1 << (8 * length - 1))).to_bytes(length, "big")


def one(**fields: bytes) -> bytes:
    return header(**fields) + END


# --- one layer that is refused -----------------------------------------------------------------

HEADERS: dict[str, tuple[bytes, str]] = {
    "name climbs": (header(f"../../{ESCAPED}".encode()) + END, "climbs out"),
    "name climbs in the middle": (header(f"a/../../{ESCAPED}".encode()) + END, "climbs out"),
    "name climbs in PAX": (pax(("path", b"../x")) + header() + END, "climbs out"),
    "name climbs in GNU": (gnu(b"L", b"../x") + header() + END, "climbs out"),
    "name climbs in prefix": (one(name=b"x", prefix=b".."), "climbs out"),
    "no name": (header(b"") + END, "empty"),
    "name with NUL": (pax(("path", b"a\0b")) + header() + END, "NUL"),
    "name beyond PATH_MAX": (pax(("path", b"a/" * 2100 + b"f")) + header() + END, "longer than"),
    "hard link climbs": (one(type=b"1", link=b"../x"), "climbs out"),
    "hard link to nothing": (one(type=b"1"), "empty"),
    "hard link to what is not there": (tar([hard_link("/a", "/b")]), "hard link|not there"),
    "hard link to itself": (tar([hard_link("/a", "/a")]), "hard link|not there|comes twice"),
    "symbolic link to nothing": (one(type=b"2"), "to nothing"),
    "symbolic link with NUL": (pax(("linkpath", b"a\0b")) + header(kind=b"2") + END, "to nothing"),
    "symbolic link beyond PATH_MAX": (gnu(b"K", b"a/" * 2100) + header(kind=b"2") + END,
                                      "more than 4096"),
    "path twice": (tar([file("/a", "1"), file("/a", "2")]), "comes twice"),
    "path twice by dots": (header(b"a") + header(b"./a") + END, "comes twice"),
    "file and directory": (tar([file("/a"), directory("/a")]), "comes twice"),
    "bare whiteout": (header(b"a/.wh.") + END, "whiteout|removal|names nothing"),
    "whiteout of what is above": (header(b"a/.wh...") + END, "whiteout|removal|names"),
    "whiteout of the directory": (header(b"a/.wh..") + END, "whiteout|removal|names"),
    "sparse, more stored than mapped": (one(type=b"S", size=b"00000001000\0"), "sparse"),
    "sparse, without a map": (pax(("GNU.sparse.major", b"1")) + header() + END, "sparse"),
    "sparse, beyond all": (pax(("GNU.sparse.map", b"1,0"), ("GNU.sparse.size", b"9" * 18))
                           + header() + END, "more than"),
    "multi-volume": (one(type=b"M"), "tar member type"),
    "contiguous of a huge size": (one(type=b"7", size=base256(1 << 62)), "more than"),
    "negative size": (one(size=base256(-1)), "damaged size"),
    "size beyond all": (one(size=base256(1 << 80)), "more than"),
    "size with letters": (one(size=b"0000000000x\0"), "damaged size"),
    "negative owner": (one(uid=base256(-1, 8)), "damaged owner|owner"),
    "owner beyond 32 bits": (one(uid=base256(1 << 40, 8)), "owner"),
    "negative device": (one(type=b"3", major=base256(-1, 8)), "damaged device"),
    "checksum wrong": (one(checksum=b"000000\0 "), "wrong checksum"),
    "checksum no number": (one(checksum=b"zzzzzzz "), "damaged checksum"),
    "two archives": (header(b"a") + END + header(b"b") + END, "something follows"),
    "no end": (header(b"a"), "ends at byte"),
    "cut in a member": (header(b"a", size=BLOCK * 4) + bytes(BLOCK), "lacks its last"),
    "PAX against GNU": (gnu(b"L", b"a") + pax(("path", b"b")) + header() + END, "different names"),
    "PAX size against header": (pax(("size", b"0")) + header(size=512) + bytes(512) + END,
                                "two different sizes"),
    "PAX length lies": (header(b"p", b"x", 12) + padded(b"99999999 a=b") + header() + END, "PAX"),
    "PAX length huge": (header(b"p", b"x", 12) + padded(b"9" * 12) + header() + END, "PAX"),
    "not a tar": (b"\x7fELF" * 500, "checksum"),
    "a zip": (b"PK\3\4" * 500, "checksum"),
}  # fmt: skip


def compressions() -> dict[str, tuple[bytes, str, str]]:
    plain = tar([file("/a", b"x" * 5000)])
    frame = zstandard.ZstdCompressor(write_checksum=True).compress(plain)
    return {
        "cut gzip": (gzip.compress(plain)[:-5], "+gzip", "ends early"),
        "cut zstd": (frame[:-5], "+zstd", "ends early"),
        "gzip, then garbage": (gzip.compress(plain) + b"garbage" * 9, "+gzip", "damaged"),
        "zstd, then garbage": (frame + b"garbage" * 9, "+zstd", "damaged"),
        "gzip, then another tar": (gzip.compress(plain) * 2, "+gzip", "something follows"),
        "gzip that is zstd": (frame, "+gzip", "its media type says"),
        "zstd that is gzip": (gzip.compress(plain), "+zstd", "its media type says"),
        "gzip with a wrong sum": (gzip.compress(plain)[:-8] + bytes(8), "+gzip", "damaged"),
        "nothing at all": (b"", "+gzip", "ends early"),
        "zstd with a huge window": (
            # Magic, descriptor with content size of 4 bytes, window of 2 GB.
            b"\x28\xb5\x2f\xfd\x00\xa8" + b"\x01\x00\x00",
            "+zstd",
            "damaged",
        ),
        "many empty gzip members": (
            gzip.compress(plain) + gzip.compress(b"") * 1_000_000,
            "+gzip",
            "compressed streams",
        ),
        "many empty zstd frames": (
            frame + zstandard.compress(b"") * 1_000_000,
            "+zstd",
            "compressed streams",
        ),
        "many skippable frames": (
            frame + b"\x50\x2a\x4d\x18\0\0\0\0" * 1_000_000,
            "+zstd",
            "compressed streams",
        ),
        "many members of one byte": (
            b"".join(gzip.compress(plain[at : at + 1]) for at in range(len(plain))) * 5,
            "+gzip",
            "compressed streams",
        ),
    }


COMPRESSIONS = compressions()


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "layout")


def checked(place: Place, layout: Layout, *layers: tuple[bytes, str], known: bool = True) -> Ended:
    """What `distil check` says of an image of `layers`."""
    layout.image(*layers, diff_ids=() if known else UNKNOWN * len(layers))
    return place.distil("check", f"oci:{layout.directory}")


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended]:
    """What `distil check` says of each table's images, all in one process."""
    place = Place(tmp_path_factory.mktemp("layers"))
    commands: dict[str, list[str]] = {}

    def add(name: str, *layers: tuple[bytes, str], known: bool = True) -> None:
        layout = Layout(place.root / f"{len(commands)}")
        layout.image(*layers, diff_ids=() if known else UNKNOWN * len(layers))
        commands[name] = ["check", f"oci:{layout.directory}"]

    for name, (data, _) in HEADERS.items():
        add(f"header {name}", (data, ""))
    for name, (data, kind, _) in COMPRESSIONS.items():
        add(f"compression {name}", (data, kind), known=False)
    for name, layers in ODD.items():
        add(f"odd {name}", *((data, "") for data in layers))
    return place.many(commands)


@pytest.mark.parametrize("case", HEADERS)
def test_headers_that_are_refused(ended: dict[str, Ended], case: str) -> None:
    ended[f"header {case}"].refused(HEADERS[case][1])


@pytest.mark.parametrize("case", COMPRESSIONS)
def test_compression_that_is_refused(ended: dict[str, Ended], case: str) -> None:
    ended[f"compression {case}"].refused(COMPRESSIONS[case][2])


# --- layers that are odd, and mean something -----------------------------------------------------

NAMES = {
    "control characters": b"a\x1b[2J\x07\x9b31m\r\nPASS everything\x7f",
    "not UTF-8": b"a\xff\xfe\xc3(",
    "right to left": "a\u202egnp.exe\u2066".encode(),
    "surrogates": b"\xed\xa0\x80\xed\xb0\x80",
    "a quote and a dollar": b"'; $(touch distil-was-here) `id` \"",
    "blanks and a tab": b" \t ",
    "a format": b"%s%n{0}{}[bold]",
    "an option": b"--help",
    "very long": b"n" * 255,
    "longer than any": b"n" * 300,
    "drive": b"C:\\windows\\" + ESCAPED.encode(),
}


@pytest.mark.parametrize("case", NAMES)
def test_names_are_shown_as_they_are_safe(place: Place, layout: Layout, case: str) -> None:
    """As a script without its interpreter, an ELF file, and one that comes twice."""
    name = NAMES[case].replace(b"/", b"")
    script = b"#!/" + name[:90] + b"\n"
    data = (
        pax(("path", b"usr/bin/" + name)) + header(size=len(script), mode=b"0000755\0")
        + padded(script) + pax(("path", b"lib/" + name)) + header(size=4, mode=b"0000755\0")
        + padded(b"\x7fELF") + END
    )  # fmt: skip
    for form in ("text", "json"):
        layout.image((data, ""))
        place.distil("check", f"oci:{layout.directory}", "--format", form).answered(0, 1)
    twice = pax(("path", name)) + header()
    other = Layout(layout.directory.with_name("twice"))
    checked(place, other, (twice * 2 + END, "")).refused("comes twice")


ASTRAY = b"".join(
    gnu(b"K", b"a/../" * 800 + b"l%d" % (at + 1)) + header(b"l%d" % at, b"2") for at in range(38)
)
"""Thirty-eight links, one to the next, by way of hundreds of directories."""

ODD: dict[str, list[bytes]] = {
    "absolute names": [header(f"/tmp/{ESCAPED}".encode()) + END],
    "symbolic links out": [
        tar([link("/a", "/tmp"), link("/b", "../../../../tmp"), file(f"/c/{ESCAPED}")])
    ],
    "written through a link": [tar([link("/a", "/tmp")]), tar([file(f"/a/{ESCAPED}")])],
    "the root as a link": [header(b"./", b"2", link=b"/tmp") + END],
    "the root as a file": [header(b".", b"0") + END],
    "below a file": [tar([file("/a"), file("/a/b")])],
    "hard link to a link": [tar([link("/a", "/etc/passwd"), hard_link("/b", "/a")])],
    "hard link to a directory": [tar([directory("/a"), hard_link("/b", "/a")])],
    "hard link into a lower layer": [tar([file("/a")]), tar([hard_link("/b", "/a")])],
    "links in a circle": [tar([link("/bin/a", "b"), link("/bin/b", "a"), link("/lib", "lib")])],
    "long chain of links": [
        tar([link(f"/bin/{at}", f"{at + 1}") for at in range(3000)]),
    ],
    "links in place of links, and whiteouts in them": [
        b"".join(header(b"l%d" % at, b"2", link=b"d") for at in range(20_000)) + END,
        b"".join(header(b"l%d/" % at, b"5") + header(b"l%d/.wh.x" % at) for at in range(20_000))
        + END,
    ],
    "long ways through links, again and again": [
        header(b"a/", b"5") + ASTRAY + b"".join(
            header(b"s%d" % at, b"2", link=b"x") + header(b"l0/f%d" % at) for at in range(20_000)
        ) + END
    ],
    "whiteout of the root": [tar([file("/a")]), header(b".wh..wh..opq") + END],
    "whiteout of what is not there": [header(b"a/.wh.b") + END],
    "whiteout as a directory": [tar([file("/a/b")]), header(b"a/.wh.b", b"5") + END],
    "whiteout as a link": [tar([file("/a/b")]), header(b"a/.wh.b", b"2", link=b"/tmp") + END],
    "opaque after its files": [
        tar([file("/a/b")]),
        header(b"a/c") + header(b"a/.wh..wh..opq") + END,
    ],
    "whiteout through a link": [tar([link("/a", "/usr")]), header(b"a/.wh.b") + END],
    "aufs names": [header(b".wh..wh.plnk/1.2") + header(b".wh..wh.aufs") + END],
    "devices and pipes": [
        header(b"dev/sda", b"4", major=b"0000010\0") + header(b"dev/zero", b"3", major=b"0000001\0")
        + header(b"usr/bin/pipe", b"6") + END
    ],
    "setuid with capabilities": [
        pax(("SCHILY.xattr.security.capability", bytes(20)))
        + header(b"usr/bin/x", mode=b"0006755\0") + END
    ],
    "deep": [
        b"".join(pax(("path", b"aaa/" * 500 + b"%d" % at)) + header() for at in range(1000)) + END
    ],
    "deep and apart": [
        b"".join(pax(("path", b"%d/" % at * 400 + b"f")) + header() for at in range(300)) + END
    ],
    "no layer at all": [],
    "nothing in it": [END],
    "the same layer often": [tar([file("/a", b"x" * 1000)])] * 120,
}  # fmt: skip


@pytest.mark.parametrize("case", ODD)
def test_odd_layers_do_no_harm(ended: dict[str, Ended], case: str) -> None:
    """Whatever is made of them, it is one answer, and nothing is written anywhere."""
    ended[f"odd {case}"].answered(0, 1, 2)


# --- bombs ---------------------------------------------------------------------------------


def repeated(count: int, member: Callable[[int], bytes]) -> Iterator[bytes]:
    yield from map(member, range(count))
    yield END


def zeros(hundreds: int, compress: Callable[[bytes], bytes], name: bytes = b"zero") -> bytes:
    """A file of zeros, of so many hundred megabytes, in as many streams."""
    size = hundreds * len(ZEROS)
    return compress(header(name, size=base256(size))) + compress(ZEROS) * hundreds + compress(END)


BOMBS: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "zeros, gzip": (lambda: zeros(20, gzip.compress), "+gzip", "unpacks to more than"),
    "zeros, zstd": (lambda: zeros(20, zstandard.compress), "+zstd", "unpacks to more than"),
    "attributes": (
        lambda: gz(
            repeated(
                800,
                lambda at: pax(("SCHILY.xattr.user.a", b"x" * 250_000)) + header(b"%d" % at),
            )
        ),
        "+gzip",
        "headers together",
    ),
    "link targets": (
        lambda: gz(
            repeated(800, lambda at: gnu(b"K", b"x" * 1_000_000) + header(b"%d" % at, b"2"))
        ),
        "+gzip",
        "more than 4096",
    ),
    "link targets that nobody uses": (
        lambda: gz(repeated(800, lambda at: gnu(b"K", b"x" * 1_000_000) + header(b"%d" % at))),
        "+gzip",
        "headers together",
    ),
    "names": (
        lambda: gz(
            repeated(30_000, lambda at: pax(("path", b"xxxxxxx/" * 500 + b"%d" % at)) + header())
        ),
        "+gzip",
        "headers together",
    ),
    "records": (
        lambda: gz(
            repeated(
                100,
                lambda at: pax(*((f"k{n}", b"v") for n in range(30_000))) + header(b"%d" % at),
            )
        ),
        "+gzip",
        "PAX records",
    ),
    "global records": (
        lambda: gz(repeated(9, lambda at: pax(*((f"k{at}{n}", b"") for n in range(9)), kind=b"g"))),
        "+gzip",
        "global headers",
    ),
}


@pytest.mark.parametrize("case", BOMBS)
def test_bombs(place: Place, layout: Layout, case: str) -> None:
    make, kind, message = BOMBS[case]
    checked(place, layout, (make(), kind), known=False).refused(message)


def test_bombs_in_many_layers_are_one(place: Place, layout: Layout) -> None:
    """What an image may come to is not what each of its layers may."""
    layers = [(zeros(4, zstandard.compress, b"%d" % at), "+zstd") for at in range(4)]
    checked(place, layout, *layers).refused("more than|larger than any honest")


def test_the_standard_library_agrees_on_what_is_honest(place: Place, layout: Layout) -> None:
    """The limits are none for what tools write."""
    entries = [file(f"/usr/lib/{'d' * 90}/{'e' * 60}/{at}", b"x" * at) for at in range(300)]
    for kind in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        again = Layout(layout.directory.with_name(f"honest-{kind}"))
        checked(place, again, (gzip.compress(tar(entries, kind)), "+gzip")).answered(0)
