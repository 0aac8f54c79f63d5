"""Blobs on their way into a registry (distribution-spec 1.1, Pushing Blobs).

What is there already is not sent, what the registry has elsewhere is mounted. A small blob goes in
one piece; a larger one goes on, when the connection breaks, where the registry has come to.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlencode

import msgspec

from distil.events import Transfer, emit
from distil.fetch.answers import MayPass
from distil.fetch.errors import ConnectionFailed
from distil.fetch.request import Body, Content
from distil.image.stores.registry.session import GONE, Ask, Session
from distil.model.blob import Blob
from distil.model.digest import Digest

IN_ONE_PIECE: Final = 1 << 20
"""Bytes up to which nothing is gained by going on in the middle."""

_MADE: Final = frozenset({200, 201, 202, 204})
_RANGE: Final = re.compile(r"(?:bytes=)?0-(\d+)")
_NOT_SATISFIABLE: Final = 416


class Upload(msgspec.Struct, frozen=True):
    """One blob for the repository of `session`; `mounted_from` is where its registry has it."""

    session: Session
    blob: Blob
    mounted_from: str = ""

    @property
    def what(self) -> str:
        """How users are told of it."""
        return f"blob {self.blob.digest}"

    def run(self) -> None:
        """Bring it there, unless it is. Raises what asking and reading the blob raise."""
        for attempt in itertools.count():
            try:
                if not has_blob(self.session, self.blob.digest):
                    self._send()
                return
            except MayPass as retry:
                self.session.transport.pause(attempt, retry)

    def _send(self) -> None:
        """One attempt, from the beginning."""
        place = self._begin()
        if not place:
            return
        if self.blob.size > IN_ONE_PIECE:
            place = self._stream(place)
            self._finish(place, None)
        else:
            self._finish(place, self._content(0))

    def _begin(self) -> str:
        """The address of a new upload; "" when the blob was mounted and is there."""
        query = {"mount": self.blob.digest, "from": self.mounted_from} if self.mounted_from else {}
        with self.session.opened(self._ask("POST", f"blobs/uploads/?{urlencode(query)}")) as body:
            if body.status == 201 and self.mounted_from:
                return ""
            return self._place(body)

    def _stream(self, place: str) -> str:
        """Send all of the blob, whatever breaks in between; the address for the end."""
        start = failures = 0
        while start < self.blob.size:
            try:
                place, start = self._patch(place, start), self.blob.size
            except MayPass as retry:
                self.session.transport.pause(failures, retry)
                place, reached = self._progress(place)
                failures = failures + 1 if reached <= start else 0
                start = reached
        return place

    def _patch(self, place: str, start: int) -> str:
        headers = (
            ("Content-Type", "application/octet-stream"),
            ("Content-Range", f"{start}-{self.blob.size - 1}"),
        )
        ask = self._ask("PATCH", place, headers=headers, content=self._content(start))
        with self.session.opened(ask) as body:
            self._check_known(body)
            if body.status == _NOT_SATISFIABLE:
                raise self._again("it has come to another place")
            return self._place(body)

    def _progress(self, place: str) -> tuple[str, int]:
        """Where to go on, and with which byte."""
        with self.session.opened(self._ask("GET", place)) as body:
            self._check_known(body)
            found = _RANGE.fullmatch(body.headers.get("Range", ""))
            last = int(found[1]) if found is not None else 0
            # Nothing and one byte look the same: both begin anew, at the one or the other.
            reached = last + 1 if last else 0
            if reached > self.blob.size:
                raise self._again("it has more than was sent")
            location = body.headers.get("Location", "")
            return self._place(body) if location else place, reached

    def _finish(self, place: str, content: Content | None) -> None:
        query = urlencode({"digest": self.blob.digest})
        address = f"{place}{'&' if '?' in place else '?'}{query}"
        headers = (("Content-Type", "application/octet-stream"),)
        nothing = Content(0, list)
        ask = self._ask("PUT", address, headers=headers, content=content or nothing)
        with self.session.opened(ask) as body:
            self._check_known(body)

    def _ask(
        self,
        method: str,
        path: str,
        headers: tuple[tuple[str, str], ...] = (),
        content: Content | None = None,
    ) -> Ask:
        return Ask(
            path=path,
            what=self.what,
            method=method,
            action="push",
            also_from=self.mounted_from if method == "POST" else "",
            headers=headers,
            content=content,
            accepts=_MADE if method == "POST" else _MADE | GONE | {_NOT_SATISFIABLE},
        )

    def _place(self, body: Body) -> str:
        return self.session.address(body, body.headers.get("Location", ""), self.what)

    def _check_known(self, body: Body) -> None:
        if body.status in GONE:
            raise self._again("it has forgotten the upload")

    def _again(self, why: str) -> MayPass:
        where = f"{self.session.base}/v2/{self.session.name.path}"
        return MayPass(ConnectionFailed(self.what, where, why, sends=True))

    def _content(self, start: int) -> Content:
        return Content(self.blob.size - start, lambda: self._chunks(start))

    def _chunks(self, start: int) -> Iterator[bytes]:
        """The blob from `start` on; all of it is read, so that its digest is checked."""
        done = 0
        for piece in self.blob.chunks():
            skip = min(max(start - done, 0), len(piece))
            done += len(piece)
            if skip < len(piece):
                yield piece[skip:]
            if self.blob.is_local:
                emit(Transfer(self.what, done, self.blob.size))


def has_blob(session: Session, digest: Digest) -> bool:
    """Whether the repository has the blob. Raises `MayPass`, and what asking raises."""
    what = f"blob {digest}"
    accepts = frozenset({200}) | GONE
    ask = Ask(path=f"blobs/{digest}", what=what, method="HEAD", action="push", accepts=accepts)
    with session.opened(ask) as body:
        return body.status == 200
