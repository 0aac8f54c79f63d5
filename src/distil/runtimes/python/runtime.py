"""Python as a runtime of the table: what `distil.runtimes.protocol.Runtime` asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from distil.fetch.cache import Cache
from distil.fetch.http import Client
from distil.formats.elf import ElfFile
from distil.formats.spec_template import Entry, KeyPath
from distil.model.component import ToldProgram
from distil.model.digest import Digest
from distil.model.lock import BUILD, LockPart, Pinned
from distil.model.platform import Platform
from distil.model.spec import ByteCode, Spec
from distil.runtimes.protocol import Asking, Checked, CheckedImage, FetchedFile, System
from distil.runtimes.python.application import PythonApplication, normalised
from distil.runtimes.python.detect import LOOKED_FOR, complete, detect, with_defaults
from distil.runtimes.python.errors import PythonDoesNotFit
from distil.runtimes.python.faults import python_faults, python_world
from distil.runtimes.python.frameworks import has_version_arguments
from distil.runtimes.python.inputs import input_digests
from distil.runtimes.python.interpreters import PYTHON as PACKAGE
from distil.runtimes.python.interpreters import default_interpreter
from distil.runtimes.python.lock_part import LockedWheel, PythonPart
from distil.runtimes.python.locked_projects import as_locked, built_wheel, locked_project
from distil.runtimes.python.plan import PythonPlan
from distil.runtimes.python.project import build_projects, check_own, project_sources
from distil.runtimes.python.proposal import proposal
from distil.runtimes.python.reach.analysis import Analyses
from distil.runtimes.python.reach.installations import find_installations
from distil.runtimes.python.resolve import resolve
from distil.runtimes.python.scripts import is_script
from distil.runtimes.python.target import fits
from distil.runtimes.python.wheel import ECOSYSTEM, Wheel
from distil.runtimes.python.wheels import wheel_downloads
from distil.source.place import Place
from distil.source.scan import Sources
from distil.source.specification import Overrides

_WHEEL: Final = "application/zip"


class Python(msgspec.Struct, frozen=True):
    """CPython applications."""

    name: str = "python"
    title: str = "Python"
    looked_for: tuple[str, ...] = LOOKED_FOR
    variants: tuple[Overrides, ...] = (Overrides(bytecode=ByteCode.COMPILED),)

    def is_script(self, path: Path) -> bool:
        """See `is_script`."""
        return is_script(path)

    def detect(self, place: Place, spec: Spec, sources: Sources) -> PythonProject | None:
        """See `detect`."""
        application = detect(place.directory, spec, sources, place.script)
        return None if application is None else PythonProject(application, with_defaults(spec))

    def check(self, image: CheckedImage, cache: Cache) -> Checked:
        """What would fail in the Python code of any image."""
        installed = find_installations(image.tree)
        analyses = Analyses(cache)
        world = python_world(image.tree, installed, image.config, image.machine, image.ledger)
        faults = python_faults(image.tree, image.elf, world, analyses, installed)
        analyses.save()
        lines = sorted({one.line for one in installed})
        program = installed[0].real if installed else None
        return Checked(tuple(f"Python {line}" for line in lines), program, tuple(faults))

    def told(self, path: str, data: bytes, elf: ElfFile) -> ToldProgram | None:  # noqa: ARG002
        """None is: the records of distributions tell."""
        return None

    def pinned(self, part: LockPart) -> Pinned:
        """Distributions, and as of kind ``build`` those that build the application's own."""
        locked = PythonPart.read(part)
        versions = {(ECOSYSTEM, wheel.name): wheel.version for wheel in locked.wheels}
        versions |= {(BUILD, w.name): w.version for p in locked.projects for w in p.requires}
        return Pinned(locked.version, versions, projects=len(locked.projects))

    def locked_name(self, name: str) -> str:
        """Normalised, by PEP 503."""
        return normalised(name)

    def locked_files(self, part: LockPart, source: Path, client: Client) -> Sequence[FetchedFile]:
        """Every wheel, those that build the application's own and these among them."""
        locked = PythonPart.read(part)
        wheels: list[Wheel] = [as_locked(wheel, source) for wheel in _wheels(locked)]
        wheels += [built_wheel(project.wheel, client) for project in locked.projects]
        blobs = client.archives(wheel_downloads(wheels, client, source))
        pairs = zip(wheels, blobs, strict=True)
        return [FetchedFile(wheel.filename, _WHEEL, blob) for wheel, blob in pairs]


