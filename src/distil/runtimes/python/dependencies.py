"""Which of the project's files says what it depends on: locks first, then what is declared."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from distil.formats.errors import InvalidProjectFile
from distil.model.application import Evidence
from distil.model.spec import PythonSpec
from distil.runtimes.python.application import Dependencies, DependencySource, normalised
from distil.runtimes.python.errors import UnknownExtra
from distil.runtimes.python.formats.entry_module import has_script_metadata, script_metadata
from distil.runtimes.python.formats.requirements_txt import (
    Requirement,
    RequirementsFile,
    parse_requirements,
    requirement_name,
)
from distil.runtimes.python.project_files import (
    DeclaredProject,
    extra_requirements,
    group_requirements,
    read_toml,
)
from distil.source.scan import read_source, repository_of

DEEPEST_INCLUDE: Final = 16
"""Requirements files that may include one another in a row."""

FOREIGN_LOCKS: Final = {
    "Pipfile.lock": "pipenv requirements > requirements.txt",
    "pdm.lock": "pdm export -o requirements.txt",
}
"""Lock files that are not read, and the command that writes one that is."""

Decided = tuple[Dependencies, Evidence]


def find_dependencies(
    source: Path, project: DeclaredProject | None, spec: PythonSpec
) -> Decided | None:
    """The project's dependencies and what decided it, None when no file declares any.

    Raises `UnknownExtra`, `InvalidProjectFile`, `UnreadableSource`.
    """
    if spec.requirements is not None:
        return _requirements(source, (spec.requirements,), "[python] requirements")
    locked = _locked(source, project, spec)
    if locked is not None:
        return locked
    pins = _pinned_requirements(source)
    if project is not None:
        return _declared(source, project, spec, pins)
    for name in ("requirements.txt", "requirements.in"):
        if (source / name).is_file():
            return _requirements(source, (name,), f"there is a {name}")
    _reject_foreign_locks(source)
    return None


def script_dependencies(path: str, text: bytes) -> tuple[Dependencies, str] | None:
    """What inline script metadata (PEP 723) declares: dependencies, and Python's version."""
    if not has_script_metadata(text):
        return None
    block = script_metadata(text.decode("utf-8", "replace"), path)
    if block is None:
        return None
    wanted = tuple(str(item) for item in block.get("dependencies", []))
    dependencies = Dependencies(
        DependencySource.SCRIPT, (path,), names=_names(wanted), requirements=wanted
    )
    return dependencies, str(block.get("requires-python", ""))


def read_requirements(source: Path, path: str) -> Iterator[tuple[str, Requirement]]:
    """Every requirement of a file and of those it includes, with the file it stands in.

    Constraints are none of them. Raises `InvalidProjectFile`, `UnreadableSource`.
    """
    for file, parsed in _files(source, path, constraints=False):
        for requirement in parsed.requirements:
            yield file, requirement


def is_requirements(file: str) -> bool:
    """Whether a file with this name, where dependencies stand, is a requirements file for uv."""
    return not file.endswith((".toml", ".lock", ".py", ".cfg"))


def with_included(source: Path, files: Sequence[str]) -> list[Path]:
    """`files` of the project and what the requirements files among them include, once each.

    Of `files` those that are not there are left out. Raises `InvalidProjectFile`,
    `UnreadableSource`.
    """
    found = [source / file for file in files]
    for file in files:
        if is_requirements(file):
            found += [source / path for path, _ in _files(source, file, constraints=True)]
    return [path for path in dict.fromkeys(found) if path.is_file()]


def index_options(source: Path, files: Sequence[str]) -> list[str]:
    """The options of requirements files that say which indexes are asked, in their order."""
    return [
        option
        for path in with_included(source, files)
        for option in parse_requirements(
            read_source(path).decode("utf-8", "replace"), str(path)
        ).indexes
    ]


