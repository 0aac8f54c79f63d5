"""What matching asks of a database, so that it can be any: a file, or a few values in a test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from distil.model.advisory import (
    Advisory,
    AffectedPackage,
    DatabaseStatus,
    Support,
    VulnerabilityFacts,
)


class Advisories(Protocol):
    """A database of advisories in one state. All methods raise `DamagedDatabase`."""

    @property
    def status(self) -> DatabaseStatus:
        """Which state of what it is."""

    def has(self, ecosystem: str) -> bool:
        """Whether a feed tells of `ecosystem`, as the OSV schema writes it: ``Debian:12``."""

    def affected(
        self, ecosystem: str, names: Iterable[str]
    ) -> Mapping[str, tuple[AffectedPackage, ...]]:
        """What there is about each of `names` (as the ecosystem writes them), if anything."""

    def advisories(self, ids: Iterable[str]) -> Mapping[str, Advisory]:
        """The documents of these ids."""

    def facts(self, ids: Iterable[str]) -> Mapping[str, VulnerabilityFacts]:
        """What is known of these CVEs, for those of which anything is."""

    def support(self, distribution: str, version: str) -> Support | None:
        """How long a release is cared for; `distribution` and `version` as in os-release(5)."""
