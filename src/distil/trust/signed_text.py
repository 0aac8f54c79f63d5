"""Clear-signed documents (RFC 9580, section 7): what their signatures vouch for, and only that.

An OpenPGP library finds the signed part wherever it is and ignores what stands before and after
it, as the format allows. A reader of the whole file would then believe text that nobody signed,
so here such text is an error, and only what the library returns as verified is ever handed on.
"""

from __future__ import annotations

from typing import Final

from distil.errors import (
    BadSignature,
    NotSigned,
    TextOutsideSignature,
    UnknownSigner,
    UnusableKey,
)
from distil.trust.keyring import Keyring, unusable

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
    import datetime

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
        raise _explained(document, keyring, issuers, what) from error
    fingerprints = {certificate.fingerprint for certificate in trusted}
    if not any(valid.certificate in fingerprints for valid in result.valid_sigs):
        raise BadSignature(what)
    if result.bytes is None:
        raise BadSignature(what)
    return result.bytes


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


def _explained(document: bytes, keyring: Keyring, issuers: list[str], what: str) -> Exception:
    """Why no signature of `document` counts."""
    import datetime

    from pysequoia import verify

    now = datetime.datetime.now(datetime.UTC)
    owners = keyring.subkey_owners()
    # Old signatures name their key by the last 16 digits of its fingerprint alone.
    known = [cert for key, cert in owners.items() if key.endswith(tuple(issuers))]
    if issuers and not known:
        return UnknownSigner(what, issuers)
    for certificate in known:
        why = unusable(certificate, now)
        if not why:
            continue
        try:
            verify(document, lambda _, certificate=certificate: [certificate])
        except RuntimeError:
            if not certificate.is_revoked:
                continue
        return UnusableKey(what, certificate.fingerprint, why)
    return BadSignature(what)
