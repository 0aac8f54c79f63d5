"""Advisories in memory, for tests of what reads them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from distil.model.advisory import (
    Advisory,
    AffectedPackage,
    DatabaseStatus,
    Event,
    EventKind,
    Support,
    VulnerabilityFacts,
)

NOW = 1_795_867_200
"""2026-11-28, 12:00 UTC."""


class MemoryAdvisories:
    """What a database answers, out of values."""

    def __init__(self, *, built: int = NOW) -> None:
        self._affected: defaultdict[str, defaultdict[str, list[AffectedPackage]]] = defaultdict(
            lambda: defaultdict(list)
        )
        self._documents: dict[str, Advisory] = {}
        self._facts: dict[str, VulnerabilityFacts] = {}
        self._support: dict[tuple[str, str], Support] = {}
        self._built = built

    @property
    def status(self) -> DatabaseStatus:
        return DatabaseStatus(path="memory", size=0, digest="sha256:00", built=self._built)

    def add(
        self,
        ecosystem: str,
        name: str,
        entry: AffectedPackage,
        document: Advisory | None = None,
    ) -> MemoryAdvisories:
        """`entry` about the package, of `document` or of a bare one with its id."""
        self._affected[ecosystem][name].append(entry)
        self._documents[entry.advisory] = document or Advisory(id=entry.advisory, source="test")
        return self

    def know(self, ecosystem: str) -> MemoryAdvisories:
        """A feed without any advisory."""
        self._affected[ecosystem]
        return self

    def tell(self, facts: VulnerabilityFacts) -> MemoryAdvisories:
        self._facts[facts.id] = facts
        return self

    def care(self, support: Support) -> MemoryAdvisories:
        self._support[support.distribution, support.version] = support
        return self

    def has(self, ecosystem: str) -> bool:
        return ecosystem in self._affected

    def affected(
        self, ecosystem: str, names: Iterable[str]
    ) -> Mapping[str, tuple[AffectedPackage, ...]]:
        known = self._affected[ecosystem]
        return {name: tuple(known[name]) for name in names if name in known}

    def advisories(self, ids: Iterable[str]) -> Mapping[str, Advisory]:
        return {one: self._documents[one] for one in ids if one in self._documents}

    def facts(self, ids: Iterable[str]) -> Mapping[str, VulnerabilityFacts]:
        return {one: self._facts[one] for one in ids if one in self._facts}

    def support(self, distribution: str, version: str) -> Support | None:
        return self._support.get((distribution, version))


def below(fixed: str, advisory: str = "", introduced: str = "0", **more: object) -> AffectedPackage:
    """Affected from `introduced` on until `fixed`, or for ever where that is empty."""
    events = [Event(EventKind.INTRODUCED, introduced)]
    if fixed:
        events.append(Event(EventKind.FIXED, fixed))
    return AffectedPackage(advisory=advisory, ranges=(tuple(events),), **more)  # type: ignore[arg-type]
