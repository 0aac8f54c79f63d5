"""What a compiled Python extension module may import: the names written into it.

C code imports by a literal name (``PyImport_ImportModule("decimal")``) and older Cython keeps
every name as a C string, so a module's name stands between two NUL bytes. Rust and Cython 3.2
write their strings end to end, Cython compressed by zlib too: there a name is looked for as
a part of longer text, which finds more names than are meant, and none less. Cython from 3.3 on
compresses in a way of its own that changes between versions: such a file shows nothing.
"""

from __future__ import annotations

import bz2
import re
import zlib
from collections.abc import Iterable, Iterator
from typing import Final

import zstandard

from distil.runtimes.python.formats.calls import Reference
from distil.runtimes.python.formats.source import PythonSource

OPAQUE: Final = "compiled code"
"""`Reference.function` for a file whose strings are not separated from each other."""

HIDDEN: Final = "compressed code"
"""`Reference.function` for a file whose strings cannot be read at all."""

MAX_NAMES: Final = 50_000
LONGEST: Final = 100
MAX_STREAMS: Final = 500
"""Places in one file that are tried as the begin of compressed strings."""
MAX_TEXT: Final = 16 << 20
"""Bytes that one compressed table of strings may hold."""

_NAME: Final = re.compile(rb"\0([A-Za-z_][A-Za-z0-9_]*+(?:\.[A-Za-z_][A-Za-z0-9_]*+)*)(?=\0)")
_TEXT: Final = re.compile(rb"[A-Za-z_.][A-Za-z0-9_.]{1,}+")
_RUST: Final = (b"/rustc/", b"pyo3", b"PyO3")
_OWN_COMPRESSION: Final = b"LZSS string data"
_CYTHON: Final = re.compile(rb"_cython_([0-9]+)_([0-9]+)")
_STREAM: Final = re.compile(rb"x(?:\x01|\x5e|\x9c|\xda)|BZh[1-9]1AY|\x28\xb5\x2f\xfd")


def read_extension(data: bytes, modules: Iterable[str] = ()) -> PythonSource:
    """The names of module form that stand in an extension module, as `strings`.

    `modules` are those of the standard library: the names looked for where strings are not
    separated, which a `Reference` to `OPAQUE` tells; one to `HIDDEN` says that nothing shows.
    """
    names = dict.fromkeys(name for name in _NAME.findall(data) if len(name) <= LONGEST)
    strings = [name.decode("ascii") for name in list(names)[:MAX_NAMES]]
    references: tuple[Reference, ...] = ()
    if _OWN_COMPRESSION in data:
        references = (Reference(HIDDEN, ("*",), 0),)
    elif _is_opaque(data):
        references = (Reference(OPAQUE, ("*",), 0),)
        strings += _parts(data, modules)
    return PythonSource((), references, tuple(dict.fromkeys(strings)))


def _is_opaque(data: bytes) -> bool:
    version = _CYTHON.search(data)
    if version is not None and (int(version[1]), int(version[2])) >= (3, 2):
        return True
    return any(mark in data for mark in _RUST)


def _parts(data: bytes, modules: Iterable[str]) -> Iterator[str]:
    """Those of `modules` whose name stands anywhere in the text of `data`."""
    words = dict.fromkeys(_TEXT.findall(data))
    for table in _tables(data):
        words.update(dict.fromkeys(_TEXT.findall(table)))
    text = b" ".join(words).decode("ascii")
    absent: set[str] = set()
    for name in sorted(modules):
        if name.rpartition(".")[0] in absent or name not in text:
            absent.add(name)
        else:
            yield name


def _tables(data: bytes) -> Iterator[bytes]:
    """What the compressed streams in `data` hold."""
    for count, match in enumerate(_STREAM.finditer(data)):
        if count >= MAX_STREAMS:
            return
        view = memoryview(data)[match.start() :]
        try:
            if match[0].startswith(b"x"):
                yield zlib.decompressobj().decompress(view, MAX_TEXT)
            elif match[0].startswith(b"BZh"):
                yield bz2.BZ2Decompressor().decompress(view, MAX_TEXT)
            else:
                yield zstandard.ZstdDecompressor().stream_reader(view).read(MAX_TEXT)
        except (zlib.error, OSError, zstandard.ZstdError):
            continue
