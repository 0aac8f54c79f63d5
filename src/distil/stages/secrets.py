"""Secrets that commands of stages may read: from a file or a variable, kept in memory alone."""

from __future__ import annotations

import base64
import contextlib
import mmap
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from distil.errors import did_you_mean
from distil.model.blob import Blob, FileBlob
from distil.model.regular_file import open_regular
from distil.stages.errors import NoSecret

_ENVIRONMENT: Final = "env:"
_LARGEST: Final = 1 << 20
"""Bytes of a secret."""

_WORDS: Final = re.compile(rb"[\s=\"',;]+")
_LOGIN: Final = re.compile(rb"://[^\s/:@]*:([^\s/@]+)@")
_TOLD: Final = frozenset({b"machine", b"login", b"account"})
"""What stands before words of a ``.netrc`` that are no secrets: programs may well hold them."""

_SHORTEST: Final = 6
"""Bytes of a secret from which on finding them in a file is no chance."""

_SHORTEST_WORD: Final = 16
"""Bytes of a word in a secret (of a ``.netrc``, say) that is one by itself."""

_HIDDEN: Final = b"***"


class Secrets:
    """The secrets that were given, by name; none is read before it is asked for.

    `given` says where each is: a path, or ``env:VARIABLE``.
    """

    def __init__(self, given: Mapping[str, str] | None = None) -> None:
        self._given = dict(given or {})
        self._values: dict[str, bytes] = {}

    def value(self, name: str) -> bytes:
        """The bytes of the secret `name`. Raises `NoSecret`."""
        if name not in self._values:
            self._values[name] = self._read(name)
        return self._values[name]

    def _read(self, name: str) -> bytes:
        place = self._given.get(name)
        if place is None:
            hint = did_you_mean(name, self._given) or f"give it: --secret {name}=FILE"
            raise NoSecret(name, "is mounted by a stage, and was not given", hint=hint)
        if place.startswith(_ENVIRONMENT):
            variable = place.removeprefix(_ENVIRONMENT)
            text = os.environ.get(variable)
            if not text:
                raise NoSecret(name, f"cannot be had: {variable} is not set")
            return os.fsencode(text)
        try:
            with open_regular(Path(place).expanduser()) as stream:
                data = stream.read(_LARGEST + 1)
        except OSError as error:
            why = error.strerror or "it cannot be read"
            raise NoSecret(name, f"cannot be read from {place}: {why}") from None
        if len(data) > _LARGEST:
            raise NoSecret(name, f"is larger than {_LARGEST >> 20} MiB: {place}")
        return data


class Traces:
    """What gives the secrets of one stage away, wherever it stands."""

    def __init__(self, values: Mapping[str, bytes]) -> None:
        self._pieces = [(piece, name) for name, value in values.items() for piece in _pieces(value)]
        self._pieces.sort(key=lambda pair: -len(pair[0]))

    def hidden(self, line: bytes) -> bytes:
        """`line` with the secrets made unreadable."""
        for piece, _ in self._pieces:
            line = line.replace(piece, _HIDDEN)
        return line

    def within(self, blob: Blob) -> str:
        """The name of the secret that `blob` holds, or nothing."""
        if not self._pieces or not blob.size:
            return ""
        if isinstance(blob, FileBlob) and blob.offset == 0:
            with (
                Path(blob.path).open("rb") as stream,
                contextlib.closing(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)) as data,
            ):
                return next((name for piece, name in self._pieces if data.find(piece) >= 0), "")
        return self.in_text(blob.read())

    def in_text(self, text: bytes) -> str:
        """The name of the secret that `text` holds, or nothing."""
        return next((name for piece, name in self._pieces if piece in text), "")


def _pieces(value: bytes) -> Iterable[bytes]:
    """The secret as a whole, in base 64, its long words, and the passwords of addresses."""
    whole = value.strip()
    found = {whole, base64.b64encode(whole), base64.b64encode(value), *_LOGIN.findall(whole)}
    words = _WORDS.split(whole)
    for before, word in zip([b"", *words], words, strict=False):
        if len(word) >= _SHORTEST_WORD and before not in _TOLD:
            found.add(word)
    return {piece for piece in found if len(piece) >= _SHORTEST}
