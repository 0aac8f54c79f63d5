import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.formats.errors import MalformedLedger
from distil.formats.ledger import decode_ledger, encode_ledger
from distil.model.digest import Digest
from distil.model.ledger import Kept, Ledger, Reason, Removed
from distil.model.node import Kind
from distil.model.origin import (
    ApplicationOrigin,
    GeneratedOrigin,
    LayerOrigin,
    PackageOrigin,
)

text = st.one_of(
    st.text(max_size=20),
    st.binary(max_size=8).map(lambda data: data.decode("utf-8", "surrogateescape")),
)
digests = st.binary(max_size=4).map(Digest.of)
origins = st.one_of(
    st.builds(PackageOrigin, text, digests),
    st.builds(ApplicationOrigin, text),
    st.builds(LayerOrigin, digests),
    st.builds(GeneratedOrigin, text),
)
reasons = st.builds(Reason, text, text, text)
sizes = st.integers(0, 2**40)
kept = st.builds(
    Kept, text, st.sampled_from(Kind), sizes, origins, st.lists(reasons, max_size=3).map(tuple)
)
removed = st.builds(Removed, text, text, sizes, text, text)
ledgers = st.builds(
    Ledger, st.lists(kept, max_size=5).map(tuple), st.lists(removed, max_size=5).map(tuple)
)


@given(ledgers)
def test_what_is_written_is_read_back(ledger: Ledger) -> None:
    data = encode_ledger(ledger)
    assert decode_ledger(data) == ledger
    assert encode_ledger(decode_ledger(data)) == data


def test_a_path_that_is_not_utf8_survives() -> None:
    path = b"/caf\xe9".decode("utf-8", "surrogateescape")
    ledger = Ledger((), (Removed(path, "pkg:deb/debian/a@1", 3, "r", "why"),))
    assert decode_ledger(encode_ledger(ledger)) == ledger


@given(ledgers, st.data())
def test_damage_is_one_clear_error(ledger: Ledger, data: st.DataObject) -> None:
    encoded = bytearray(encode_ledger(ledger))
    place = data.draw(st.integers(0, len(encoded) - 1))
    encoded[place] ^= data.draw(st.integers(1, 255))
    # Some bits of a Zstandard frame mean nothing: then the ledger is the one that was written.
    with contextlib.suppress(MalformedLedger):
        assert decode_ledger(bytes(encoded)) == ledger


def test_damage_is_seen() -> None:
    encoded = encode_ledger(Ledger((), (Removed("/a", "pkg:deb/debian/a@1", 3, "r", "why"),)))
    for place in (0, len(encoded) // 2, len(encoded) - 1):
        damaged = bytearray(encoded)
        damaged[place] ^= 0x55
        with pytest.raises(MalformedLedger):
            decode_ledger(bytes(damaged))


ORIGIN = b'["distil-ledger",1]\n["origin",{"type":"generated","rule":"r"}]\n'


@pytest.mark.parametrize(
    "lines",
    [
        b"",
        b'["distil-ledger",2]\n',
        b'["distil-ledger",1]\n["+","/a",0,1,0,[]]\n',
        b'["distil-ledger",1]\n["x"]\n',
        b'["distil-ledger",1]\n[]\n',
        b'["distil-ledger",1]\n["origin",{"type":"other"}]\n',
        b"not json\n",
        b'["distil-ledger",1]\n5\n',
        b'["distil-ledger",1]\n["package",7]\n',
        b'["distil-ledger",1]\n["package",["!"]]\n',
        b'["distil-ledger",1]\n["package",[]]\n',
        b'["distil-ledger",1]\n["reason","import",{},"x"]\n',
        b'["distil-ledger",1]\n["origin",{"type":"layer","diff_id":"sha256:0"}]\n',
        ORIGIN + b'["+","/a",0,"many",0,[]]\n',
        ORIGIN + b'["+","/a",0,-1,0,[]]\n',
        ORIGIN + b'["+","/a",9,1,0,[]]\n',
        ORIGIN + b'["+","/a",0,1,-1,[]]\n',
        ORIGIN + b'["+",17,0,1,0,[]]\n',
    ],
)
def test_lines_that_are_no_ledger_are_refused(lines: bytes) -> None:
    import zstandard

    with pytest.raises(MalformedLedger):
        decode_ledger(zstandard.ZstdCompressor().compress(lines))


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    import zstandard

    monkeypatch.setattr("distil.formats.ledger.LARGEST", 1000)
    many = b'["distil-ledger",1]\n' + b'["package","x"]\n' * 1000
    for says_its_size in (True, False):
        compressor = zstandard.ZstdCompressor(write_content_size=says_its_size)
        with pytest.raises(MalformedLedger):
            decode_ledger(compressor.compress(many))
