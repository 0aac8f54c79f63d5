"""Everything distil keeps between runs: verified downloads and what was derived from them.

A file appears whole or not at all (temporary file, fsync, rename), every read checks a digest,
and a reader never waits for a writer. A process that uses the cache holds a shared lock, so
that `Cache.collect`, which needs it alone, never takes a file from under a running build. Who
finds nobody else there removes what killed processes left.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

import msgspec

from distil.events import Warned, emit
from distil.fetch import directories
from distil.fetch.directories import TEMPORARY, Entry
from distil.fetch.errors import CacheUnwritable, CorruptCache, DiskFull
from distil.fetch.framed import read_framed, write_framed
from distil.fetch.mutex import DirectoryLock
from distil.model.blob import FileBlob
from distil.model.digest import Digest
from distil.model.errors import CorruptContent

AREAS: Final = (
    "blobs",
    "packs",
    "indexes",
    "layers",
    "resolutions",
    "analysis",
    "ledgers",
    "catalog",
    "roots",
    "mounts",
    "uv",
    "state",
)
"""What is kept: one directory each. ``state`` is what protects against rollback."""

LENT_AREAS: Final = frozenset({"uv"})
"""Areas in which another program keeps what it likes, so that they go as a whole."""

DIRECTORY_AREAS: Final = frozenset({"roots", "mounts"})
"""Areas of directories that each go as a whole: what things are run in, and what those keep."""

KEPT_AREAS: Final = frozenset({"state"})
"""Areas that `Cache.collect` leaves alone: losing them would lose protection, not time."""

_CONTENTS: Final = {
    "blobs": "a download",
    "packs": "an unpacked archive",
    "layers": "a layer",
}
"""What an error calls the files of the areas whose contents go into images."""

Check: TypeAlias = "Callable[[Cache, str], bool | None]"
"""Whether the file of that name in an area is what was stored; None: nothing uses it any more."""

_NAME: Final = re.compile(r"[A-Za-z0-9_+][A-Za-z0-9_.+~=-]{0,199}", re.ASCII)
_DOCUMENT: Final = ".doc"
_USE_RESOLUTION: Final = 600
"""Seconds by which a recorded last use may be late; saves a write on nearly every read."""


class AreaUsage(msgspec.Struct, frozen=True):
    """What one area of the cache holds; `size` in bytes."""

    area: str
    entries: int
    size: int


class Collected(msgspec.Struct, frozen=True):
    """What cleaning did: entries removed, bytes freed, bytes left, temporary files swept."""

    removed: int
    freed: int
    left: int
    swept: int


class Verified(msgspec.Struct, frozen=True):
    """What checking found: files hashed, and the names of the corrupt ones, now removed."""

    checked: int
    removed: tuple[str, ...]


class Cache:
    """A directory of verified files, shared by any number of processes and threads.

    Creating the object touches nothing; the directory (mode 0700) is made by the first write.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = DirectoryLock(root, self._tidy)

    @classmethod
    def default(cls) -> Cache:
        """``$DISTIL_CACHE_DIR``, or ``distil`` in the XDG cache directory of the user."""
        chosen = os.environ.get("DISTIL_CACHE_DIR")
        if chosen:
            return cls(Path(chosen).absolute())
        base = os.environ.get("XDG_CACHE_HOME", "")
        home = Path(base) if base.startswith("/") else Path("~/.cache").expanduser()
        return cls(home / "distil")

    def path(self, area: str, name: str) -> Path:
        """Where `name` of `area` is kept, whether or not it exists.

        `name` is one path component of letters, digits and ``_.+~=-``; anything else is a
        mistake of the caller and raises ValueError.
        """
        if area not in AREAS or not _NAME.fullmatch(name):
            raise ValueError(f"no cache file can be called {area}/{name}")
        return self.root / area / name

    # --- verified downloads ----------------------------------------------------------------

    def blob(self, digest: Digest, what: str = "") -> FileBlob | None:
        """The file with this digest, hashed now; None when it is missing.

        Raises `CorruptCache` for a file that does not match, which is removed, so that the next
        run can fetch it anew; `what` is what the error calls it. Raises `CacheUnwritable` when
        the file is there but cannot be read.
        """
        path = self.path("blobs", digest.hex)
        self._lock.share()
        try:
            found = FileBlob.of_file(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unusable(path, error) from error
        if found.digest != digest:
            raise self.corrupt(path, what)
        self._mark_used(path)
        return found

    def corrupt(self, path: Path, what: str = "") -> CorruptCache:
        """Remove the file at `path`, found not to be what was stored; the error to raise."""
        removed = True
        try:
            path.unlink(missing_ok=True)
        except OSError:
            removed = False
        name = what or _CONTENTS.get(path.parent.name, "a file")
        return CorruptCache(name, str(path), removed=removed)

    @contextlib.contextmanager
    def guarding(self) -> Iterator[None]:
        """Remove a file of this cache that turns out to be corrupt while the block reads it.

        Contents are checked where they are read, which is far from here. Raises `CorruptCache`
        for them; a `CorruptContent` about any other file passes.
        """
        try:
            yield
        except CorruptContent as error:
            path = Path(error.path)
            if path.parent.parent != self.root:
                raise
            raise self.corrupt(path) from error

    # --- writing ---------------------------------------------------------------------------

    @contextlib.contextmanager
    def writing(self, area: str, name: str) -> Iterator[BinaryIO]:
        """A stream whose bytes become the file `name` of `area` when the block ends well.

        They go to a temporary file in the same directory, which is flushed to the disk and
        renamed; any exception, KeyboardInterrupt included, removes it. Raises `DiskFull`,
        `CacheUnwritable`.
        """
        path = self.path(area, name)
        temporary = path.with_name(f"{TEMPORARY}{os.getpid()}-{os.urandom(6).hex()}")
        try:
            stream = self._open_new(temporary)
        except OSError as error:
            raise _unusable(path, error) from error
        try:
            with stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(path)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFull(str(path)) from error
            raise
        finally:
            # After the rename there is nothing to remove; before it this is the clean-up. When
            # even this fails, the file is swept one day.
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)

    def _open_new(self, path: Path) -> BinaryIO:
        # The lock, which lies there, comes first: whoever takes it sweeps what was made without.
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock.share()
        try:
            return path.open("xb")
        except FileNotFoundError:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            return path.open("xb")

    # --- derived data ----------------------------------------------------------------------

    def document(self, area: str, key: str) -> bytes | None:
        """What `put_document` kept under `key`, checked against its digest; None if missing.

        A document that does not match is removed, with a `Warned` event.
        """
        path = self._document_path(area, key)
        self._lock.share()
        try:
            with path.open("rb", buffering=0) as stream:
                data = read_framed(stream, key)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unusable(path, error) from error
        if data is None:
            self._discard(path)
            return None
        self._mark_used(path)
        return data

    def put_document(self, area: str, key: str, data: bytes) -> None:
        """Keep `data` under `key`, any text, in a frame that holds its digest and the key.

        Raises `DiskFull`, `CacheUnwritable`.
        """
        with self.writing(area, self._document_path(area, key).name) as stream:
            write_framed(stream, key, data)

    def _document_path(self, area: str, key: str) -> Path:
        name = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
        return self.path(area, name + _DOCUMENT)

    def lent(self, area: str) -> Path:
        """The directory of one of `LENT_AREAS` or `DIRECTORY_AREAS`, made; it counts as used now.

        Raises `DiskFull`, `CacheUnwritable`.
        """
        path = self.root / area
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise _unusable(path, error) from error
        self._lock.share()
        self._mark_used(path)
        return path

    # --- upkeep ----------------------------------------------------------------------------

    def used(self, area: str, name: str) -> None:
        """Note that `name` was used, for those who read `path` themselves.

        `blob` and `document` do this on their own. A read-only cache is left as it is.
        """
        self._mark_used(self.path(area, name))

    def usage(self) -> list[AreaUsage]:
        """Entries and bytes of every area, in the order of `AREAS`."""
        usage = []
        for area in AREAS:
            entries = self._entries(area)
            usage.append(AreaUsage(area, len(entries), sum(entry.size for entry in entries)))
        return usage

    def collect(self, limit: int, *, patience: float = 10.0) -> Collected:
        """Remove what was used least recently until at most `limit` bytes are left.

        Also sweeps the temporary files of killed processes. Waits up to `patience` seconds for
        other processes to let go of the cache, then raises `CacheInUse`.
        """
        if not self.root.is_dir():
            return Collected(0, 0, 0, 0)
        with self._lock.alone(patience):
            swept = self._sweep()
            entries = [e for area in AREAS if area not in KEPT_AREAS for e in self._entries(area)]
            entries.sort(key=lambda entry: entry.used, reverse=True)
            left = sum(entry.size for entry in entries)
            removed = freed = 0
            while entries and left > limit:
                entry = entries.pop()
                for path in entry.paths:
                    self._remove(path)
                left -= entry.size
                freed += entry.size
                removed += 1
            return Collected(removed, freed, left, swept)

    def verify(self, checks: Mapping[str, Check] | None = None) -> Verified:
        """Hash everything again and remove what does not match.

        `checks` are for the areas whose files have no digest in their name: those who write
        them know how to tell.
        """
        checks = checks or {}
        checked = 0
        removed = []
        for area in AREAS:
            for path in self._files(area):
                sound = self._sound(area, path, checks.get(area))
                if sound is None:
                    continue
                checked += 1
                if not sound:
                    removed.append(f"{area}/{path.name}")
                    self._discard(path)
        return Verified(checked, tuple(removed))

    def _sound(self, area: str, path: Path, check: Check | None) -> bool | None:
        try:
            if area == "blobs":
                return FileBlob.of_file(path).digest.hex == path.name
            if path.name.endswith(_DOCUMENT):
                with path.open("rb", buffering=0) as stream:
                    return read_framed(stream, None) is not None
            return check(self, path.name) if check is not None else None
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unusable(path, error) from error

    def _files(self, area: str) -> list[Path]:
        if area in LENT_AREAS:
            return []
        try:
            whole = area in DIRECTORY_AREAS
            found = [
                Path(entry.path)
                for entry in os.scandir(self.root / area)
                if (entry.is_dir(follow_symlinks=False) if whole else entry.is_file())
            ]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unusable(self.root / area, error) from error
        files = [path for path in found if not path.name.startswith(TEMPORARY)]
        # Documents first: they say what other files should be.
        return sorted(files, key=lambda path: (not path.name.endswith(_DOCUMENT), path.name))

    def _entries(self, area: str) -> list[Entry]:
        if area in LENT_AREAS:
            return directories.as_a_whole(self.root / area)
        if area in DIRECTORY_AREAS:
            return directories.each(self.root / area)
        entries: dict[str, Entry] = {}
        for path in self._files(area):
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            entry = entries.setdefault(path.name.partition(".")[0], Entry([], 0, 0.0))
            entry.paths.append(path)
            entry.size += status.st_size
            entry.used = max(entry.used, status.st_mtime)
        return list(entries.values())

    def _tidy(self) -> None:
        """Sweep as far as this process may: it came to do something else."""
        with contextlib.suppress(CacheUnwritable, DiskFull):
            self._sweep()

    def _sweep(self) -> int:
        """Remove the temporary files of killed processes; the lock is held alone."""
        swept = 0
        for area in (area for area in AREAS if area not in LENT_AREAS):
            with contextlib.suppress(FileNotFoundError):
                for entry in os.scandir(self.root / area):
                    if entry.name.startswith(TEMPORARY):
                        self._remove(Path(entry.path))
                        swept += 1
        return swept

    def _remove(self, path: Path) -> None:
        try:
            if path.is_dir() and not path.is_symlink():
                directories.remove(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise _unusable(path, error) from error

    def _discard(self, path: Path) -> None:
        """Remove a corrupt file; one that cannot be removed is still never used."""
        with contextlib.suppress(CacheUnwritable, DiskFull):
            self._remove(path)
        emit(
            Warned(
                f"{path}: corrupt, removed from the cache",
                hint="the disk may be failing, or something else wrote there",
            )
        )

    def _mark_used(self, path: Path) -> None:
        now = time.time()
        with contextlib.suppress(OSError):
            if now - path.stat().st_mtime > _USE_RESOLUTION:
                os.utime(path, (now, now))


def _unusable(path: Path, error: OSError) -> CacheUnwritable | DiskFull:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(str(path))
    return CacheUnwritable(str(path), error.strerror or type(error).__name__)
