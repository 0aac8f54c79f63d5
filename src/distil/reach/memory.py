"""What was read from files, remembered between runs: one document for each package archive."""

from __future__ import annotations

from typing import Final, Generic, TypeVar

import msgspec
from msgspec.msgpack import Decoder

from distil.reach.documents import Documents

AREA: Final = "analysis"

T = TypeVar("T")


class Memory(Generic[T]):
    """Values by archive and key; `form` names what they are and their format.

    `form` is to be changed whenever what reads the files comes to other answers. Without
    `documents`, and for files of no archive (an empty name), nothing outlives the object.
    """

    def __init__(
        self, documents: Documents | None, form: str, decoder: Decoder[dict[str, T]]
    ) -> None:
        self._documents = documents
        self._form = form
        self._decoder = decoder
        self._loaded: dict[str, dict[str, T]] = {}
        self._changed: set[str] = set()

    def get(self, archive: str, key: str) -> T | None:
        """The value of `key` in `archive`, None if it is not known."""
        return self._entries(archive).get(key)

    def put(self, archive: str, key: str, value: T) -> None:
        """Remember `value`."""
        self._entries(archive)[key] = value
        self._changed.add(archive)

    def save(self) -> None:
        """Keep what is new since the last time, for later runs."""
        if self._documents is not None:
            for archive in sorted(self._changed - {""}):
                data = msgspec.msgpack.encode(self._loaded[archive])
                self._documents.put_document(AREA, f"{self._form}-{archive}", data)
        self._changed.clear()

    def _entries(self, archive: str) -> dict[str, T]:
        entries = self._loaded.get(archive)
        if entries is None:
            entries = self._loaded[archive] = self._load(archive)
        return entries

    def _load(self, archive: str) -> dict[str, T]:
        """The document of `archive`; one that cannot be decoded counts as none."""
        if self._documents is None or not archive:
            return {}
        data = self._documents.document(AREA, f"{self._form}-{archive}")
        try:
            return {} if data is None else self._decoder.decode(data)
        except ValueError:  # MsgspecError is one, UnicodeDecodeError another
            return {}
