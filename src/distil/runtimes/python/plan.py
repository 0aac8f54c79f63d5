"""What a Python application needs on one platform; see `distil.runtimes.protocol.RuntimePlan`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from distil.events import stage
from distil.fetch.http import Client
from distil.model.component import SystemNeed
from distil.model.lock import LockPart
from distil.model.spec import Spec
from distil.reach.soundness import Fault
from distil.runtimes.protocol import Mending, SystemOf
from distil.runtimes.python.application import PythonApplication
from distil.runtimes.python.compiler import obtain_compiler
from distil.runtimes.python.contents import PythonContents
from distil.runtimes.python.interpreter import PythonInterpreter
from distil.runtimes.python.interpreters import interpreter_packages
from distil.runtimes.python.lock_part import PythonPart
from distil.runtimes.python.locked_projects import lock_project, lock_wheels
from distil.runtimes.python.project import project_places
from distil.runtimes.python.reach.provides import distribution_for_module, package_for_module
from distil.runtimes.python.system_needs import system_needs
from distil.runtimes.python.wheel import ECOSYSTEM, Wheel
from distil.runtimes.python.wheels import fetch_wheels

ENVIRONMENT: Final = {
    # The root file system is not the application's to write; and its logs must not wait.
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUNBUFFERED": "1",
}


class PythonPlan(msgspec.Struct, frozen=True):
    """The interpreter, and the wheels, sorted by name.

    `own_names` are the distributions that are the application's own projects; `directories` are
    those of them that its dependencies name, relative to it.
    """

    spec: Spec
    application: PythonApplication
    interpreter: PythonInterpreter
    components: tuple[Wheel, ...]
    own_names: frozenset[str] = frozenset()
    directories: tuple[str, ...] = ()
    name: str = "python"
    ecosystem: str = ECOSYSTEM

    @property
    def version(self) -> str:
        """The interpreter's."""
        return self.interpreter.version

    @property
    def own(self) -> frozenset[str]:
        """The purls of the application's own projects."""
        return frozenset(wheel.purl for wheel in self.components if wheel.name in self.own_names)

    @property
    def packages(self) -> tuple[str, ...]:
        """The interpreter's, unless it is there."""
        return (f"python{self.interpreter.line}",) if self.interpreter.is_added else ()

    @property
    def piecemeal(self) -> frozenset[str]:
        """The interpreter's, with the standard library."""
        return interpreter_packages(self.interpreter.line)

    @property
    def program(self) -> str:
        """The interpreter, which loads extension modules."""
        return self.interpreter.executable

    @property
    def environment(self) -> Mapping[str, str]:
        """How a container wants Python to behave."""
        return ENVIRONMENT

    def needs_by_name(self) -> tuple[SystemNeed, ...]:
        """What is known to be needed by distributions of these names."""
        return system_needs([(wheel, None) for wheel in self.components])

    def fetch(self, client: Client, system_of: SystemOf) -> PythonContents:
        """The wheels. Raises what `fetch_wheels` raises.

        The interpreter that makes byte code is fetched where that is asked for, once it is.
        """
        with stage("fetching wheels") as result:
            source, files = Path(self.application.source), self.application.dependencies.files
            wheels = fetch_wheels(self.components, client, source, files)
            result(f"{len(wheels)} distributions")
        compiler = partial(obtain_compiler, self.spec, self.interpreter, system_of, client)
        return PythonContents(
            self.application, self.interpreter, wheels, compiler, self.spec.reach.keep
        )

    def mending(self, fault: Fault) -> Mending:
        """What has the module that is missing.

        That is a file beside the script that is built, Debian's package of a part of the
        standard library, or a distribution.
        """
        name = fault.module.partition(".")[0]
        if not name:
            return Mending()
        package = package_for_module(fault.module)
        if self.application.script:
            for beside in (f"{name}.py", name):
                if Path(self.application.source, beside).exists():
                    return Mending(package=package, file=beside)
        return (
            Mending(package=package) if package else Mending(distribution_for_module(fault.module))
        )

    def lock(self, client: Client, before: LockPart | None) -> LockPart:
        """The wheels, and the own projects built with a back end that is pinned.

        Back ends keep their versions of `before`. Raises what `lock_project` and fetching raise.
        """
        source = Path(self.application.source)
        kept = _back_ends(before)
        places = project_places(self.application, self.directories)
        return PythonPart(
            version=self.interpreter.version,
            glibc=".".join(map(str, self.interpreter.glibc)),
            musl=self.interpreter.is_musl,
            program=self.interpreter.program,
            site=self.interpreter.site,
            present=not self.interpreter.is_added,
            wheels=lock_wheels(
                [wheel for wheel in self.components if wheel.name not in self.own_names],
                self.application,
                client,
            ),
            projects=tuple(
                lock_project(place, source.resolve(), client, self.spec, kept) for place in places
            ),
        ).written()


def _back_ends(before: LockPart | None) -> Mapping[str, str]:
    if before is None:
        return {}
    projects = PythonPart.read(before).projects
    return {wheel.name: wheel.version for project in projects for wheel in project.requires}
