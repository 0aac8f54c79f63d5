"""Downloads: each one checked against its size and digest while it streams into the cache."""

from __future__ import annotations

import contextvars
import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, Final, Self, TypeVar
from urllib.parse import unquote

import msgspec

from distil.events import Transfer, emit
from distil.fetch.address import parse_address, redacted
from distil.fetch.cache import Cache
from distil.fetch.errors import (
    ArchiveGone,
    ConnectionFailed,
    NotFound,
    Offline,
    TooLarge,
    WrongDigest,
    WrongSize,
)
from distil.fetch.request import Body, Request
from distil.fetch.transport import PIECE, Transport
from distil.model.blob import FileBlob
from distil.model.digest import Digest

THREADS: Final = 8
LARGEST_ARCHIVE: Final = 8 << 30
"""Bytes at which a download of unknown size is given up."""

_NOT_MODIFIED: Final = 304

T = TypeVar("T")


class Download(msgspec.Struct, frozen=True):
    """One archive by address and digest; `size` in bytes, None when nothing said it.

    `what` is what the user is shown, such as "libssl3t64 3.5.1-1".
    """

    url: str
    digest: Digest
    size: int | None
    what: str


class Saved(msgspec.Struct, frozen=True):
    """A file that was fetched: its sha256 in hexadecimal, and what the server calls this state.

    `is_changed` is false, and nothing was written, where the server has the state that is known.
    `modified` is the server's Last-Modified.
    """

    is_changed: bool
    digest: str = ""
    tag: str = ""
    modified: str = ""


class _Mirror(msgspec.Struct, frozen=True):
    base: str
    authorization: str
    fallback: str | None


