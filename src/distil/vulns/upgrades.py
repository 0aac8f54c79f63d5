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
_ROUNDS: Final = 3
"""How often the fixes of what the best version brings itself are tried as well."""

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

    Of a package there is the lowest version of each step that fixes as much as that step can, less
    what it brings, when that is more than with a smaller one. `look` scans as `scan` was made.
    """
    components = {one.ref: one for one in inventory.components}
    groups: defaultdict[tuple[str, ...], list[Finding]] = defaultdict(list)
    for finding in scan.open:
        if finding.component in components:
            groups[_group(finding)].append(finding)
    packages = [_Package(found, components, scan.findings) for found in groups.values()]
    for _ in range(1 + _ROUNDS):
        if not _try(packages, inventory, look):
            break
        for one in packages:
            one.go_on()
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
        self._targets = _targets(self.first, findings)
        self._after: dict[str, dict[str, Finding]] = {}

    @property
    def weight(self) -> float:
        """What the best step fixes comes to."""
        fixed = max((self._fixed(one) for one in self._after), key=len, default=frozenset())
        weights = {one.id: weight_of(one) for one in self._findings if one.id in fixed}
        return sum(weights.values())

    def untried(self) -> list[str]:
        """The versions that are to be tried."""
        return [one for _, one in self._targets if one not in self._after]

    def supposed(self, target: str) -> list[InventoryComponent]:
        """The components at `target`."""
        return [at_version(one, target) for one in self.components]

    def tried(self, target: str, after: Mapping[str, Finding]) -> None:
        """Note that there are the findings `after`, by id, at `target`."""
        self._after[target] = dict(after)

    def go_on(self) -> None:
        """Have versions tried that fix what the best of a step bring themselves."""
        tried = {one for _, one in self._targets}
        for step in Step:
            best = self._best(step)
            if best:
                after = self._after[best]
                brought = [after[name] for name in after.keys() - self._known]
                more = _targets(self.first, brought)
                self._targets += [one for one in more if one[0] is step and one[1] not in tried]
        self._targets = _in_order(self._targets, self.first.ecosystem)

    def upgrades(self) -> list[Upgrade]:
        """The steps that are worth it, the smallest first."""
        found: list[Upgrade] = []
        most = 0
        for step in Step:
            best = self._best(step)
            if best and self._gained(best) > most:
                most = self._gained(best)
                found.append(self._upgrade(step, best))
        return found

    def _best(self, step: Step) -> str:
        """The lowest version with which the most is gained; empty where there is none."""
        fitting = [one for at, one in self._targets if at is step and one in self._after]
        return max(fitting, key=self._gained, default="")

    def _fixed(self, target: str) -> frozenset[str]:
        return self._open - self._after[target].keys()

    def _gained(self, target: str) -> int:
        return len(self._fixed(target)) - len(self._after[target].keys() - self._known)

    def _upgrade(self, step: Step, target: str) -> Upgrade:
        after = self._after[target].keys()
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


def _try(packages: Sequence[_Package], inventory: Inventory, look: Scanner) -> bool:
    """Scan what there would be: all versions of all packages, which do not mind each other.

    Whether there was anything to try.
    """
    there: list[InventoryComponent] = []
    owners: defaultdict[str, list[tuple[_Package, str]]] = defaultdict(list)
    after: dict[tuple[_Package, str], dict[str, Finding]] = {}
    for package in packages:
        for target in package.untried():
            after[package, target] = {}
            for component in package.supposed(target):
                there.append(component)
                owners[component.ref].append((package, target))
    if not after:
        return False
    for finding in look(supposed(inventory, there)).open:
        for owner in owners.get(finding.component, ()):
            after[owner][finding.id] = finding
    for (package, target), found in after.items():
        package.tried(target, found)
    return True


def _targets(first: Finding, findings: Sequence[Finding]) -> list[tuple[Step, str]]:
    """The versions with fixes of `findings`, with the step that each is, the lowest first.

    `first` is one of what is installed.
    """
    versions = {one: None for each in findings for one in each.fixed}
    if first.kind in OS_KINDS:
        return _in_order([(Step.UPDATE, one) for one in versions], first.ecosystem)[-1:]
    found = [(step_of(first.kind, first.installed, one), one) for one in versions]
    found = _in_order(found, first.ecosystem)
    kept: list[tuple[Step, str]] = []
    for step in Step:
        of_step = [one for one in found if one[0] is step]
        half = MOST_TRIED // 2
        kept += of_step if len(of_step) <= MOST_TRIED else of_step[:half] + of_step[-half:]
    return kept


def _in_order(targets: Iterable[tuple[Step, str]], ecosystem: str) -> list[tuple[Step, str]]:
    """`targets` as the ecosystem orders versions, without what it cannot order."""
    ordering = ordering_of(ecosystem)
    if ordering is None:
        return []
    keyed = {_key(ordering, one[1]): one for one in targets}
    return [keyed[key] for key in sorted(key for key in keyed if key is not None)]


def _key(ordering: Ordering, version: str) -> Key | None:
    try:
        return ordering.key(version)
    except InvalidVersion:
        return None


def _numbers(version: str) -> tuple[int, int]:
    found = [int(one) for one in _NUMBER.findall(version)[:2]]
    return (*found, 0, 0)[0], (*found, 0, 0)[1]
