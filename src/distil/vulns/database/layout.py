"""How the file looks: areas of keys, in shards whose digests lead up to one.

The file is SQLite's, for its way to a row. What it says is checked by itself: the row of ``meta``
by its digest, the list of an area's digests by the one that stands there, and a shard by its place
in that list. So whatever is read is what was written, and what is not found was never there.

A key belongs to the shard that its hash says. A shard is a map of keys to records: each from one
feed and one of its documents, so that either can be taken out again.
"""

from __future__ import annotations

import hashlib
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

TABLES: Final = """
CREATE TABLE meta(digest BLOB NOT NULL, data BLOB NOT NULL);
CREATE TABLE area(name TEXT PRIMARY KEY, digests BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE shard(area INTEGER, number INTEGER, data BLOB NOT NULL, PRIMARY KEY(area, number))
    WITHOUT ROWID;
"""

DIGEST_SIZE: Final = 32
LARGEST_SHARD: Final = 256 << 20
"""Bytes that a shard may come to; one key is never parted, and Linux has thousands of CVEs."""

_KEYS_A_SHARD: Final = {ADVISORY: 12, CVE: 48, SUPPORT: 64}
_PACKAGES_A_SHARD: Final = 4


class Fact(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What one document says of a CVE; in the area `CVE`."""

    ratings: tuple[Rating, ...] = ()
    exploited: Exploited | None = None
    likelihood: Likelihood | None = None


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
    the server called it. `newest` is the date of its newest document.
    """

    name: str
    rank: int = 0
    url: str = ""
    fetched: int = 0
    newest: int = 0
    documents: int = 0
    identity: str = ""
    tag: str = ""


class Area(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An area: how many shards and keys it has, which feeds, and the digest of its digests.

    `number` is what its shards are stored under.
    """

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

encoder: Final = msgspec.msgpack.Encoder()
_shard_decoder: Final = msgspec.msgpack.Decoder(Shard)
affected_decoder: Final = msgspec.msgpack.Decoder(AffectedPackage)
advisory_decoder: Final = msgspec.msgpack.Decoder(Advisory)
fact_decoder: Final = msgspec.msgpack.Decoder(Fact)
support_decoder: Final = msgspec.msgpack.Decoder(Support)


def shards_for(area: str, keys: int) -> int:
    """How many shards an area with that many keys is kept in."""
    return keys // _KEYS_A_SHARD.get(area, _PACKAGES_A_SHARD) + 1


def place(key: str) -> int:
    """Where on a line of 2**32 places a key stands; shards are equal parts of it."""
    hashed = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=4)
    return int.from_bytes(hashed.digest(), "big")


def shard_of(key: str, shards: int) -> int:
    """The number of the shard that `key` is in."""
    return place(key) * shards >> 32


def digest(data: bytes) -> bytes:
    """What data is known by."""
    return hashlib.sha256(data).digest()


def unpacked(data: bytes, where: str) -> Shard:
    """The records of a shard whose digest has been checked. Raises `DamagedDatabase`."""
    import zstandard

    try:
        content = zstandard.ZstdDecompressor().decompress(data, max_output_size=LARGEST_SHARD)
        return _shard_decoder.decode(content)
    except (zstandard.ZstdError, msgspec.DecodeError, RecursionError) as error:
        raise DamagedDatabase(where, "a part of it cannot be read") from error


def packed(shard: Shard) -> bytes:
    """A shard as it is stored: the same for the same records."""
    import zstandard

    ordered = {key: sorted(shard[key], key=_order) for key in sorted(shard)}
    return zstandard.ZstdCompressor(level=6).compress(encoder.encode(ordered))


def _order(record: Record) -> tuple[int, str]:
    return record.feed, record.document
