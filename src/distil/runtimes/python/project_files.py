"""What a project's own files declare: pyproject.toml (PEP 517, 621, 735) and what is older."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import msgspec

from distil.formats.errors import InvalidProjectFile
from distil.formats.toml import NotToml, parse_toml
from distil.runtimes.python.application import normalised
from distil.runtimes.python.errors import UnknownExtra
from distil.source.scan import Sources, read_source


class DeclaredProject(msgspec.Struct, frozen=True):
    """A declared project; `dependencies` is None when only its build back end knows them.

    `packaged` says that it has a build back end and is meant to be installed. `files` are the
    declaring files. `scripts` are console scripts by name.
    """

    files: tuple[str, ...]
    name: str
    version: str = ""
    requires_python: str = ""
    dependencies: tuple[str, ...] | None = ()
    extras: dict[str, tuple[str, ...]] = {}
    groups: dict[str, tuple[Any, ...]] = {}
    scripts: dict[str, str] = {}
    packaged: bool = False
    unpackaged_scripts: bool = False
    table: dict[str, Any] = {}

    def tool(self, name: str) -> dict[str, Any]:
        """The ``[tool.NAME]`` table, empty when there is none."""
        found = self.table.get("tool", {}).get(name, {})
        return found if isinstance(found, dict) else {}


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file of the project. Raises `UnreadableSource`, `InvalidProjectFile`."""
    try:
        return parse_toml(read_source(path).decode())
    except (NotToml, UnicodeDecodeError) as error:
        raise InvalidProjectFile(str(path), str(error)) from None


def read_project(source: Path) -> DeclaredProject | None:
    """The project that `source` declares, None when nothing does.

    A pyproject.toml that only configures tools declares none. Raises `InvalidProjectFile`.
    """
    legacy = next((name for name in ("setup.py", "setup.cfg") if (source / name).is_file()), "")
    if legacy == "setup.cfg" and not re.search(rb"(?m)^\[metadata\]", read_source(source / legacy)):
        legacy = ""
    path = source / "pyproject.toml"
    if path.is_file():
        table = read_toml(path)
        project = _from_pyproject(path, table, legacy=legacy)
        if project is not None:
            return project
    if legacy:
        name = _directory_name(source)
        return DeclaredProject((legacy,), name, dependencies=None, packaged=True)
    return None


def application_name(source: Path, project: DeclaredProject | None) -> str:
    """The project's name, or one made of the directory's."""
    return project.name if project is not None else _directory_name(source)


def workspace_members(sources: Sources) -> list[str]:
    """The directories of the members of the uv workspace whose root `sources` is; maybe none.

    As in ``[tool.uv.workspace]``: `members` less `exclude`, where there is a pyproject.toml.
    Raises `InvalidProjectFile`.
    """
    if not sources.named("pyproject.toml"):
        return []
    where = f"{sources.root}/pyproject.toml"
    tool = _table(read_toml(Path(where)), "tool", where)
    workspace = _table(_table(tool, "uv", where, "tool."), "workspace", where, "tool.uv.")
    wanted, unwanted = (
        [pattern.strip("/").split("/") for pattern in _strings(workspace, key, where, "tool.uv.")]
        for key in ("members", "exclude")
    )
    directories = [
        file.path.removesuffix("/pyproject.toml")
        for file in sources.files
        if file.path.endswith("/pyproject.toml")
    ]
    return [
        directory
        for directory in directories
        if _is_one_of(directory.split("/"), wanted)
        and not _is_one_of(directory.split("/"), unwanted)
    ]


def _is_one_of(directory: Sequence[str], patterns: Sequence[Sequence[str]]) -> bool:
    """Whether a path fits a pattern, name by name; `**` stands for all that is below."""
    for pattern in patterns:
        head = pattern[: pattern.index("**")] if "**" in pattern else pattern
        deep = len(head) < len(directory) and head is not pattern
        if (deep or len(head) == len(directory)) and all(map(fnmatchcase, directory, head)):
            return True
    return False


def group_requirements(project: DeclaredProject, group: str) -> tuple[str, ...]:
    """The requirements of a dependency group, those it includes resolved (PEP 735).

    Raises `UnknownExtra` for a group that is not there, `InvalidProjectFile` for a cycle.
    """
    return tuple(_group(project, normalised(group), ()))


def extra_requirements(project: DeclaredProject, extra: str) -> tuple[str, ...]:
    """The requirements of one extra. Raises `UnknownExtra`."""
    found = project.extras.get(normalised(extra))
    if found is None:
        raise UnknownExtra("extra", extra, sorted(project.extras))
    return found


