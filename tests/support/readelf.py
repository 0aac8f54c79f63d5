"""What binutils' readelf says of an ELF file, in the words of `ElfFile`."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator

_NAMED = re.compile(
    r"\((NEEDED|SONAME|RPATH|RUNPATH|FILTER|AUXILIARY)\)[^\[]*\[(.*)\]$", re.MULTILINE
)
_NEED_FILE = re.compile(r"Version: \d+  File: (\S+)  Cnt: \d+")
_NEED_NAME = re.compile(r"Name: (\S+)  Flags: (.*?)  Version: \d+")
_DEFINED = re.compile(r"Rev: \d+  Flags: .*?  ?Index: \d+  Cnt: \d+  Name: (\S+)")


def readelf(paths: Iterable[str]) -> Iterator[tuple[str, dict[str, object]]]:
    """Path and facts of each file; those that readelf cannot read are left out."""
    for path in paths:
        run = subprocess.run(
            ["readelf", "-hdlnVW", path],
            capture_output=True,
            text=True,
            errors="surrogateescape",
            env={"LC_ALL": "C"},
            check=False,
        )
        yield path, _facts(run.stdout)


def _facts(text: str) -> dict[str, object]:
    names: dict[str, list[str]] = {}
    for kind, name in _NAMED.findall(text):
        names.setdefault(kind, []).append(name)
    flags_1 = re.search(r"\(FLAGS_1\)\s+Flags: (.*)", text)
    flags = flags_1[1].split() if flags_1 else []
    build_id = re.search(r"Build ID: ([0-9a-f]+)", text)
    interpreter = re.search(r"interpreter: (.*)\]", text)
    isa = re.search(r"x86 ISA needed: (.*)", text)
    needed, optional = _needed(text)
    return {
        "elf_class": int(re.search(r"Class:\s+ELF(\d\d)", text)[1]),
        "little_endian": "little endian" in text,
        "interpreter": interpreter[1] if interpreter else "",
        "soname": names.get("SONAME", [""])[-1],
        "needed": tuple(names.get("NEEDED", ())),
        "filters": tuple(names.get("FILTER", ())),
        "auxiliary": tuple(names.get("AUXILIARY", ())),
        "rpath": _path(names.get("RPATH")),
        "runpath": _path(names.get("RUNPATH")),
        "versions_needed": needed,
        "versions_optional": optional,
        "versions_defined": tuple(_DEFINED.findall(text)),
        "build_id": build_id[1] if build_id else "",
        "pie": "PIE" in flags,
        "no_default_directories": "NODEFLIB" in flags,
        "isa_needed": _isa(isa[1]) if isa else 0,
    }


def _path(values: list[str] | None) -> tuple[str, ...]:
    return tuple(values[-1].split(":")) if values and values[-1] else ()


def _isa(text: str) -> int:
    levels = ("x86-64-baseline", "x86-64-v2", "x86-64-v3", "x86-64-v4")
    return sum(
        1 << levels.index(word) for word in re.split(r",\s*", text.partition(";")[0].strip())
    )


def _needed(text: str) -> tuple[tuple[object, ...], tuple[object, ...]]:
    result: tuple[dict[str, list[str]], dict[str, list[str]]] = ({}, {})
    library = ""
    for line in text.splitlines():
        if found := _NEED_FILE.search(line):
            library = found[1]
        elif found := _NEED_NAME.search(line):
            result["WEAK" in found[2]].setdefault(library, []).append(found[1])
    needed, optional = ({k: tuple(v) for k, v in table.items()} for table in result)
    return tuple(needed.items()), tuple(optional.items())
