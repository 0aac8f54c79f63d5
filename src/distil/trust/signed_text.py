"""Signed documents (RFC 9580): what their signatures vouch for, and only that.

Most are clear-signed (section 7), some have their signature beside them (10.4).

An OpenPGP library finds the signed part wherever it is and ignores what stands before and after
it, as the format allows. A reader of the whole file would then believe text that nobody signed,
so here such text is an error, and only what the library returns as verified is ever handed on.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from distil.trust.errors import (
    BadSignature,
    NotSigned,
    TextOutsideSignature,
    UnknownSigner,
    UnusableKey,
)
from distil.trust.keyring import Keyring, unusable

if TYPE_CHECKING:
    from pysequoia import Cert, Sig

_BEGIN: Final = b"-----BEGIN PGP SIGNED MESSAGE-----"
_SIGNATURE: Final = b"-----BEGIN PGP SIGNATURE-----"
_END: Final = b"-----END PGP SIGNATURE-----"


def verified_text(document: bytes, keyring: Keyring, what: str) -> bytes:
    """The text of a clear-signed `document` that a key of `keyring` has signed.

    One valid signature by a key that is neither expired nor revoked is enough; dash-escapes are
    undone. `what` names the document in errors. Raises `NotSigned` when it is no clear-signed
    document, `TextOutsideSignature`, `UnknownSigner` when no key of the keyring signed it,
    `UnusableKey` when only expired or revoked ones did, otherwise `BadSignature`.
    """
    _check_frame(document, what)
    from pysequoia import verify

    now = datetime.datetime.now(datetime.UTC)
    trusted = [cert for cert in keyring.certificates if not unusable(cert, now)]
    issuers: list[str] = []

    def store(key_ids: list[str]) -> list[object]:
        issuers.extend(key_ids)
        return list(trusted)

    try:
        result = verify(document, store)
    except RuntimeError as error:
        verifies = lambda cert: _verifies(cert, document, [None])  # noqa: E731 - used once
        raise _explained(keyring, issuers, what, verifies) from error
    fingerprints = {certificate.fingerprint for certificate in trusted}
    if not any(valid.certificate in fingerprints for valid in result.valid_sigs):
        raise BadSignature(what)
    if result.bytes is None:
        raise BadSignature(what)
    return result.bytes


def verified_detached(document: bytes, signature: bytes, keyring: Keyring, what: str) -> None:
    """Check that a key of `keyring` has made the detached `signature` of `document`.

    The signature may be armored; one valid signature of several is enough, as in
    `verified_text`. Raises `NotSigned` when it is no signature, `UnknownSigner`, `UnusableKey`,
    otherwise `BadSignature`.
    """
    now = datetime.datetime.now(datetime.UTC)
    trusted = [cert for cert in keyring.certificates if not unusable(cert, now)]
    signatures = _signatures(signature)
    if not signatures:
        raise NotSigned(what)
    for certificate in trusted:
        if _verifies(certificate, document, signatures):
            return
    issuers = [i for one in signatures if (i := one.issuer_fingerprint or one.issuer_key_id)]
    raise _explained(keyring, issuers, what, lambda cert: _verifies(cert, document, signatures))


def _signatures(data: bytes) -> list[Sig]:
    """Every signature packet of `data`, armored or not; none when it is something else."""
    from pysequoia import Sig
    from pysequoia.packet import PacketPile, Tag

    try:
        packets = [p for p in PacketPile.from_bytes(data) if p.tag == Tag.Signature]
        return [Sig.from_bytes(bytes(packet)) for packet in packets]
    except RuntimeError:
        return []


def _check_frame(document: bytes, what: str) -> None:
    """The document is one signed message from its first byte to its last."""
    lines = document.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    if _BEGIN not in lines:
        raise NotSigned(what)
    if lines[0] != _BEGIN:
        raise TextOutsideSignature(what, "before")
    if _SIGNATURE not in lines or _END not in lines:
        raise NotSigned(what)
    if lines.index(_END) != len(lines) - 1:
        raise TextOutsideSignature(what, "after")
    signature = lines.index(_SIGNATURE)
    if b"" not in lines[:signature]:
        raise NotSigned(what)
    blank = lines.index(b"")
    # Only Hash headers may stand here (RFC 9580, 7.1), and they are not part of the text.
    if any(not line.startswith(b"Hash: ") for line in lines[1:blank]):
        raise TextOutsideSignature(what, "before")
    if any(line.startswith(b"-") and line[:2] != b"- " for line in lines[blank:signature]):
        raise TextOutsideSignature(what, "inside")


def _verifies(certificate: Cert, document: bytes, signatures: Sequence[Sig | None]) -> bool:
    """Whether a key of `certificate` made one of `signatures` of `document`; None: its own."""
    from pysequoia import verify

    for signature in signatures:
        with contextlib.suppress(RuntimeError):
            result = verify(document, lambda _: [certificate], signature=signature)
            if any(valid.certificate == certificate.fingerprint for valid in result.valid_sigs):
                return True
    return False


def _explained(
    keyring: Keyring, issuers: Sequence[str], what: str, verifies: Callable[[Cert], bool]
) -> Exception:
    """Why no signature counts, made by keys `issuers`; `verifies` tells with whom one would."""
    now = datetime.datetime.now(datetime.UTC)
    owners = keyring.subkey_owners()
    # Old signatures name their key by the last 16 digits of its fingerprint alone.
    known = [cert for key, cert in owners.items() if key.endswith(tuple(issuers))]
    if issuers and not known:
        return UnknownSigner(what, issuers)
    for certificate in known:
        why = unusable(certificate, now)
        if why and (certificate.is_revoked or verifies(certificate)):
            return UnusableKey(what, certificate.fingerprint, why)
    return BadSignature(what)
