"""How the file looks: areas of keys, in shards whose digests lead up to one.

The file is SQLite's, for its way to a row. What it says is checked by itself: the row of ``meta``
by its digest, the list of an area's digests by the one that stands there, and a shard by its place
in that list. So whatever is read is what was written, and what is not found was never there.

Keys stand on a line by their hash, and each shard is a piece of that line, about as large as the
others; the list has where each begins. A shard is a map of keys to records: each from one feed and
one of its documents, so that either can be taken out again.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from typing import Final

import msgspec

from distil.model.advisory import (
    Advisory,
    AffectedPackage,
    Exploited,
    Likelihood,
    Rating,
    Support,
)
from distil.vulns.errors import DamagedDatabase

APPLICATION: Final = 0x64737431
"""SQLite's application_id: ``dst1``."""

SCHEMA: Final = 1
"""SQLite's user_version; raised when what was written before cannot be read any more."""

PACKAGE: Final = "package/"
"""Areas of what is affected: the rest of the name is the ecosystem, a key is a package's name."""
ADVISORY: Final = "advisory"
CVE: Final = "cve"
SUPPORT: Final = "support"

TABLES: Final = (
    "CREATE TABLE meta(digest BLOB NOT NULL, data BLOB NOT NULL)",
    "CREATE TABLE area(number INTEGER PRIMARY KEY, list BLOB NOT NULL)",
    "CREATE TABLE shard(number INTEGER PRIMARY KEY, data BLOB NOT NULL)",
)
"""A shard's number is that of its area, times 2**32, and its own. SQLite keeps large values in
half the space where the number is all of the key."""

ENTRY: Final = struct.Struct(">I32s")
"""A shard in the list of its area: where it begins, and its digest."""
LARGEST_SHARD: Final = 256 << 20
"""Bytes that a shard may come to; one key is never parted, and Linux has thousands of CVEs."""

_BYTES_A_SHARD: Final = {ADVISORY: 24 << 10}
_BYTES_A_SMALL_SHARD: Final = 6 << 10
"""Large ones are packed better, small ones unpacked sooner. Of most things few are asked for."""

_HUNDRED_THOUSANDTHS: Final = 100_000


class Fact(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What one document says of a CVE; in the area `CVE`.

    EPSS's two numbers are in hundred thousandths where that says all of them, which is short.
    """

    ratings: tuple[Rating, ...] = ()
    exploited: Exploited | None = None
    shares: tuple[int | float, int | float] | None = None

    @property
    def likelihood(self) -> Likelihood | None:
        """What EPSS says."""
        if self.shares is None:
            return None
        score, percentile = self.shares
        return Likelihood(_share(score), _share(percentile))


def shortened(share: float) -> int | float:
    """A number of EPSS as `Fact` has it."""
    short = round(share * _HUNDRED_THOUSANDTHS)
    return short if short / _HUNDRED_THOUSANDTHS == share else share


def _share(value: int | float) -> float:
    return value / _HUNDRED_THOUSANDTHS if isinstance(value, int) else value


class Record(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What the document `document` of the feed of that number says, as msgpack.

    An `AffectedPackage`, `Advisory`, `Fact` or `Support`, as the area has it.
    """

    feed: int
    document: str
    data: msgspec.Raw


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """A feed as the database remembers it; records name it by its place in the list.

    `rank`: of several feeds that tell of one document for one package, the highest counts.
    `identity` is what tells whether it has changed: the digest of what was read, and `tag` what
    the server called it. `newest` is the date of its newest document. `reading` is the way in
    which documents were read, which is another one where distil reads more in them, or less.
    """

    name: str
    rank: int = 0
    url: str = ""
    fetched: int = 0
    newest: int = 0
    documents: int = 0
    identity: str = ""
    tag: str = ""
    reading: int = 0


class Area(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An area: how many shards and keys it has, which feeds, and the digest of its list."""

    name: str
    number: int
    shards: int
    keys: int
    feeds: tuple[int, ...]
    digest: bytes


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """The one row that leads to all else; `built` is in seconds since 1970."""

    schema: int
    built: int
    feeds: tuple[Feed, ...]
    areas: tuple[Area, ...]

    def area(self, name: str) -> Area | None:
        """The area of that name."""
        return next((one for one in self.areas if one.name == name), None)


Shard = dict[str, list[Record]]

UNREADABLE: Final = (msgspec.DecodeError, UnicodeError, RecursionError)
"""What bytes do that are not what they should be."""

encoder: Final = msgspec.msgpack.Encoder()
_shard_decoder: Final = msgspec.msgpack.Decoder(Shard)
affected_decoder: Final = msgspec.msgpack.Decoder(AffectedPackage)
advisory_decoder: Final = msgspec.msgpack.Decoder(Advisory)
fact_decoder: Final = msgspec.msgpack.Decoder(Fact)
support_decoder: Final = msgspec.msgpack.Decoder(Support)


def shard_size(area: str) -> int:
    """The bytes, unpacked, after which a shard of an area is large enough."""
    return _BYTES_A_SHARD.get(area, _BYTES_A_SMALL_SHARD)


def place(key: str) -> int:
    """Where on a line of 2**32 places a key stands."""
    return zlib.crc32(key.encode("utf-8", "surrogatepass"))


def row_of(area: Area, number: int) -> int:
    """What a shard is stored under."""
    return area.number << 32 | number


def digest(data: bytes) -> bytes:
    """What data is known by."""
    return hashlib.sha256(data).digest()


class Packing:
    """To and from the form that shards are stored in."""

    def __init__(self) -> None:
        import zstandard

        self._error = zstandard.ZstdError
        self._size = zstandard.frame_content_size
        self._compressor = zstandard.ZstdCompressor(level=3)
        self._decompressor = zstandard.ZstdDecompressor()

    def unpacked(self, data: bytes, where: str) -> Shard:
        """The records of a shard whose digest has been checked. Raises `DamagedDatabase`."""
        try:
            if not 0 <= self._size(data) <= LARGEST_SHARD:
                raise DamagedDatabase(where, "a part of it does not say its size, or is too large")
            return _shard_decoder.decode(self._decompressor.decompress(data))
        except (self._error, *UNREADABLE) as error:
            raise DamagedDatabase(where, "a part of it cannot be read") from error

    def packed(self, shard: Shard) -> bytes:
        """A shard as it is stored: the same for the same records."""
        ordered = {key: sorted(shard[key], key=_order) for key in sorted(shard)}
        return self._compressor.compress(encoder.encode(ordered))


def _order(record: Record) -> tuple[int, str]:
    return record.feed, record.document
