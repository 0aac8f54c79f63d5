"""The ledger as bytes: zstd-compressed JSON lines, version 1.

The media type is ``application/vnd.distil.ledger.v1+jsonl+zstd``. Each line is a JSON array
whose first element says what it is; strings that recur are written once and referred to by
number, in the order in which they were written:

    ["distil-ledger", 1]                          first line: format and version
    ["origin", {"type": "package", …}]            origin number 0, 1, 2, …
    ["reason", rule, because, detail]             reason number 0, 1, 2, …
    ["rule", rule, reason]                        removal rule number 0, 1, 2, …
    ["package", purl]                             package of removed paths, number 0, 1, 2, …
    ["+", path, kind, size, origin, [reason, …]]  a kept path; numbers refer to the lines above
    ["-", path, size, package, rule]              a removed path

Paths are sorted; one that is not UTF-8 is an array of its bytes in base64. The same ledger
always gives the same bytes with the same version of the compressor.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from distil.errors import DistilError, MalformedLedger
from distil.model.ledger import Kept, Ledger, Reason, Removed
from distil.model.node import Kind
from distil.model.origin import Origin

MEDIA_TYPE: Final = "application/vnd.distil.ledger.v1+jsonl+zstd"
ARTIFACT_TYPE: Final = MEDIA_TYPE
VERSION: Final = 1
LARGEST: Final = 1 << 30
"""Bytes of decompressed ledger that are read at most."""

_LEVEL: Final = 9
_HEADER: Final = ["distil-ledger", VERSION]


def encode_ledger(ledger: Ledger) -> bytes:
    """The bytes of `ledger`."""
    import zstandard

    lines = b"\n".join(msgspec.json.encode(line, enc_hook=str) for line in _lines(ledger))
    return zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compress(lines + b"\n")


def decode_ledger(data: bytes) -> Ledger:
    """The ledger in `data`. Raises `MalformedLedger`, also for a version that is not known."""
    import zstandard

    try:
        text = zstandard.ZstdDecompressor().decompress(data, max_output_size=LARGEST)
        lines = [msgspec.json.decode(line) for line in text.splitlines()]
    except (zstandard.ZstdError, msgspec.DecodeError, UnicodeError) as error:
        raise MalformedLedger(str(error)) from error
    if not lines or lines[0] != _HEADER:
        raise MalformedLedger(f"it does not begin with {_HEADER}")
    try:
        return _Reader().read(lines[1:])
    except (LookupError, TypeError, ValueError, DistilError) as error:
        raise MalformedLedger(f"a line is not what it should be: {error}") from error


def _lines(ledger: Ledger) -> Iterator[list[object]]:
    yield list(_HEADER)
    origins = _Numbers()
    reasons = _Numbers()
    rules = _Numbers()
    packages = _Numbers()
    for kept in ledger.kept:
        origins.add(kept.origin)
        for reason in kept.reasons:
            reasons.add(reason)
    for removed in ledger.removed:
        rules.add((removed.rule, removed.reason))
        packages.add(removed.package)
    yield from (["origin", origin] for origin in origins)
    yield from (["reason", r.rule, r.because, r.detail] for r in reasons)
    yield from (["rule", *rule] for rule in rules)
    yield from (["package", purl] for purl in packages)
    for kept in ledger.kept:
        numbers = [reasons[reason] for reason in kept.reasons]
        yield ["+", _written(kept.path), int(kept.kind), kept.size, origins[kept.origin], numbers]
    for gone in ledger.removed:
        rule = rules[(gone.rule, gone.reason)]
        yield ["-", _written(gone.path), gone.size, packages[gone.package], rule]


def _written(path: str) -> str | list[bytes]:
    """`path` in a form that JSON can hold."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return [path.encode("utf-8", "surrogateescape")]
    return path


class _Numbers(dict[Any, int]):
    """Values numbered in the order in which they were first added."""

    def add(self, value: object) -> None:
        self.setdefault(value, len(self))


class _Reader:
    """Takes lines and collects what they say."""

    def __init__(self) -> None:
        self._origins: list[Origin] = []
        self._reasons: list[Reason] = []
        self._rules: list[tuple[str, str]] = []
        self._packages: list[str] = []
        self._kept: list[Kept] = []
        self._removed: list[Removed] = []

    def read(self, lines: list[Any]) -> Ledger:
        take: dict[str, Callable[..., None]] = {
            "origin": self._origin,
            "reason": lambda rule, because, detail: self._reasons.append(
                Reason(rule, because, detail)
            ),
            "rule": lambda rule, reason: self._rules.append((rule, reason)),
            "package": self._packages.append,
            "+": self._keep,
            "-": self._remove,
        }
        for kind, *values in lines:
            take[kind](*values)
        return Ledger(tuple(self._kept), tuple(self._removed))

    def _origin(self, value: object) -> None:
        self._origins.append(msgspec.convert(value, Origin, dec_hook=_decode_digest))

    def _keep(
        self, path: str | list[str], kind: int, size: int, origin: int, reasons: list[int]
    ) -> None:
        found = tuple(self._reasons[number] for number in reasons)
        self._kept.append(Kept(_path(path), Kind(kind), size, self._origins[origin], found))

    def _remove(self, path: str | list[str], size: int, package: int, rule: int) -> None:
        self._removed.append(
            Removed(_path(path), self._packages[package], size, *self._rules[rule])
        )


def _path(written: str | list[str]) -> str:
    if isinstance(written, str):
        return written
    return base64.b64decode(written[0], validate=True).decode("utf-8", "surrogateescape")


def _decode_digest(kind: type, value: object) -> object:
    return kind(value)
