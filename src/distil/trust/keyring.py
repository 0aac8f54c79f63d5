"""Sets of OpenPGP certificates: Debian's own, shipped beside this file, and the user's."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from distil.model.regular_file import read_small
from distil.trust.errors import KeyringUnreadable

if TYPE_CHECKING:
    import datetime

    from pysequoia import Cert

DEBIAN_KEYRING: Final = Path(__file__).parent / "keyrings" / "debian-archive-keyring.pgp"
"""Provenance and refreshing: ``keyrings/README.md``."""


class Keyring:
    """Certificates to verify with, decoded only when a signature has to be checked.

    `identity` changes whenever any byte of the keyring files does: what was verified with one
    keyring is not verified for another.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = tuple(paths)
        self._contents = [_read(path) for path in self._paths]
        hasher = hashlib.sha256()
        for content in self._contents:
            hasher.update(hashlib.sha256(content).digest())
        self.identity = hasher.hexdigest()
        self._certificates: list[Cert] | None = None

    @classmethod
    def debian(cls, extra: Path | None = None) -> Keyring:
        """Debian's archive keys, and those in the file `extra`, armored or binary.

        Raises `KeyringUnreadable`.
        """
        return cls([DEBIAN_KEYRING] if extra is None else [DEBIAN_KEYRING, extra])

    @property
    def certificates(self) -> list[Cert]:
        """Every certificate, expired and revoked ones too. Raises `KeyringUnreadable`."""
        if self._certificates is None:
            found: list[Cert] = []
            for path, content in zip(self._paths, self._contents, strict=True):
                found += _decode(path, content)
            self._certificates = found
        return self._certificates

    def subkey_owners(self) -> dict[str, Cert]:
        """Fingerprint of each primary key and subkey to the certificate that has it."""
        from pysequoia.packet import PacketPile

        owners: dict[str, Cert] = {}
        for certificate in self.certificates:
            for packet in PacketPile.from_bytes(bytes(certificate)):
                if packet.fingerprint:
                    owners[packet.fingerprint] = certificate
        return owners


def unusable(certificate: Cert, now: datetime.datetime) -> str:
    """Why nothing signed by `certificate` is to be believed at `now`, or "".

    A signature older than its key's expiry verifies cryptographically; it is refused all the
    same, as an expired key is no longer looked after.
    """
    if certificate.is_revoked:
        return "revoked"
    if certificate.expiration is not None and certificate.expiration <= now:
        return f"expired on {certificate.expiration:%Y-%m-%d}"
    return ""


def _read(path: Path) -> bytes:
    try:
        return read_small(path)
    except OSError as error:
        raise KeyringUnreadable(str(path), error.strerror or "unreadable") from error


def _decode(path: Path, content: bytes) -> list[Cert]:
    from pysequoia import Cert

    try:
        certificates = Cert.split_bytes(content)
    except RuntimeError as error:
        raise KeyringUnreadable(str(path), "not an OpenPGP keyring") from error
    if not certificates:
        raise KeyringUnreadable(str(path), "it holds no OpenPGP certificate")
    return certificates
