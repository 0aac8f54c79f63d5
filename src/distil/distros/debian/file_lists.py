"""Which packages have a program, a time zone or a locale, by the archive's own lists.

That is the data of ``command-not-found`` for programs where an archive offers it
(``cnf/Commands-ARCHITECTURE``), and the ``Contents`` indexes, of which a table of these names is
made once and kept in the cache.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final
from weakref import WeakKeyDictionary

import msgspec

from distil.distros.debian.formats.deb822 import parse_stanzas
from distil.distros.debian.index import PackageIndex
from distil.distros.debian.repository import SuiteIndex
from distil.errors import DistilError
from distil.events import stage
from distil.fetch.cache import Cache
from distil.model.digest import Digest
from distil.model.mention import Listed
from distil.model.platform import Platform

PROGRAM: Final = "program"
ZONE: Final = "zone"
LOCALE: Final = "locale"
_KINDS: Final = (PROGRAM, ZONE, LOCALE)
_LINE: Final = re.compile(
    rb"\n(?:(?:usr/)?(?:s?bin|games)/([^\s/]+)"
    rb"|usr/share/zoneinfo/(?!right/|posix/)([A-Z]\S*)"
    rb"|usr/lib/locale/([^\s/]+)/LC_CTYPE)[ \t]+(\S+)(?=\n)"
)
"""A line of ``Contents``: a name of each kind, and the packages."""
_BEGINNINGS: Final = (
    *(b"\nbin/", b"\nsbin/", b"\nusr/bin/", b"\nusr/sbin/", b"\nusr/games/"),
    *(b"\nusr/share/zoneinfo/", b"\nusr/lib/locale/"),
)

Table = dict[str, list[str]]
"""``KIND NAME`` to the packages that have it."""

Reader = Callable[[SuiteIndex, Platform], Table]

_LAYOUT: Final = "names of Contents, 1"
_Tables = dict[tuple[Digest, str], Table | None]
_tables: WeakKeyDictionary[PackageIndex, _Tables] = WeakKeyDictionary()
"""Of each index in use what was read or could not be had: asked for once."""


def listed_packages(
    kind: str, name: str, platform: Platform, index: PackageIndex, suites: Sequence[SuiteIndex]
) -> Listed:
    """The packages of `index` with `name`, sorted; lists that cannot be had are passed over."""
    key = f"{kind} {name}"
    complete = True
    for read in (_commands, _contents):
        if read is _commands and kind != PROGRAM:
            continue
        found: list[str] = []
        some = False
        for suite in suites:
            table = _table(read, suite, platform, index)
            complete = complete and table is not None
            some = some or bool(table)
            found += (table or {}).get(key, ())
        present = {package for package in found if index.candidate(package)}
        if present:
            return Listed(tuple(sorted(present)), complete=True)
    return Listed((), complete=complete and some)


def _table(
    read: Reader, suite: SuiteIndex, platform: Platform, index: PackageIndex
) -> Table | None:
    """What `read` makes of the lists of `suite`, from the cache if they are the same."""
    tables = _tables.setdefault(index, {})
    known = (suite.digest, read.__name__)
    if known not in tables:
        label = f"{_LAYOUT}\n{read.__name__}\n{platform.debian}\n{suite.suite}\n{suite.digest}"
        key = hashlib.sha256(label.encode()).hexdigest() + ".names"
        tables[known] = _kept(index.cache, key)
        if tables[known] is None:
            try:
                tables[known] = read(suite, platform)
            except DistilError:
                tables[known] = None
            else:
                index.cache.put_document("indexes", key, msgspec.msgpack.encode(tables[known]))
    return tables[known]


def _kept(cache: Cache, key: str) -> Table | None:
    kept = cache.document("indexes", key)
    return None if kept is None else msgspec.msgpack.decode(kept, type=Table)


# --- Contents ------------------------------------------------------------------------------


def _contents(suite: SuiteIndex, platform: Platform) -> Table:
    table: Table = {}
    with stage(f"reading the lists of files of {suite.suite}"):
        for architecture in (platform.debian, "all"):
            name = f"Contents-{architecture}"
            for key, packages in names_in_contents(suite.pieces(name)):
                known = table.setdefault(key, [])
                known += [package for package in packages if package not in known]
    return table


def names_in_contents(pieces: Iterable[bytes]) -> Iterator[tuple[str, list[str]]]:
    """The names of each kind in a ``Contents`` index, with the packages that have each.

    `pieces` are its bytes, of which no more than one piece and one line are held. The format is
    that of Debian's wiki, RepositoryFormat: a path, blanks, and packages with their sections.
    """
    for lines in _whole_lines(pieces):
        # The lines are sorted, so most pieces have none of interest, which is quick to tell.
        if any(beginning in lines for beginning in _BEGINNINGS):
            for match in _LINE.finditer(lines):
                *names, owners = (_text(group) for group in match.groups(b""))
                pairs = zip(_KINDS, names, strict=True)
                key = next(f"{kind} {name}" for kind, name in pairs if name)
                yield key, [owner.rpartition("/")[2] for owner in owners.split(",")]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _whole_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same in pieces that each begin and end with a newline."""
    rest = b"\n"
    for piece in pieces:
        lines, newline, end = piece.rpartition(b"\n")
        if newline:
            yield rest + lines + b"\n"
            rest = b"\n" + end
        else:
            rest += end
    yield rest + b"\n"


# --- command-not-found ---------------------------------------------------------------------


def _commands(suite: SuiteIndex, platform: Platform) -> Table:
    name = f"cnf/Commands-{platform.debian}"
    return commands_table(b"".join(suite.pieces(name)), f"{name} of {suite.suite}")


def commands_table(data: bytes, what: str) -> Table:
    """Programs to packages, from a ``Commands`` index. Raises `MalformedControl`.

    A stanza has a package's ``name`` and its ``commands`` with commas between them; those that
    ``ignore-commands`` names are not to be proposed.
    """
    table: Table = {}
    for stanza in parse_stanzas(data, what):
        ignored = _words(stanza.get("ignore-commands", ""))
        for command in _words(stanza.get("commands", "")):
            if command not in ignored and "name" in stanza:
                table.setdefault(f"{PROGRAM} {command}", []).append(stanza["name"])
    return table


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
