"""The application's own projects in a lock: built with a pinned back end, without an index."""

from __future__ import annotations

import os
import platform as host
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from distil.fetch.http import Client, Download
from distil.formats.errors import InvalidProjectFile
from distil.model.spec import Spec
from distil.runtimes.python.application import PythonApplication
from distil.runtimes.python.errors import NoMatchingWheel, WheelDiffers
from distil.runtimes.python.interpreter import PythonInterpreter
from distil.runtimes.python.lock_part import LockedProject, LockedWheel
from distil.runtimes.python.locks import Locked, as_wheel, read_pylock
from distil.runtimes.python.project import BuildTool, build_wheel, project_sources
from distil.runtimes.python.project_files import read_toml
from distil.runtimes.python.target import WheelFile, best_wheel, describe_target
from distil.runtimes.python.uv import UvFailed, compile_requirements, explained
from distil.runtimes.python.wheel import Wheel
from distil.runtimes.python.wheels import wheel_downloads

_DEFAULT_BACK_END: Final = ("setuptools",)
"""What builds a project that does not say (PEP 517)."""

_ANYWHERE: Final = "-none-any.whl"


def lock_project(
    directory: Path, root: Path, client: Client, spec: Spec, preferred: Mapping[str, str]
) -> LockedProject:
    """The project in `directory`, built with a back end that it admits, which is pinned.

    `root` is the application's directory. The back end is the newest, or has the versions
    `preferred`. Raises what `build_wheel` raises, and
    `NoMatchingWheel`, `UnsatisfiableRequirements`, `IndexUnreachable` for the back end.
    """
    requires = _back_end(directory, client, preferred)
    tools = _fetched(requires, root, client)
    project = project_sources(directory, spec)
    wheel = build_wheel(project, client.cache, tools)
    return LockedProject(
        directory=os.path.relpath(directory, root),
        sources=project.digest,
        wheel=LockedWheel.of(wheel, "", wheel.size or 0),
        requires=tuple(
            LockedWheel.of(found, found.url, tool.blob.size)
            for found, tool in zip(requires, tools, strict=True)
        ),
    )


def locked_project(locked: LockedProject, root: Path, client: Client, spec: Spec) -> Wheel:
    """The wheel of `locked`: the one that was locked while its sources are the same.

    Raises what `build_wheel` raises, and `WheelDiffers` for one built anew that is another.
    """
    project = project_sources((root / locked.directory).resolve(), spec)
    same = project.digest == locked.sources
    if same:
        kept = _kept(locked.wheel, client)
        if kept is not None:
            return kept
    tools = _fetched([as_locked(wheel, root) for wheel in locked.requires], root, client)
    wheel = build_wheel(project, client.cache, tools)
    if same and wheel.digest != locked.wheel.digest:
        raise WheelDiffers(wheel.filename, locked.wheel.digest, wheel.digest)
    return wheel


def lock_wheels(
    wheels: Sequence[Wheel], application: PythonApplication, client: Client
) -> tuple[LockedWheel, ...]:
    """Third-party `wheels` of `application`, fetched for their sizes. Raises what that raises."""
    source, files = Path(application.source), application.dependencies.files
    blobs = client.archives(wheel_downloads(wheels, client, source, files))
    pairs = zip(wheels, blobs, strict=True)
    return tuple(LockedWheel.of(w, _relative(w.url, source), blob.size) for w, blob in pairs)


def _relative(url: str, source: Path) -> str:
    """`url` as a path relative to `source` when it is a file's on this machine."""
    if not url.startswith("file:"):
        return url
    return os.path.relpath(unquote(urlsplit(url).path), source.absolute())


def built_wheel(locked: LockedWheel, client: Client) -> Wheel:
    """A project's own wheel, which is in the cache since the lock was made."""
    url = client.cache.path("blobs", locked.digest.hex).absolute().as_uri()
    return Wheel(locked.name, locked.version, locked.filename, url, locked.size, locked.digest)


def as_locked(locked: LockedWheel, root: Path) -> Wheel:
    """The wheel that `locked` pins; a path in it is relative to `root`."""
    url = locked.url if "://" in locked.url else (root / locked.url).absolute().as_uri()
    return Wheel(locked.name, locked.version, locked.filename, url, locked.size, locked.digest)


def _kept(locked: LockedWheel, client: Client) -> Wheel | None:
    """The locked wheel where its bytes are at hand, in the cache or where archives are kept."""
    blob = client.at_hand(Download("", locked.digest, locked.size, locked.filename))
    if blob is None:
        return None
    url = Path(blob.path).absolute().as_uri()
    return Wheel(locked.name, locked.version, locked.filename, url, blob.size, locked.digest)


def _fetched(wheels: Sequence[Wheel], root: Path, client: Client) -> list[BuildTool]:
    blobs = client.archives(wheel_downloads(wheels, client, root))
    return [BuildTool(wheel.filename, blob) for wheel, blob in zip(wheels, blobs, strict=True)]


# --- the back end --------------------------------------------------------------------------


def _back_end(directory: Path, client: Client, preferred: Mapping[str, str]) -> list[Wheel]:
    """The wheels that the project's back end needs on this machine, sorted by name."""
    interpreter = _this_interpreter()
    arguments = ["-", "--offline"] if client.offline else ["-"]
    wanted = "\n".join(_requires(directory))
    try:
        text = compile_requirements(arguments, directory, wanted, preferred)
    except UvFailed as failure:
        raise explained(failure, describe_target(interpreter), interpreter.version) from None
    packages = read_pylock(text, "uv's answer", interpreter)
    return [_chosen(package, interpreter, directory, client) for package in packages]


def _requires(directory: Path) -> Sequence[str]:
    file = directory / "pyproject.toml"
    table = read_toml(file) if file.is_file() else {}
    requires = table.get("build-system", {}).get("requires", _DEFAULT_BACK_END)
    if not all(isinstance(requirement, str) for requirement in requires):
        raise InvalidProjectFile(str(file), "[build-system] requires is no list of strings")
    return [str(requirement) for requirement in requires]


def _chosen(
    package: Locked, interpreter: PythonInterpreter, directory: Path, client: Client
) -> Wheel:
    """A wheel that works on every machine where there is one."""
    anywhere = [file for file in package.files if file.filename.endswith(_ANYWHERE)]
    best: WheelFile | None = best_wheel(anywhere or package.files, interpreter)
    if best is None:
        what = f"{package.name} {package.version}"
        names = sorted(file.filename for file in package.files)
        raise NoMatchingWheel(what, describe_target(interpreter), names)
    return as_wheel(package, best, directory, client)


def _this_interpreter() -> PythonInterpreter:
    """The interpreter that runs distil, which runs the back end as well."""
    library, version = host.libc_ver()
    numbers = version.split(".") if library == "glibc" else ["0", "0"]
    return PythonInterpreter(
        host.python_version(), (int(numbers[0]), int(numbers[1])), host.machine()
    )
