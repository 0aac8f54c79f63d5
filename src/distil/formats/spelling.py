r"""Names that are not Unicode, in documents that can hold nothing else.

Linux lets a path be any bytes. What is no UTF-8 distil keeps as surrogate escapes; a document has
``\xff`` for such a byte, and ``\x5c`` for a backslash that would be taken for the start of one.
"""

from __future__ import annotations

import re
from typing import Final

_UNSPOKEN: Final = re.compile(r"[\ud800-\udfff]|\\(?=x(?:5c|[89a-f][0-9a-f]))")
_LONE: Final = re.compile(r"[\ud800-\udfff]")
_SPOKEN: Final = re.compile(r"\\x(5c|[89a-f][0-9a-f])")


def spelled(name: str) -> str:
    """`name` in Unicode; most names are as they are."""
    if name.isascii() and "\\x" not in name:
        return name
    return _UNSPOKEN.sub(_spell, name)


def readable(name: str) -> str:
    """`name` in Unicode, for words that nobody reads back byte for byte."""
    return _LONE.sub(_spell, name)


def unspelled(name: str) -> str:
    """The name that was `spelled`."""
    return _SPOKEN.sub(_unspell, name) if "\\x" in name else name


def _spell(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return "\\x5c" if code < 0x80 else "\ufffd"


def _unspell(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return chr(code if code < 0x80 else 0xDC00 + code)
