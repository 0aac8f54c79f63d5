"""The hash by which OpenSSL finds an authority's certificate in a directory.

The name of the file is the hash of the subject in OpenSSL's canonical form (``x509_name_canon``
in ``crypto/x509/x_name.c``): text as UTF-8, in lower case, white space trimmed and collapsed,
sets concatenated without the outer sequence; then the first four bytes of SHA-1, little-endian.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from typing import Final

from distil.formats.errors import MalformedCertificate

_SEQUENCE, _SET, _UTF8 = 0x30, 0x31, 0x0C
_VERSION: Final = 0xA0
_ENCODINGS: Final = {
    0x0C: "utf-8",
    0x13: "ascii",
    0x14: "latin-1",
    0x16: "ascii",
    0x1A: "ascii",
    0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}
"""The string types that are made canonical; others are taken as they stand."""

_PEM: Final = re.compile(
    rb"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+?)-----END "
)
_SPACE: Final = re.compile(r"[ \t\n\v\f\r]+")


def certificates_in(pem: bytes) -> list[bytes]:
    """The certificates of a PEM file as DER. Raises `MalformedCertificate` for bad base64."""
    try:
        return [base64.b64decode(body, validate=False) for body in _PEM.findall(pem)]
    except binascii.Error as error:
        raise MalformedCertificate(str(error)) from error


def subject_hash(der: bytes) -> str:
    """Eight hexadecimal digits, as ``openssl x509 -subject_hash``.

    Raises `MalformedCertificate` when `der` is not a certificate (RFC 5280).
    """
    try:
        canonical = b"".join(map(_canonical_set, _values(_subject(der))))
    except (IndexError, ValueError) as error:
        raise MalformedCertificate("it is not a certificate in DER") from error
    digest = hashlib.sha1(canonical, usedforsecurity=False).digest()
    return digest[3::-1].hex()


def _subject(der: bytes) -> bytes:
    """The contents of the subject's sequence."""
    fields = _values(_only(_only(der, _SEQUENCE, first=True), _SEQUENCE, first=True))
    present = [value for value in fields if value[0] != _VERSION]
    # serialNumber, signature, issuer, validity, subject
    return _only(present[4], _SEQUENCE)


def _canonical_set(data: bytes) -> bytes:
    """One relative distinguished name, its attributes in DER order."""
    attributes = []
    for attribute in _values(_only(data, _SET)):
        kind, value = _values(_only(attribute, _SEQUENCE))
        attributes.append(_encoded(_SEQUENCE, kind + _canonical_value(value)))
    return _encoded(_SET, b"".join(sorted(attributes)))


def _canonical_value(value: bytes) -> bytes:
    encoding = _ENCODINGS.get(value[0])
    if encoding is None:
        return value
    text = _only(value, value[0]).decode(encoding)
    text = _SPACE.sub(" ", text).strip(" ")
    lower = "".join(char.lower() if char.isascii() else char for char in text)
    return _encoded(_UTF8, lower.encode())


# --- DER (X.690) -----------------------------------------------------------------------------


def _only(data: bytes, tag: int, *, first: bool = False) -> bytes:
    """The contents of the value that is all of `data`, or its `first`; it has to have `tag`."""
    start, end = _extent(data, 0)
    if data[0] != tag or (end != len(data) and not first):
        raise ValueError("another value was expected")
    return data[start:end]


def _values(data: bytes) -> list[bytes]:
    """The values in the contents of a constructed one, whole."""
    return list(_each(data))


def _each(data: bytes) -> Iterator[bytes]:
    position = 0
    while position < len(data):
        _, end = _extent(data, position)
        yield data[position:end]
        position = end


def _extent(data: bytes, position: int) -> tuple[int, int]:
    """Where the contents of the value at `position` begin and end."""
    length = data[position + 1]
    start = position + 2
    if length >= 0x80:
        octets = length & 0x7F
        if not 1 <= octets <= 4:
            raise ValueError("a length that DER does not allow")
        length = int.from_bytes(data[start : start + octets], "big")
        start += octets
    if start + length > len(data):
        raise ValueError("a value that ends too late")
    return start, start + length


def _encoded(tag: int, contents: bytes) -> bytes:
    length = len(contents)
    if length < 0x80:
        return bytes((tag, length)) + contents
    octets = (length.bit_length() + 7) // 8
    return bytes((tag, 0x80 | octets)) + length.to_bytes(octets, "big") + contents
