"""Text from outside, made safe to show: image and archive contents can hold anything."""

from __future__ import annotations

import re
from typing import Final

_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
"""What moves a terminal's cursor, reorders a line (bidi), shows nothing or is no character."""

_LONGEST: Final = 4000
"""Characters of a line: what an error quotes can be as long as the file it is from."""


def printable(text: str) -> str:
    r"""`text` on one line, what is not safe to print written as ``\x1b`` or ``\u202e``.

    Bytes that are not UTF-8 (surrogate escapes) are written as the bytes they are.
    """
    return text if text.isascii() and text.isprintable() else _UNSAFE.sub(_escaped, text)


def printable_lines(text: str) -> str:
    """The same for text of our own with lines of its own; a line that never ends is cut."""
    return "\n".join(printable(_cut(line)) for line in text.split("\n"))


def _cut(line: str) -> str:
    half = _LONGEST // 2
    return line if len(line) <= _LONGEST else f"{line[:half]}…{line[-half:]}"


def printable_json(text: str) -> str:
    """JSON with the same characters escaped as JSON has it; line breaks stay."""
    return _UNSAFE.sub(_escaped_in_json, text)


def _escaped_in_json(match: re.Match[str]) -> str:
    return match[0] if match[0] == "\n" else f"\\u{ord(match[0]):04x}"


def _escaped(match: re.Match[str]) -> str:
    number = ord(match[0])
    if 0xDC80 <= number <= 0xDCFF:
        number -= 0xDC00
    return f"\\x{number:02x}" if number <= 0xFF else f"\\u{number:04x}"
