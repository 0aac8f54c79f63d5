"""What kind of Python application a directory holds, from its files alone; nothing is run."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from distil.model.application import Evidence
from distil.model.node import Kind
from distil.model.spec import DEFAULT_BASE, Spec
from distil.runtimes.errors import NoEntrypoint
from distil.runtimes.python.application import Dependencies, DependencySource, PythonApplication
from distil.runtimes.python.dependencies import find_dependencies, script_dependencies
from distil.runtimes.python.entrypoint import MAIN_FILES, find_entrypoint, script_entrypoint
from distil.runtimes.python.errors import WorkspaceRoot
from distil.runtimes.python.frameworks import PYTHON, version_arguments
from distil.runtimes.python.interpreter import PythonInterpreter
from distil.runtimes.python.project_files import (
    DeclaredProject,
    application_name,
    read_project,
    workspace_members,
)
from distil.runtimes.python.scripts import described_scripts, started_script
from distil.runtimes.python.wheel import Wheel
from distil.source.scan import Sources


def with_defaults(spec: Spec) -> Spec:
    """`spec` with the base and the working directory of Python applications."""
    return spec.completed(base=DEFAULT_BASE, workdir="/app")


def detect(
    source: Path, spec: Spec, sources: Sources, script: str = ""
) -> PythonApplication | None:
    """The application in directory `source`; `evidence` says what was inferred from what.

    `sources` is a scan of the directory. With `script` the application is that file, and no
    project file has a say. None where there is no Python code and no project file. Raises
    `NoEntrypoint`, `UnreadableSource`, `InvalidProjectFile`, `UnknownExtra`.
    """
    spec = with_defaults(spec)
    project = None if script else read_project(source)
    declared = _declared(source, project, sources, spec, script)
    words = (*(spec.app.entrypoint or ()), *spec.app.command)
    told = script or started_script(words, spec.image.workdir, sources)
    if declared is _NOTHING and not told and not _has_top_module(sources):
        members = workspace_members(sources)
        if members:
            raise WorkspaceRoot(str(source), members)
        return None
    if script:
        entrypoint = script_entrypoint(script, sources, spec)
    else:
        entrypoint = find_entrypoint(sources, project, declared.dependencies.names, spec)
    packaged = project is not None and project.packaged
    if not packaged and spec.python.requirements is None:
        declared = _of_script(entrypoint.file, sources, declared)
    environment = {**entrypoint.environment, **spec.app.environment}
    return PythonApplication(
        source=str(source),
        name=spec.app.name or application_name(source / Path(script).stem, project),
        version=project.version if project is not None else "",
        requires_python=declared.requires_python,
        dependencies=declared.dependencies,
        packaged=packaged,
        entrypoint=entrypoint.arguments,
        command=spec.app.command,
        environment=environment,
        ports=entrypoint.ports,
        server=entrypoint.server,
        evidence=(*_about(project, sources, script), declared.evidence, *entrypoint.evidence),
        script=script,
    )


def complete(
    application: PythonApplication, wheels: tuple[Wheel, ...], interpreter: PythonInterpreter
) -> PythonApplication:
    """`application` with what depends on the versions that were resolved, and on `interpreter`.

    Raises `NoEntrypoint` when the server of the entrypoint is not among `wheels`.
    """
    if application.entrypoint[:1] == (PYTHON,):
        started = (interpreter.command, *application.entrypoint[1:])
        application = msgspec.structs.replace(application, entrypoint=started)
    if not application.server:
        return application
    version = next((w.version for w in wheels if w.name == application.server), None)
    if version is None:
        raise NoEntrypoint(
            f"{application.server} is not among the packages that were resolved",
            f"add {application.server} to the dependencies of the application",
        )
    added = version_arguments(application.server, version)
    place = application.entrypoint.index(application.server) + 1
    arguments = (*application.entrypoint[:place], *added, *application.entrypoint[place:])
    return msgspec.structs.replace(application, entrypoint=arguments)


class _Declared(msgspec.Struct, frozen=True):
    """What decides the dependencies, and the version of Python that is asked for.

    `weak` says that no project or requirements file does.
    """

    dependencies: Dependencies
    evidence: Evidence
    requires_python: str = ""
    weak: bool = False


_NOTHING: Final = _Declared(
    Dependencies(DependencySource.NONE),
    Evidence("dependencies", "none", "no project or requirements file, Python code only"),
    weak=True,
)


def _declared(
    source: Path, project: DeclaredProject | None, sources: Sources, spec: Spec, script: str
) -> _Declared:
    """What the files of the application declare, before it is known which of them is started."""
    found = None
    if not script or spec.python.requirements is not None:
        found = find_dependencies(source, project, spec.python)
    if found is not None:
        return _Declared(*found, project.requires_python if project is not None else "")
    scripts = [script] if script else described_scripts(sources)
    usual = [name for name in MAIN_FILES if name in scripts]
    if usual or len(scripts) == 1:
        return _inline((usual or scripts)[0], sources) or _NOTHING
    return _NOTHING


def _of_script(file: str, sources: Sources, declared: _Declared) -> _Declared:
    """What decides when `file` is started: its inline metadata, unless others ask for all of it."""
    own = _inline(file, sources) if file else None
    if own is None:
        return declared
    covered = set(own.dependencies.names) <= set(declared.dependencies.names)
    return declared if covered and not declared.weak else own


def _inline(name: str, sources: Sources) -> _Declared | None:
    found = script_dependencies(name, sources.read(name))
    if found is None:
        return None
    evidence = Evidence("dependencies", name, "inline script metadata")
    return _Declared(found[0], evidence, found[1], weak=True)


def _has_top_module(sources: Sources) -> bool:
    return any(
        file.kind is Kind.FILE and file.path.endswith(".py") and "/" not in file.path
        for file in sources.files
    )


def _about(project: DeclaredProject | None, sources: Sources, script: str) -> tuple[Evidence, ...]:
    if script:
        return (Evidence("project", script, "a script, which is copied alone"),)
    if project is None:
        return (Evidence("project", sources.root, "no project file: its code is copied"),)
    how = "its build back end makes a wheel" if project.packaged else "its code is copied"
    return (Evidence("project", project.name, f"{project.files[0]}: {how}"),)
