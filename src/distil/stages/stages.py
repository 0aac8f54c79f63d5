"""The stages of an application: what is taken out of them, for each platform once."""

from __future__ import annotations

from distil.distros.protocol import Toolchain
from distil.model.platform import Platform
from distil.stages.foundation import Foundation, foundation_of, needed_stages
from distil.stages.site import Site, Taken, Workplace

NOTHING: Taken = Taken()


class Stages:
    """Runs stages when something of them is asked for, and remembers what came of it."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace
        self._taken: dict[str, Taken] = {}
        self.needed = needed_stages(workplace.spec)

    def taken(self, platform: Platform) -> Taken:
        """What is copied out of the stages for `platform`. Raises what `Site.take` raises."""
        if not self.needed:
            return NOTHING
        if platform.oci not in self._taken:
            self._taken[platform.oci] = Site(self._workplace, platform).take()
        return self._taken[platform.oci]

    def foundations(self) -> list[tuple[Foundation, Toolchain]]:
        """What the stages stand on, each with its system; no stage is run for this."""
        found = [foundation_of(self._workplace.spec, stage.name) for stage in self.needed]
        return [(one, self._workplace.toolchain(one)) for one in found]
