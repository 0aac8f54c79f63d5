"""From what an application asks for to the wheels that the target gets.

uv only resolves, for the target's interpreter and platform; the wheel is chosen here, because
uv's platforms lag behind Debian's C library, and because hashes that the project demands are
not its concern when it resolves. Nothing third-party is ever built.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from distil.events import stage
from distil.fetch.address import text_without_secrets
from distil.fetch.http import Client
from distil.formats.errors import InvalidProjectFile
from distil.model.spec import Spec
from distil.runtimes.python.application import DependencySource, PythonApplication
from distil.runtimes.python.dependencies import index_options, read_requirements
from distil.runtimes.python.errors import NoMatchingWheel, PythonDoesNotFit, UnexpectedWheel
from distil.runtimes.python.indexes import uv_settings
from distil.runtimes.python.inputs import input_files, requirement_files
from distil.runtimes.python.interpreter import PythonInterpreter
from distil.runtimes.python.locks import Locked, as_wheel, check_uv_lock_current, read_pylock
from distil.runtimes.python.poetry_lock import read_poetry_lock
from distil.runtimes.python.project import build_projects
from distil.runtimes.python.project_files import (
    DeclaredProject,
    group_requirements,
    read_project,
    read_toml,
)
from distil.runtimes.python.stored import decode, encode
from distil.runtimes.python.target import WheelFile, best_wheel, describe_target, fits
from distil.runtimes.python.uv import UvFailed, compile_requirements, explained, run_uv
from distil.runtimes.python.wheel import Wheel
from distil.source.scan import read_source

DEFAULT_MAX_AGE: Final = 3600.0
"""Seconds for which a resolution that is not locked is used again."""

_NEWEST_GLIBC: Final = 40
"""Minor version of the newest manylinux platform that uv knows."""

_FORMAT: Final = 2
"""Changes when what is stored of a resolution, or how it is come by, does."""

_LOGIN: Final = re.compile(r"UV_\w*(?:USERNAME|PASSWORD|TOKEN)")

_PYLOCK: Final = ("--format", "pylock.toml", "--no-header")

Hashes = Mapping[str, frozenset[str]]


class Resolution(msgspec.Struct, frozen=True):
    """Third-party wheels, sorted by name, and the project's own directories to be built."""

    wheels: tuple[Wheel, ...] = ()
    directories: tuple[str, ...] = ()


class _Stored(msgspec.Struct):
    """What is kept; `partly`: what is secret in an address was needed, and is not kept."""

    when: float
    resolution: Resolution
    partly: bool


def resolve(
    application: PythonApplication,
    interpreter: PythonInterpreter,
    client: Client,
    spec: Spec,
    *,
    refresh: bool = False,
    preferred: Sequence[Wheel] = (),
) -> Resolution:
    """The wheels that `application` needs on the target, from the cache where that is right.

    Of a distribution among `preferred` that version is taken where the project admits it and no
    lock of its own decides.

    A locked application's resolution is kept for good, another one for DISTIL_INDEX_MAX_AGE
    seconds (an hour) unless `refresh` is set. Raises `PythonDoesNotFit`, `NoMatchingWheel`,
    `UnexpectedWheel`, `UnknownDistribution`, `UnsatisfiableRequirements`, `UnsupportedSource`,
    `StaleLock`, `InvalidProjectFile`, `IndexUnreachable`, `ResolverFailed`.
    """
    if not fits(application.requires_python, interpreter.version):
        raise PythonDoesNotFit(application.name, application.requires_python, interpreter.version)
    if application.dependencies.source is DependencySource.NONE:
        return Resolution()
    work = _Resolving(application, interpreter, client, spec, preferred)
    key = work.key()
    stored = client.cache.document("resolutions", key)
    if stored is not None:
        found = decode(stored, _Stored)
        age = time.time() - found.when
        fresh = not refresh and 0 <= age < _max_age()
        usable = not found.partly or _all_cached(found.resolution, client)
        if ((fresh or work.locked) and usable) or client.offline:
            return found.resolution
    with stage("resolving Python packages") as result:
        resolution = work.run()
        result(f"{len(resolution.wheels)} packages")
    if not any(wheel.url.startswith("file:") for wheel in resolution.wheels):
        partly = any(client.whole_address(w.url) != w.url for w in resolution.wheels)
        document = encode(_Stored(time.time(), resolution, partly))
        client.cache.put_document("resolutions", key, document)
    return resolution


def _all_cached(resolution: Resolution, client: Client) -> bool:
    """Whether no wheel has to be fetched."""
    cache = client.cache
    return all(cache.path("blobs", wheel.digest.hex).is_file() for wheel in resolution.wheels)


def _max_age() -> float:
    value = os.environ.get("DISTIL_INDEX_MAX_AGE", "")
    try:
        return float(value) if value else DEFAULT_MAX_AGE
    except ValueError:
        raise InvalidProjectFile(
            "DISTIL_INDEX_MAX_AGE", f"{value!r} is not a number of seconds"
        ) from None


