"""What kind of Python application a directory holds, from its files alone; nothing is run."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from distil.errors import NoEntrypoint, WorkspaceRoot
from distil.model.application import Evidence
from distil.model.node import Kind
from distil.model.spec import Spec
from distil.runtimes.python.application import Dependencies, DependencySource, PythonApplication
from distil.runtimes.python.dependencies import Found, find_dependencies, script_dependencies
from distil.runtimes.python.entrypoint import MAIN_FILES, find_entrypoint
from distil.runtimes.python.frameworks import version_arguments
from distil.runtimes.python.project_files import (
    Project,
    application_name,
    read_project,
    workspace_members,
)
from distil.runtimes.python.wheel import Wheel
from distil.source.scan import Sources

LOOKED_FOR: Final = (
    "pyproject.toml with [project] or [tool.poetry]",
    "setup.py",
    "pylock.toml",
    "requirements.txt",
    "requirements.in",
    "a Python file at the top",
)


def detect(source: Path, spec: Spec, sources: Sources) -> PythonApplication | None:
    """The application in directory `source`; `evidence` says what was inferred from what.

    `sources` is a scan of the directory. None where there is no Python code and no project file.
    Raises `NoEntrypoint`, `UnreadableSource`, `InvalidProjectFile`, `UnknownExtra`.
    """
    project = read_project(source)
    declared = _dependencies(source, project, sources, spec)
    if declared is None:
        return None
    (dependencies, decided), requires_python = declared
    entrypoint = find_entrypoint(sources, project, dependencies.names, spec)
    environment = {**entrypoint.environment, **spec.app.environment}
    return PythonApplication(
        source=str(source),
        name=spec.app.name or application_name(source, project),
        version=project.version if project is not None else "",
        requires_python=requires_python,
        dependencies=dependencies,
        packaged=project is not None and project.packaged,
        entrypoint=entrypoint.arguments,
        command=spec.app.command,
        environment=environment,
        ports=entrypoint.ports,
        server=entrypoint.server,
        evidence=(*_about(project, sources), decided, *entrypoint.evidence),
    )


def complete(application: PythonApplication, wheels: tuple[Wheel, ...]) -> PythonApplication:
    """`application` with what depends on the versions that were resolved.

    Raises `NoEntrypoint` when the server of the entrypoint is not among `wheels`.
    """
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


def _dependencies(
    source: Path, project: Project | None, sources: Sources, spec: Spec
) -> tuple[Found, str] | None:
    """What decides the dependencies, and the version of Python that is asked for."""
    found = find_dependencies(source, project, spec.python)
    if found is not None:
        return found, project.requires_python if project is not None else ""
    for name in MAIN_FILES:
        inline = script_dependencies(name, sources.read(name)) if sources.named(name) else None
        if inline is not None:
            evidence = Evidence("dependencies", name, "inline script metadata")
            return (inline[0], evidence), inline[1]
    if not any(_is_top_module(file.path, file.kind) for file in sources.files):
        members = workspace_members(sources)
        if members:
            raise WorkspaceRoot(str(source), members)
        return None
    evidence = Evidence("dependencies", "none", "no project or requirements file, Python code only")
    return (Dependencies(DependencySource.NONE), evidence), ""


def _is_top_module(path: str, kind: Kind) -> bool:
    return kind is Kind.FILE and path.endswith(".py") and path.count("/") == 0


def _about(project: Project | None, sources: Sources) -> tuple[Evidence, ...]:
    if project is None:
        return (Evidence("project", sources.root, "no project file: its code is copied"),)
    how = "its build back end makes a wheel" if project.packaged else "its code is copied"
    return (Evidence("project", project.name, f"{project.files[0]}: {how}"),)
