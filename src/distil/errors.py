"""Every error distil raises on purpose: what, where, why, and the next step.

Each class knows its exit code. 1: the answer is "no". 2: the work could not be done (usage,
input, network). 3: the answer could not be told. Nothing below `cli` exits the process.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class DistilError(Exception):
    """Base of all errors meant for a user: one message, one optional hint."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message


def nearest(word: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """The entries of `known` that `word` may be a slip of, best first."""
    return difflib.get_close_matches(word, list(known), n=limit, cutoff=0.6)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names what `word` may be a slip of, or an empty string."""
    found = nearest(word, known)
    return f"did you mean {' or '.join(found)}?" if found else ""


# --- model ---------------------------------------------------------------------------------


class InvalidDigest(DistilError):
    """A digest that is not ``sha256:`` and 64 hexadecimal digits."""

    def __init__(self, value: str) -> None:
        super().__init__(f"{value!r} is not a sha256 digest")


class InvalidPath(DistilError):
    """A path in an archive or image that cannot be honoured."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"unsafe path {path!r}: {why}")


class CorruptContent(DistilError):
    """Bytes on this machine's disk that no longer match their digest."""

    def __init__(self, path: str, digest: str) -> None:
        super().__init__(
            f"{path}: content does not match its digest {digest}",
            hint="run `distil cache gc --verify`, then build again",
        )


class UnknownPlatform(DistilError):
    """A platform distil cannot build for."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"unknown platform {name!r}", hint=f"use one of {', '.join(known)}")


class FileConflict(DistilError):
    """Two origins want the same path with different contents."""

    def __init__(self, path: str, first: str, second: str) -> None:
        super().__init__(f"{path} comes from both {first} and {second}, with different contents")


class LinkLoop(DistilError):
    """Symbolic links inside an image that never end."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path}: too many levels of symbolic links")


class NotADirectory(DistilError):
    """A path whose parent is a file."""

    def __init__(self, path: str, origin: str) -> None:
        super().__init__(f"{path} ({origin}) is not a directory, but other paths lie below it")


class DanglingHardLink(DistilError):
    """A hard link to a path that is not there."""

    def __init__(self, path: str, target: str) -> None:
        super().__init__(f"{path} is a hard link to {target!r}, which is not a file of the image")


# --- specification -------------------------------------------------------------------------


class InvalidSpec(DistilError):
    """A ``distil.toml`` (or an option that overrides it) that cannot be honoured."""

    def __init__(
        self, filename: str, line: int | None, key: str, why: str, *, hint: str = ""
    ) -> None:
        place = f"{filename}:{line}" if line else filename
        super().__init__(f"{place}: {key}: {why}" if key else f"{place}: {why}", hint=hint)
        self.filename, self.line, self.key = filename, line, key


# --- fetch and trust -----------------------------------------------------------------------


class CacheUnwritable(DistilError):
    """The cache directory cannot be created or written."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(
            f"the cache at {path} cannot be written: {why}",
            hint="set DISTIL_CACHE_DIR to a directory of your own",
        )


class DiskFull(DistilError):
    """No space left where distil has to write."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"no space left on the disk that holds {path}",
            hint="free some space, or run `distil cache gc`; nothing half-written was left",
        )


class CacheInUse(DistilError):
    """The cache cannot be cleaned while another process reads from it."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"the cache at {path} is in use by another process",
            hint="wait for it to end, then clean again",
        )


class NetworkError(DistilError):
    """Base of what can go wrong between here and a server; `url` holds no credentials."""

    def __init__(self, what: str, url: str, why: str, *, hint: str = "") -> None:
        super().__init__(f"cannot fetch {what} from {url}: {why}", hint=hint)
        self.url = url


class ConnectionFailed(NetworkError):
    """Refused, reset, or no answer in time, after all retries."""


class HostNotFound(NetworkError):
    """The name of the host has no address."""


class TlsFailed(NetworkError):
    """The server's certificate is not trusted, or the handshake failed."""


class ServerError(NetworkError):
    """An HTTP status that is neither success nor one of the more particular classes."""


class NotFound(NetworkError):
    """HTTP 404 or 410: the server does not have it."""


class ArchiveGone(NotFound):
    """A Debian archive that the mirror no longer has: a newer version took its place."""

    def __init__(self, what: str, url: str) -> None:
        super().__init__(
            what,
            url,
            "the mirror no longer has it, probably because a newer version took its place",
            hint="resolve the packages again, or name a mirror that keeps old versions: "
            "`snapshot-mirror` in config.toml, or DISTIL_DEBIAN_SNAPSHOT_MIRROR",
        )


class AccessDenied(NetworkError):
    """HTTP 401, 403 or 407: credentials are missing or wrong."""


class TruncatedDownload(NetworkError):
    """The connection ended before the last byte, after all retries."""


class TooManyRedirects(NetworkError):
    """A chain of HTTP redirects that does not end, or leads out of HTTP."""


class Offline(NetworkError):
    """Something that is not in the cache is needed, and the network may not be used."""

    def __init__(self, what: str, url: str) -> None:
        super().__init__(
            what,
            url,
            "it is not in the cache, and the network is not to be used",
            hint="run once without --offline",
        )


class InvalidUrl(DistilError):
    """An address that cannot be fetched from."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"{url}: {why}")


class WrongSize(DistilError):
    """A download that is not as long as its verified description says."""

    def __init__(self, what: str, url: str, expected: int, got: str) -> None:
        super().__init__(
            f"{what} from {url} should have {expected} bytes, but has {got}",
            hint="the mirror or a proxy changed the file; try another mirror",
        )


class WrongDigest(DistilError):
    """A download whose bytes are not those its verified description names."""

    def __init__(self, what: str, url: str, expected: str, got: str) -> None:
        super().__init__(
            f"{what} from {url} should have the digest {expected}, but has {got}",
            hint="the mirror or a proxy changed the file; try another mirror",
        )


class TooLarge(DistilError):
    """A document of unknown size that goes on for longer than is sensible."""

    def __init__(self, what: str, limit: int) -> None:
        super().__init__(f"{what} is larger than the {limit} bytes allowed")


class CredentialsUnreadable(DistilError):
    """A netrc or auth.conf file that does not parse."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}", hint="correct the file, or remove it")


# --- packages ------------------------------------------------------------------------------


class MalformedArchive(DistilError):
    """An archive whose bytes do not follow its format, or mean two things at once."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what}: {why}")


class TruncatedArchive(MalformedArchive):
    """An archive that ends before it says it does."""


class ArchiveTooLarge(MalformedArchive):
    """An archive that unpacks to more than any honest one would."""


class UnsupportedArchive(MalformedArchive):
    """An archive that uses a part of its format that distil does not read."""


# --- applications --------------------------------------------------------------------------


# --- reach ---------------------------------------------------------------------------------


class MalformedElf(DistilError):
    """An ELF file that says something impossible about itself."""

    def __init__(self, why: str, path: str = "") -> None:
        super().__init__(f"{path or 'a file'} is a malformed ELF file: {why}")
        self.why = why


# --- images --------------------------------------------------------------------------------


# --- build ---------------------------------------------------------------------------------
