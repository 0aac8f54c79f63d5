"""PHP's ``serialize`` format, as far as PEAR's registry uses it: texts, numbers and arrays."""

from __future__ import annotations

from typing import Final

from distil.catalog.facts import Unreadable

Value = str | int | None | dict[str | int, "Value"]

_DEEPEST: Final = 64
_MOST: Final = 2_000_000
"""Values in one file."""


def unserialized(data: bytes) -> Value:
    """The value that `data` begins with; numbers with a point are told as None.

    Raises:
        Unreadable: it is none, holds objects, or is nested too deep.

    """
    try:
        return _Reader(data).value(0)
    except (ValueError, IndexError):
        raise Unreadable("it is not a serialized PHP value") from None


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._read = 0

    def value(self, depth: int) -> Value:
        self._read += 1
        if depth > _DEEPEST or self._read > _MOST:
            raise Unreadable("its values are too many, or nested too deep")
        kind = self._data[self._at : self._at + 2]
        self._at += 2
        match kind:
            case b"N;":
                return None
            case b"s:":
                return self._text()
            case b"i:":
                return int(self._until(b";"))
            case b"b:":
                return int(self._until(b";"))
            case b"d:":
                self._until(b";")
                return None
            case b"a:":
                return self._array(depth)
            case _:
                raise ValueError(kind)

    def _until(self, end: bytes) -> bytes:
        found = self._data.index(end, self._at, self._at + 64)
        text = self._data[self._at : found]
        self._at = found + 1
        return text

    def _text(self) -> str:
        size = int(self._until(b":"))
        begin = self._at + 1
        if size < 0 or self._data[begin + size : begin + size + 2] != b'";':
            raise ValueError(size)
        self._at = begin + size + 2
        return self._data[begin : begin + size].decode("utf-8", "replace")

    def _array(self, depth: int) -> dict[str | int, Value]:
        count = int(self._until(b":"))
        self._at += 1
        found: dict[str | int, Value] = {}
        for _ in range(count):
            key = self.value(depth + 1)
            if not isinstance(key, str | int):
                raise ValueError(key)
            found[key] = self.value(depth + 1)
        if self._data[self._at : self._at + 1] != b"}":
            raise ValueError(count)
        self._at += 1
        return found
