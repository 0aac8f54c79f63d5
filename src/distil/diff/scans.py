"""Comparing the vulnerabilities of two images: pure functions over what was found in them.

A vulnerability is compared as one of a package, whichever of its components it is in. One that
left a package and came with another one (``python3.11`` became ``python3.13``) is in both.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from distil.diff.packages import Packages, one_name, packages_of
from distil.model.comparison import (
    ChangedPackage,
    Comparison,
    ScannedImage,
    VulnerabilityChange,
)
from distil.model.condition import COUNTS, Condition, counting
from distil.model.finding import Finding
from distil.model.inventory import Inventory, InventoryComponent

_Key = tuple[str, str, str]
"""A vulnerability of a package: its id, the package's kind and name."""
_Findings = tuple[Finding, ...]
_Groups = Mapping[_Key, _Findings]


def compare_scans(
    before: ScannedImage,
    after: ScannedImage,
    conditions: Sequence[Condition] = COUNTS,
    *,
    relation: str = "",
) -> Comparison:
    """What `after` has that `before` has not, and what it has no more.

    It is worse where a finding counts, by any of `conditions`, which did not.
    """
    old, new = _grouped(before.scan.open), _grouped(after.scan.open)
    both = [(key, key) for key in new if key in old]
    both += _moved([key for key in old if key not in new], [key for key in new if key not in old])
    paired_old, paired_new = {pair[0] for pair in both}, {pair[1] for pair in both}
    pairs = [_change(old[one], new[other], conditions) for one, other in both]
    changed = [one for one in pairs if one.what]
    packages = tuple(_packages(before.inventory, after.inventory))
    names = packages_of(after.inventory.components)
    return Comparison(
        before=before,
        after=after,
        new=_sorted(
            _one_side((), new[key], conditions, _why(new[key], after, before))
            for key in new
            if key not in paired_new
        ),
        gone=_sorted(
            _one_side(old[key], (), conditions, _why(old[key], before, after, was=True))
            for key in old
            if key not in paired_old
        ),
        changed=_sorted(changed),
        same=len(pairs) - len(changed),
        packages=packages,
        same_packages=len(names) - sum(bool(one.after) for one in packages),
        relation=relation,
    )


def _grouped(findings: Iterable[Finding]) -> _Groups:
    groups: defaultdict[_Key, list[Finding]] = defaultdict(list)
    for one in findings:
        groups[one.id, one.kind, one.package].append(one)
    return {key: tuple(found) for key, found in groups.items()}


def _moved(old: Sequence[_Key], new: Sequence[_Key]) -> Iterator[tuple[_Key, _Key]]:
    """Vulnerabilities that left a package and are in another one now, each once."""
    left: defaultdict[str, list[_Key]] = defaultdict(list)
    for key in sorted(old, reverse=True):
        left[key[0]].append(key)
    for key in sorted(new):
        if left[key[0]]:
            yield left[key[0]].pop(), key


def _one_side(
    old: _Findings, new: _Findings, conditions: Sequence[Condition], why: str
) -> VulnerabilityChange:
    is_worse = bool(counting(new, conditions))
    return VulnerabilityChange((new or old)[0].id, old, new, why=why, is_worse=is_worse)


def _change(old: _Findings, new: _Findings, conditions: Sequence[Condition]) -> VulnerabilityChange:
    """A vulnerability that both have."""
    one, other = old[0], new[0]
    what = tuple(_differing(one, other))
    # That there is a fix now makes no image worse: only how bad it is does.
    rose = other.severity > one.severity or (other.exploited is not None and one.exploited is None)
    is_worse = rose and bool(counting(new, conditions)) and not counting(old, conditions)
    return VulnerabilityChange(other.id, old, new, what, _told(one, other, what), is_worse)


_COMPARED: Final[tuple[tuple[str, Callable[[Finding], str]], ...]] = (
    ("package", lambda one: f"{one.kind} {one.package}"),
    ("version", lambda one: one.installed),
    ("severity", lambda one: one.severity.word),
    ("exploited", lambda one: "known to be exploited" if one.exploited else "not known to be"),
    ("fix", lambda one: one.fixed[0] if one.fixed else str(one.repair)),
)
"""What of a finding can change, and how each is told."""


