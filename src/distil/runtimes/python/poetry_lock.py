"""What a poetry.lock pins, narrowed to the target.

It has versions, file names and hashes, but no addresses: those come from the index.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from distil.formats.errors import InvalidProjectFile
from distil.runtimes.errors import StaleLock
from distil.runtimes.python.application import normalised
from distil.runtimes.python.errors import UnsupportedSource
from distil.runtimes.python.formats.requirements_txt import requirement_name
from distil.runtimes.python.interpreter import PythonInterpreter
from distil.runtimes.python.project_files import DeclaredProject
from distil.runtimes.python.target import marker_environment

_UNRESTRICTED: Final = ("", "*")


class Pin(msgspec.Struct, frozen=True):
    """A version that is fixed, and the hashes (``sha256:…``) that its files may have."""

    name: str
    version: str
    hashes: tuple[str, ...]


def read_poetry_lock(
    table: Mapping[str, Any],
    where: str,
    project: DeclaredProject,
    interpreter: PythonInterpreter,
    choice: tuple[Sequence[str], Sequence[str]],
) -> list[Pin]:
    """The pins of a poetry.lock that the target needs; `choice` is extras and groups.

    Lock versions from 2.1 on say which groups and markers each package is for; in older ones
    the dependencies are followed from pyproject.toml. Raises `InvalidProjectFile`, `StaleLock`,
    `UnsupportedSource`.
    """
    packages = table.get("package", [])
    if not isinstance(packages, list) or not all(_is_package(package) for package in packages):
        raise InvalidProjectFile(where, "it is not a lock of Poetry 1.5 or newer")
    _check_poetry_current(packages, where, project)
    lock = _PoetryLock(packages, project, interpreter, choice)
    wanted = lock.by_groups() if any("groups" in p for p in packages) else lock.by_walking()
    pins: dict[str, Pin] = {}
    for package in wanted:
        kind = package.get("source", {}).get("type", "legacy")
        if kind not in ("legacy", "pypi"):
            raise UnsupportedSource(package["name"], f"a {kind} source in {where}")
        hashes = tuple(str(file.get("hash", "")) for file in package.get("files", []))
        pins[normalised(package["name"])] = Pin(
            normalised(package["name"]), package["version"], hashes
        )
    return [pins[name] for name in sorted(pins)]


class _PoetryLock:
    """The packages of a poetry.lock, and what of them is wanted."""

    def __init__(
        self,
        packages: list[dict[str, Any]],
        project: DeclaredProject,
        interpreter: PythonInterpreter,
        choice: tuple[Sequence[str], Sequence[str]],
    ) -> None:
        self._packages = packages
        self._project = project
        self._extras = {normalised(extra) for extra in choice[0]}
        self._groups = [normalised(group) for group in choice[1]]
        self._environment = marker_environment(interpreter)
        self._version = interpreter.version

    def by_groups(self) -> list[dict[str, Any]]:
        """The packages whose groups and markers say that they are wanted (lock 2.1)."""
        wanted = {"main", *self._groups}
        found = []
        for package in self._packages:
            groups = wanted & {normalised(group) for group in package.get("groups", ["main"])}
            markers = package.get("markers", "")
            if isinstance(markers, str):
                markers = dict.fromkeys(groups, markers)
            applies = any(self._applies(markers.get(group, ""), self._extras) for group in groups)
            optional = package.get("optional", False) and not self._named_by_extra(package)
            if applies and not (optional and not markers):
                found.append(package)
        return found

    def by_walking(self) -> list[dict[str, Any]]:
        """The packages that the project's dependencies lead to (locks before 2.1)."""
        by_name: dict[str, list[dict[str, Any]]] = {}
        for package in self._packages:
            by_name.setdefault(normalised(package["name"]), []).append(package)
        pending = self._direct()
        seen: set[tuple[str, frozenset[str]]] = set()
        found: dict[str, dict[str, Any]] = {}
        while pending:
            name, extras = pending.pop()
            if (name, extras) in seen:
                continue
            seen.add((name, extras))
            for package in by_name.get(name, ()):
                if not self._python_fits(package.get("python-versions", "")):
                    continue
                found[name] = package
                pending += self._edges(package, extras)
        return list(found.values())

    def _direct(self) -> list[tuple[str, frozenset[str]]]:
        poetry = self._project.tool("poetry")
        groups = poetry.get("group", {})
        tables = [poetry.get("dependencies", {})]
        tables += [groups.get(group, {}).get("dependencies", {}) for group in self._groups]
        optional = {
            requirement_name(member)[0]
            for extra, members in poetry.get("extras", {}).items()
            if normalised(extra) in self._extras
            for member in members
        }
        direct = []
        for requirement in self._project.dependencies or ():
            name, extras = requirement_name(requirement)
            direct.append((name, frozenset(extras)))
        for table in tables:
            for name, value in table.items():
                if normalised(name) == "python":
                    continue
                for constraint in value if isinstance(value, list) else [value]:
                    direct += self._edge(name, constraint, optional)
        return direct

    def _edges(
        self, package: Mapping[str, Any], extras: frozenset[str]
    ) -> list[tuple[str, frozenset[str]]]:
        named = {
            requirement_name(member)[0]
            for extra, members in package.get("extras", {}).items()
            if normalised(extra) in extras
            for member in members
        }
        edges = []
        for name, value in package.get("dependencies", {}).items():
            for constraint in value if isinstance(value, list) else [value]:
                edges += self._edge(name, constraint, named)
        return edges

    def _edge(
        self,
        name: str,
        constraint: Any,  # noqa: ANN401 - as TOML has it
        optional: set[str],
    ) -> list[tuple[str, frozenset[str]]]:
        if isinstance(constraint, str):
            constraint = {"version": constraint}
        if constraint.get("optional") and normalised(name) not in optional:
            return []
        if not self._applies(_without_extra(constraint.get("markers", "")), set()):
            return []
        return [(normalised(name), frozenset(map(normalised, constraint.get("extras", ()))))]

    def _named_by_extra(self, package: Mapping[str, Any]) -> bool:
        tables = {**self._project.tool("poetry").get("extras", {}), **self._project.extras}
        return any(
            requirement_name(member)[0] == normalised(package["name"])
            for extra, members in tables.items()
            if normalised(extra) in self._extras
            for member in members
        )

    def _applies(self, marker: str, extras: set[str]) -> bool:
        if marker in _UNRESTRICTED:
            return True
        from packaging.markers import Marker  # slow to load

        parsed = Marker(marker)
        environment = {str(key): str(value) for key, value in self._environment.items()}
        return any(parsed.evaluate({**environment, "extra": e}) for e in extras or {""})

    def _python_fits(self, constraint: str) -> bool:
        if constraint in _UNRESTRICTED or "||" in constraint:
            return True
        from packaging.specifiers import InvalidSpecifier, SpecifierSet  # slow

        try:
            return SpecifierSet(constraint).contains(self._version, prereleases=True)
        except InvalidSpecifier:
            return True


def _without_extra(marker: str) -> str:
    """A dependency's marker less the part that says which extra it is for; see `_edges`."""
    return re.sub(r"\s*(?:and\s+)?extra == ['\"][^'\"]*['\"](?:\s+and)?\s*", "", marker).strip()


def _is_package(package: object) -> bool:
    return (
        isinstance(package, dict)
        and isinstance(package.get("name"), str)
        and isinstance(package.get("version"), str)
        and isinstance(package.get("files"), list)
    )


def _check_poetry_current(
    packages: Iterable[Mapping[str, Any]], where: str, project: DeclaredProject
) -> None:
    held = {normalised(package["name"]) for package in packages}
    asked = {requirement_name(text)[0] for text in project.dependencies or ()}
    for name, value in project.tool("poetry").get("dependencies", {}).items():
        if name != "python" and not (isinstance(value, dict) and value.get("optional")):
            asked.add(normalised(name))
    for name in sorted(asked - held - {""}):
        raise StaleLock(where, f"it does not hold {name}", "poetry lock")
