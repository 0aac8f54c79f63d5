"""What is wrong with a software bill of materials, or with what is asked of one."""

from __future__ import annotations

from collections.abc import Iterable

from distil.errors import DistilError, did_you_mean


class MalformedSbom(DistilError):
    """A document that cannot be read as a software bill of materials; `where` is a JSON path."""

    def __init__(self, name: str, where: str, why: str, *, hint: str = "") -> None:
        place = f"{name}: {where}" if where else name
        super().__init__(f"{place}: {why}", hint=hint)
        self.name, self.where, self.why = name, where, why


class UnknownSbomFormat(DistilError):
    """A format of software bills of materials that distil does not write."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        names = tuple(known)
        hint = did_you_mean(name, names) or f"there are {', '.join(names)}"
        super().__init__(f"no such format: {name}", hint=hint)
        self.name = name


class CannotExpress(DistilError):
    """Something that a format of software bills of materials has no words for."""

    def __init__(self, title: str, what: str, *, hint: str = "") -> None:
        super().__init__(f"{title} cannot express {what}", hint=hint)