def _from_pyproject(path: Path, table: dict[str, Any], *, legacy: str) -> DeclaredProject | None:
    where = str(path)
    metadata = _table(table, "project", where)
    tool = _table(table, "tool", where)
    poetry = _table(tool, "poetry", where, "tool.")
    has_back_end = "build-system" in table
    if not metadata and not poetry:
        if not (has_back_end and legacy):
            return None
        name = _directory_name(path.parent)
        return DeclaredProject(("pyproject.toml", legacy), name, dependencies=None, packaged=True)
    uv_package = _table(tool, "uv", where, "tool.").get("package")
    packaged = has_back_end or bool(legacy) or uv_package is True
    if uv_package is False or poetry.get("package-mode") is False:
        packaged = False
    name = metadata.get("name") or poetry.get("name") or _directory_name(path.parent)
    if not isinstance(name, str):
        raise InvalidProjectFile(where, "project.name is not a string")
    dynamic = metadata.get("dynamic", [])
    scripts = _table(metadata, "scripts", where, "project.") or {
        key: value
        for key, value in _table(poetry, "scripts", where, "tool.poetry.").items()
        if isinstance(value, str)
    }
    dependencies: tuple[str, ...] | None = _strings(metadata, "dependencies", where, "project.")
    if "dependencies" in dynamic or (not metadata and poetry):
        dependencies = None
    return DeclaredProject(
        ("pyproject.toml",),
        name,
        str(metadata.get("version") or poetry.get("version") or ""),
        _requires_python(metadata, poetry),
        dependencies,
        _lists(metadata, "optional-dependencies", where, "project."),
        _groups(table, poetry, where),
        scripts if packaged else {},
        packaged,
        bool(scripts) and not packaged,
        table,
    )


def _requires_python(metadata: dict[str, Any], poetry: dict[str, Any]) -> str:
    """``requires-python``; Poetry's caret and tilde forms are written out."""
    found = metadata.get("requires-python", "")
    if found or not poetry:
        return str(found)
    constraint = poetry.get("dependencies", {}).get("python", "")
    return poetry_specifier(constraint) if isinstance(constraint, str) else ""


def poetry_specifier(constraint: str) -> str:
    """A PEP 440 specifier for one of Poetry's version constraints.

    ``^3.11`` is ``>=3.11,<4``, ``~3.11`` is ``>=3.11,<3.12``; alternatives (``||``) cannot be
    written as one specifier and give an empty, that is unrestricted, one.
    """
    if "||" in constraint:
        return ""
    parts = []
    for part in re.split(r"\s*,\s*", constraint.strip()):
        caret = re.fullmatch(r"([~^])\s*([0-9]+(?:\.[0-9]+)*)", part)
        if caret is None:
            bare = re.fullmatch(r"[0-9]+(?:\.[0-9]+)*(?:\.\*)?", part)
            parts.append(f"=={part}" if bare else part.replace(" ", ""))
            continue
        numbers = [int(number) for number in caret[2].split(".")]
        parts.append(f">={caret[2]},<{_upper(caret[1], numbers)}")
    return ",".join(part for part in parts if part and part != "*")


def _upper(operator: str, numbers: list[int]) -> str:
    """The first version past ``^numbers`` or ``~numbers``, as Poetry defines them."""
    if operator == "~":
        index = min(1, len(numbers) - 1)
    else:
        index = next((i for i, number in enumerate(numbers) if number), len(numbers) - 1)
    return ".".join(map(str, [*numbers[:index], numbers[index] + 1]))


def _groups(
    table: dict[str, Any], poetry: dict[str, Any], where: str
) -> dict[str, tuple[Any, ...]]:
    """Dependency groups by normalised name; Poetry's own are known by name alone."""
    groups: dict[str, tuple[Any, ...]] = {}
    for name, members in _table(table, "dependency-groups", where).items():
        if not isinstance(members, list):
            raise InvalidProjectFile(where, f"dependency-groups.{name} is not a list")
        groups[normalised(name)] = tuple(members)
    for name, group in _table(poetry, "group", where, "tool.poetry.").items():
        names = group.get("dependencies", {}) if isinstance(group, dict) else {}
        groups.setdefault(normalised(name), tuple(names))
    return groups


def _group(project: DeclaredProject, group: str, outer: tuple[str, ...]) -> list[str]:
    if group in outer:
        raise InvalidProjectFile(
            project.files[0], f"dependency groups include each other: {' -> '.join(outer)}"
        )
    if group not in project.groups:
        raise UnknownExtra("dependency group", group, sorted(project.groups))
    found: list[str] = []
    for member in project.groups[group]:
        if isinstance(member, str):
            found.append(member)
        elif isinstance(member, dict) and isinstance(member.get("include-group"), str):
            found += _group(project, normalised(member["include-group"]), (*outer, group))
        else:
            raise InvalidProjectFile(
                project.files[0], f"dependency-groups.{group} holds {member!r}"
            )
    return found


def _directory_name(source: Path) -> str:
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", source.resolve().name).strip("-._")
    return name.lower() or "app"


def _table(outer: dict[str, Any], key: str, where: str, prefix: str = "") -> dict[str, Any]:
    found = outer.get(key, {})
    if not isinstance(found, dict):
        raise InvalidProjectFile(where, f"{prefix}{key} is not a table")
    return found


def _strings(outer: dict[str, Any], key: str, where: str, prefix: str) -> tuple[str, ...]:
    found = outer.get(key, [])
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise InvalidProjectFile(where, f"{prefix}{key} is not a list of strings")
    return tuple(found)


def _lists(outer: dict[str, Any], key: str, where: str, prefix: str) -> dict[str, tuple[str, ...]]:
    tables = _table(outer, key, where, prefix)
    return {normalised(name): _strings(tables, name, where, f"{prefix}{key}.") for name in tables}
