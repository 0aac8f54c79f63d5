"""What the target's interpreter accepts: version specifiers, wheel tags, marker values.

Everything is computed from the target's description; the host's interpreter is never asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import msgspec

from distil.formats.errors import InvalidProjectFile
from distil.runtimes.python.interpreter import PythonInterpreter

if TYPE_CHECKING:
    from packaging.markers import Environment
    from packaging.tags import Tag

_LEGACY: Final = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
_OLDEST_GLIBC: Final = {"x86_64": 5}
"""Minor version of the oldest glibc that wheels for a machine are made for; else 17."""


_SIMPLE: Final = re.compile(r">=\s*([0-9.]*[0-9])(?:\s*,\s*<\s*([0-9.]*[0-9]))?", re.ASCII)
"""The specifier that nearly every project has; the library for all others is slow to load."""


class WheelFile(msgspec.Struct, frozen=True):
    """A wheel that an index or a lock offers.

    `sha256` is hexadecimal and empty when nothing says it; `hashes` are all that are known, as
    ``algorithm:hexadecimal``.
    """

    filename: str
    url: str
    size: int | None
    sha256: str
    hashes: tuple[str, ...] = ()


def fits(requires_python: str, version: str) -> bool:
    """Whether an interpreter of full `version` meets the specifier `requires_python` (PEP 440).

    An empty specifier is met by every version. Raises `InvalidProjectFile` for one that is
    none.
    """
    if not requires_python:
        return True
    simple = _SIMPLE.fullmatch(requires_python)
    if simple and version.replace(".", "").isdigit():
        lowest, bound = simple.groups()
        above = bound is not None and _release(version) >= _release(bound)
        return _release(version) >= _release(lowest) and not above
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # slow

    try:
        return SpecifierSet(requires_python).contains(version, prereleases=True)
    except InvalidSpecifier:
        raise InvalidProjectFile(
            "requires-python", f"{requires_python!r} is not a version specifier"
        ) from None


def describe_target(interpreter: PythonInterpreter) -> str:
    """The target as errors name it."""
    machine, library = interpreter.machine, interpreter.c_library
    return f"CPython {interpreter.line} on Linux {machine} with {library}"


@lru_cache(maxsize=4)
def target_tags(interpreter: PythonInterpreter) -> tuple[Tag, ...]:
    """The tags that the target supports, best first, in the order of PEP 425 and PEP 600."""
    from packaging.tags import compatible_tags, cpython_tags  # slow to load

    major, minor = (int(part) for part in interpreter.version.split(".")[:2])
    platforms = _platforms(interpreter)
    abi = f"cp{major}{minor}"
    return (
        *cpython_tags((major, minor), [abi], platforms),
        *compatible_tags((major, minor), abi, platforms),
    )


def best_wheel(files: Sequence[WheelFile], interpreter: PythonInterpreter) -> WheelFile | None:
    """The file that fits the target best, None when none does.

    The most specific tag wins, then the higher build number, then the file name, so that the
    order in which an index lists files has no say. Names that are no wheel's are passed over.
    """
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename  # slow to load

    ranks = {tag: rank for rank, tag in reversed(list(enumerate(target_tags(interpreter))))}
    ranked = []
    for file in files:
        try:
            _, _, build, tags = parse_wheel_filename(file.filename)
        except InvalidWheelFilename:
            continue
        rank = min((ranks[tag] for tag in tags if tag in ranks), default=None)
        if rank is not None:
            number, suffix = (build[0], build[1]) if build else (-1, "")
            ranked.append(((rank, -number, suffix, file.filename), file))
    return min(ranked, key=lambda item: item[0])[1] if ranked else None


def marker_environment(interpreter: PythonInterpreter) -> Environment:
    """The values that environment markers have on the target (PEP 508)."""
    return {
        "implementation_name": "cpython",
        "implementation_version": interpreter.version,
        "os_name": "posix",
        "platform_machine": interpreter.machine,
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "platform_python_implementation": "CPython",
        "python_full_version": interpreter.version,
        "python_version": interpreter.line,
        "sys_platform": "linux",
    }


def _release(version: str) -> tuple[int, ...]:
    """The numbers of a final release, to be compared as PEP 440 does: without final zeros."""
    numbers = [int(part) for part in version.split(".") if part]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def _platforms(interpreter: PythonInterpreter) -> list[str]:
    machine = interpreter.machine
    major, newest = interpreter.glibc
    if interpreter.is_musl:  # PEP 656
        names = [f"musllinux_{major}_{minor}_{machine}" for minor in range(newest, -1, -1)]
        return [*names, f"linux_{machine}"]
    oldest = _OLDEST_GLIBC.get(machine, 17)
    found = []
    for minor in range(newest, oldest - 1, -1):
        found.append(f"manylinux_{major}_{minor}_{machine}")
        if minor in _LEGACY:
            found.append(f"{_LEGACY[minor]}_{machine}")
    return [*found, f"linux_{machine}"]
