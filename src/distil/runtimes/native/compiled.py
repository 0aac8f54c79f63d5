"""A project that is compiled in a stage; see `distil.runtimes.protocol.Project`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from distil.fetch.http import Client
from distil.formats.spec_template import Entry, KeyPath
from distil.model.application import Application, Evidence
from distil.model.blob import FileBlob
from distil.model.digest import Digest
from distil.model.lock import LockPart
from distil.model.platform import Platform
from distil.model.spec import DEFAULT_BASE, SCRATCH, Spec
from distil.runtimes.errors import NoEntrypoint
from distil.runtimes.native.building import Building, Compiler, completed
from distil.runtimes.native.errors import CompilerTooOld
from distil.runtimes.native.plan import NativePlan
from distil.runtimes.native.runtime import image_name
from distil.runtimes.protocol import Asking, System
from distil.source.place import Place
from distil.source.scan import Sources

_NUMBERS: Final = re.compile(r"[0-9]+(?:\.[0-9]+)*")


_OTHERS: Final = ("pyproject.toml", "setup.py")
"""Files of projects that build compiled parts themselves."""


class Found(msgspec.Struct, frozen=True):
    """What a project's files say: name, version, how it is built (None: by the user's stages)."""

    name: str
    version: str
    building: Building | None
    evidence: tuple[Evidence, ...]


def is_others(sources: Sources, spec: Spec, runtime: str) -> bool:
    """Whether the project is one of another language, and the user does not say `runtime`."""
    return spec.app.runtime != runtime and any(map(sources.named, _OTHERS))


def application_of(place: Place, spec: Spec, found: Found) -> Application:
    """The application that `found` and `spec` come to.

    Raises `NoEntrypoint` where the user's own stages build it and nothing says what is started.
    """
    entrypoint, evidence = spec.app.entrypoint, found.evidence
    if entrypoint is None and found.building is not None:
        entrypoint = (found.building.target,)
    if entrypoint is None:
        raise NoEntrypoint(
            "its stages are written down in distil.toml, and what is started is not",
            'write entrypoint = ["/PROGRAM"] below [app]',
        )
    if found.building is None:
        evidence = (*evidence, Evidence("entrypoint", " ".join(entrypoint), "[app] entrypoint"))
    return Application(
        source=str(place.directory),
        name=spec.app.name or image_name(found.name),
        version=found.version,
        packaged=True,
        entrypoint=entrypoint,
        command=spec.app.command,
        environment=spec.app.environment,
        ports=spec.image.ports,
        evidence=evidence,
    )


class CompiledProject(msgspec.Struct, frozen=True):
    """A project whose program a stage builds.

    `building` is the stage that distil makes; None where the specification has stages, which then
    decide. `files` are those that say what it depends on, relative to it.
    """

    runtime: str
    application: Application
    spec: Spec
    compiler: Compiler
    building: Building | None
    files: tuple[str, ...]
    settings: tuple[Any, ...] = ()
    completed_later: str = ""

    def completed(self, spec: Spec) -> Spec:
        """The stage, the copy of the program, the base ``scratch``."""
        if self.building is None:
            return spec.completed(base=SCRATCH, workdir="/")
        return completed(spec, self.building)

    def inputs(self) -> dict[str, Digest]:
        """Of each of `files`."""
        root = Path(self.application.source)
        return {name: FileBlob.of_file(root / name).digest for name in self.files}

    def proposal(self) -> Mapping[KeyPath, Entry]:
        """Nothing beyond what `completed` decides."""
        return {}

    def resolve(self, system: System, asking: Asking) -> NativePlan:
        """What the program needs. Raises `CompilerTooOld`."""
        return self._plan(self._compiler_version(system))

    def locked(self, part: LockPart, platform: Platform, client: Client) -> NativePlan:
        """The same, with the compiler's version as locked."""
        return self._plan(str(part.get("version", "")))

    def is_built(self, part: LockPart) -> bool:
        """Whatever stages build is looked after by stages."""
        return True

    def _plan(self, version: str) -> NativePlan:
        return NativePlan(self.application, self.runtime, self.spec.app.packages, version)

    def _compiler_version(self, system: System) -> str:
        """The version of the compiler that the stage will have, empty where it is not known."""
        wanted = self.compiler
        suite = DEFAULT_BASE if system.name == SCRATCH else system.name
        built_on = [
            stage.source or DEFAULT_BASE
            for stage in self.completed(self.spec).stage
            if wanted.package in stage.packages
        ]
        found = system.version(wanted.package) if suite in built_on else None
        if found is None:
            return ""
        fits = partial(_is_enough, wanted.version)
        if not fits(found):
            raise CompilerTooOld(
                f"the project needs {wanted.title} {wanted.version}",
                _short(found),
                suite,
                suites=system.releases_with(wanted.package, fits),
                package=self._newer(system),
            )
        return _short(found)

    def _newer(self, system: System) -> str:
        """A package of the same suite with a version that is enough; empty where there is none."""
        wanted = self.compiler
        if not wanted.versioned:
            return ""
        package = wanted.versioned.format(".".join(wanted.version.split(".")[:2]))
        found = system.version(package)
        return package if found is not None and _is_enough(wanted.version, found) else ""


def _is_enough(wanted: str, found: str) -> bool:
    """Whether version `found` is `wanted` or newer, as far as it says."""
    has = _numbers(found)
    return has >= _numbers(wanted)[: len(has)]


def _short(version: str) -> str:
    """The numbers that a version begins with."""
    return ".".join(map(str, _numbers(version)))


def _numbers(version: str) -> tuple[int, ...]:
    match = _NUMBERS.match(version)
    return tuple(map(int, match.group().split("."))) if match else ()