def _files(source: Path, path: str, *, constraints: bool) -> Iterator[tuple[str, RequirementsFile]]:
    """A requirements file and those it includes, with `constraints` those too; each once.

    They belong to the project or its repository: uv quotes what it cannot read, and other files
    are nobody's to see. Raises `InvalidProjectFile`, `UnreadableSource`.
    """
    top = repository_of(source).resolve()
    pending: list[tuple[str, tuple[str, ...]]] = [(path, ())]
    seen: set[str] = set()
    while pending:
        path, above = pending.pop()
        real = os.path.realpath(source / path)
        if not Path(real).is_relative_to(top):
            why = "it is outside of the application's directory, and of its git repository"
            raise InvalidProjectFile(path, why, hint="copy it into the project")
        if real in above or len(above) > DEEPEST_INCLUDE:
            raise InvalidProjectFile(path, "requirements files include each other without end")
        if real in seen:
            continue
        seen.add(real)
        parsed = parse_requirements(read_source(source / path).decode("utf-8", "replace"), path)
        yield path, parsed
        inner = [
            str(Path(path).parent / include.path)
            for include in parsed.includes
            if constraints >= include.constraint
            and not include.path.startswith(("http:", "https:"))
        ]
        pending += [(one, (*above, real)) for one in reversed(inner)]


def _locked(source: Path, project: DeclaredProject | None, spec: PythonSpec) -> Decided | None:
    kinds = {
        "uv.lock": DependencySource.UV_LOCK,
        "poetry.lock": DependencySource.POETRY_LOCK,
        "pylock.toml": DependencySource.PYLOCK,
    }
    present = [name for name in kinds if (source / name).is_file()]
    if project is None:
        present = [name for name in present if name == "pylock.toml"]
    if not present:
        return _locked_by_workspace(source, project, spec) if project is not None else None
    chosen = present[0]
    if project is not None and chosen != "pylock.toml":
        _check_known(project, spec)
        names = _project_names(source, project, spec)
    else:
        packages = read_toml(source / chosen).get("packages", [])
        names = tuple(normalised(str(p.get("name"))) for p in packages if isinstance(p, dict))
    others = f", before {', '.join(present[1:])}" if present[1:] else ""
    dependencies = Dependencies(
        kinds[chosen], (chosen,), names, extras=spec.extras, groups=spec.groups
    )
    return dependencies, Evidence("dependencies", chosen, f"the lock file is there{others}")


def _locked_by_workspace(
    source: Path, project: DeclaredProject, spec: PythonSpec
) -> Decided | None:
    """The uv.lock of the workspace that the project is a member of, in a directory above."""
    above = source.resolve()
    for steps, place in enumerate(above.parents, 1):
        if not (place / "uv.lock").is_file() or not (place / "pyproject.toml").is_file():
            continue
        uv = read_toml(place / "pyproject.toml").get("tool", {}).get("uv", {})
        if "workspace" not in uv:
            return None
        _check_known(project, spec)
        file = "../" * steps + "uv.lock"
        names = _project_names(source, project, spec)
        dependencies = Dependencies(
            DependencySource.UV_LOCK, (file,), names, extras=spec.extras, groups=spec.groups
        )
        return dependencies, Evidence("dependencies", file, "the lock file of its workspace")
    return None