class _Resolving:
    """One resolution: its inputs, and the way from them to wheels."""

    def __init__(
        self,
        application: PythonApplication,
        interpreter: PythonInterpreter,
        client: Client,
        spec: Spec,
        preferred: Sequence[Wheel],
    ) -> None:
        self._application = application
        self._source = Path(application.source)
        self._dependencies = application.dependencies
        self._interpreter = interpreter
        self._target = describe_target(interpreter)
        self._client = client
        self._spec = spec
        self._preferred = {wheel.name: wheel.version for wheel in preferred}
        self._allowed, self._allowed_by = self._hashes()

    @property
    def locked(self) -> bool:
        """Whether nothing but the inputs has a say: a lock, or hashes for every requirement."""
        return self._dependencies.source.locked or bool(self._allowed)

    def key(self) -> str:
        """A name for the inputs: files, choices, target and what configures uv."""
        hasher = hashlib.sha256()
        for file in self._input_files():
            hasher.update(repr((file, hashlib.sha256(file.read_bytes()).digest())).encode())
        settings = {k: v for k, v in os.environ.items() if k.startswith("UV_")}
        # Who asks has no say in the answer, and a digest of a password invites guesses.
        known = {k: text_without_secrets(v) for k, v in settings.items() if not _LOGIN.fullmatch(k)}
        hasher.update(repr(sorted(known.items())).encode())
        hasher.update(encode(self._dependencies))
        hasher.update(encode(self._interpreter))
        hasher.update(repr(sorted(self._preferred.items())).encode())
        return f"resolution {_FORMAT} {hasher.hexdigest()}"

    def run(self) -> Resolution:
        """Resolve now."""
        packages = self._packages()
        if self._allowed:
            packages = self._narrowed(packages)
        wheels = tuple(self._wheel(package) for package in packages if not package.directory)
        directories = tuple(package.directory for package in packages if package.directory)
        return Resolution(wheels, directories)

    # --- inputs ----------------------------------------------------------------------------

    def _input_files(self) -> list[Path]:
        files = input_files(self._source, self._dependencies)
        files += [path for path, _ in uv_settings(self._source)]
        return [path for path in dict.fromkeys(files) if path.is_file()]

    def _hashes(self) -> tuple[Hashes, str]:
        """The hashes that requirements files allow for each name, and the file that does."""
        allowed: dict[str, set[str]] = {}
        where = ""
        for file in requirement_files(self._dependencies):
            for path, requirement in read_requirements(self._source, file):
                if requirement.hashes:
                    where = where or path
                    allowed.setdefault(requirement.name, set()).update(requirement.hashes)
        return {name: frozenset(hashes) for name, hashes in allowed.items()}, where

    # --- by source -------------------------------------------------------------------------

    def _packages(self) -> list[Locked]:
        dependencies = self._dependencies
        if dependencies.source is DependencySource.UV_LOCK:
            return self._exported()
        if dependencies.source is DependencySource.PYLOCK:
            text = read_source(self._source / dependencies.files[0]).decode("utf-8", "replace")
            return self._read(text, dependencies.files[0], dependencies.groups or None)
        if dependencies.source is DependencySource.POETRY_LOCK:
            return self._pinned_by_poetry()
        if dependencies.source is DependencySource.METADATA:
            return self._required_by_wheel()
        if dependencies.source is DependencySource.SCRIPT:
            return self._compiled(["-"], "\n".join(dependencies.requirements))
        chosen: list[str] = []
        if dependencies.source is DependencySource.PROJECT:
            chosen = [option for e in dependencies.extras for option in ("--extra", e)]
            chosen += [option for g in dependencies.groups for option in ("--group", g)]
        return self._compiled([*dependencies.files, *chosen])

    def _exported(self) -> list[Locked]:
        file = self._dependencies.files[0]
        check_uv_lock_current(read_toml(self._source / file), file, self._project())
        options = [option for e in self._dependencies.extras for option in ("--extra", e)]
        options += [option for g in self._dependencies.groups for option in ("--group", g)]
        text = self._uv(
            ["export", "--frozen", *_PYLOCK, "--no-emit-project", "--no-default-groups", *options]
        )
        return self._read(text, file, None)

    def _pinned_by_poetry(self) -> list[Locked]:
        file = self._dependencies.files[0]
        table = read_toml(self._source / file)
        choice = (self._dependencies.extras, self._dependencies.groups)
        pins = read_poetry_lock(table, file, self._project(), self._interpreter, choice)
        self._allowed = {pin.name: frozenset(pin.hashes) for pin in pins}
        self._allowed_by = file
        if not pins:
            return []
        return self._compiled(
            ["-", "--no-deps"], "\n".join(f"{pin.name}=={pin.version}" for pin in pins)
        )

    def _required_by_wheel(self) -> list[Locked]:
        """What the project's own wheel requires, with the chosen extras and groups."""
        import tempfile  # a warm build does without

        cache = self._client.cache
        wheel = build_projects(self._application, (), self._interpreter, cache, self._spec)[0]
        project = self._project()
        extras = ",".join(self._dependencies.extras)
        with tempfile.TemporaryDirectory(prefix="distil-wheel-") as temporary:
            # uv reads a wheel's tags from its name, which a file of the cache does not have.
            place = Path(temporary, wheel.filename)
            place.symlink_to(cache.path("blobs", wheel.digest.hex).absolute())
            wanted = [f"{wheel.name}[{extras}] @ {place.as_uri()}"]
            for group in self._dependencies.groups:
                wanted += group_requirements(project, group)
            packages = self._compiled(
                ["-", *requirement_files(self._dependencies)], "\n".join(wanted)
            )
        return [package for package in packages if package.name != wheel.name]

    def _project(self) -> DeclaredProject:
        project = read_project(self._source)
        if project is None:
            raise InvalidProjectFile(str(self._source), "its pyproject.toml declares no project")
        return project

    # --- uv --------------------------------------------------------------------------------

    def _compiled(self, arguments: Sequence[str], stdin: str = "") -> list[Locked]:
        minor = min(self._interpreter.glibc[1], _NEWEST_GLIBC)
        platform = f"{self._interpreter.machine}-manylinux_{self._interpreter.glibc[0]}_{minor}"
        if self._interpreter.is_musl:
            platform = f"{self._interpreter.machine}-unknown-linux-musl"
        try:
            text = self._uv_compile([*arguments, "--python-platform", platform], stdin)
        except UvFailed as failure:
            error = explained(failure, self._target, self._interpreter.version)
            if isinstance(error, NoMatchingWheel):
                files = self._files_of(error.what)
                error = NoMatchingWheel(error.what, self._target, files, source=error.source)
            raise error from None
        return self._read(text, "uv's answer", None)

    def _uv_compile(self, arguments: Sequence[str], stdin: str) -> str:
        version = ("--python-version", self._interpreter.version)
        arguments = [*version, *self._offline, *arguments]
        return compile_requirements(arguments, self._source, stdin, self._preferred)

    def _uv(self, arguments: Sequence[str]) -> str:
        try:
            return run_uv([*arguments, *self._offline], self._source)
        except UvFailed as failure:
            raise explained(failure, self._target, self._interpreter.version) from None

    @property
    def _offline(self) -> list[str]:
        return ["--offline"] if self._client.offline else []

    def _read(self, text: str, where: str, groups: Sequence[str] | None) -> list[Locked]:
        return read_pylock(text, where, self._interpreter, self._dependencies.extras, groups)

    def _all_files(self, names: Sequence[str]) -> list[Locked]:
        """Every wheel that the index has of `names` (with versions), for any platform."""
        lines = [*index_options(self._source, requirement_files(self._dependencies)), *names]
        text = self._uv_compile(["-", "--universal", "--no-deps"], "\n".join(lines))
        return self._read(text, "uv's answer", None)

    def _files_of(self, what: str) -> list[str]:
        """The names of the wheels there are; none when uv does not list them either."""
        try:
            packages = self._all_files([what.replace(" ", "==")])
        except UvFailed:
            return []
        return sorted(file.filename for package in packages for file in package.files)

    # --- hashes and wheels -----------------------------------------------------------------

    def _narrowed(self, packages: list[Locked]) -> list[Locked]:
        """Only files with an allowed hash; where uv chose another one, all files are asked."""
        for package in packages:
            if not package.directory and not self._allowed.get(package.name):
                raise InvalidProjectFile(
                    self._allowed_by,
                    f"it has hashes, but none for {package.name} {package.version}, which is "
                    "needed as well",
                    hint="generate the file again so that it is complete",
                )
        missing = [p for p in packages if not p.directory and not self._permitted(p)]
        if not missing:
            return [self._with_permitted(package) for package in packages]
        try:
            again = {
                p.name: p for p in self._all_files([f"{p.name}=={p.version}" for p in missing])
            }
        except UvFailed as failure:
            raise explained(failure, self._target, self._interpreter.version) from None
        for package in missing:
            offered = again.get(package.name, package)
            if best_wheel(self._permitted(offered), self._interpreter) is None:
                found = [f"{f.filename} sha256:{f.sha256}" for f in package.files[:3]]
                raise UnexpectedWheel(
                    f"{package.name} {package.version}",
                    self._allowed_by,
                    found,
                    len(self._allowed[package.name]),
                )
        return [self._with_permitted(again.get(p.name, p)) for p in packages]

    def _permitted(self, package: Locked) -> list[WheelFile]:
        allowed = self._allowed.get(package.name, frozenset())
        return [file for file in package.files if allowed & set(file.hashes)]

    def _with_permitted(self, package: Locked) -> Locked:
        if package.directory:
            return package
        return msgspec.structs.replace(package, files=tuple(self._permitted(package)))

    def _wheel(self, package: Locked) -> Wheel:
        what = f"{package.name} {package.version}"
        best = best_wheel(package.files, self._interpreter)
        if best is None:
            names = sorted(file.filename for file in package.files)
            also = "; there is a source distribution" if package.has_source else ""
            raise NoMatchingWheel(what, self._target, names, source=also)
        return as_wheel(package, best, self._source, self._client)
