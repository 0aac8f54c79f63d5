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

The reasons of a kept path are those of different causes, at most eight; the first is the one
that was found first, and following it leads to what the image is for.

Paths are sorted. A string that is not UTF-8, of whichever field, is an array of its bytes in
base64. The same ledger always gives the same bytes with the same version of the compressor.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, Final

import msgspec

from distil.formats.errors import MalformedLedger
from distil.model.errors import InvalidDigest
from distil.model.ledger import Kept, Ledger, Reason, Removed
from distil.model.node import Kind
from distil.model.origin import Origin

MEDIA_TYPE: Final = "application/vnd.distil.ledger.v1+jsonl+zstd"
VERSION: Final = 1
MOST_LINES: Final = 1_000_000
"""An image has two lines for each file at most, and hardly as many files as half of this."""

LARGEST: Final = 1 << 27
"""Bytes of decompressed ledger that are read at most: those of some million paths."""

_LEVEL: Final = 9
_HEADER: Final = ["distil-ledger", VERSION]

_Text = str | list[str]
_Count = Annotated[int, msgspec.Meta(ge=0)]


def encode_ledger(ledger: Ledger) -> bytes:
    """The bytes of `ledger`."""
    import zstandard

    lines = b"\n".join(msgspec.json.encode(line) for line in _lines(ledger))
    return zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compress(lines + b"\n")


def decode_ledger(data: bytes) -> Ledger:
    """The ledger in `data`. Raises `MalformedLedger`, also for a version that is not known."""
    text = _decompressed(data)
    if text.count(b"\n") > MOST_LINES:
        raise MalformedLedger(f"it has more than {MOST_LINES} lines")
    header, *lines = text.splitlines() or [b""]
    try:
        if msgspec.json.decode(header) != _HEADER:
            raise MalformedLedger(f"it does not begin with {_HEADER}")
        return _Reader().read(lines)
    except (LookupError, ValueError, InvalidDigest, RecursionError) as error:
        raise MalformedLedger(f"a line is not what it should be: {error}") from error


def _decompressed(data: bytes) -> bytes:
    import zstandard

    try:
        if zstandard.frame_content_size(data) > LARGEST:
            raise MalformedLedger(f"it has more than {LARGEST} bytes")
        # The limit counts for a frame that does not say its size.
        return zstandard.ZstdDecompressor().decompress(
            data, max_output_size=LARGEST, allow_extra_data=False
        )
    except (zstandard.ZstdError, MemoryError) as error:
        raise MalformedLedger(str(error)) from error


# --- writing -------------------------------------------------------------------------------


def _lines(ledger: Ledger) -> Iterator[Sequence[object]]:
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
    yield from (["origin", _written_values(origin)] for origin in origins)
    yield from (["reason", *map(_written, (r.rule, r.because, r.detail))] for r in reasons)
    yield from (["rule", *map(_written, rule)] for rule in rules)
    yield from (["package", _written(purl)] for purl in packages)
    for kept in ledger.kept:
        numbers = [reasons[reason] for reason in kept.reasons]
        yield ["+", _written(kept.path), int(kept.kind), kept.size, origins[kept.origin], numbers]
    for gone in ledger.removed:
        rule = rules[(gone.rule, gone.reason)]
        yield ["-", _written(gone.path), gone.size, packages[gone.package], rule]


def _written(text: str) -> str | list[bytes]:
    """`text` in a form that JSON can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return [text.encode("utf-8", "surrogateescape")]
    return text


def _written_values(origin: Origin) -> dict[str, object]:
    fields = msgspec.to_builtins(origin, enc_hook=str)
    return {name: _written(value) for name, value in fields.items()}


class _Numbers(dict[Any, int]):
    """Values numbered in the order in which they were first added."""

    def add(self, value: object) -> None:
        self.setdefault(value, len(self))


# --- reading -------------------------------------------------------------------------------


class _OriginLine(msgspec.Struct, array_like=True, tag="origin"):
    fields: dict[str, _Text]


class _ReasonLine(msgspec.Struct, array_like=True, tag="reason"):
    rule: _Text
    because: _Text
    detail: _Text


class _RuleLine(msgspec.Struct, array_like=True, tag="rule"):
    rule: _Text
    reason: _Text


class _PackageLine(msgspec.Struct, array_like=True, tag="package"):
    purl: _Text


class _KeptLine(msgspec.Struct, array_like=True, tag="+", gc=False):
    path: _Text
    kind: Kind
    size: _Count
    origin: _Count
    reasons: list[_Count]


class _RemovedLine(msgspec.Struct, array_like=True, tag="-", gc=False):
    path: _Text
    size: _Count
    package: _Count
    rule: _Count


_Line = _OriginLine | _ReasonLine | _RuleLine | _PackageLine | _KeptLine | _RemovedLine


class _Reader:
    """Takes lines and collects what they say."""

    def __init__(self) -> None:
        self._origins: list[Origin] = []
        self._reasons: list[Reason] = []
        self._rules: list[tuple[str, str]] = []
        self._packages: list[str] = []
        self._kept: list[Kept] = []
        self._removed: list[Removed] = []

    def read(self, lines: list[bytes]) -> Ledger:
        take: dict[type, Callable[[Any], None]] = {
            _OriginLine: self._origin,
            _ReasonLine: self._reason,
            _RuleLine: lambda line: self._rules.append((_read(line.rule), _read(line.reason))),
            _PackageLine: lambda line: self._packages.append(_read(line.purl)),
            _KeptLine: self._keep,
            _RemovedLine: self._remove,
        }
        decode = msgspec.json.Decoder(_Line).decode
        for text in lines:
            line = decode(text)
            take[type(line)](line)
        return Ledger(tuple(self._kept), tuple(self._removed))

    def _origin(self, line: _OriginLine) -> None:
        fields = {name: _read(value) for name, value in line.fields.items()}
        self._origins.append(msgspec.convert(fields, Origin, dec_hook=_decode_digest))

    def _reason(self, line: _ReasonLine) -> None:
        self._reasons.append(Reason(_read(line.rule), _read(line.because), _read(line.detail)))

    def _keep(self, line: _KeptLine) -> None:
        reasons = tuple([self._reasons[number] for number in line.reasons])
        origin = self._origins[line.origin]
        self._kept.append(Kept(_read(line.path), line.kind, line.size, origin, reasons))

    def _remove(self, line: _RemovedLine) -> None:
        package, rule = self._packages[line.package], self._rules[line.rule]
        self._removed.append(Removed(_read(line.path), package, line.size, *rule))


def _read(written: _Text) -> str:
    if isinstance(written, str):
        return written
    (data,) = written
    return base64.b64decode(data, validate=True).decode("utf-8", "surrogateescape")


def _decode_digest(kind: type, value: object) -> object:
    return kind(value)