class Client:
    """Fetches for one verb; connections are kept open until `close`.

    `offline`: what is not in the cache raises `Offline`. `retry_delay`: seconds before the
    first retry, doubled for each further one; `attempts`: how often the network is tried.
    `kept`: a directory with archives called after their sha256, looked in before the network.
    `insecure`: hosts of registries that may be spoken to without TLS.
    """

    def __init__(
        self,
        cache: Cache,
        *,
        offline: bool = False,
        retry_delay: float = 0.5,
        attempts: int = 4,
        kept: Path | None = None,
        insecure: frozenset[str] = frozenset(),
    ) -> None:
        self.cache = cache
        self.offline = offline
        self.insecure = insecure
        self._kept = kept
        self._transport = Transport(attempts=attempts, delay=retry_delay)
        self._mirrors: list[_Mirror] = []
        self._whole: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._transport.close()

    def use_debian_mirror(self, base: str, fallback: str | None = None) -> str:
        """What lies below `base` is Debian's: apt's proxies and auth.conf apply there.

        The address comes back without the credentials in it, which are kept here, so that what
        is derived from it may be shown and stored. `fallback` is a mirror of old versions,
        asked for archives that `base` no longer has. Raises `InvalidUrl`.
        """
        old_versions = None if fallback is None else self.use_debian_mirror(fallback)
        address = parse_address(base)
        clean = address.url.rstrip("/")
        mirror = _Mirror(clean + "/", address.authorization, old_versions)
        if mirror not in self._mirrors:
            self._mirrors.append(mirror)
        return clean

    def remember_address(self, clean: str, whole: str) -> None:
        """Note that `clean` is `whole` without what is secret in it, for `whole_address`.

        Remembered for as long as this client lives, and written down nowhere.
        """
        self._whole[clean] = whole

    def whole_address(self, clean: str) -> str:
        """The address to fetch from for one that may have lost what is secret in it."""
        return self._whole.get(clean, clean)

    # --- archives --------------------------------------------------------------------------

    def archive(self, download: Download) -> FileBlob:
        """The verified file of `download`, from the cache or the network.

        Raises `WrongSize`, `WrongDigest`, `Offline`, `ArchiveGone`, the other subclasses of
        `NetworkError`, `CorruptCache`, `DiskFull` and `CacheUnwritable`.
        """
        blob = self.at_hand(download)
        return self._download(download) if blob is None else blob

    def at_hand(self, download: Download) -> FileBlob | None:
        """The verified file of `download` where the network is not needed for it.

        Raises as `archive` does.
        """
        blob = self.cache.blob(download.digest, download.what)
        if blob is None:
            place = self._kept / download.digest.hex if self._kept is not None else None
            if place is None or not place.is_file():
                return None
            url = place.absolute().as_uri()
            return self._stored(msgspec.structs.replace(download, url=url), uncached=False)
        if download.size is not None and download.size != blob.size:
            # The right bytes: then it is the description that contradicts itself.
            raise WrongSize(download.what, redacted(download.url), download.size, str(blob.size))
        return blob

    def archives(self, downloads: Sequence[Download]) -> list[FileBlob]:
        """The verified files of `downloads`, in their order, several fetched at a time.

        The first failure ends the transfers under way and is raised; see `archive`.
        """
        unique = list({download.digest: download for download in downloads}.values())
        if len(unique) < 2:
            found = {download.digest: self.archive(download) for download in unique}
        else:
            found = self._together(unique)
        return [found[download.digest] for download in downloads]

    def _together(self, downloads: Sequence[Download]) -> dict[Digest, FileBlob]:
        from concurrent.futures import (
            FIRST_EXCEPTION,
            ThreadPoolExecutor,
            wait,
        )

        pool = ThreadPoolExecutor(min(THREADS, len(downloads)))
        try:
            futures = [
                pool.submit(contextvars.copy_context().run, self.archive, download)
                for download in downloads
            ]
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            failed = [future for future in futures if future in done and future.exception()]
            if failed:
                failed[0].result()
            return {
                download.digest: future.result()
                for download, future in zip(downloads, futures, strict=True)
            }
        except BaseException:
            self._transport.stop()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            self._transport.resume()

    def _download(self, download: Download) -> FileBlob:
        mirror = self._mirror_of(download.url)
        try:
            return self._checked(download)
        except NotFound as error:
            if mirror is None:
                raise
            gone = ArchiveGone(download.what, error.url)
            if mirror.fallback is None:
                raise gone from error
        url = mirror.fallback + "/" + parse_address(download.url).url.removeprefix(mirror.base)
        try:
            return self._checked(msgspec.structs.replace(download, url=url))
        except NotFound as error:
            raise gone from error

    def _checked(self, download: Download) -> FileBlob:
        """Fetch; a wrong digest is asked for once more past the caches on the way."""
        try:
            return self._stored(download, uncached=False)
        except (WrongDigest, WrongSize):
            if download.url.startswith("file:"):
                raise
            return self._stored(download, uncached=True)

    def _stored(self, download: Download, *, uncached: bool) -> FileBlob:
        if self.offline and not download.url.startswith("file:"):
            raise Offline(download.what, redacted(download.url))
        name = download.digest.hex
        request = self._request(download.url, download.what, uncached=uncached)

        def consume(body: Body) -> int:
            with self.cache.writing("blobs", name) as stream:
                return self._verified(download, body, stream)

        size = self._fetch(request, consume)
        return FileBlob(str(self.cache.path("blobs", name)), 0, size, download.digest)

    def _verified(self, download: Download, body: Body, stream: BinaryIO) -> int:
        """Copy `body` to `stream`, checking; the caller throws the file away on an error."""
        where = redacted(download.url)
        expected = download.size
        if expected is not None and body.length not in (None, expected):
            raise WrongSize(download.what, where, expected, str(body.length))
        limit = LARGEST_ARCHIVE if expected is None else expected
        hasher = hashlib.sha256()
        done = 0
        for piece in body.pieces:
            done += len(piece)
            if done > limit:
                if expected is None:
                    raise TooLarge(download.what, limit)
                raise WrongSize(download.what, where, expected, "more")
            hasher.update(piece)
            stream.write(piece)
            emit(Transfer(download.what, done, expected or body.length or 0))
        if expected is not None and done != expected:
            raise WrongSize(download.what, where, expected, str(done))
        digest = Digest.from_hex(hasher.hexdigest())
        if digest != download.digest:
            raise WrongDigest(download.what, where, download.digest, digest)
        return done

    # --- documents -------------------------------------------------------------------------

    def document(self, url: str, *, limit: int, what: str = "", uncached: bool = False) -> bytes:
        """The bytes at `url`, at most `limit` of them, NOT verified: that is the caller's.

        `uncached` asks the proxies on the way for a fresh copy. Raises `TooLarge`, `Offline`
        and the other subclasses of `NetworkError`.
        """
        name = what or redacted(url).rpartition("/")[2]
        if self.offline and not url.startswith("file:"):
            raise Offline(name, redacted(url))

        def consume(body: Body) -> bytes:
            if body.length is not None and body.length > limit:
                raise TooLarge(name, limit)
            data = bytearray()
            for piece in body.pieces:
                data += piece
                if len(data) > limit:
                    raise TooLarge(name, limit)
                emit(Transfer(name, len(data), body.length or 0))
            return bytes(data)

        return self._fetch(self._request(url, name, uncached=uncached), consume)

    def save(self, url: str, stream: BinaryIO, *, limit: int, what: str, known: str = "") -> Saved:
        """Write what is at `url` to `stream`, at most `limit` bytes, NOT verified.

        With `known`, a `Saved.tag` of before, only if it has changed. Raises as `document` does.
        """
        if self.offline and not url.startswith("file:"):
            raise Offline(what, redacted(url))

        def consume(body: Body) -> Saved:
            if body.status == _NOT_MODIFIED:
                return Saved(is_changed=False, tag=known)
            stream.seek(0)
            stream.truncate()
            hasher, done = hashlib.sha256(), 0
            for piece in body.pieces:
                done += len(piece)
                if done > limit:
                    raise TooLarge(what, limit)
                hasher.update(piece)
                stream.write(piece)
                emit(Transfer(what, done, body.length or 0))
            told = body.headers
            return Saved(
                is_changed=True,
                digest=hasher.hexdigest(),
                tag=told.get("ETag", ""),
                modified=told.get("Last-Modified", ""),
            )

        request = self._request(url, what, uncached=False)
        if known:
            request = msgspec.structs.replace(
                request,
                headers=(("If-None-Match", known),),
                accepts=frozenset({200, _NOT_MODIFIED}),
            )
        return self._fetch(request, consume)

    # --- where from ------------------------------------------------------------------------

    def _fetch(self, request: Request, consume: Callable[[Body], T]) -> T:
        if request.url.startswith("file:"):
            return _read_file(request, consume)
        return self._transport.fetch(request, consume)

    def _request(self, url: str, what: str, *, uncached: bool) -> Request:
        mirror = self._mirror_of(url)
        if mirror is None:
            return Request(url=url, what=what, uncached=uncached)
        return Request(
            url=url, what=what, apt=True, uncached=uncached, authorization=mirror.authorization
        )

    def _mirror_of(self, url: str) -> _Mirror | None:
        clean = parse_address(url).url
        return next((mirror for mirror in self._mirrors if clean.startswith(mirror.base)), None)


def _read_file(request: Request, consume: Callable[[Body], T]) -> T:
    """As `Transport.fetch`, from a file:// address."""
    address = parse_address(request.url)
    path = Path(unquote(address.path))
    try:
        stream = path.open("rb")
    except FileNotFoundError as error:
        raise NotFound(request.what, str(address), "there is no such file") from error
    except OSError as error:
        why = error.strerror or "unreadable"
        raise ConnectionFailed(request.what, str(address), why) from error
    with stream:
        length = os.fstat(stream.fileno()).st_size
        return consume(Body(length, iter(lambda: stream.read(PIECE), b"")))
