"""All that is recommended for an image that is there."""

from __future__ import annotations

import msgspec

from distil.model.advisory import DatabaseStatus
from distil.recommend.bases import BaseOutcome
from distil.recommend.counts import Counts
from distil.recommend.parts import Needed, Parts
from distil.recommend.rebuilt import Rebuilt
from distil.recommend.recognised import Recognised
from distil.recommend.worth import Advised


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """What is in the image, and what would make it better, each measured.

    `system` is its distribution's name, `ends` the last day that it is cared for. `counts` are of
    all of it, `parts` tell what of that another base takes the place of. `bases` are all that were
    tried, `best` the one of them with which the fewest vulnerabilities are left while the
    application stays as it is; `newer` the same for who goes on to a newer line of the runtime.
    `upgrades` have the most worth first. `remarks` say what could not be found out, and why.
    """

    image: str
    platform: str
    system: str
    ends: str = ""
    is_ours: bool
    runtime: Recognised | None
    counts: Counts
    parts: Parts
    needed: Needed = Needed()
    upgrades: tuple[Advised, ...] = ()
    rebuilt: Rebuilt | None = None
    bases: tuple[BaseOutcome, ...] = ()
    best: BaseOutcome | None = None
    newer: BaseOutcome | None = None
    remarks: tuple[str, ...] = ()
    database: DatabaseStatus
    now: int

    @property
    def is_anything_better(self) -> bool:
        """Whether there is anything to do."""
        rebuilt = self.rebuilt is not None and bool(self.rebuilt.fixes)
        bases = self.best is not None or self.newer is not None
        return bool(self.upgrades) or rebuilt or bases
