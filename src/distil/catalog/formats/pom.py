"""What a ``pom.xml`` in an archive says beyond the coordinates (Maven's project descriptor)."""

from __future__ import annotations

from typing import Final
from xml.parsers import expat

from distil.catalog.formats.java_names import Pom

_DEEPEST: Final = 64
_LONGEST: Final = 4096
"""Characters of one value that are kept."""
_WANTED: Final = frozenset(
    {
        "project/groupId",
        "project/parent/groupId",
        "project/parent/artifactId",
        "project/licenses/license/name",
        "project/url",
        "project/description",
    }
)


def read_pom(text: str, known: Pom) -> Pom:
    """`known`, and what the project descriptor `text` adds: a group, licences, words.

    Of what is no XML, as much as there is before the mistake. Values that hold a placeholder are
    left out, for nothing here could fill it.
    """
    found = _Elements().read(text)
    group = known.group
    for place in ("project/groupId", "project/parent/groupId"):
        group = group or next(iter(found.get(place, ())), "")
    return known._replace(
        group=group,
        licenses=tuple(found.get("project/licenses/license/name", ())),
        homepage=next(iter(found.get("project/url", ())), ""),
        description=" ".join(next(iter(found.get("project/description", ())), "").split()),
    )


class _Elements:
    """The text of the elements in `_WANTED`, by their paths."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._text: list[str] = []
        self._found: dict[str, list[str]] = {}

    def read(self, text: str) -> dict[str, list[str]]:
        parser = expat.ParserCreate("utf-8")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        parser.StartDoctypeDeclHandler = self._refuse
        try:
            parser.Parse(text.encode("utf-8", "surrogatepass"), True)  # noqa: FBT003
        except expat.ExpatError:
            pass
        except _TooMuch:
            self._found.clear()
        return self._found

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        if len(self._open) == _DEEPEST:
            raise _TooMuch
        self._open.append(name)
        self._text.clear()

    def _end(self, _name: str) -> None:
        place = "/".join(self._open) if len(self._open) < 5 else ""
        if place in _WANTED:
            value = "".join(self._text).strip()[:_LONGEST]
            if value and "${" not in value:
                self._found.setdefault(place, []).append(value)
        self._open.pop()
        self._text.clear()

    def _refuse(self, *_declaration: object) -> None:
        """A document type can define entities; descriptors have none."""
        raise _TooMuch


class _TooMuch(Exception):
    """Something that no project descriptor has."""
