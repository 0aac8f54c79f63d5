"""What stages stand on: the base of each, and the packages of all that it begins with."""

from __future__ import annotations

from typing import Final

import msgspec

from distil.model.spec import DEFAULT_BASE, Spec, StageSpec

_DEBIAN: Final = "debian:"


class StageBase(msgspec.Struct, frozen=True):
    """The system that a stage is laid on, as the specification names it.

    `stage` is the name of the stage, `source` its base, `packages` its own and those of the stages
    that it begins with: what these made is laid on a system that has all of them.
    """

    stage: str
    source: str
    packages: tuple[str, ...]


def lineage(spec: Spec, name: str) -> tuple[StageSpec, ...]:
    """The stage `name` and those that it begins with, the undermost first.

    `spec` is one that `check_stages` found nothing wrong with.
    """
    known = {stage.name: stage for stage in spec.stage}
    found = [known[name]]
    while (below := known.get(found[-1].source)) is not None:
        found.append(below)
    return tuple(reversed(found))


def base_of_stage(spec: Spec, name: str) -> StageBase:
    """What the stage `name` stands on.

    A stage that names no base has the application's own Debian suite, or else the default one.
    """
    stages = lineage(spec, name)
    own = spec.base.source if spec.base.source.startswith(_DEBIAN) else DEFAULT_BASE
    packages = dict.fromkeys(package for stage in stages for package in stage.packages)
    return StageBase(name, stages[0].source or own, tuple(packages))


def needed_stages(spec: Spec) -> tuple[StageSpec, ...]:
    """The stages of which something is copied, and those that they begin with, in order."""
    names = {stage.name for copy in spec.copy if copy.stage for stage in lineage(spec, copy.stage)}
    return tuple(stage for stage in spec.stage if stage.name in names)
