import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.errors import MalformedLedger
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

text = st.text(max_size=20)
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
    with pytest.raises(MalformedLedger):
        decode_ledger(bytes(encoded))


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
    ],
)
def test_lines_that_are_no_ledger_are_refused(lines: bytes) -> None:
    import zstandard

    with pytest.raises(MalformedLedger):
        decode_ledger(zstandard.ZstdCompressor().compress(lines))
