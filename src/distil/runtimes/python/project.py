"""The application's own projects, built to wheels by their back ends on this machine.

This is the one place where code of the application is run, as any installation of it would.
The back end sees a copy without what git ignores, so it leaves nothing behind in the source.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from distil.events import stage
from distil.fetch.cache import Cache
from distil.model.blob import FileBlob
from distil.model.digest import Digest
from distil.model.node import Kind
from distil.model.spec import Spec
from distil.runtimes.python.application import PythonApplication, normalised
from distil.runtimes.python.errors import ForeignWheel, LoginInMetadata, ProjectBuildFailed
from distil.runtimes.python.interpreter import PythonInterpreter
from distil.runtimes.python.project_files import read_toml
from distil.runtimes.python.stored import decode, encode
from distil.runtimes.python.target import WheelFile, best_wheel, describe_target
from distil.runtimes.python.uv import UvFailed, run_uv
from distil.runtimes.python.wheel import Wheel
from distil.source.logins import metadata_holds_login
from distil.source.scan import Sources, scan_project
from distil.source.secret_search import check_own_archives

EARLIEST_ZIP_DATE: Final = "315532800"
"""1980-01-01 in seconds, the first date that a zip archive, so a wheel, can hold."""

_VERSIONED_BY_GIT: Final = (
    "setuptools-scm",
    "setuptools_scm",
    "hatch-vcs",
    "vcs-versioning",
    "versioningit",
    "versioneer",
    "pbr",
    "dynamic-versioning",
)
_FITS_ALL: Final = "-py3-none-any.whl"
_OUTPUT_LINES: Final = 30


def build_projects(
    application: PythonApplication,
    directories: Sequence[str],
    interpreter: PythonInterpreter,
    cache: Cache,
    spec: Spec,
) -> tuple[Wheel, ...]:
    """The wheels of the application's project (when it is packaged) and of local `directories`.

    `directories` are relative to the application. Sorted by name; each is in the cache's blobs.
    Raises `ProjectBuildFailed`, and what `check_own` raises.
    """
    unique = project_places(application, directories)
    wheels = [build_wheel(project_sources(place, spec), cache) for place in unique]
    check_own(wheels, interpreter, spec)
    return tuple(sorted(wheels, key=lambda wheel: wheel.name))


def project_places(application: PythonApplication, directories: Sequence[str]) -> list[Path]:
    """Where the application's project (when it is packaged) and local `directories` are."""
    source = Path(application.source)
    places = [source] if application.packaged else []
    places += [source / directory for directory in directories]
    return list(dict.fromkeys(place.resolve() for place in places))


def check_own(wheels: Sequence[Wheel], interpreter: PythonInterpreter, spec: Spec) -> None:
    """Raise `ForeignWheel` for one of the project's own `wheels` that the target cannot use.

    Raises `SecretsFound` for one that holds secrets.
    """
    for wheel in wheels:
        file = WheelFile(wheel.filename, wheel.url, wheel.size, wheel.digest.hex)
        if not wheel.filename.endswith(_FITS_ALL) and best_wheel([file], interpreter) is None:
            raise ForeignWheel(wheel.filename, describe_target(interpreter))
    check_own_archives({wheel.filename: wheel.url for wheel in wheels}, spec)


class ProjectSources(msgspec.Struct, frozen=True):
    """Everything a project's wheel is made of but what builds it.

    `epoch` dates its files, in seconds since 1970. `git_version` is what a back end that asks
    git would see, empty when it does not.
    """

    sources: Sources
    epoch: str
    git_version: str

    @property
    def digest(self) -> Digest:
        """What stands for all of it, on every machine."""
        hasher = hashlib.sha256()
        for file in self.sources.files:
            digest = b""
            if file.kind is Kind.FILE:
                digest = hashlib.sha256(self.sources.read(file.path)).digest()
            hasher.update(repr((file.path, file.kind, file.mode, file.target, digest)).encode())
        hasher.update(repr((self.epoch, self.git_version)).encode())
        return Digest.from_hex(hasher.hexdigest())


class BuildTool(msgspec.Struct, frozen=True):
    """A wheel that a back end may use, and the file that holds it."""

    filename: str
    blob: FileBlob


