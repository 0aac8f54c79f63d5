"""Which versions get rid of findings: tried, by scanning what there would be then.

A version that mends one thing may have another that the installed one has not; and of several
lines each has fixes of its own. So every step is a supposed inventory that is scanned.
"""

from __future__ import annotations

import enum
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from distil.model.advisory import Severity
from distil.model.finding import Finding, Scan, Upgrade
from distil.model.inventory import OS_KINDS, Inventory, InventoryComponent
from distil.vulns.supposed import Scanner, at_version, supposed
from distil.vulns.versions.ordering import InvalidVersion, Key, Ordering
from distil.vulns.versions.table import ordering_of

MOST_TRIED: Final = 12
"""Versions that are tried for a step of a package: of more, the lowest and the highest."""

_NUMBER: Final = re.compile(r"\d+")

_WEIGHTS: Final = {
    Severity.CRITICAL: 10.0,
    Severity.HIGH: 5.0,
    Severity.MEDIUM: 2.0,
    Severity.UNKNOWN: 1.0,
    Severity.LOW: 0.5,
    Severity.NEGLIGIBLE: 0.1,
}
"""How much a vulnerability counts. What nobody has rated may be anything but is mostly little."""
_EXPLOITED: Final = 20.0
_LIKELY: Final = 10.0
"""Times the likelihood that it is exploited within 30 days."""


class Step(enum.StrEnum):
    """How far an upgrade goes, the least first."""

    UPDATE = "update"
    """Within the release of a distribution, which changes nothing but what it has to."""
    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"
    """The first number, or before 1.0 the second."""


def weight_of(finding: Finding) -> float:
    """How much one counts: by severity, and more where it is exploited or likely to be."""
    likely = finding.likelihood.score if finding.likelihood is not None else 0.0
    exploited = _EXPLOITED if finding.exploited is not None else 0.0
    return _WEIGHTS[finding.severity] + exploited + _LIKELY * likely


def step_of(kind: str, installed: str, target: str) -> Step:
    """How far it is from `installed` to `target` of a component of `kind`."""
    if kind in OS_KINDS:
        return Step.UPDATE
    old, new = _numbers(installed), _numbers(target)
    if old[0] != new[0]:
        return Step.MAJOR
    if old[1] != new[1]:
        return Step.MAJOR if old[0] == 0 else Step.MINOR
    return Step.PATCH


def upgrades(scan: Scan, inventory: Inventory, look: Scanner) -> tuple[Upgrade, ...]:
    """The steps that get rid of findings of `scan`, of `inventory`; the best package first.

    Of a package there is the lowest version of each step that fixes as much as that step can,
    when that is more than what a smaller one fixes. `look` scans as `scan` was made.
    """
    components = {one.ref: one for one in inventory.components}
    groups: defaultdict[tuple[str, ...], list[Finding]] = defaultdict(list)
    for finding in scan.open:
        if finding.component in components:
            groups[_group(finding)].append(finding)
    packages = [_Package(found, components, scan.findings) for found in groups.values()]
    _try(packages, inventory, look)
    worth = {one: one.weight for one in packages}
    ordered = sorted(
        packages, key=lambda one: (-worth[one], one.first.package, one.first.installed)
    )
    return tuple(upgrade for one in ordered for upgrade in one.upgrades())


def _group(finding: Finding) -> tuple[str, ...]:
    """Packages of one source go together; of a language's each version goes alone."""
    alone = "" if finding.kind in OS_KINDS else finding.installed
    return finding.kind, finding.ecosystem, finding.package, alone


