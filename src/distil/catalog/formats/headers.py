"""Files of headers, ``Name: value`` with folded lines: Python's core metadata, R's DESCRIPTION."""

from __future__ import annotations

from typing import Final

from distil.catalog.facts import Content

_LONGEST: Final = 1 << 20
"""Bytes of headers; the description that may follow them is not read."""


class Headers(dict[str, list[str]]):
    """The values by the name in lower case."""

    def first(self, name: str) -> str:
        """The first value on one line, or empty; also for ``UNKNOWN``, which says nothing."""
        for value in self.get(name, ()):
            told = " ".join(value.split())
            if told and told != "UNKNOWN":
                return told
        return ""


def headers(content: Content) -> Headers:
    """What stands before the first empty line; a line that is no header is passed over."""
    text = content[:_LONGEST].decode("utf-8", "replace").replace("\r\n", "\n")
    told: list[tuple[str, list[str]]] = []
    for line in text.lstrip("\ufeff\n").partition("\n\n")[0].split("\n"):
        if line[:1] in (" ", "\t"):
            if told:
                told[-1][1].append(line.strip())
            continue
        name, colon, value = line.partition(":")
        if colon:
            told.append((name.strip().lower(), [value.strip()]))
    found = Headers()
    for name, lines in told:
        found.setdefault(name, []).append("\n".join(lines))
    return found
