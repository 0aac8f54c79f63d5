"""A recognised Python application: what `distil.runtimes.protocol.Project` asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from distil.fetch.http import Client
from distil.formats.spec_template import Entry, KeyPath
from distil.model.digest import Digest
from distil.model.lock import LockPart
from distil.model.platform import Platform
from distil.model.spec import Spec
from distil.runtimes.protocol import Asking, System
from distil.runtimes.python.application import PythonApplication
from distil.runtimes.python.detect import complete, detect, with_defaults
from distil.runtimes.python.errors import PythonDoesNotFit
from distil.runtimes.python.frameworks import has_version_arguments
from distil.runtimes.python.inputs import input_digests
from distil.runtimes.python.interpreters import PYTHON as PACKAGE
from distil.runtimes.python.interpreters import default_interpreter
from distil.runtimes.python.lock_part import PythonPart
from distil.runtimes.python.locked_projects import as_locked, locked_project
from distil.runtimes.python.plan import PythonPlan
from distil.runtimes.python.project import build_projects, check_own, project_sources
from distil.runtimes.python.proposal import proposal
from distil.runtimes.python.resolve import resolve
from distil.runtimes.python.signs import NAME
from distil.runtimes.python.target import fits
from distil.runtimes.python.wheel import Wheel
from distil.source.place import Place
from distil.source.scan import Sources


def recognise(place: Place, spec: Spec, sources: Sources) -> PythonProject | None:
    """The application at `place`, see `detect`; None when it is of another language."""
    application = detect(place.directory, spec, sources, place.script)
    return None if application is None else PythonProject(application, with_defaults(spec))


class PythonProject(msgspec.Struct, frozen=True):
    """A Python application, as far as its own files tell."""

    application: PythonApplication
    spec: Spec
    runtime: str = NAME

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
