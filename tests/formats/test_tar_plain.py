"""The short way through a header block, against the long one."""

from __future__ import annotations

import io
import tarfile

from hypothesis import given
from hypothesis import strategies as st

from distil.errors import DistilError
from distil.formats.byte_source import ByteSource
from distil.formats.tar import TarReader
from distil.formats.tar_member import TarLimits, TarMember
from distil.formats.tar_plain import LONGEST, plain_member

NAMES = st.text(st.sampled_from("ab./é \\"), min_size=1, max_size=12) | st.just("d/" * 60 + "x")
TYPES = st.sampled_from(
    [tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE]
)
FORMATS = st.sampled_from([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])


def read(data: bytes, *, short: bool) -> list[TarMember] | str:
    """All members, or the error; a bound on paths below `LONGEST` takes the long way."""
    limits = TarLimits() if short else TarLimits(depth=LONGEST - 1)
    try:
        return list(TarReader(ByteSource([data]), "x", limits))
    except DistilError as error:
        return error.message


@st.composite
def archives(draw: st.DrawFn) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=draw(FORMATS)) as archive:
        for _ in range(draw(st.integers(1, 3))):
            info = tarfile.TarInfo(draw(NAMES))
            info.type, info.linkname = draw(TYPES), draw(NAMES)
            info.mode = draw(st.integers(0, 0o17777))
            info.uid, info.gid = draw(st.integers(0, 3_000_000)), draw(st.integers(0, 65535))
            info.mtime, info.size = draw(st.integers(-9, 2**34)), draw(st.integers(0, 700))
            content = bytes(info.size)
            try:
                archive.addfile(info, io.BytesIO(content))
            except ValueError:
                continue  # ustar has no room for it
    return out.getvalue()


@given(archives())
def test_both_ways_lead_to_the_same(data: bytes) -> None:
    assert read(data, short=True) == read(data, short=False)


@given(archives(), st.integers(0, 511), st.integers(0, 255))
def test_a_changed_byte_is_told_the_same_way(data: bytes, place: int, value: int) -> None:
    changed = bytearray(data)
    changed[place] = value
    header = changed[:512]
    check = sum(header) - sum(header[148:156]) + 8 * 0x20
    if not 148 <= place < 156:
        changed[148:156] = b"%06o\0 " % check
    assert read(bytes(changed), short=True) == read(bytes(changed), short=False)


def test_what_is_common_takes_the_short_way() -> None:
    info = tarfile.TarInfo("./usr/bin/tool")
    info.mode, info.size = 0o755, 3
    for layout in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT):
        found = plain_member(info.tobuf(layout)[:512])
        assert found is not None
        assert (found.path, found.mode, found.size) == ("/usr/bin/tool", 0o755, 3)