def _wheels(part: PythonPart) -> Iterator[LockedWheel]:
    yield from part.wheels
    for project in part.projects:
        yield from project.requires


PYTHON: Final = Python()


class PythonProject(msgspec.Struct, frozen=True):
    """A Python application, as far as its own files tell."""

    application: PythonApplication
    spec: Spec
    runtime: str = PYTHON.name

    @property
    def settings(self) -> tuple[Any, ...]:
        """The choice of dependencies; how they are compiled has no part in a lock."""
        python = self.spec.python
        return python.extras, python.groups, python.requirements

    @property
    def completed_later(self) -> str:
        """Servers have options that not all of their versions know."""
        server = self.application.server
        known = has_version_arguments(server)
        return f"Some options depend on the version of {server}" if known else ""

    def completed(self, spec: Spec) -> Spec:
        """Debian's default suite, and a directory for the application."""
        return with_defaults(spec)

    def inputs(self) -> dict[str, Digest]:
        """See `input_digests`."""
        return input_digests(self.application)

    def proposal(self) -> Mapping[KeyPath, Entry]:
        """See `proposal`."""
        return proposal(self.application)

    def resolve(self, system: System, asking: Asking) -> PythonPlan:
        """The wheels for the default interpreter of `system`.

        The application's own project is built by its back end. Raises what `default_interpreter`,
        `resolve` and `build_projects` raise; a version of Python that does not fit comes with
        the bases that have one.
        """
        application, client, spec = self.application, asking.client, self.spec
        interpreter = default_interpreter(system)
        try:
            resolution = resolve(
                application,
                interpreter,
                client,
                spec,
                refresh=asking.refresh,
                preferred=_preferred(asking),
            )
        except PythonDoesNotFit as error:
            suites = system.releases_with(PACKAGE, partial(fits, error.requires))
            raise error.with_suites(suites) from error
        own = build_projects(application, resolution.directories, interpreter, client.cache, spec)
        return PythonPlan(
            spec=spec,
            application=complete(application, resolution.wheels, interpreter),
            interpreter=interpreter,
            components=_sorted((*resolution.wheels, *own)),
            own_names=frozenset(wheel.name for wheel in own),
            directories=resolution.directories,
        )

    def locked(self, part: LockPart, platform: Platform, client: Client) -> PythonPlan:
        """The wheels that are locked; own projects are built with the back end that is.

        Raises what `locked_project` and `check_own` raise.
        """
        locked, source = PythonPart.read(part), Path(self.application.source)
        interpreter = locked.interpreter(platform.machine)
        wheels = tuple(as_locked(wheel, source) for wheel in locked.wheels)
        own = [locked_project(one, source, client, self.spec) for one in locked.projects]
        check_own(own, interpreter, self.spec)
        return PythonPlan(
            spec=self.spec,
            application=complete(self.application, wheels, interpreter),
            interpreter=interpreter,
            components=_sorted((*wheels, *own)),
            own_names=frozenset(wheel.name for wheel in own),
        )

    def is_built(self, part: LockPart) -> bool:
        """Whether the sources of every project are the same."""
        source = Path(self.application.source)
        return all(
            project_sources((source / project.directory).resolve(), self.spec).digest
            == project.sources
            for project in PythonPart.read(part).projects
        )


def _sorted(wheels: Sequence[Wheel]) -> tuple[Wheel, ...]:
    return tuple(sorted(wheels, key=lambda wheel: wheel.name))


def _preferred(asking: Asking) -> tuple[Wheel, ...]:
    """The distributions that keep their version where the project leaves the choice."""
    if asking.held is None or asking.upgraded is None:
        return ()
    return tuple(
        Wheel(w.name, w.version, w.filename, w.url, w.size, w.digest)
        for w in PythonPart.read(asking.held).wheels
        if w.name not in asking.upgraded
    )
