"""What no value of the model may be."""

from __future__ import annotations

from collections.abc import Sequence

from distil.errors import DistilError
from distil.model.limits import Limits


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
            hint="something changed the file meanwhile, or the disk is failing",
        )
        self.path = path


class UnknownPlatform(DistilError):
    """A platform distil cannot build for."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"unknown platform {name!r}", hint=f"use one of {', '.join(known)}")


class UnknownCondition(DistilError):
    """Words about which findings count that mean nothing."""

    def __init__(self, text: str, word: str, known: Sequence[str], near: str = "") -> None:
        which = f"{text!r} does not say which findings count"
        super().__init__(
            which if word == text else f"{which}: {word!r} is no word for it",
            hint=near or f"write one or more of {', '.join(known)}, with + between them",
        )


class FileConflict(DistilError):
    """Two origins want the same path with different contents."""

    def __init__(self, path: str, first: str, second: str) -> None:
        super().__init__(f"{path} comes from both {first} and {second}, with different contents")


class LinkLoop(DistilError):
    """Symbolic links inside an image that never end."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path}: too many levels of symbolic links")


class TooManySteps(DistilError):
    """Symbolic links inside an image that lead astray so often that it would take hours."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path}: following the symbolic links of the image takes too many steps")


class NotADirectory(DistilError):
    """A path whose parent is a file."""

    def __init__(self, path: str, origin: str) -> None:
        super().__init__(f"{path} ({origin}) is not a directory, but other paths lie below it")


class DanglingHardLink(DistilError):
    """A hard link to a path that is not there."""

    def __init__(self, path: str, target: str) -> None:
        super().__init__(f"{path} is a hard link to {target!r}, which is not a file of the image")


class InvalidUser(DistilError):
    """A user of the image that is not a number."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text!r} is not a numeric user",
            hint='write `user = "65532"` or `"65532:65532"`; names cannot be checked for root',
        )


class InvalidReference(DistilError):
    """An image name or location that does not follow the grammar."""

    def __init__(self, text: str, why: str, *, hint: str = "") -> None:
        super().__init__(f"invalid image reference {text!r}: {why}", hint=hint)
        self.why = why


class UnknownCompression(DistilError):
    """A layer compression that does not exist."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"unknown compression {name!r}", hint=f"use {' or '.join(known)}")


class MalformedImage(DistilError):
    """An existing image that breaks its format, or whose bytes are not what they should be."""

    def __init__(self, what: str, why: str, *, hint: str = "") -> None:
        super().__init__(f"{what}: {why}", hint=hint)


class DuplicateKey(MalformedImage):
    """A JSON object of an image in which a key comes twice: readers disagree about those."""

    def __init__(self, what: str, key: str) -> None:
        super().__init__(what, f"key {key[:60]!r} comes twice in one JSON object")


class LimitExceeded(MalformedImage):
    """An image beyond one of the limits that protect against hostile ones."""

    key = ""
    """What the limit is called in the configuration file."""

    @classmethod
    def value(cls, limits: Limits) -> int:
        """What the limit is."""
        value: int = getattr(limits, cls.key.replace("-", "_"))
        return value

    def __init__(self, what: str, why: str) -> None:
        hint = f"if you trust it, raise `{self.key}` under [limits] in config.toml"
        super().__init__(what, why, hint=hint)


class MissingPart(MalformedImage):
    """A blob that a document of an image leads to, and that is not there."""

    def __init__(self, what: str) -> None:
        super().__init__(what, "missing")
