"""Upgrades by what they are worth: those first that fix most for least change."""

from __future__ import annotations

from typing import Final

import msgspec

from distil.model.finding import Scan, Upgrade
from distil.recommend.counts import Counts, count, worst_by_id
from distil.recommend.lines import Line, lines_for
from distil.vulns.upgrades import Step, weight_of

_COSTS: Final = {Step.UPDATE: 1.0, Step.PATCH: 1.0, Step.MINOR: 2.0, Step.MAJOR: 5.0}
"""What a step costs who has to see whether all works still."""


class Advised(msgspec.Struct, frozen=True, kw_only=True):
    """An upgrade and what it fixes.

    `worth` is the weight of what it fixes, less that it brings, by the cost of its step. `lines`
    are what to write, empty where that depends on how the image is made.
    """

    upgrade: Upgrade
    fixed: Counts
    worth: float
    lines: tuple[Line, ...] = ()


def advised(scan: Scan) -> tuple[Advised, ...]:
    """The upgrades of `scan`, the most worth first."""
    order = list(Step)
    found = [_valued(scan, one) for one in scan.upgrades]

    def place(one: Advised) -> tuple[float, int, str, str]:
        step = order.index(Step(one.upgrade.step))
        return -one.worth, step, one.upgrade.package, one.upgrade.installed

    return tuple(sorted(found, key=place))


def _valued(scan: Scan, upgrade: Upgrade) -> Advised:
    gone = [
        one for one in scan.open if one.component in upgrade.components and one.id in upgrade.fixes
    ]
    weight = sum(weight_of(one) for one in worst_by_id(gone).values()) - len(upgrade.brings)
    return Advised(
        upgrade=upgrade,
        fixed=count(gone),
        worth=round(weight / _COSTS[Step(upgrade.step)], 3),
        lines=lines_for(upgrade),
    )
