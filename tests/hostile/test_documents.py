"""Ledgers, ELF files, loader caches and Debian's control data that are made to cost much."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
import zstandard

from distil.distros.debian.formats.deb822 import parse_stanzas
from distil.distros.debian.formats.release import parse_release
from distil.formats.elf import parse_elf
from distil.formats.ldcache import read_ld_cache
from distil.formats.ledger import MEDIA_TYPE, decode_ledger
from distil.model.image import MEDIA_MANIFEST
from tests.support.deb_builder import file, tar
from tests.support.hand_made import Layout
from tests.support.hostile import Place, in_child

HEADER = b'["distil-ledger",1]\n'
KEPT = b'["+","/a\\u001b[2J",0,1,0,[0]]\n'
ORIGIN = b'["origin",{"type":"GeneratedOrigin","rule":"x"}]\n'

LEDGERS: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "no frame": lambda: b"ledger",
    "deep": lambda: zstandard.compress(HEADER + b"[" * 1_000_000),
    "a deep first line": lambda: zstandard.compress(b"[" * 1_000_000),
    "zeros": lambda: zstandard.compress(bytes(1 << 30)),
    "zeros of a size unsaid": lambda: _unsaid(bytes(1 << 30)),
    "blank lines": lambda: zstandard.compress(HEADER + b"\n" * (200 << 20)),
    "many lines of nothing": lambda: zstandard.compress(HEADER + b"[]\n" * 10_000_000),
    "lines without what they lead to": lambda: zstandard.compress(HEADER + KEPT * 100_000),
    "huge numbers": lambda: zstandard.compress(HEADER + b'["+","/a",0,' + b"9" * 5_000_000 + b"]"),
    "a number out of range": lambda: zstandard.compress(HEADER + b'["+","/a",0,-1,0,[]]\n'),
}


def _unsaid(data: bytes) -> bytes:
    encoder = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    return encoder.compress(data) + encoder.flush()


@pytest.mark.parametrize("case", LEDGERS)
def test_ledgers(place: Place, case: str) -> None:
    """As an artifact about an image, which both verbs read."""
    layout = Layout(place.root / "layout")
    image = layout.add(layout.manifest())
    content = layout.add(LEDGERS[case](), MEDIA_TYPE)
    about = layout.manifest(layout.add(b"{}", "application/vnd.oci.empty.v1+json"), content)
    entry = layout.add(about | {"subject": image, "artifactType": MEDIA_TYPE}, MEDIA_MANIFEST)
    named = image | {"annotations": {"org.opencontainers.image.ref.name": "a"}}
    layout.index(named, entry | {"artifactType": MEDIA_TYPE})
    for verb in (("check",), ("why", "--largest", "9")):
        place.distil(verb[0], f"oci:{layout.directory}:a", *verb[1:]).refused("ledger")


# --- ELF ------------------------------------------------------------------------------------

ELF = b"\x7fELF\x02\x01\x01" + bytes(9)


def elf(**fields: int) -> bytes:
    """The header of a 64-bit shared object, with `fields` as wrong as they like."""
    values = {
        "type": 3, "machine": 62, "version": 1, "entry": 0, "phoff": 64, "shoff": 0, "flags": 0,
        "ehsize": 64, "phentsize": 56, "phnum": 0, "shentsize": 64, "shnum": 0, "shstrndx": 0,
        **fields,
    }  # fmt: skip
    return ELF + struct.pack("<HHIQQQIHHHHHH", *values.values())


def segment(kind: int, offset: int, size: int, address: int = 0) -> bytes:
    return struct.pack("<IIQQQQQQ", kind, 4, offset, address, address, size, size, 1)


def dynamic(*entries: tuple[int, int]) -> bytes:
    return b"".join(struct.pack("<QQ", *entry) for entry in entries)


LOAD, DYNAMIC, INTERP, NOTE = 1, 2, 3, 4
ELFS: dict[str, bytes] = {
    "header alone": elf(),
    "cut header": elf()[:40],
    "many program headers": elf(phnum=65535) + segment(DYNAMIC, 0, 1 << 62) * 1000,
    "program headers of no size": elf(phnum=65535, phentsize=0),
    "program headers far away": elf(phnum=65535, phoff=(1 << 64) - 1),
    "number of headers elsewhere": elf(phnum=65535, shoff=64, shnum=0) + b"\xff" * 64,
    "many sections": elf(shoff=64, shnum=65535) + b"\xff" * 64,
    "segments over each other": elf(phnum=1000) + segment(DYNAMIC, 64, 56 * 1000) * 1000,
    "interpreter of all the file": elf(phnum=1) + segment(INTERP, 0, 8 << 20) + b"x" * (1 << 23),
    "interpreter of control characters": elf(phnum=1) + segment(INTERP, 120, 8) + b"/\x1b[2J\n\0",
    "notes without end": elf(phnum=1) + segment(NOTE, 120, 8 << 20) + bytes(8 << 20),
    "many needed": elf(phnum=2) + segment(LOAD, 0, 16 << 20) + segment(DYNAMIC, 176, 16 << 20)
    + dynamic((5, 0), (10, 1 << 20)) + dynamic((1, 1)) * 500_000,
    "endless versions": elf(phnum=2) + segment(LOAD, 0, 1 << 20) + segment(DYNAMIC, 176, 96)
    + dynamic((5, 0), (10, 1 << 20), (0x6FFFFFFE, 400), (0x6FFFFFFF, 1 << 60), (0, 0))
    + bytes(1000),
    "dynamic section without end": elf(phnum=1) + segment(DYNAMIC, 120, 8 << 20)
    + b"\x01" * (8 << 20),
}  # fmt: skip


def test_elf_files_in_an_image(place: Place) -> None:
    """All in one image: each is an ELF file or none, and none costs much."""
    entries = [file(f"/usr/lib/{at}.so", data, 0o755) for at, data in enumerate(ELFS.values())]
    layout = Layout(place.root / "layout")
    layout.image((tar(entries), ""))
    place.distil("check", f"oci:{layout.directory}").answered(0, 1)


@pytest.mark.parametrize("case", ELFS)
def test_elf_files(case: str) -> None:
    said = in_child(lambda: parse_elf(ELFS[case]))
    assert not said or said.startswith("MalformedElf: "), said


# --- what is only read by functions ------------------------------------------------------------

CACHE = b"glibc-ld.so.cache1.1"
RELEASE = b"Origin: Debian\nSuite: stable\nCodename: trixie\nDate: Sat, 14 Jun 2025 10:00:00 UTC\n"
READERS: dict[str, tuple[Callable[[], object], str]] = {
    "loader cache of many entries": (
        lambda: read_ld_cache(CACHE + struct.pack("<II", 0xFFFFFFFF, 0xFFFFFFFF) + bytes(4 << 20)),
        "MalformedLdCache: ",
    ),
    "loader cache of entries that are all the same": (
        lambda: read_ld_cache(CACHE + struct.pack("<II", 300_000, 1) + bytes(24 * 400_000)),
        "MalformedLdCache: |",
    ),
    "stanza without end": (
        lambda: list(parse_stanzas(b"A: b\n" + b" x\n" * 30_000_000, "it")),
        "MalformedControl: ",
    ),
    "many fields": (
        lambda: list(parse_stanzas(b"".join(b"F%d: x\n" % at for at in range(1_000_000)), "it")),
        "MalformedControl: |",
    ),
    "colons": (lambda: list(parse_stanzas(b":" * 10_000_000, "it")), "MalformedControl: "),
    "Release of many files": (
        lambda: parse_release(
            (RELEASE + b"SHA256:\n" + b" %064d 1 main/x\n" % 0 * 300_000), "it"
        ),
        "MalformedControl: |",
    ),
    "Release of a far date": (
        lambda: parse_release((RELEASE + b"Valid-Until: Sat, 14 Jun 99999 10:00:00 UTC\n"), "it"),
        "MalformedRelease: ",
    ),
    "deep ledger": (
        lambda: decode_ledger(zstandard.compress(HEADER + b"[" * 100_000)), "MalformedLedger: "
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", READERS)
def test_readers(case: str) -> None:
    read, expected = READERS[case]
    said = in_child(read)
    assert any(said.startswith(one) if one else not said for one in expected.split("|")), said
