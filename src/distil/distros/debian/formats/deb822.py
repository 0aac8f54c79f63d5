"""Reading Debian control data: ``Packages``, ``Release``, ``control``, ``.sources`` (deb822(5)).

Field names are case-insensitive and so are folded to lower case. A value keeps its continuation
lines, each after a newline and with the white space it began with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from distil.distros.debian.errors import MalformedControl

MAX_STANZA: Final = 4 << 20
"""Bytes that one stanza may have; the longest in the archive has a few hundred thousand."""

Stanza = dict[str, str]
"""One paragraph: lower-case field name to value. Bytes that are not UTF-8 are kept by
surrogate escapes."""

_FIELD: Final = re.compile(
    r"(?P<name>[!-\"$-,.-9;-~][!-9;-~]*):[ \t]*(?P<value>[^\n]*(?:\n[ \t][^\n]*)*)(?:\n|\Z)"
    r"|(?P<wrong>[^\n]+)\n?"
)
"""A field with its continuation lines, or a line that cannot be one. A name holds printable
ASCII but no colon, and begins with neither ``#`` nor ``-`` (Debian Policy 5.1)."""

_BLANK: Final = re.compile(r"^[ \t\r]+(?:\n|\Z)", re.MULTILINE)
_COMMENT: Final = re.compile(r"^#[^\n]*(?:\n|\Z)", re.MULTILINE)


def parse_stanzas(data: bytes, what: str) -> Iterator[Stanza]:
    """Every stanza of `data` in order; `what` names the document in errors.

    Stanzas are separated by blank lines, of which there may be several; comment lines vanish.
    Raises `MalformedControl` for a line that is no field, a continuation of nothing, a field
    given twice, and a stanza beyond `MAX_STANZA`.
    """
    start = 0
    while start < len(data):
        end = data.find(b"\n\n", start)
        end = len(data) if end < 0 else end
        if end - start > MAX_STANZA:
            raise MalformedControl(what, _line(data, start), "the paragraph is too long")
        for text in _paragraphs(data[start:end]):
            stanza = _parse(text, what, data, start)
            if stanza:
                yield stanza
        start = end + 2


def parse_stanza(data: bytes, what: str) -> Stanza:
    """The only stanza of `data`, as in a package's ``control``.

    Raises `MalformedControl`, also when there is none or more than one.
    """
    stanzas = parse_stanzas(data, what)
    first = next(stanzas, None)
    if first is None:
        raise MalformedControl(what, 1, "it is empty")
    if next(stanzas, None) is not None:
        raise MalformedControl(what, 1, "it has more than one paragraph")
    return first


def _paragraphs(data: bytes) -> list[str]:
    """`data` without empty lines, split at lines that hold white space only."""
    text = data.decode("utf-8", "surrogateescape")
    if " \n" in text or "\t\n" in text or "\r\n" in text:
        return _BLANK.split(text)
    return [text]


def _parse(text: str, what: str, data: bytes, start: int) -> Stanza:
    if text.startswith(("\n", "#")) or "\n#" in text:
        text = _COMMENT.sub("", text.lstrip("\n"))
    if text.isspace():
        return {}
    fields = _FIELD.findall(text)
    stanza = {name.lower(): value.rstrip() for name, value, _ in fields}
    if len(stanza) != len(fields) or "" in stanza:
        raise _complaint(fields, what, _line(data, start))
    return stanza


def _complaint(fields: list[tuple[str, str, str]], what: str, line: int) -> MalformedControl:
    seen: set[str] = set()
    for name, _, wrong in fields:
        if wrong:
            kind = "continues no field" if wrong[0] in " \t" else "is no field"
            return MalformedControl(what, line, f"the line {wrong[:60]!r} {kind}")
        if name.lower() in seen:
            return MalformedControl(what, line, f"the field {name} is given twice")
        seen.add(name.lower())
    return MalformedControl(what, line, "it cannot be read")


def _line(data: bytes, offset: int) -> int:
    return data.count(b"\n", 0, offset) + 1
