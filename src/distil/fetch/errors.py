"""What is wrong with the cache, the network, or what came over it."""

from __future__ import annotations

from distil.errors import DistilError


class CacheUnwritable(DistilError):
    """The cache directory cannot be created or written."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(
            f"the cache at {path} cannot be written: {why}",
            hint="set DISTIL_CACHE_DIR to a directory of your own",
        )


class CorruptCache(DistilError):
    """A file of the cache that is not what was stored there; it is `removed` if that can be."""

    def __init__(self, what: str, path: str, *, removed: bool) -> None:
        super().__init__(
            f"{what} in the cache is not what was stored there: {path} does not match its digest",
            hint=("it was removed: run again" if removed else "remove it, and run again")
            + "; if this comes back, check the disk and who else writes there",
        )
        self.path = path


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
    """Base of what can go wrong between here and a server; `url` holds no credentials.

    `sends` tells what goes to the server from what comes from it.
    """

    advice = "check the network, the proxy and the address"

    def __init__(
        self, what: str, url: str, why: str, *, hint: str = "", sends: bool = False
    ) -> None:
        way = f"send {what} to" if sends else f"fetch {what} from"
        super().__init__(f"cannot {way} {url}: {why}", hint=hint or self.advice)
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

    advice = "check the address, or ask for what there is now with --refresh"


class ArchiveGone(NotFound):
    """A Debian archive that the mirror no longer has: a newer version took its place."""

    def __init__(self, what: str, url: str) -> None:
        super().__init__(
            what,
            url,
            "the mirror no longer has it, probably because a newer version took its place",
            hint="ask the mirror anew with --refresh, or name one that keeps old versions: "
            "`snapshot-mirror` in config.toml, or DISTIL_DEBIAN_SNAPSHOT_MIRROR",
        )


class AccessDenied(NetworkError):
    """HTTP 401, 403 or 407: credentials are missing or wrong."""


class TruncatedDownload(NetworkError):
    """The connection ended before the last byte, after all retries."""

    advice = "try again, or another mirror"


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


class InvalidConfiguration(DistilError):
    """The user's configuration file, or a variable of the environment, that makes no sense."""

    def __init__(self, where: str, why: str, *, hint: str = "") -> None:
        super().__init__(f"{where}: {why}", hint=hint)
