"""Which Debian package has a library, by its name or by the suites' own lists of files.

Most packages are called after their library by policy, chapter 8.1 of the Debian Policy
Manual. What is called otherwise is found in the ``Contents`` index of the suite, from which a
table of libraries is made once and kept in the cache.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from os.path import commonprefix
from typing import Final
from weakref import WeakKeyDictionary

import msgspec

from distil.distros.debian.index import PackageIndex
from distil.distros.debian.repository import SuiteIndex
from distil.errors import DistilError
from distil.events import Warned, emit
from distil.fetch.cache import Cache
from distil.model.digest import Digest
from distil.model.platform import Platform

_LAYOUT: Final = "libraries of Contents, 1"

_C_LIBRARY: Final = re.compile(
    r"(?:libc\.so\.6|ld-linux.*\.so\.\d|lib(?:m|mvec|pthread|dl|rt|util|anl|resolv|thread_db"
    r"|BrokenLocale|c_malloc_debug|nss_(?:files|dns|compat|hesiod))\.so\.\d)"
)
"""What glibc itself consists of: of these, no package is called after one."""

_OTHERWISE_CALLED: Final = {
    "libz.so.1": "zlib1g",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgobject-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libgio-2.0.so.0": "libglib2.0-0",
    "libgmodule-2.0.so.0": "libglib2.0-0",
    "libcrypto.so.3": "libssl3",
    "libcrypto.so.1.1": "libssl1.1",
}
"""Libraries that wheels may leave to the system (PEP 600) and that are not called by policy:
with these, no list of files is needed for most."""

_Table = dict[str, list[str]]
_tables: WeakKeyDictionary[PackageIndex, dict[Digest, _Table]] = WeakKeyDictionary()
"""Of each index in use what was read or could not be had, by suite: asked for once."""


def package_for_library(
    soname: str, platform: Platform, index: PackageIndex, suites: Sequence[SuiteIndex]
) -> list[str]:
    """The packages of `index` that have the library `soname`, the best first; maybe none.

    The list of files is fetched only when no package is called after the library. Where it
    cannot be had, that is a `Warned` event and no answer.
    """
    name = soname.rpartition("/")[2]
    by_policy = packages_called_after(name, index)
    if by_policy:
        return by_policy
    found: list[str] = []
    tables = _tables.setdefault(index, {})
    for suite in suites:
        if suite.digest not in tables:
            tables[suite.digest] = _libraries(suite, platform, index.cache, soname)
        found += tables[suite.digest].get(name, [])
    present = [package for package in dict.fromkeys(found) if index.candidate(package)]
    return sorted(present, key=lambda package: _rank(package, name))


def packages_called_after(soname: str, index: PackageIndex) -> list[str]:
    """The packages of `index` that are called after the library `soname`, the likeliest first."""
    return list(_known(policy_names(soname.rpartition("/")[2]), index))


def policy_names(soname: str) -> list[str]:
    """What a package with the library may be called, the likeliest first.

    `soname` is lower-cased, ``_`` becomes ``-``, and the version follows the name, after a
    ``-`` where the name ends in a digit. Packages whose ABI changed with 64-bit times have a
    ``t64`` at the end.
    """
    if _C_LIBRARY.fullmatch(soname):
        return ["libc6"]
    if soname in _OTHERWISE_CALLED:
        name = _OTHERWISE_CALLED[soname]
        return [f"{name}t64", name]
    match = re.fullmatch(r"(lib.+?)(?:\.so(?:\.(.+))?)", soname)
    if match is None:
        return []
    base, version = match[1].lower().replace("_", "-"), (match[2] or "").lower()
    joined = f"{base}-{version}" if version and base[-1].isdigit() else f"{base}{version}"
    names = [joined]
    if base[-1].isdigit():
        # libglib-2.0.so.0 is in libglib2.0-0, libdb-5.3.so in libdb5.3.
        names.append(re.sub(r"-(?=\d[\d.]*(?:-|$))", "", joined, count=1))
    return [name for each in dict.fromkeys(names) for name in (f"{each}t64", each)]


def _known(names: Sequence[str], index: PackageIndex) -> Iterator[str]:
    """The real packages among `names`, and those that provide them."""
    seen: set[str] = set()
    for name in names:
        owners = [name] if index.candidate(name) else [p.owner for p in index.providers(name)]
        for owner in owners:
            if owner not in seen:
                seen.add(owner)
                yield owner


def _rank(package: str, soname: str) -> tuple[bool, int, int, str]:
    """Packages for development last, those called most like the library first."""
    base = soname.partition(".so")[0].lower().replace("_", "-")
    shared = commonprefix([package, base])  # noqa: RUF071  of characters, that is
    is_development = package.endswith(("-dev", "-dbg", "-dbgsym"))
    return is_development, -len(shared), len(package), package


# --- lists of files ------------------------------------------------------------------------


def _libraries(suite: SuiteIndex, platform: Platform, cache: Cache, soname: str) -> _Table:
    """The packages with each library of `suite`; from the cache when the suite is the same.

    `soname` is why they are asked for.
    """
    label = f"{_LAYOUT}\n{platform.debian}\n{suite.suite}\n{suite.digest}"
    key = hashlib.sha256(label.encode()).hexdigest() + ".libraries"
    kept = cache.document("indexes", key)
    if kept is not None:
        return msgspec.msgpack.decode(kept, type=_Table)
    try:
        contents = suite.extra(f"Contents-{platform.debian}") or b""  # noqa: S610
    except DistilError as error:
        lost = f"which package of {suite.suite} has {soname} cannot be told without the list of "
        hint = "a library that is missing then has to be added by its package's name"
        emit(Warned(f"{lost}files, which cannot be had: {error.message}", hint=hint))
        return {}
    table = library_table(contents, platform)
    cache.put_document("indexes", key, msgspec.msgpack.encode(table))
    return table


def library_table(contents: bytes, platform: Platform) -> _Table:
    """File name to packages for the libraries in a ``Contents`` index.

    Only those in the loader's default directories count, or one directory below, where
    Debian keeps those that alternatives choose from. The format is that of Debian's wiki,
    RepositoryFormat: a path, blanks, and packages with their sections.
    """
    below = r"(?:(?!\S+-linux-gnu\w*/)[^\s/]+/)?"
    directory = f"(?:usr/)?lib/(?:{re.escape(platform.multiarch)}/)?{below}"
    line = re.compile(rf"\n{directory}([^\s/]*\.so[^\s/]*)[ \t]+(\S+)(?=\n|\Z)".encode())
    first_line = b"\n" + contents[: contents.find(b"\n")]
    table: _Table = {}
    for match in chain(line.finditer(first_line), line.finditer(contents)):
        names = table.setdefault(match[1].decode("utf-8", "surrogateescape"), [])
        for qualified in match[2].decode("utf-8", "surrogateescape").split(","):
            name = qualified.rpartition("/")[2]
            if name not in names:
                names.append(name)
    return table