def _declared(
    source: Path, project: DeclaredProject, spec: PythonSpec, pins: tuple[str, ...]
) -> Decided | None:
    """The project's own declaration, narrowed by a requirements.txt that pins everything."""
    _check_known(project, spec)
    names = _project_names(source, project, spec)
    file = project.files[0]
    if project.dependencies is None and not project.packaged:
        if "poetry" in project.table.get("tool", {}):
            raise InvalidProjectFile(
                str(source / file),
                "Poetry's own dependency tables can only be used with a poetry.lock",
                hint="run `poetry lock`, or declare project.dependencies",
            )
        raise InvalidProjectFile(
            str(source / file), "its dependencies are dynamic, and there is no [build-system]"
        )
    if not project.dependencies and project.dependencies is not None and not spec.extras:
        listed = (source / "requirements.txt").is_file()
        if listed and not spec.groups:
            return _requirements(
                source, ("requirements.txt",), f"{file} declares no dependencies itself"
            )
    known = DependencySource.PROJECT
    because = f"{file} declares them"
    if project.dependencies is None:
        known, because = DependencySource.METADATA, "only the build back end knows them"
    if pins:
        because += f"; {pins[0]} pins every version"
    _reject_foreign_locks(source)
    dependencies = Dependencies(known, (file, *pins), names, extras=spec.extras, groups=spec.groups)
    return dependencies, Evidence("dependencies", " and ".join((file, *pins)), because)


def _requirements(source: Path, files: tuple[str, ...], because: str) -> Decided:
    entries = [entry for file in files for entry in read_requirements(source, file)]
    names = _names(requirement.text for _, requirement in entries)
    return (
        Dependencies(DependencySource.REQUIREMENTS, files, names),
        Evidence("dependencies", ", ".join(files), because),
    )


def _pinned_requirements(source: Path) -> tuple[str, ...]:
    """requirements.txt when every requirement in it names one version, as a lock would."""
    if not (source / "requirements.txt").is_file():
        return ()
    entries = [requirement for _, requirement in read_requirements(source, "requirements.txt")]
    named = [entry for entry in entries if entry.name]
    if not named or not all(entry.pin or "@" in entry.text for entry in named):
        return ()
    return ("requirements.txt",)


def _project_names(source: Path, project: DeclaredProject, spec: PythonSpec) -> tuple[str, ...]:
    """What the project asks for itself, the chosen extras and groups included."""
    wanted = list(project.dependencies or ())
    for extra in spec.extras:
        wanted += project.extras.get(normalised(extra), ())
    for group in spec.groups:
        wanted += [item for item in group_requirements(project, group) if isinstance(item, str)]
    poetry = project.tool("poetry")
    tables = [poetry.get("dependencies", {})]
    tables += [poetry.get("group", {}).get(g, {}).get("dependencies", {}) for g in spec.groups]
    for table in tables:
        wanted += [_poetry_requirement(n, v) for n, v in table.items() if n != "python"]
    if project.dependencies is None and (source / "requirements.txt").is_file():
        wanted += [entry.text for _, entry in read_requirements(source, "requirements.txt")]
    return _names(wanted)


def _poetry_requirement(name: str, value: Any) -> str:  # noqa: ANN401 - as TOML has it
    extras = value.get("extras", []) if isinstance(value, dict) else []
    return f"{name}[{','.join(map(str, extras))}]" if extras else name


def _check_known(project: DeclaredProject, spec: PythonSpec) -> None:
    """Name a misspelt extra or group now; the resolver would do so late, or not at all."""
    poetry_extras = {normalised(name) for name in project.tool("poetry").get("extras", {})}
    for extra in spec.extras:
        if normalised(extra) not in poetry_extras and project.dependencies is not None:
            extra_requirements(project, extra)
    for group in spec.groups:
        if normalised(group) not in project.groups:
            raise UnknownExtra("dependency group", group, sorted(project.groups))


def _reject_foreign_locks(source: Path) -> None:
    for name, command in FOREIGN_LOCKS.items():
        if (source / name).is_file() and not (source / "requirements.txt").is_file():
            raise InvalidProjectFile(
                str(source / name),
                "this kind of lock file is not read, and it is not passed over in silence",
                hint=f"run `{command}`",
            )


def _names(requirements: Iterator[str] | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """Normalised names, those of bundled servers' extras kept as ``name[extra]``."""
    found: set[str] = set()
    for text in requirements:
        name, extras = requirement_name(text)
        if name:
            found.add(name)
            found.update(f"{name}[{extra}]" for extra in extras)
    return tuple(sorted(found))
