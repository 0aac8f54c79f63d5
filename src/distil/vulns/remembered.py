"""Advisories that are asked for several times and read once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeVar

from distil.model.advisory import (
    Advisory,
    AffectedPackage,
    DatabaseStatus,
    Support,
    VulnerabilityFacts,
)
from distil.vulns.advisories import Advisories

_Value = TypeVar("_Value")
_Known = dict[str, _Value | None]

_MOST: Final = 100_000
"""Answers of one kind that are remembered; then they are forgotten."""


class Remembered:
    """`advisories`, each answer of which is remembered, that there is none as well.

    Trying what an upgrade brings asks for much the same as the scan did, and so do the images for
    several platforms. All methods raise `DamagedDatabase`.
    """

    def __init__(self, advisories: Advisories) -> None:
        self._advisories = advisories
        self._affected: defaultdict[str, _Known[tuple[AffectedPackage, ...]]] = defaultdict(dict)
        self._documents: _Known[Advisory] = {}
        self._facts: _Known[VulnerabilityFacts] = {}

    @property
    def status(self) -> DatabaseStatus:
        """Which state of what it is."""
        return self._advisories.status

    def has(self, ecosystem: str) -> bool:
        """Whether a feed tells of `ecosystem`."""
        return self._advisories.has(ecosystem)

    def affected(
        self, ecosystem: str, names: Iterable[str]
    ) -> Mapping[str, tuple[AffectedPackage, ...]]:
        """What there is about each of `names`, if anything."""
        known = self._affected[ecosystem]
        return _told(known, names, lambda left: self._advisories.affected(ecosystem, left))

    def advisories(self, ids: Iterable[str]) -> Mapping[str, Advisory]:
        """The documents of these ids."""
        return _told(self._documents, ids, self._advisories.advisories)

    def facts(self, ids: Iterable[str]) -> Mapping[str, VulnerabilityFacts]:
        """What is known of these CVEs."""
        return _told(self._facts, ids, self._advisories.facts)

    def support(self, distribution: str, version: str) -> Support | None:
        """How long a release is cared for."""
        return self._advisories.support(distribution, version)


def _told(
    known: _Known[_Value],
    keys: Iterable[str],
    ask: Callable[[list[str]], Mapping[str, _Value]],
) -> dict[str, _Value]:
    wanted = list(keys)
    left = [key for key in wanted if key not in known]
    if left:
        if len(known) + len(left) > _MOST:
            known.clear()
            left = wanted
        found = ask(left)
        known.update((key, found.get(key)) for key in left)
    return {key: value for key in wanted if (value := known[key]) is not None}
