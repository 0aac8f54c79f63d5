"""What lock files pin, narrowed to the target: pylock.toml (PEP 751), and uv.lock by way of it.

uv exports its own lock as a pylock.toml, and writes what it resolves as one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

import msgspec

from distil.fetch.address import text_without_secrets, without_secrets
from distil.fetch.http import Client
from distil.formats.errors import InvalidProjectFile
from distil.formats.toml import NotToml, parse_toml
from distil.model.digest import Digest
from distil.runtimes.errors import StaleLock
from distil.runtimes.python.application import normalised
from distil.runtimes.python.errors import ResolverFailed, UnsupportedSource
from distil.runtimes.python.interpreter import PythonInterpreter
from distil.runtimes.python.project_files import DeclaredProject
from distil.runtimes.python.target import WheelFile, marker_environment
from distil.runtimes.python.wheel import Wheel

if TYPE_CHECKING:
    from packaging.specifiers import Specifier


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
        lock = Pylock.from_dict(parse_toml(text))
    except (NotToml, PylockValidationError) as error:
        raise InvalidProjectFile(where, text_without_secrets(str(error))) from None
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


def as_wheel(package: Locked, file: WheelFile, source: Path, client: Client) -> Wheel:
    """The wheel `file` of `package`; a path in it is relative to `source`.

    Its address has nothing secret in it; `client` remembers the whole one. Raises
    `ResolverFailed` where nothing says its digest.
    """
    url = (source / file.url).absolute().as_uri()
    if "://" in file.url:
        url = without_secrets(file.url)
        if url != file.url.partition("#")[0]:
            client.remember_address(url, file.url)
    if not file.sha256:
        raise ResolverFailed(
            f"nothing says the sha256 of {file.filename}",
            hint="use an index that publishes hashes (PEP 503)",
        )
    return Wheel(
        name=normalised(package.name),
        version=package.version or file.filename.split("-")[1],
        filename=file.filename,
        url=url,
        size=file.size,
        digest=Digest.from_hex(file.sha256),
    )


def check_uv_lock_current(table: Mapping[str, Any], where: str, project: DeclaredProject) -> None:
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
    for name in _unmatched(asked, written):
        raise StaleLock(where, f"what is asked of {name} changed", "uv lock")
    for name in _unmatched(written, asked):
        raise StaleLock(where, f"{name} is no longer asked for", "uv lock")


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

_Asked = tuple[str, tuple[str, ...], "frozenset[Specifier] | None"]
"""Group and name, extras, and the versions; None when a place is named instead of versions."""

_PLACES: Final = frozenset({"git", "url", "path", "directory", "editable", "virtual", "workspace"})


def _unmatched(wanted: set[_Asked], known: set[_Asked]) -> list[str]:
    """The names in `wanted` that `known` has not, or with other versions."""
    anywhere = {(name, extras) for name, extras, versions in known if versions is None}
    listed = {(name, extras) for name, extras, _ in known}
    found = set()
    for name, extras, versions in wanted:
        elsewhere = (name, extras) in (listed if versions is None else anywhere)
        if not elsewhere and (name, extras, versions) not in known:
            found.add(name.rpartition(":")[2])
    return sorted(found)


def _written(entries: Iterable[Mapping[str, Any]]) -> set[_Asked]:
    from packaging.specifiers import SpecifierSet  # slow to load

    found: set[_Asked] = set()
    for entry in entries:
        extras = tuple(sorted(normalised(extra) for extra in entry.get("extras", ())))
        versions = None
        if not _PLACES & set(entry):
            versions = frozenset(SpecifierSet(entry.get("specifier", "")))
        found.add((normalised(str(entry.get("name"))), extras, versions))
    return found


def _asked(project: DeclaredProject) -> set[_Asked]:
    from packaging.requirements import InvalidRequirement, Requirement  # slow to load

    found: set[_Asked] = set()
    members = [("", member) for member in project.dependencies or ()]
    members += [("", member) for extra in project.extras.values() for member in extra]
    members += [(f"{name}:", m) for name, group in project.groups.items() for m in group]
    for prefix, member in members:
        if not isinstance(member, str):
            continue
        try:
            requirement = Requirement(member)
        except InvalidRequirement as error:
            why = text_without_secrets(f"{member!r}: {error}")
            raise InvalidProjectFile(project.files[0], why) from None
        name = normalised(requirement.name)
        if name == normalised(project.name):
            continue
        extras = tuple(sorted(map(normalised, requirement.extras)))
        versions = None if requirement.url else frozenset(requirement.specifier)
        found.add((f"{prefix}{name}", extras, versions))
    return found
