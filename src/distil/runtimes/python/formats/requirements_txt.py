"""Requirements files: lines, hashes and includes, as pip's reference describes the format.

Only what has to be known beside the resolver is read: names, pins, hashes and the files that
are included. Requirements themselves are left to the resolver, which knows all of PEP 508.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from distil.formats.errors import InvalidProjectFile
from distil.runtimes.python.application import normalised

_COMMENT: Final = re.compile(r"(^|\s+)#.*$")
_HASH: Final = re.compile(r"\s--hash[=\s]\s*(\S+)")
_NAME: Final = re.compile(
    r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[([^\]]*)\])?\s*(.*)"
)
_PIN: Final = re.compile(r"\(?===?\s*([^\s;,*)]+)\)?\s*(?:;.*)?")
_INCLUDE: Final = re.compile(r"(-r|--requirements?|-c|--constraints?)[=\s]*(\S.*)")
_EDITABLE: Final = re.compile(r"(-e|--editable)[=\s]+(\S.*)")
_INDEX_OPTION: Final = re.compile(
    r"(-i|--index-url|--extra-index-url|-f|--find-links)[=\s]*(\S+)|(--no-index)"
)
_ALGORITHMS: Final = {"sha256": 64, "sha384": 96, "sha512": 128}


class Requirement(msgspec.Struct, frozen=True):
    """One requirement of a file.

    `name` is normalised and empty for a path or an address without a name; `pin` is the one
    version that is allowed, empty when there are more; `hashes` are ``sha256:…`` values.
    """

    line: int
    text: str
    name: str
    extras: tuple[str, ...]
    pin: str
    hashes: tuple[str, ...]
    editable: bool = False


class Include(msgspec.Struct, frozen=True):
    """Another file that a file names; `constraint` when it only narrows versions."""

    line: int
    path: str
    constraint: bool


class RequirementsFile(msgspec.Struct, frozen=True):
    """What one file holds; `indexes` are the options that say which indexes are asked."""

    requirements: tuple[Requirement, ...]
    includes: tuple[Include, ...]
    require_hashes: bool = False
    indexes: tuple[str, ...] = ()


def parse_requirements(text: str, where: str) -> RequirementsFile:
    """The requirements and includes in `text`. Raises `InvalidProjectFile` for a bad hash."""
    requirements, includes, indexes, require_hashes = [], [], [], False
    for number, line in _logical_lines(text):
        include = _INCLUDE.fullmatch(line)
        if include:
            constraint = include[1] in ("-c", "--constraint", "--constraints")
            includes.append(Include(number, include[2].strip(), constraint))
        elif line.startswith("--require-hashes"):
            require_hashes = True
        elif _INDEX_OPTION.fullmatch(line):
            indexes.append(line)
        elif not line.startswith("-") or _EDITABLE.match(line):
            requirements.append(_requirement(number, line, where))
    return RequirementsFile(tuple(requirements), tuple(includes), require_hashes, tuple(indexes))


def requirement_name(text: str) -> tuple[str, tuple[str, ...]]:
    """Name (normalised) and extras of a PEP 508 string; an empty name for anything else."""
    match = _NAME.fullmatch(text.strip())
    if match is None or match[3].startswith(("/", "\\", ":")):
        return "", ()
    extras = [extra.strip() for extra in (match[2] or "").split(",") if extra.strip()]
    return normalised(match[1]), tuple(normalised(extra) for extra in extras)


def _requirement(number: int, line: str, where: str) -> Requirement:
    editable = _EDITABLE.fullmatch(line)
    body = editable[2] if editable else line
    hashes = tuple(_checked(value, number, where) for value in _HASH.findall(body))
    text = _HASH.sub("", body).split(" --")[0].strip()
    if editable or text.startswith((".", "/", "file:")):
        return Requirement(number, text, "", (), "", hashes, editable is not None)
    name, extras = requirement_name(text)
    match = _NAME.fullmatch(text)
    rest = match[3] if match and name else ""
    pin = _PIN.fullmatch(rest.strip())
    return Requirement(number, text, name, extras, pin[1] if pin else "", hashes)


def _checked(value: str, number: int, where: str) -> str:
    algorithm, _, digest = value.partition(":")
    length = _ALGORITHMS.get(algorithm)
    if length is None:
        known = ", ".join(_ALGORITHMS)
        raise InvalidProjectFile(
            where, f"line {number}: hash algorithm {algorithm!r} is not one of {known}"
        )
    if not re.fullmatch(f"[0-9a-fA-F]{{{length}}}", digest):
        raise InvalidProjectFile(where, f"line {number}: {value!r} is not a hash")
    return value.lower()


def _logical_lines(text: str) -> list[tuple[int, str]]:
    """Lines joined at a final backslash, without comments and blank ones, with their numbers."""
    lines: list[tuple[int, str]] = []
    pending, started = "", 0
    for number, physical in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        started = started or number
        stripped = physical.rstrip()
        if stripped.endswith("\\") and not stripped.lstrip().startswith("#"):
            pending += stripped[:-1] + " "
            continue
        line = _COMMENT.sub("", pending + stripped).strip()
        if line:
            lines.append((started, line))
        pending, started = "", 0
    if pending.strip():
        lines.append((started, _COMMENT.sub("", pending).strip()))
    return lines
