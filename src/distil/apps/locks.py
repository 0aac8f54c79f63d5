"""What lock files pin, narrowed to the target: pylock.toml (PEP 751), and uv.lock by way of it.

uv exports its own lock as a pylock.toml, and writes what it resolves as one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from distil.apps.project_files import Project
from distil.apps.target import WheelFile, marker_environment
from distil.errors import InvalidProjectFile, StaleLock, UnsupportedSource
from distil.model.application import normalised
from distil.model.package import PythonInterpreter


class Locked(msgspec.Struct, frozen=True):
    """One distribution of a lock that the target needs.

    Either `files` are its wheels (`path` set for those on this machine), or `directory` is
    where the project is that it is built from, relative to the lock. `has_source` says that
    there is a source distribution as well.
    """

    name: str
    version: str
    files: tuple[WheelFile, ...] = ()
    directory: str = ""
    has_source: bool = False


def read_pylock(
    text: str,
    where: str,
    interpreter: PythonInterpreter,
    extras: Sequence[str] = (),
    groups: Sequence[str] | None = None,
) -> list[Locked]:
    """The packages of a pylock.toml that the target needs, sorted by name (PEP 751).

    `groups`: dependency groups, None for the lock's default ones. Paths stay relative. Raises
    `InvalidProjectFile`, `UnsupportedSource` for code in a repository.
    """
    from packaging.pylock import Pylock, PylockValidationError  # slow to load

    try:
        lock = Pylock.from_dict(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, PylockValidationError) as error:
        raise InvalidProjectFile(where, str(error)) from None
    chosen = lock.default_groups or () if groups is None else groups
    environment: Mapping[str, Any] = {
        **marker_environment(interpreter),
        "extras": frozenset(map(normalised, extras)),
        "dependency_groups": frozenset(map(normalised, chosen)),
    }
    found: dict[str, Locked] = {}
    for package in lock.packages:
        if package.marker and not package.marker.evaluate(environment, context="lock_file"):
            continue
        if package.name in found:
            raise InvalidProjectFile(where, f"it holds {package.name} twice for this target")
        found[package.name] = _locked(package)
    return [found[name] for name in sorted(found)]


def check_uv_lock_current(table: Mapping[str, Any], where: str, project: Project) -> None:
    """Raise `StaleLock` when the project asks for something that uv.lock does not know.

    uv can check this only with an interpreter that the project fits, which the host need not
    have; so names, extras and versions are compared with what the lock was made from.
    """
    if project.dependencies is None:
        return
    root = next(
        (
            package
            for package in table.get("package", [])
            if normalised(str(package.get("name"))) == normalised(project.name)
            and {"virtual", "editable"} & set(package.get("source", {}))
        ),
        None,
    )
    if root is None:
        raise StaleLock(where, f"it does not hold {project.name}", "uv lock")
    metadata = root.get("metadata", {})
    written = _written(metadata.get("requires-dist", []))
    for group, members in metadata.get("requires-dev", {}).items():
        written |= {(f"{group}:{name}", extras, s) for name, extras, s in _written(members)}
    asked = _asked(project)
    for name, _, _ in sorted(asked - written):
        raise StaleLock(where, f"what is asked of {name.rpartition(':')[2]} changed", "uv lock")
    for name, _, _ in sorted(written - asked):
        raise StaleLock(where, f"{name.rpartition(':')[2]} is no longer asked for", "uv lock")


# --- pylock --------------------------------------------------------------------------------


def _locked(package: Any) -> Locked:  # noqa: ANN401 - packaging is loaded lazily
    version = str(package.version or "")
    if package.vcs is not None:
        raise UnsupportedSource(package.name, f"a {package.vcs.type} repository")
    if package.directory is not None:
        return Locked(package.name, version, directory=package.directory.path)
    if package.archive is not None:
        archive = package.archive
        address = archive.path or archive.url
        filename = unquote(urlsplit(address).path).rpartition("/")[2]
        if not filename.endswith(".whl"):
            raise UnsupportedSource(package.name, f"the source archive {filename}")
        file = _wheel_file(filename, archive)
        return Locked(package.name, version or filename.split("-")[1], (file,))
    files = tuple(_wheel_file(wheel.filename, wheel) for wheel in package.wheels or ())
    return Locked(package.name, version, files, has_source=package.sdist is not None)


def _wheel_file(filename: str, entry: Any) -> WheelFile:  # noqa: ANN401 - as above
    hashes = {str(key).lower(): str(value).lower() for key, value in entry.hashes.items()}
    return WheelFile(
        filename,
        entry.url or entry.path,
        entry.size,
        hashes.get("sha256", ""),
        tuple(f"{algorithm}:{value}" for algorithm, value in sorted(hashes.items())),
    )


# --- uv.lock -------------------------------------------------------------------------------

_Asked = tuple[str, tuple[str, ...], str]


def _written(entries: Iterable[Mapping[str, Any]]) -> set[_Asked]:
    found = set()
    for entry in entries:
        extras = tuple(sorted(normalised(extra) for extra in entry.get("extras", ())))
        pinned = "specifier" in entry or not {"git", "url", "path"} & set(entry)
        specifier = _canonical(entry.get("specifier", "")) if pinned else "?"
        found.add((normalised(str(entry.get("name"))), extras, specifier))
    return found


def _asked(project: Project) -> set[_Asked]:
    from packaging.requirements import InvalidRequirement, Requirement  # slow

    sources = {normalised(name) for name in project.tool("uv").get("sources", {})}
    found: set[_Asked] = set()
    groups: dict[str, Iterable[Any]] = {"": project.dependencies or ()}
    groups |= {f"+{extra}": members for extra, members in project.extras.items()}
    groups |= {f"{name}:": members for name, members in project.groups.items()}
    for group, members in groups.items():
        for member in members:
            if not isinstance(member, str):
                continue
            try:
                requirement = Requirement(member)
            except InvalidRequirement as error:
                raise InvalidProjectFile(project.files[0], f"{member!r}: {error}") from None
            name = normalised(requirement.name)
            if name == normalised(project.name):
                continue
            unpinned = requirement.url is not None or name in sources
            specifier = "?" if unpinned else _canonical(str(requirement.specifier))
            prefix = group if group.endswith(":") else ""
            extras = tuple(sorted(map(normalised, requirement.extras)))
            found.add((f"{prefix}{name}", extras, specifier))
    return found


def _canonical(specifier: str) -> str:
    return ",".join(sorted(part.strip() for part in specifier.split(",") if part.strip()))
