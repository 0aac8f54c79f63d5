"""Time of distil's ELF reader against pyelftools on the libraries of this machine.

Run: uv run --with pyelftools python bench/elf.py [DIRECTORY]
Both are asked for the same: NEEDED, SONAME, RPATH, RUNPATH, interpreter, version needs and
definitions, build id. Prints a row for RESULTS.md.
"""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path

from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerDefSection, GNUVerNeedSection
from elftools.elf.segments import InterpSegment, NoteSegment

from distil.formats.elf import parse_elf


def pyelftools(data: bytes) -> list[object]:
    elf = ELFFile(io.BytesIO(data))
    found: list[object] = []
    for segment in elf.iter_segments():
        if isinstance(segment, DynamicSegment):
            found += [
                str(tag)
                for tag in segment.iter_tags()
                if tag.entry.d_tag in ("DT_NEEDED", "DT_SONAME", "DT_RPATH", "DT_RUNPATH")
            ]
        elif isinstance(segment, InterpSegment):
            found.append(segment.get_interp_name())
        elif isinstance(segment, NoteSegment):
            found += [note["n_desc"] for note in segment.iter_notes()]
    for section in elf.iter_sections():
        if isinstance(section, GNUVerNeedSection | GNUVerDefSection):
            for version, names in section.iter_versions():
                found.append((getattr(version, "name", ""), [name.name for name in names]))
    return found


def main() -> None:
    directory = Path(sys.argv[1] if len(sys.argv) > 1 else "/usr/lib")
    contents = []
    for path in sorted(directory.rglob("*.so*")):
        if path.is_file() and not path.is_symlink() and path.stat().st_size < 8 << 20:
            data = path.read_bytes()
            if data[:4] == b"\x7fELF":
                contents.append(data)
    contents = contents[:1000]
    times = []
    for read in (parse_elf, pyelftools):
        start = time.perf_counter()
        for data in contents:
            read(data)
        times.append((time.perf_counter() - start) / len(contents) * 1e6)
    print("| ELF reader, µs per file | files | distil | pyelftools | ratio |")
    print("|---|---|---|---|---|")
    ours, theirs = times
    name = f"libraries of {directory}"
    print(f"| {name} | {len(contents)} | {ours:.0f} | {theirs:.0f} | {theirs / ours:.0f} |")


if __name__ == "__main__":
    main()