class _Package:
    """The findings of one package, and what became of the versions that were tried."""

    def __init__(
        self,
        findings: Sequence[Finding],
        components: Mapping[str, InventoryComponent],
        everything: Iterable[Finding],
    ) -> None:
        self.first = findings[0]
        self._findings = findings
        refs = dict.fromkeys(one.component for one in findings)
        self.components = [components[ref] for ref in refs]
        self._open = frozenset(one.id for one in findings)
        self._known = frozenset(one.id for one in everything if one.component in refs)
        self.targets = _targets(findings)
        self._tried: dict[str, frozenset[str]] = {}

    @property
    def weight(self) -> float:
        """What the best step fixes comes to."""
        fixed = max((self._fixed(one) for one in self._tried), key=len, default=frozenset())
        weights = {one.id: weight_of(one) for one in self._findings if one.id in fixed}
        return sum(weights.values())

    def supposed(self, target: str) -> dict[str, InventoryComponent]:
        """The components at `target`, by the refs that they have now."""
        return {one.ref: at_version(one, target) for one in self.components}

    def tried(self, target: str, after: frozenset[str]) -> None:
        """Note that there are the findings `after` at `target`."""
        self._tried[target] = after

    def upgrades(self) -> list[Upgrade]:
        """The steps that are worth it, the smallest first."""
        found: list[Upgrade] = []
        most = 0
        for step in Step:
            fitting = [one for at, one in self.targets if at is step]
            best = max(fitting, key=lambda one: len(self._fixed(one)), default="")
            if best and len(self._fixed(best)) > most:
                most = len(self._fixed(best))
                found.append(self._upgrade(step, best))
        return found

    def _fixed(self, target: str) -> frozenset[str]:
        return self._open - self._tried.get(target, self._open)

    def _upgrade(self, step: Step, target: str) -> Upgrade:
        after = self._tried[target]
        return Upgrade(
            kind=self.first.kind,
            ecosystem=self.first.ecosystem,
            package=self.first.package,
            names=tuple(dict.fromkeys(one.name for one in self.components)),
            components=tuple(one.ref for one in self.components),
            installed=self.first.installed,
            target=target,
            step=step.value,
            fixes=tuple(sorted(self._open - after)),
            remains=tuple(sorted(self._open & after)),
            brings=tuple(sorted(after - self._known)),
            is_base=all(one.is_base for one in self._findings),
        )


def _try(packages: Sequence[_Package], inventory: Inventory, look: Scanner) -> None:
    """Scan what there would be: a version of each package at a time, all packages together."""
    longest = max((len(one.targets) for one in packages), default=0)
    for number in range(longest):
        changed: dict[str, InventoryComponent] = {}
        owners: defaultdict[str, list[tuple[_Package, str]]] = defaultdict(list)
        for package in packages:
            if number >= len(package.targets):
                continue
            target = package.targets[number][1]
            there = package.supposed(target)
            changed |= there
            for one in there.values():
                owners[one.ref].append((package, target))
        found = look(supposed(inventory, changed, alone=True))
        after: defaultdict[tuple[_Package, str], set[str]] = defaultdict(set)
        for each in (one for refs in owners.values() for one in refs):
            after[each] = set()
        for finding in found.open:
            for each in owners.get(finding.component, ()):
                after[each].add(finding.id)
        for (package, target), ids in after.items():
            package.tried(target, frozenset(ids))


def _targets(findings: Sequence[Finding]) -> list[tuple[Step, str]]:
    """The versions to try with the step that each is, the lowest first."""
    first = findings[0]
    ordering = ordering_of(first.ecosystem)
    if ordering is None:
        return []
    keyed = {_key(ordering, one): one for each in findings for one in each.fixed}
    keyed.pop(None, None)
    versions = [keyed[key] for key in sorted(key for key in keyed if key is not None)]
    if first.kind in OS_KINDS:
        return [(Step.UPDATE, one) for one in versions[-1:]]
    found = [(step_of(first.kind, first.installed, one), one) for one in versions]
    kept: list[tuple[Step, str]] = []
    for step in Step:
        of_step = [one for one in found if one[0] is step]
        half = MOST_TRIED // 2
        kept += of_step if len(of_step) <= MOST_TRIED else of_step[:half] + of_step[-half:]
    return kept


def _key(ordering: Ordering, version: str) -> Key | None:
    try:
        return ordering.key(version)
    except InvalidVersion:
        return None


def _numbers(version: str) -> tuple[int, int]:
    found = [int(one) for one in _NUMBER.findall(version)[:2]]
    return (*found, 0, 0)[0], (*found, 0, 0)[1]