def _differing(one: Finding, other: Finding) -> Iterator[str]:
    for what, told in _COMPARED:
        if told(one) != told(other):
            yield what


def _told(one: Finding, other: Finding, what: Sequence[str]) -> str:
    return ", ".join(
        f"{name} {told(one)} → {told(other)}" for name, told in _COMPARED if name in what
    )


def _why(findings: _Findings, own: ScannedImage, other: ScannedImage, *, was: bool = False) -> str:
    """Why the findings of one image are not open in the other one.

    With `was`, they are those of the image before, and it is told why they are gone; else those
    of the image after, and it is told why they were not there.
    """
    first = findings[0]
    settled = _settled(first, other)
    if settled:
        return f"settled: {settled}" if was else f"it was settled before: {settled}"
    if any(_is_same(one, first) for one in other.scan.spared):
        return f"{first.package} is left out wholly{'' if was else ' before'}"
    there = _versions(findings, own, other)
    if not there:
        return f"{first.package} is not there any more" if was else f"{first.package} is new"
    if first.installed in there:
        same = "the same version does not count as affected"
        return f"{same} there" if was else f"{same} in the image before"
    versions = ", ".join(there)
    return f"{first.package} is {versions} now" if was else f"{first.package} was {versions}"


def _settled(first: Finding, other: ScannedImage) -> str:
    """By whom and why the same finding does not count in the other image."""
    for one in other.scan.findings:
        said = one.settled
        if said is not None and _is_same(one, first):
            reason = said.reason or (said.justification or said.standing)
            return f"{reason} ({said.by})"
    return ""


def _is_same(one: Finding, other: Finding) -> bool:
    """Whether both are the same vulnerability of the same package."""
    return (one.id, one.kind, one.package) == (other.id, other.kind, other.package)


def _versions(findings: _Findings, own: ScannedImage, other: ScannedImage) -> tuple[str, ...]:
    """The versions of the same package in the other image, by its components or its source."""
    refs = {one.component for one in findings}
    components = [one for one in own.inventory.components if one.ref in refs]
    names = {(one.kind, one_name(one)) for one in components}
    sources = {_source(one) for one in components}
    found = [
        one.version
        for one in other.inventory.components
        if (one.kind, one_name(one)) in names or _source(one) in sources
    ]
    return tuple(sorted(set(found)))


def _source(one: InventoryComponent) -> tuple[str, str]:
    return one.kind, one.source.name if one.source is not None else one_name(one)


def _sorted(changes: Iterable[VulnerabilityChange]) -> tuple[VulnerabilityChange, ...]:
    """The worst first."""

    def rank(one: VulnerabilityChange) -> tuple[bool, int, float, str, str]:
        first = one.first
        likely = first.likelihood.score if first.likelihood is not None else 0.0
        return (first.exploited is None, -first.severity, -likely, one.id, first.package)

    return tuple(sorted(changes, key=rank))


# --- packages ------------------------------------------------------------------------------


def _packages(before: Inventory, after: Inventory) -> Iterator[ChangedPackage]:
    """The packages that differ, by kind and name."""
    old, new = packages_of(before.components), packages_of(after.components)
    sizes = _sizes(before), _sizes(after)
    for key in _sorted_keys(old, new):
        versions = old.get(key, ()), new.get(key, ())
        if versions[0] != versions[1]:
            yield ChangedPackage(*key, *versions, (sizes[0][key], sizes[1][key]))


def _sorted_keys(old: Packages, new: Packages) -> list[tuple[str, str]]:
    return sorted({*old, *new})


def _sizes(inventory: Inventory) -> Counter[tuple[str, str]]:
    """The bytes of the files that each package has before all others."""
    sizes: Counter[tuple[str, str]] = Counter()
    for file in inventory.files:
        for number in file.owners[:1]:
            owner = inventory.components[number]
            sizes[owner.kind, one_name(owner)] += file.size
    return sizes
