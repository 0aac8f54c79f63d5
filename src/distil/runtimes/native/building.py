"""How a project is built: a stage that distil makes by itself, in the words of distil.toml."""

from __future__ import annotations

from typing import Final

import msgspec

from distil.model.spec import DEFAULT_BASE, SCRATCH, CopySpec, MountSpec, Spec, StageSpec

DEBIAN: Final = "debian:"

ONLY_HERE: Final = (
    '[ "$TARGETPLATFORM" = "$BUILDPLATFORM" ] || '
    '{ echo "this builds for $BUILDPLATFORM alone, not for $TARGETPLATFORM" >&2; exit 1; }'
)
"""The command of a stage whose compiler only builds for the machine that it runs on."""


class Compiler(msgspec.Struct, frozen=True):
    """The compiler that a project needs: how people call it, Debian's package, the least version.

    `versioned` is the name of packages with one version each, with ``{}`` in its place.
    """

    title: str
    package: str
    version: str = ""
    versioned: str = ""


class Building(msgspec.Struct, frozen=True):
    """A stage, the program that it builds, and where that goes in the image."""

    stage: StageSpec
    built: str
    target: str

    def added(self, spec: Spec) -> Spec:
        """`spec` with the stage and the copy, unless it has stages of its own."""
        if spec.stage:
            return spec
        copy = CopySpec(source=self.built, target=self.target, stage=self.stage.name)
        return msgspec.structs.replace(spec, stage=(self.stage,), copy=(copy, *spec.copy))


def suite_of(spec: Spec) -> str:
    """The Debian suite to build on: the one of the image, as far as that has one."""
    source = spec.base.source
    return source if source.startswith(DEBIAN) else DEFAULT_BASE


def completed(spec: Spec, building: Building) -> Spec:
    """`spec` with all that is decided for a program that is built: onto nothing, at ``/``."""
    return building.added(spec).completed(base=SCRATCH, workdir="/")


def program_path(spec: Spec, name: str) -> str:
    """Where the program called `name` goes: where the entrypoint of `spec` looks for it."""
    word = (spec.app.entrypoint or ("",))[0]
    if word.startswith("/"):
        return word
    return f"/usr/local/bin/{word}" if word and "/" not in word else f"/{name}"


def cache(name: str, at: str) -> MountSpec:
    """A directory that is kept between builds."""
    return MountSpec(at=at, cache=name)
