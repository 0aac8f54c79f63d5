"""Blobs that are in a registry: fetched when they are read, resumed when the connection breaks."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import ClassVar, Final

import msgspec

from distil.events import Transfer, emit
from distil.fetch.answers import MayPass
from distil.fetch.errors import NotFound, TruncatedDownload
from distil.fetch.request import Body
from distil.image.stores.registry.errors import CorruptTransfer, RegistryUnsound
from distil.image.stores.registry.session import Ask, Session
from distil.model.digest import Digest
from distil.model.errors import MalformedImage

_ENOUGH: Final = 1 << 20
"""Bytes after which a connection that breaks is as good as the first."""
_RANGE: Final = re.compile(r"bytes (\d+)-\d+/(?:\d+|\*)")


class RemoteBlob(msgspec.Struct, frozen=True):
    """Bytes in a repository, by digest and size."""

    is_local: ClassVar[bool] = False
    session: Session
    digest: Digest
    size: int

    @property
    def what(self) -> str:
        """How users are told of it."""
        return f"blob {self.digest}"

    def read(self) -> bytes:
        """All the bytes; raises as `chunks` does."""
        return b"".join(self.chunks())

    def chunks(self) -> Iterator[bytes]:
        """The bytes as they come.

        Raises `CorruptTransfer` when they are others, or not as many, `MalformedImage` when they
        are not there, `NetworkError`.
        """
        hasher = hashlib.sha256()
        done = failures = since = 0
        while True:
            try:
                for piece in self._pieces(done):
                    if done + len(piece) > self.size:
                        raise self._corrupt(f"it has more than the {self.size} bytes it should")
                    hasher.update(piece)
                    done, since = done + len(piece), since + len(piece)
                    emit(Transfer(self.what, done, self.size))
                    yield piece
                if done == self.size:
                    break
                why = f"only {done} of {self.size} bytes came"
                raise MayPass(TruncatedDownload(self.what, self.session.registry, why))
            except MayPass as retry:
                failures = 0 if since > _ENOUGH else failures
                self.session.transport.pause(failures, retry)
                failures, since = failures + 1, 0
        if hasher.hexdigest() != self.digest.hex:
            raise self._corrupt("its bytes do not match its digest")

    def _pieces(self, start: int) -> Iterator[bytes]:
        """The bytes from `start` on, as far as one connection brings them."""
        if start >= self.size > 0:
            return
        ask = Ask(
            path=f"blobs/{self.digest}",
            what=self.what,
            headers=(("Range", f"bytes={start}-"),) if start else (),
            accepts=frozenset({200, 206, 416}) if start else frozenset({200}),
        )
        try:
            with self.session.opened(ask) as body:
                skip = self._missing(body, start)
                for piece in body.pieces:
                    if skip >= len(piece):
                        skip -= len(piece)
                        continue
                    yield piece[skip:]
                    skip = 0
        except NotFound as error:
            raise MalformedImage(f"{self.session.registry}: {self.what}", error.message) from error

    def _missing(self, body: Body, start: int) -> int:
        """How many bytes come once more before those that are wanted.

        Raises `CorruptTransfer` when there are no more, `RegistryUnsound`.
        """
        if body.status == 416:
            raise self._corrupt(f"it has {start} of the {self.size} bytes it should")
        if body.status != 206:
            return start
        found = _RANGE.fullmatch(body.headers.get("Content-Range", ""))
        if found is None or int(found[1]) != start:
            why = "it sends other bytes than those that were asked for"
            raise RegistryUnsound(self.what, self.session.registry, why)
        return 0

    def _corrupt(self, why: str) -> CorruptTransfer:
        return CorruptTransfer(self.what, self.session.registry, why)
