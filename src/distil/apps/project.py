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

from distil.apps.logins import metadata_holds_login
from distil.apps.project_files import read_toml
from distil.apps.sources import Sources, scan_project
from distil.apps.stored import decode, encode
from distil.apps.target import WheelFile, best_wheel, describe_target
from distil.apps.uv import UvFailed, run_uv
from distil.errors import ForeignWheel, LoginInMetadata, ProjectBuildFailed
from distil.events import stage
from distil.fetch.cache import Cache
from distil.model.application import Application, normalised
from distil.model.blob import FileBlob
from distil.model.digest import Digest
from distil.model.node import Kind
from distil.model.package import PythonInterpreter, Wheel
from distil.model.spec import Spec

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
    application: Application,
    directories: Sequence[str],
    interpreter: PythonInterpreter,
    cache: Cache,
    spec: Spec,
) -> tuple[Wheel, ...]:
    """The wheels of the application's project (when it is packaged) and of local `directories`.

    `directories` are relative to the application. Sorted by name; each is in the cache's blobs.
    Raises `ProjectBuildFailed`, `ForeignWheel` for one that the target cannot use.
    """
    source = Path(application.source)
    places = [source] if application.packaged else []
    places += [source / directory for directory in directories]
    unique = list(dict.fromkeys(place.resolve() for place in places))
    wheels = [build_wheel(place, cache, spec) for place in unique]
    for wheel in wheels:
        file = WheelFile(wheel.filename, wheel.url, wheel.size, wheel.digest.hex)
        if not wheel.filename.endswith(_FITS_ALL) and best_wheel([file], interpreter) is None:
            raise ForeignWheel(wheel.filename, describe_target(interpreter))
    return tuple(sorted(wheels, key=lambda wheel: wheel.name))


def build_wheel(directory: Path, cache: Cache, spec: Spec) -> Wheel:
    """The wheel of the project in `directory`, from the cache while its files stay the same.

    Raises `ProjectBuildFailed`, `UnreadableSource`.
    """
    sources = scan_project(directory, spec)
    epoch = os.environ.get("SOURCE_DATE_EPOCH") or EARLIEST_ZIP_DATE
    git_version = _git_version(directory)
    key = _key(sources, epoch, git_version)
    cached = cache.document("resolutions", key)
    if cached is not None:
        wheel = decode(cached, Wheel)
        if cache.blob(wheel.digest) is not None:
            return wheel
    with stage(f"building the wheel of {directory.name}") as result:
        wheel = _built(sources, cache, epoch, with_git=git_version != "")
        result(wheel.filename)
    cache.put_document("resolutions", key, encode(wheel))
    return wheel


def _built(sources: Sources, cache: Cache, epoch: str, *, with_git: bool) -> Wheel:
    import tempfile  # a warm build does without

    with tempfile.TemporaryDirectory(prefix="distil-build-") as temporary:
        copy, out = Path(temporary, "source"), Path(temporary, "out")
        _copy(sources, copy)
        if with_git:
            # A file in place of the directory, as in a worktree: versions come from git's tags.
            (copy / ".git").write_text(f"gitdir: {Path(sources.root, '.git').resolve()}\n")
        arguments = ("build", "--wheel", "--no-create-gitignore", "--out-dir", str(out), str(copy))
        try:
            run_uv(arguments, copy, environment={"SOURCE_DATE_EPOCH": epoch, "PYTHONHASHSEED": "0"})
        except UvFailed as failure:
            lines = failure.output.replace(str(copy), sources.root).splitlines()
            raise ProjectBuildFailed(sources.root, "\n".join(lines[-_OUTPUT_LINES:])) from None
        found = sorted(out.glob("*.whl"))
        if len(found) != 1:
            raise ProjectBuildFailed(sources.root, f"it left {len(found)} wheels instead of one")
        if _metadata_holds_login(found[0]):
            raise LoginInMetadata(sources.root)
        return _stored(found[0], cache)


def _metadata_holds_login(path: Path) -> bool:
    import zipfile  # a warm build does without

    try:
        with zipfile.ZipFile(path) as archive:
            names = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
            return any(metadata_holds_login(archive.read(name)) for name in names)
    except zipfile.BadZipFile:
        return False  # What is wrong with it is said where it is unpacked.


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


def _key(sources: Sources, epoch: str, git_version: str) -> str:
    """Everything that the wheel is made of, and the interpreter that makes it."""
    hasher = hashlib.sha256()
    for file in sources.files:
        digest = b""
        if file.kind is Kind.FILE:
            digest = hashlib.sha256(sources.read(file.path)).digest()
        hasher.update(repr((file.path, file.kind, file.mode, file.target, digest)).encode())
    settings = (sys.implementation.cache_tag, epoch, git_version, os.uname().machine)
    return f"wheel {hasher.hexdigest()} {settings}"


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
