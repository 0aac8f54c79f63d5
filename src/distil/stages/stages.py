"""The stages of an application: what is taken out of them, for each platform once."""

from __future__ import annotations

from collections.abc import Container

from distil.distros.protocol import Toolchain
from distil.model.node import Node
from distil.model.platform import Platform
from distil.model.spec import StageSpec
from distil.model.tree import Tree
from distil.stages.site import Site, Taken, Workplace
from distil.stages.stage_base import base_of_stage, needed_stages
from distil.stages.surroundings import shown

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

    def records(self, tree: Tree, known: Container[str]) -> list[Node]:
        """What the image of `tree` has to say of files that packages of stages brought.

        Packages whose purl is `known` are told of already.
        """
        client = self._workplace.client
        return [n for one in self._toolchains for n in one.records(tree, known, client)]

    @property
    def _toolchains(self) -> list[Toolchain]:
        spec = self._workplace.spec
        return [self._workplace.toolchain(base_of_stage(spec, s.name)) for s in self.needed]

    def left(self, platform: Platform) -> dict[str, dict[str, Node]]:
        """What each stage for `platform` left behind, as far as that is at hand, by path."""
        return Site(self._workplace, platform).left(stage.name for stage in self.needed)

    def planned(self) -> list[str]:
        """What would be run, a line for each stage; none is run for this."""
        return [self._planned(stage) for stage in self.needed]

    def _planned(self, stage: StageSpec) -> str:
        ground = base_of_stage(self._workplace.spec, stage.name)
        count = len(self._workplace.toolchain(ground).packages)
        base = stage.source or ground.source
        commands = "; ".join(shown(command, 60) for command in stage.run)
        network = ", with the network" if stage.network else ""
        packages = f"{count} package" if count == 1 else f"{count} packages"
        return f"{stage.name}: {base}, {packages}{network}: {commands or 'nothing is run'}"
