"""What tells a secret from an example of one: checksums, randomness, what stands around it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from typing import Final

_BASE62: Final = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKSUM_LENGTH: Final = 6

_PLACEHOLDER: Final = re.compile(
    rb"(.)\1{4}|01234|12345|23456|54321|abcde|[a-z]?vwxyz|qwert|deadbeef|c0ffee"
    rb"|example|sample|dummy|secret|token|redact|your|fake|fixture|placeholder|xxxx|test[-_]?(?:key|api)",
    re.IGNORECASE,
)
_AWS_SECRET: Final = re.compile(rb"(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
_NEAR: Final = 300
"""Bytes around the name of an access key in which its secret stands."""
_KEY_HEAD: Final = 1_000
"""Bytes after the first line of a key in which its first full line stands, headers and all."""
_KEY_LINE: Final = re.compile(rb"[A-Za-z0-9+/]{40,}(?![A-Za-z0-9+/.]|\s*\.\.)")
"""A line of a key, whole; documentation shows the first and goes on with dots."""
_KEY_PIECE: Final = re.compile(rb"[A-Za-z0-9+/]{16,}")
_LONG_DER: Final = b"MII"
_LONG_KEY: Final = 256
"""Characters at least of a key that says of itself that it has 256 bytes or more."""
_FILLED: Final = re.compile(rb"([A-Za-z0-9])\1{15}")
_FEWEST_CHARACTERS: Final = 10
"""Different ones that random text of 20 characters has, or 32 of hexadecimal."""


def looks_random(text: bytes) -> bool:
    """Whether nobody made up `text` by hand: many characters, a digit, and no words of examples."""
    return any(chr(byte).isdigit() for byte in text) and _has_variety(text)


def _has_variety(text: bytes) -> bool:
    return len(set(text)) >= _FEWEST_CHARACTERS and not _PLACEHOLDER.search(text)


def _random(data: bytes, start: int, end: int) -> bool:
    return looks_random(data[start:end])


def _random_letters(data: bytes, start: int, end: int) -> bool:
    return _has_variety(data[start:end])


def _checksum(data: bytes, start: int, end: int) -> bool:
    """GitHub's tokens end with the CRC-32 of what is random in them, in base 62."""
    checksum = end - _CHECKSUM_LENGTH
    return base62_crc32(data[start:checksum]) == data[checksum:end]


def base62_crc32(data: bytes) -> bytes:
    """The CRC-32 of `data` as six digits of base 62."""
    left, digits = zlib.crc32(data), b""
    while left:
        left, digit = divmod(left, len(_BASE62))
        digits = _BASE62[digit : digit + 1] + digits
    return digits.rjust(_CHECKSUM_LENGTH, b"0")


def _beside_secret(data: bytes, start: int, end: int) -> bool:
    """An access key's name alone opens nothing."""
    around = data[max(0, start - _NEAR) : start] + b"\n" + data[end : end + _NEAR]
    return any(looks_random(found) for found in _AWS_SECRET.findall(around))


def _holds_key(data: bytes, _: int, end: int) -> bool:
    """Code that looks for keys has the first line of one as well, but no key after it."""
    rest = data[end : end + _KEY_HEAD].partition(b"-----")[0]
    lines = _KEY_LINE.findall(rest)
    if _FILLED.search(rest) or not any(_has_variety(line) for line in lines):
        return False
    pieces = _KEY_PIECE.findall(rest)
    return not pieces[0].startswith(_LONG_DER) or sum(map(len, pieces)) >= _LONG_KEY


CHECKS: Final[Mapping[str, Callable[[bytes, int, int], bool]]] = {
    "": lambda *_: True,
    "random": _random,
    "random_letters": _random_letters,
    "checksum": _checksum,
    "beside_secret": _beside_secret,
    "holds_key": _holds_key,
}
"""By name: whether what stands in data from start to end, less how it begins, is a secret."""
