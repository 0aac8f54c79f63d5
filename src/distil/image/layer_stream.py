"""From nodes to the bytes of a layer, in one pass over the contents."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO, Final, Self

import msgspec

from distil.formats.tar_member import TarMember
from distil.image.compress import Buffer, Codec
from distil.image.tar import END, header, padding
from distil.model.digest import Digest
from distil.model.node import Kind, Node

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

_THREADS: Final = 2
_AHEAD: Final = _THREADS + 2
"""Blocks that may wait to be compressed: bounds the memory used."""


class Written(msgspec.Struct, frozen=True):
    """What was written: `digest` and `compressed` of the blob, `diff_id` and `size` of the tar.

    Both lengths are in bytes.
    """

    digest: Digest
    compressed: int
    diff_id: Digest
    size: int


def tar_stream(members: Iterable[Node], mtime: int) -> Iterator[bytes]:
    """The tar archive of `members` in the order given, in pieces of any length.

    Modification times after `mtime` become `mtime`. Contents are checked against their digests
    as they are read (`CorruptContent`).
    """
    for node in members:
        size = node.size if node.kind is Kind.FILE else 0
        member = TarMember(
            path=node.path,
            kind=node.kind,
            mode=0o777 if node.kind is Kind.SYMLINK else node.mode,
            uid=node.uid,
            gid=node.gid,
            mtime=min(node.mtime, mtime),
            size=size,
            target=node.target,
            xattrs=() if node.kind is Kind.HARDLINK else node.xattrs,
            device=node.device,
        )
        yield header(member)
        if size and node.blob is not None:
            yield from node.blob.chunks()
            yield padding(size)
    yield END


class LayerStream:
    """Takes a tar stream, writes it compressed, and hashes both.

    Use as a context manager. Compression runs in threads while the next block is read and
    hashed: sha256, deflate and zstd all let go of the interpreter's lock. A layer of a single
    block is not worth a thread.
    """

    def __init__(self, stream: BinaryIO, codec: Codec) -> None:
        self._stream = stream
        self._codec = codec
        self._pieces: list[bytes] = []
        self._held = 0
        self._pool: ThreadPoolExecutor | None = None
        self._pending: deque[Future[bytes]] = deque()
        self._tar = hashlib.sha256()
        self._sum = 0
        self._size = 0
        self._blob = hashlib.sha256()
        self._compressed = 0

    def __enter__(self) -> Self:
        self._put(self._codec.head)
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def write(self, data: bytes) -> None:
        """Take the next bytes of the tar."""
        self._pieces.append(data)
        self._held += len(data)
        if self._held >= self._codec.block:
            self._cut_blocks()

    def finish(self) -> Written:
        """Write what is left. Call it once, after the last `write`."""
        rest = b"".join(self._pieces)
        while self._pending:
            self._put(self._pending.popleft().result())
        if rest:
            self._digest(rest)
            self._put(self._codec.compress(rest))
        self._put(self._codec.tail(self._sum, self._size))
        return Written(
            Digest.from_hex(self._blob.hexdigest()),
            self._compressed,
            Digest.from_hex(self._tar.hexdigest()),
            self._size,
        )

    def _cut_blocks(self) -> None:
        data = memoryview(b"".join(self._pieces))
        block = self._codec.block
        whole = len(data) - len(data) % block
        for start in range(0, whole, block):
            self._compress(data[start : start + block])
        self._pieces = [bytes(data[whole:])]
        self._held = len(data) - whole

    def _compress(self, block: Buffer) -> None:
        if self._pool is None:
            from concurrent.futures import ThreadPoolExecutor

            self._pool = ThreadPoolExecutor(_THREADS)
        self._pending.append(self._pool.submit(self._codec.compress, block))
        self._digest(block)
        while self._pending and (len(self._pending) > _AHEAD or self._pending[0].done()):
            self._put(self._pending.popleft().result())

    def _digest(self, block: Buffer) -> None:
        self._tar.update(block)
        self._sum = self._codec.checksum(block, self._sum)
        self._size += len(block)

    def _put(self, data: bytes) -> None:
        self._stream.write(data)
        self._blob.update(data)
        self._compressed += len(data)
