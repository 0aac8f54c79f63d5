"""What is wrong with a document that has to be signed, or with the trusted keys."""

from __future__ import annotations

from collections.abc import Sequence

from distil.errors import DistilError


class KeyringUnreadable(DistilError):
    """A file that should hold OpenPGP certificates and does not."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(
            f"the keyring {path} cannot be used: {why}",
            hint="name an exported public key, armored or binary, as `keyring` in config.toml "
            "or in DISTIL_DEBIAN_KEYRING",
        )


class TrustError(DistilError):
    """Base of what is wrong with a document that has to be signed."""


class NotSigned(TrustError):
    """A document without a signature where there has to be one."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} is not a signed document",
            hint="is this an apt repository, or did a login page answer?",
        )


class TextOutsideSignature(TrustError):
    """Text that nobody signed, in a document that has a signature."""

    def __init__(self, what: str, where: str) -> None:
        super().__init__(
            f"{what} has text {where} its signed part that nobody signed",
            hint="somebody changed the file; do not use this mirror",
        )


class UnknownSigner(TrustError):
    """A document signed only by keys that are not trusted."""

    def __init__(self, what: str, keys: Sequence[str]) -> None:
        super().__init__(
            f"{what} is signed by none of the trusted keys, but by {', '.join(keys)}",
            hint="for a mirror with a key of its own, name that as `keyring` in config.toml or "
            "in DISTIL_DEBIAN_KEYRING",
        )


class UnusableKey(TrustError):
    """A document signed only by keys that are expired or revoked."""

    def __init__(self, what: str, key: str, why: str) -> None:
        super().__init__(f"{what} is signed by the key {key}, which is {why}")


class BadSignature(TrustError):
    """A document that is not what its signer signed."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} has no valid signature: it is not what its signer signed",
            hint="somebody or something changed the file; try another mirror",
        )
