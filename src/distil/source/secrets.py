"""What looks like a secret among an application's files, by name and by content.

data/secrets.toml is the list, and says what becomes of each.
"""

from __future__ import annotations

import enum
import fnmatch
import functools
import re
import tomllib
from collections.abc import Callable, Sequence
from importlib import resources
from itertools import islice
from typing import Final

import msgspec

from distil.formats.dockerignore import docker_patterns
from distil.source.secret_checks import CHECKS

MOST_BINARY: Final = 1 << 16
"""Bytes of a binary file that are looked at."""
MOST_TEXT: Final = 1 << 25
"""Bytes of a text file that are looked at."""

_MOST_STARTS: Final = 20_000
"""Places of a file where something could begin that are looked at closely: it took three in a
megabyte of code."""
_LONGEST_NAME: Final = 3
"""Names of a path that a pattern of the table is about at most."""
_IN_A_WORD: Final = re.compile(rb"(?:[^\\][A-Za-z0-9])[A-Za-z0-9]")
"""Two bytes before a start, and its first: it goes on with what a word or a base64 text began."""
_WILDCARDS: Final = re.compile(r"[*?]+|\[[^\]]*\]")


class Answer(enum.StrEnum):
    """What becomes of a file that looks like a secret."""

    LEFT_OUT = "left out"
    WARNED = "warned"
    REFUSED = "refused"


class NameRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A ``[[name]]`` of data/secrets.toml, which describes the fields."""

    patterns: tuple[str, ...]
    answer: Answer
    why: str
    unless: tuple[str, ...] = ()


class ContentRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A ``[[content]]`` of data/secrets.toml, which describes the fields."""

    kind: str
    answer: Answer
    starts: tuple[str, ...] = ()
    rest: str = ""
    check: str = ""
    examples: tuple[str, ...] = ()


class Beside(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The ``[beside]`` of data/secrets.toml, which describes the fields."""

    directories: tuple[str, ...]
    files: tuple[str, ...]


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of data/secrets.toml."""

    beside: Beside
    name: tuple[NameRule, ...]
    content: tuple[ContentRule, ...]


class FoundSecret(msgspec.Struct, frozen=True):
    """A secret in a file: what it is, on which line (0: no text), and what becomes of the file."""

    kind: str
    line: int
    answer: Answer


@functools.cache
def secret_table() -> Table:
    """The entries of data/secrets.toml."""
    text = resources.files(__package__).joinpath("data/secrets.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Table)


def named_secret(path: str) -> NameRule | None:
    """The rule for the name of the file or directory at the relative `path`; None: no secret."""
    parts = path.split("/")[-_LONGEST_NAME:]
    ends = ["/".join(parts[start:]) for start in range(len(parts))]
    for end in ends:
        found = _names().fullmatch(end)
        if found is not None and found.lastgroup is not None:
            rule = secret_table().name[int(found.lastgroup[1:])]
            if not any(fnmatch.fnmatchcase(end, pattern) for pattern in rule.unless):
                return rule
    return None


def is_beside(path: str) -> bool:
    """Whether the file at the relative `path` belongs to tests, examples or documentation."""
    *above, name = path.split("/")
    directories, files = _beside()
    return any(map(directories.fullmatch, above)) or files.fullmatch(name) is not None


def find_secret(data: bytes) -> FoundSecret | None:
    """The worst of what stands in `data`, the first of its kind; None when there is nothing.

    Of what is no text, the beginning is looked at.
    """
    for rule, expression in _expressions().items():
        if not rule.starts and expression.match(data):
            return FoundSecret(rule.kind, 0, rule.answer)
    binary = b"\0" in data[:MOST_BINARY]
    looked_at = data[: MOST_BINARY if binary else MOST_TEXT]
    mildest: FoundSecret | None = None
    for start in islice(_starts().finditer(looked_at), _MOST_STARTS):
        rule = _by_start()[start[0]]
        if mildest is not None and rule.answer is mildest.answer:
            continue
        if _IN_A_WORD.match(looked_at[max(0, start.start() - 2) : start.start() + 1].rjust(3)):
            continue
        if _is_secret(looked_at, start, rule):
            line = 0 if binary else looked_at.count(b"\n", 0, start.start()) + 1
            mildest = FoundSecret(rule.kind, line, rule.answer)
            if rule.answer is Answer.REFUSED:
                break
    return mildest


def insistence(patterns: Sequence[str], where: str) -> Callable[[str], bool]:
    """Whether one of `patterns`, which stand at `where`, names the file or directory at a path.

    ``secrets/*.pem`` does so for what is there, ``secrets`` and ``**`` for nothing in
    particular. Raises `InvalidProjectFile` for a pattern that is none.
    """
    naming = [p for p in patterns if _WILDCARDS.sub("", p.rstrip("/").rpartition("/")[2])]
    matchers = [docker_patterns([pattern], where) for pattern in naming]

    def insists(path: str) -> bool:
        above = path.rpartition("/")[0]
        return any(m.decides(path)[0] and not (above and m.decides(above)[0]) for m in matchers)

    return insists


def _is_secret(data: bytes, start: re.Match[bytes], rule: ContentRule) -> bool:
    rest = _expressions()[rule].match(data, start.end())
    if rest is None or (start[0] + rest[0]).decode("latin-1") in rule.examples:
        return False
    return CHECKS[rule.check](data, *rest.span())


@functools.cache
def _names() -> re.Pattern[str]:
    return re.compile(
        "|".join(f"(?P<n{n}>{_any(rule.patterns)})" for n, rule in enumerate(secret_table().name))
    )


@functools.cache
def _beside() -> tuple[re.Pattern[str], re.Pattern[str]]:
    beside = secret_table().beside
    return re.compile(_any(beside.directories)), re.compile(_any(beside.files))


def _any(patterns: Sequence[str]) -> str:
    """A regular expression for one name, or several, by `patterns`; ``*`` stays within a name."""
    return "|".join(fnmatch.translate(pattern).replace(".*", "[^/]*") for pattern in patterns)


@functools.cache
def _starts() -> re.Pattern[bytes]:
    """The start of any of them: literals alone and few branches, which `re` is fast with."""
    ends: dict[bytes, list[bytes]] = {}
    for start in _by_start():
        ends.setdefault(re.escape(start[:1]), []).append(re.escape(start[1:]))
    return re.compile(b"|".join(b"%b(?:%b)" % (c, b"|".join(e)) for c, e in ends.items()))


@functools.cache
def _by_start() -> dict[bytes, ContentRule]:
    """Rules by how they start, the longest first."""
    pairs = [(start.encode(), rule) for rule in secret_table().content for start in rule.starts]
    return dict(sorted(pairs, key=lambda pair: -len(pair[0])))


@functools.cache
def _expressions() -> dict[ContentRule, re.Pattern[bytes]]:
    table = secret_table().content
    return {rule: re.compile(rule.rest.encode("latin-1"), re.DOTALL) for rule in table}