def project_sources(directory: Path, spec: Spec) -> ProjectSources:
    """What the project in `directory` is built from. Raises `UnreadableSource`."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH") or EARLIEST_ZIP_DATE
    return ProjectSources(scan_project(directory, spec), epoch, _git_version(directory))


def build_wheel(
    project: ProjectSources, cache: Cache, tools: Sequence[BuildTool] | None = None
) -> Wheel:
    """The wheel of `project`, from the cache while its files stay the same.

    With `tools` the back end is made of these and nothing else, without any index. Raises
    `ProjectBuildFailed`, `UnreadableSource`.
    """
    key = _key(project.digest, tools)
    cached = cache.document("resolutions", key)
    if cached is not None:
        wheel = decode(cached, Wheel)
        if cache.blob(wheel.digest) is not None:
            return wheel
    with stage(f"building the wheel of {Path(project.sources.root).name}") as result:
        wheel = _built(project, cache, tools)
        result(wheel.filename)
    cache.put_document("resolutions", key, encode(wheel))
    return wheel


def _built(project: ProjectSources, cache: Cache, tools: Sequence[BuildTool] | None) -> Wheel:
    import tempfile  # a warm build does without

    root = project.sources.root
    with tempfile.TemporaryDirectory(prefix="distil-build-") as temporary:
        copy, out = Path(temporary, "source"), Path(temporary, "out")
        _copy(project.sources, copy)
        if project.git_version:
            # A file in place of the directory, as in a worktree: versions come from git's tags.
            (copy / ".git").write_text(f"gitdir: {Path(root, '.git').resolve()}\n")
        arguments = ["build", "--wheel", "--no-create-gitignore", "--out-dir", str(out), str(copy)]
        if tools is not None:
            place = _laid_out(tools, Path(temporary, "tools"))
            arguments += ["--offline", "--no-index", "--find-links", str(place)]
        environment = {"SOURCE_DATE_EPOCH": project.epoch, "PYTHONHASHSEED": "0"}
        try:
            run_uv(arguments, copy, environment=environment)
        except UvFailed as failure:
            lines = failure.output.replace(str(copy), root).splitlines()
            raise ProjectBuildFailed(root, "\n".join(lines[-_OUTPUT_LINES:])) from None
        found = sorted(out.glob("*.whl"))
        if len(found) != 1:
            raise ProjectBuildFailed(root, f"it left {len(found)} wheels instead of one")
        if _metadata_holds_login(found[0]):
            raise LoginInMetadata(root)
        return _stored(found[0], cache)


def _metadata_holds_login(path: Path) -> bool:
    import zipfile  # a warm build does without

    try:
        with zipfile.ZipFile(path) as archive:
            names = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
            return any(metadata_holds_login(archive.read(name)) for name in names)
    except zipfile.BadZipFile:
        return False  # What is wrong with it is said where it is unpacked.


def _laid_out(tools: Sequence[BuildTool], directory: Path) -> Path:
    """A directory in which each of `tools` has the name that uv reads its tags from."""
    directory.mkdir()
    for tool in tools:
        (directory / tool.filename).symlink_to(Path(tool.blob.path).absolute())
    return directory


def _stored(path: Path, cache: Cache) -> Wheel:
    blob = FileBlob.of_file(path)
    if cache.blob(blob.digest) is None:
        with path.open("rb") as source, cache.writing("blobs", blob.digest.hex) as stream:
            shutil.copyfileobj(source, stream)
    name, version = path.name.split("-")[:2]
    place = cache.path("blobs", blob.digest.hex)
    url = place.absolute().as_uri()
    return Wheel(normalised(name), version, path.name, url, blob.size, Digest(blob.digest))


def _copy(sources: Sources, copy: Path) -> None:
    copy.mkdir()
    for file in sources.files:
        place = copy / file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        if file.kind is Kind.DIRECTORY:
            place.mkdir(exist_ok=True)
        elif file.kind is Kind.SYMLINK:
            place.symlink_to(file.target)
        else:
            place.write_bytes(sources.read(file.path))
            place.chmod(file.mode)


def _key(sources: Digest, tools: Sequence[BuildTool] | None) -> str:
    """What the wheel is made of, and what makes it: the interpreter and the back end."""
    pinned = None if tools is None else sorted(tool.blob.digest for tool in tools)
    made_by = (sys.implementation.cache_tag, os.uname().machine, pinned)
    return f"wheel {sources} {made_by}"


def _git_version(directory: Path) -> str:
    """What a back end that derives the version from git would see, "" when none does so."""
    if not (directory / ".git").exists() or not (directory / "pyproject.toml").is_file():
        return ""
    if not _asks_git(read_toml(directory / "pyproject.toml")):
        return ""
    import subprocess  # seldom needed

    result = subprocess.run(
        ["git", "describe", "--tags", "--always", "--long", "--dirty"],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stdout.strip() or "without a commit"


def _asks_git(table: dict[str, Any]) -> bool:
    requires = table.get("build-system", {}).get("requires", [])
    return any(mark in str(item) for item in requires for mark in _VERSIONED_BY_GIT)
