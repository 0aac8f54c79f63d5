"""glibc's ``/etc/ld.so.cache``, in the format that ldconfig writes since 2.32.

Follows ``sysdeps/generic/dl-cache.h`` and ``elf/cache.c`` of glibc 2.41: the bytes are those
of ldconfig for the same libraries, but for the name of the program that wrote them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from struct import Struct
from typing import Final

import msgspec

from distil.formats.elf import (
    EF_ARM_ABI_FLOAT_HARD,
    EF_ARM_ABI_FLOAT_SOFT,
    EM_386,
    EM_AARCH64,
    EM_ARM,
    EM_LOONGARCH,
    EM_PPC64,
    EM_RISCV,
    EM_S390,
    EM_X86_64,
    ET_DYN,
    ElfFile,
)
from distil.formats.errors import MalformedLdCache

MAGIC: Final = b"glibc-ld.so.cache1.1"

_ELF_LIBC6: Final = 0x0003
_X86_64, _S390_64, _POWERPC_64, _X32 = 0x0300, 0x0400, 0x0500, 0x0800
_ARM_HARD, _AARCH64, _ARM_SOFT = 0x0900, 0x0A00, 0x0B00
_RISCV_SOFT, _RISCV_DOUBLE, _LOONGARCH_SOFT, _LOONGARCH_DOUBLE = 0x0F00, 0x1000, 0x1100, 0x1200

_EF_ARM_EABI_MASK, _EF_ARM_EABI_5 = 0xFF000000, 0x05000000

_ENDIAN_LITTLE, _ENDIAN_BIG = 2, 3
_EXTENSION_MAGIC: Final = 0xEAA42174
_TAG_GENERATOR, _TAG_HWCAPS = 0, 1
_HWCAP_EXTENSION: Final = 1 << 62
_ISA_LEVEL_MASK: Final = (1 << 10) - 1
_MAX_ENTRIES: Final = 1 << 16
_MAX_TEXT: Final = 1 << 24
"""Bytes of names taken from one cache."""

_HEADER_SIZE, _ENTRY_SIZE = 48, 24


class CacheEntry(msgspec.Struct, frozen=True, gc=False):
    """One library: look-ups of `soname` by programs of the kind `flags` find `path`.

    `hwcaps` names the ``glibc-hwcaps`` subdirectory it lies in, and only then `isa_level`
    counts: the loader skips the entry on a processor below that x86 level.
    """

    soname: str
    path: str
    flags: int
    hwcaps: str = ""
    isa_level: int = 0


def library_flags(elf: ElfFile) -> int | None:
    """The kind of library, as the cache calls it; None for what ldconfig leaves out.

    Left out are files that are not shared objects, and machines that Debian does not have.
    """
    if elf.type != ET_DYN or not elf.dynamic:
        return None
    kinds = {
        (EM_X86_64, 64): _X86_64,
        (EM_X86_64, 32): _X32,
        (EM_386, 32): 0,
        (EM_AARCH64, 64): _AARCH64,
        (EM_ARM, 32): _arm_kind(elf.flags),
        (EM_PPC64, 64): _POWERPC_64,
        (EM_S390, 64): _S390_64,
        (EM_RISCV, 64): _RISCV_DOUBLE if elf.flags & 6 == 4 else _RISCV_SOFT,
        (EM_LOONGARCH, 64): _LOONGARCH_DOUBLE if elf.flags & 7 == 3 else _LOONGARCH_SOFT,
    }
    kind = kinds.get((elf.machine, elf.elf_class))
    return None if kind is None else kind | _ELF_LIBC6


def _arm_kind(flags: int) -> int:
    """Hard or soft float; 0 for objects of the time before the mark, which fit both."""
    if flags & _EF_ARM_EABI_MASK == _EF_ARM_EABI_5:
        if flags & EF_ARM_ABI_FLOAT_HARD:
            return _ARM_HARD
        if flags & EF_ARM_ABI_FLOAT_SOFT:
            return _ARM_SOFT
    return 0


def accepted_flags(elf: ElfFile) -> tuple[int, ...]:
    """The kinds of cache entry that a loader for programs like `elf` accepts."""
    flags = library_flags(msgspec.structs.replace(elf, type=ET_DYN, dynamic=True))
    if flags is None:
        return ()
    return (flags, _ELF_LIBC6) if elf.machine == EM_ARM else (flags,)


_RUNS: Final = re.compile(rb"[0-9]+|[^0-9]")
OrderKey = tuple[tuple[int, int], ...]


@lru_cache(maxsize=4096)
def library_order(name: str, *, signed: bool = True) -> OrderKey:
    """A key that orders names as glibc's ``_dl_cache_libcmp``; equal keys are one name to it.

    Runs of digits count as one number, above every other character. `signed` says whether
    the machine's ``char`` is, as it is on x86.
    """
    key = []
    for run in _RUNS.findall(name.encode("utf-8", "surrogateescape")):
        if run.isdigit():
            # An int of C: a longer number wraps around, there as here.
            key.append((1, (int(run[-32:]) + (1 << 31)) % (1 << 32) - (1 << 31)))
        else:
            key.append((0, run[0] - 256 if signed and run[0] > 127 else run[0]))
    key.append((0, 0))
    return tuple(key)


def _has_signed_char(flags: int) -> bool:
    return flags & 0xFF00 in (0, _X86_64, _X32)


def sorted_entries(entries: Iterable[CacheEntry]) -> list[CacheEntry]:
    """`entries` in the order of the cache, which is what its readers' binary search needs.

    Names descend, for one name flags descend, and for one kind the entries of hardware
    subdirectories come first; what is equal keeps its order, which is that of the search.
    """
    result = sorted(entries, key=lambda entry: (not entry.hwcaps, entry.hwcaps))
    result.sort(key=lambda entry: entry.flags, reverse=True)
    result.sort(
        key=lambda entry: library_order(entry.soname, signed=_has_signed_char(entry.flags)),
        reverse=True,
    )
    return result


class _Strings:
    """The string table: each string once, or as the end of another one."""

    def __init__(self, strings: Iterable[str]) -> None:
        encoded = {text.encode("utf-8", "surrogateescape"): text for text in strings}
        self.data = b""
        self.offsets: dict[str, int] = {}
        parts: list[bytes] = []
        size, previous = 0, None
        for raw in sorted(encoded, key=lambda raw: raw[::-1], reverse=True):
            if previous is None or not previous.endswith(raw):
                parts.append(raw + b"\0")
                size += len(raw) + 1
            self.offsets[encoded[raw]] = size - 1 - len(raw)
            previous = raw
        self.data = b"".join(parts)


def write_ld_cache(
    entries: Iterable[CacheEntry], *, little_endian: bool = True, generator: str = "distil"
) -> bytes:
    """The cache that holds `entries`; for one soname the earlier path wins.

    `generator` goes into the file as the name of the program that wrote it.
    """
    order = "<" if little_endian else ">"
    ordered = sorted_entries(entries)
    subdirectories = sorted({entry.hwcaps for entry in ordered if entry.hwcaps})
    names = [name for entry in ordered for name in (entry.soname, entry.path)]
    strings = _Strings([*names, *subdirectories])
    start = _HEADER_SIZE + _ENTRY_SIZE * len(ordered)
    end = start + len(strings.data)
    extension = end + -end % 4
    header = Struct(f"{order}20sIIB3xI12x").pack(
        MAGIC,
        len(ordered),
        len(strings.data),
        _ENDIAN_LITTLE if little_endian else _ENDIAN_BIG,
        extension,
    )
    entry_form = Struct(f"{order}iIIIQ")
    body = b"".join(
        entry_form.pack(
            entry.flags,
            start + strings.offsets[entry.soname],
            start + strings.offsets[entry.path],
            0,
            _hwcap(entry, subdirectories),
        )
        for entry in ordered
    )
    indexes = [start + strings.offsets[name] for name in subdirectories]
    table = header + body + strings.data + bytes(extension - end)
    return table + _extensions(order, extension, indexes, generator.encode())


def _hwcap(entry: CacheEntry, subdirectories: Sequence[str]) -> int:
    if not entry.hwcaps:
        return 0
    return _HWCAP_EXTENSION | entry.isa_level << 32 | subdirectories.index(entry.hwcaps)


def _extensions(order: str, offset: int, indexes: Sequence[int], generator: bytes) -> bytes:
    """The extension directory at `offset`, and its sections."""
    count = 2 if indexes else 1
    data = offset + 8 + 16 * count
    sections = [(_TAG_GENERATOR, 0, data + 4 * len(indexes), len(generator))]
    if indexes:
        sections.append((_TAG_HWCAPS, 0, data, 4 * len(indexes)))
    form = Struct(f"{order}4I")
    return (
        Struct(f"{order}II").pack(_EXTENSION_MAGIC, count)
        + b"".join(form.pack(*section) for section in sections)
        + Struct(f"{order}{len(indexes)}I").pack(*indexes)
        + generator
    )


def read_ld_cache(data: bytes) -> list[CacheEntry]:
    """The entries of a cache, in its order.

    Raises `MalformedLdCache` for anything else; the old formats (before glibc 2.2) too.
    """
    if len(data) < _HEADER_SIZE or not data.startswith(MAGIC):
        raise MalformedLdCache("it does not begin like one")
    order = ">" if data[28] & 3 == _ENDIAN_BIG else "<"
    count, _, _, extension = Struct(f"{order}IIB3xI").unpack_from(data, len(MAGIC))
    if count > _MAX_ENTRIES or _HEADER_SIZE + count * _ENTRY_SIZE > len(data):
        raise MalformedLdCache("its entries lie outside the file")
    subdirectories = _read_hwcaps(data, order, extension)
    form = Struct(f"{order}iII4xQ")
    result, text = [], 0
    for index in range(count):
        flags, key, value, hwcap = form.unpack_from(data, _HEADER_SIZE + index * _ENTRY_SIZE)
        hwcaps, level = "", 0
        if hwcap >> 32 & ~_ISA_LEVEL_MASK == _HWCAP_EXTENSION >> 32:
            hwcaps, level = subdirectories.get(hwcap & 0xFFFFFFFF, ""), hwcap >> 32 & 0x3FF
        if not hwcap or hwcaps:
            entry = CacheEntry(_string(data, key), _string(data, value), flags, hwcaps, level)
            result.append(entry)
            text += len(entry.soname) + len(entry.path)
            if text > _MAX_TEXT:
                raise MalformedLdCache(f"it has more than {_MAX_TEXT} bytes of names")
    return result


def _read_hwcaps(data: bytes, order: str, offset: int) -> dict[int, str]:
    """The names of the hardware subdirectories by index."""
    pair, section = Struct(f"{order}II"), Struct(f"{order}4I")
    if not offset or offset + pair.size > len(data):
        return {}
    magic, count = pair.unpack_from(data, offset)
    if magic != _EXTENSION_MAGIC or offset + 8 + count * section.size > len(data):
        raise MalformedLdCache("its extensions lie outside the file")
    for index in range(count):
        tag, _, start, size = section.unpack_from(data, offset + 8 + index * section.size)
        if tag == _TAG_HWCAPS:
            if size % 4 or size > 4096 or start + size > len(data):
                raise MalformedLdCache("its list of subdirectories lies outside the file")
            indexes = Struct(f"{order}{size // 4}I").unpack_from(data, start)
            return {at: _string(data, where) for at, where in enumerate(indexes)}
    return {}


def _string(data: bytes, offset: int) -> str:
    end = data.find(b"\0", offset, offset + 4096)
    if end < 0:
        raise MalformedLdCache("a name in it does not end")
    return data[offset:end].decode("utf-8", "surrogateescape")
