"""Upgrades by what they are worth: those first that fix most for least change."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from distil.model.finding import Finding, Scan, Upgrade
from distil.model.inventory import OS_KINDS, Inventory
from distil.recommend.counts import Counts, count, weight_of, worst_by_id
from distil.recommend.lines import Line, lines_for
from distil.recommend.supposed import Scanner, at_version, ids_of, supposed

Key = Callable[[str, str], object | None]
"""What a version of an ecosystem is sorted by; None for what is none."""

MOST_TRIED: Final = 12
"""Versions between the installed one and the one that fixes all which are tried, of a package."""

_NUMBER: Final = re.compile(r"\d+")


class Step(enum.StrEnum):
    """How far an upgrade goes, the least first."""

    UPDATE = "update"
    """Within the release of a distribution, which changes nothing but what it has to."""
    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"
    """The first number, or anything before 1.0 but the last."""


_COSTS: Final = {Step.UPDATE: 1.0, Step.PATCH: 1.0, Step.MINOR: 2.0, Step.MAJOR: 5.0}


class Advised(msgspec.Struct, frozen=True, kw_only=True):
    """An upgrade, how far it goes, and what it fixes.

    `worth` is the weight of what it fixes by the cost of its step. `is_part` says that a larger
    step fixes more. `lines` are what to write, empty where that depends on how it is built.
    """

    upgrade: Upgrade
    step: Step
    fixed: Counts
    worth: float
    is_part: bool = False
    lines: tuple[Line, ...] = ()


def step_of(kind: str, installed: str, to: str) -> Step:
    """How far it is from `installed` to `to` of a component of `kind`."""
    if kind in OS_KINDS:
        return Step.UPDATE
    old, new = _numbers(installed), _numbers(to)
    if old[0] != new[0]:
        return Step.MAJOR
    if old[1] != new[1]:
        return Step.MAJOR if old[0] == 0 else Step.MINOR
    return Step.PATCH


def advised(scan: Scan, inventory: Inventory, look: Scanner, key: Key) -> tuple[Advised, ...]:
    """The upgrades of `scan`, and smaller ones that fix a part; the most worth first."""
    found: list[Advised] = []
    for upgrade in scan.upgrades:
        concerned = [one for one in scan.open if _is_of(one, upgrade)]
        step = step_of(upgrade.kind, upgrade.installed, upgrade.to)
        found.append(_valued(upgrade, step, concerned, is_part=False))
        if step in (Step.MINOR, Step.MAJOR):
            smaller = _smaller(upgrade, step, concerned, inventory, (look, key))
            found += [_valued(one, at, concerned, is_part=True) for one, at in smaller]
    order = list(Step)
    return tuple(
        sorted(found, key=lambda one: (-one.worth, order.index(one.step), one.upgrade.package))
    )


def _valued(
    upgrade: Upgrade, step: Step, concerned: Sequence[Finding], *, is_part: bool
) -> Advised:
    gone = [one for one in concerned if one.id in upgrade.fixes]
    weight = sum(weight_of(one) for one in worst_by_id(gone).values())
    return Advised(
        upgrade=upgrade,
        step=step,
        fixed=count(gone),
        worth=round(weight / _COSTS[step], 3),
        is_part=is_part,
        lines=lines_for(upgrade),
    )


def _smaller(
    upgrade: Upgrade,
    largest: Step,
    concerned: Sequence[Finding],
    inventory: Inventory,
    how: tuple[Scanner, Key],
) -> Iterator[tuple[Upgrade, Step]]:
    """Steps below `largest` that fix something of what `upgrade` does, the best of each kind."""
    look, key = how
    refs = {one.component for one in concerned}
    components = [one for one in inventory.components if one.ref in refs]
    before = frozenset(one.id for one in concerned)
    fixed_at: Mapping[Step, list[str]] = {Step.PATCH: [], Step.MINOR: []}
    for version in _sorted({one for each in concerned for one in each.fixed}, upgrade, key):
        step = step_of(upgrade.kind, upgrade.installed, version)
        if step in fixed_at and step is not largest:
            fixed_at[step].append(version)
    for step, versions in fixed_at.items():
        best, fewest = "", before
        for version in versions[-MOST_TRIED:]:
            changed = {one.ref: at_version(one, version) for one in components}
            after = ids_of(look(supposed(inventory, changed, alone=True)))
            if len(after) < len(fewest) and before - after:
                best, fewest = version, after
        if best:
            fixes, leaves = tuple(sorted(before - fewest)), tuple(sorted(fewest))
            yield msgspec.structs.replace(upgrade, to=best, fixes=fixes, leaves=leaves), step


def _sorted(versions: Iterable[str], upgrade: Upgrade, key: Key) -> list[str]:
    """Those that are after the installed one, the lowest first; none where nobody can tell."""
    installed = key(upgrade.ecosystem, upgrade.installed)
    keyed = [(key(upgrade.ecosystem, one), one) for one in versions]
    if installed is None:
        return []
    fitting = [(at, one) for at, one in keyed if at is not None and at > installed]  # type: ignore[operator]
    return [one for _, one in sorted(fitting)]


def _is_of(finding: Finding, upgrade: Upgrade) -> bool:
    return (
        finding.kind == upgrade.kind
        and finding.package == upgrade.package
        and finding.ecosystem == upgrade.ecosystem
        and finding.name in upgrade.names
    )


def _numbers(version: str) -> tuple[int, int]:
    found = [int(one) for one in _NUMBER.findall(version)[:2]]
    return (*found, 0, 0)[0], (*found, 0, 0)[1]
