"""What is wrong with bytes that should follow a format."""

from __future__ import annotations

from distil.errors import DistilError


class InvalidSpec(DistilError):
    """A ``distil.toml`` (or an option that overrides it) that cannot be honoured."""

    def __init__(
        self, filename: str, line: int | None, key: str, why: str, *, hint: str = ""
    ) -> None:
        place = f"{filename}:{line}" if line else filename
        super().__init__(f"{place}: {key}: {why}" if key else f"{place}: {why}", hint=hint)
        self.filename, self.line, self.key = filename, line, key


class MalformedArchive(DistilError):
    """An archive whose bytes do not follow its format, or mean two things at once."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what}: {why}")


class TruncatedArchive(MalformedArchive):
    """An archive that ends before it says it does."""


class ArchiveTooLarge(MalformedArchive):
    """An archive that unpacks to more than any honest one would."""

    def __init__(self, what: str, why: str, *, limit: str = "content") -> None:
        super().__init__(what, why)
        self.why, self.limit = why, limit


class UnsupportedArchive(MalformedArchive):
    """An archive that uses a part of its format that distil does not read."""


class MalformedCertificate(DistilError):
    """An X.509 certificate that cannot be read."""

    def __init__(self, why: str) -> None:
        super().__init__(f"a certificate cannot be read: {why}")


class InvalidProjectFile(DistilError):
    """A project's own file (pyproject.toml, a lock, requirements) that makes no sense."""

    def __init__(self, path: str, why: str, *, hint: str = "") -> None:
        super().__init__(f"{path}: {why}", hint=hint)


class InvalidLock(DistilError):
    """A ``distil.lock`` that cannot be read, or that contradicts itself."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}", hint="remove it, and `distil lock` writes it anew")


class MalformedLedger(DistilError):
    """A ledger that cannot be read."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the ledger cannot be read: {why}")


class MalformedElf(DistilError):
    """An ELF file that says something impossible about itself."""

    def __init__(self, why: str, path: str = "") -> None:
        super().__init__(f"{path or 'a file'} is a malformed ELF file: {why}")
        self.why = why


class MalformedLdCache(DistilError):
    """A file that is not a cache of libraries as glibc writes it."""

    def __init__(self, why: str) -> None:
        super().__init__(f"malformed ld.so.cache: {why}")
