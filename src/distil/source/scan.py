"""The application's own files: which of them go into the image, and why the others do not.

`.dockerignore` decides where there is one, otherwise git's ignore files do. Some things never
go in (version control, virtual environments, byte-code, build results), some only when
``[app] include`` names them.
"""

from __future__ import annotations

import fnmatch
import os
import posixpath
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from distil.errors import UnreadableSource
from distil.events import Warned, emit
from distil.formats.dockerignore import DockerIgnore, docker_patterns, parse_dockerignore
from distil.model.application import Application
from distil.model.blob import FileBlob
from distil.model.node import Kind, Node
from distil.model.origin import ApplicationOrigin
from distil.model.spec import Spec
from distil.model.tree import Tree
from distil.source.logins import holds_login, may_hold_login

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

NEVER: Final = {
    ".git": "version control",
    ".hg": "version control",
    ".svn": "version control",
    ".bzr": "version control",
    "__pycache__": "byte-code",
    "*.py[co]": "byte-code",
    ".venv": "a virtual environment",
    ".distil": "distil's own cache and results",
    ".tox": "test environments",
    ".nox": "test environments",
    "*.egg-info": "metadata of a development installation",
    ".mypy_cache": "a cache",
    ".pytest_cache": "a cache",
    ".ruff_cache": "a cache",
    ".hypothesis": "a cache",
    ".DS_Store": "an editor's or desktop's file",
    ".netrc": "it holds logins",
    ".pypirc": "it holds logins",
    "pip.conf": "pip's configuration, which may hold logins",
    "distil.lock": "instructions for distil",
}
"""Names, at any depth, that never belong to an application in an image, and why."""

UNLESS_INCLUDED: Final = {
    "distil.toml": "instructions for distil",
    "distil.schema.json": "instructions for an editor",
    ".dockerignore": "an ignore file",
    ".gitignore": "an ignore file",
    ".gitattributes": "version control",
    ".gitmodules": "version control",
    ".github": "continuous integration",
    ".gitlab-ci.yml": "continuous integration",
    ".pre-commit-config.yaml": "a development tool's configuration",
    ".idea": "an editor's or desktop's file",
    ".vscode": "an editor's or desktop's file",
    ".editorconfig": "an editor's or desktop's file",
    ".env": "it may hold secrets: give them to the container instead",
    ".coverage": "a test result",
    "node_modules": "JavaScript packages, which Python does not run",
    "Dockerfile": "instructions for another builder",
    "Containerfile": "instructions for another builder",
    "uv.toml": "uv's configuration",
}
"""Names, at any depth, that are left out unless ``[app] include`` matches them, and why."""

_NEVER_GLOBS: Final = tuple(name for name in NEVER if "*" in name)


class SourceFile(msgspec.Struct, frozen=True, gc=False):
    """A file, directory or symbolic link of the application, by its relative path."""

    path: str
    kind: Kind
    mode: int
    target: str = ""


class LeftOut(msgspec.Struct, frozen=True, gc=False):
    """A path (a directory stands for all below it) that does not go into the image, and why."""

    path: str
    why: str


class Sources(msgspec.Struct, frozen=True):
    """What a scan of the application's directory found, sorted by path."""

    root: str
    files: tuple[SourceFile, ...]
    left_out: tuple[LeftOut, ...]

    def named(self, path: str) -> bool:
        """Whether there is a file at the relative `path`."""
        return any(file.path == path and file.kind is Kind.FILE for file in self.files)

    def read(self, path: str) -> bytes:
        """The bytes of the file at the relative `path`. Raises `UnreadableSource`."""
        return read_source(Path(self.root) / path)


def read_source(path: Path) -> bytes:
    """The bytes of one of the application's files. Raises `UnreadableSource`."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableSource(str(path), error.strerror or "cannot be read") from None


def scan(source: Path, spec: Spec) -> Sources:
    """Walk the application's directory once; contents are not read.

    Raises `UnreadableSource` for what cannot be listed, `InvalidProjectFile` for a pattern
    that is none.
    """
    return _Scan(source, spec).run()


def scan_project(directory: Path, spec: Spec) -> Sources:
    """What a build back end gets to see: everything but what git ignores.

    A ``.dockerignore`` is about images, and may well name what the back end needs. Raises as
    `scan` does.
    """
    return _Scan(directory, spec, for_back_end=True).run()


def application_tree(application: Application, spec: Spec, sources: Sources | None = None) -> Tree:
    """The application's files at ``[image] workdir``: 0644 or 0755, owned by root, no dates.

    A packaged application's code is in its wheel, so only what ``[app] include`` names is
    copied. Each file is read once, for its digest. Raises `UnreadableSource`.
    """
    sources = sources or scan(Path(application.source), spec)
    workdir = spec.image.workdir.rstrip("/")
    included = _patterns(spec.app.include, "[app] include")
    nodes = [
        _node(sources.root, workdir, file)
        for file in sources.files
        if not application.packaged or included(file.path)
    ]
    if workdir:
        origin = ApplicationOrigin(".")
        nodes.append(Node(workdir, Kind.DIRECTORY, 0o755, origin=origin))
    return Tree(nodes)


def _node(root: str, workdir: str, file: SourceFile) -> Node:
    path = f"{workdir}/{file.path}"
    origin = ApplicationOrigin(file.path)
    if file.kind is not Kind.FILE:
        return Node(path, file.kind, file.mode, target=file.target, origin=origin)
    place = Path(root) / file.path
    try:
        blob = FileBlob.of_file(place)
    except OSError as error:
        raise UnreadableSource(str(place), error.strerror or "cannot be read") from None
    return Node(path, file.kind, file.mode, blob=blob, origin=origin)


def _patterns(patterns: tuple[str, ...], where: str) -> Callable[[str], bool]:
    matcher = docker_patterns(patterns, where)
    return lambda path: matcher.decides(path)[0]


class _GitIgnore(NamedTuple):
    below: str
    prefix: str
    patterns: GitIgnoreSpec


class _Scan:
    """One walk over the application's directory."""

    def __init__(self, source: Path, spec: Spec, *, for_back_end: bool = False) -> None:
        if not source.is_dir():
            why = "it is not a directory" if source.exists() else "there is no such directory"
            raise UnreadableSource(str(source), why)
        self._root = source
        self._for_back_end = for_back_end
        self._included = _patterns(spec.app.include, "[app] include")
        self._may_include = spec.app.include != ()
        self._excluded = _patterns(spec.app.exclude, "[app] exclude")
        self._packages = _patterns(spec.base.debs, "[base] debs")
        self._keys = {posixpath.normpath(one.key) for one in spec.base.repositories}
        self._docker = self._dockerignore()
        self._git: list[_GitIgnore] = []
        self._files: list[SourceFile] = []
        self._left_out: list[LeftOut] = []

    def run(self) -> Sources:
        if self._docker is None:
            self._outer_gitignores()
        self._directory("")
        key = lambda found: found.path  # noqa: E731 - one key for two sorts
        return Sources(
            str(self._root),
            tuple(sorted(self._files, key=key)),
            tuple(sorted(self._left_out, key=key)),
        )

    # --- walking ---------------------------------------------------------------------------

    def _directory(self, directory: str) -> bool:
        """Take in what is below `directory`; whether anything was."""
        place = self._root / directory
        try:
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError as error:
            raise UnreadableSource(str(place), error.strerror or "cannot be listed") from None
        outer = len(self._git)
        names = {entry.name for entry in entries}
        if self._docker is None and ".gitignore" in names:
            self._add_gitignore(place / ".gitignore", f"{directory}/" if directory else "")
        taken = [self._entry(entry, directory) for entry in entries]
        del self._git[outer:]
        return any(taken)

    def _entry(self, entry: os.DirEntry[str], directory: str) -> bool:
        path = f"{directory}/{entry.name}" if directory else entry.name
        status = entry.stat(follow_symlinks=False)
        is_directory = stat.S_ISDIR(status.st_mode)
        why = self._never(entry, is_directory=is_directory)
        if why:
            return self._leave(path, why)
        why = self._why_left_out(path, entry.name, is_directory=is_directory)
        if is_directory:
            return self._enter(path, why)
        if why and not self._included(path):
            return self._leave(path, why)
        if stat.S_ISREG(status.st_mode) and self._holds_login(path):
            return self._leave(path, "it holds the login of a package index")
        return self._take(path, status)

    def _enter(self, path: str, why: str) -> bool:
        """A directory that is left out is looked through for what is taken back in."""
        if not why or self._included(path):
            self._files.append(SourceFile(path, Kind.DIRECTORY, 0o755))
            self._directory(path)
            return True
        by_docker = self._docker is not None and self._docker.takes_back
        if not (self._may_include or (by_docker and why.startswith(".dockerignore"))):
            return self._leave(path, why)
        before, already = len(self._files), len(self._left_out)
        if self._directory(path):
            self._files.insert(before, SourceFile(path, Kind.DIRECTORY, 0o755))
            return True
        del self._left_out[already:]
        return self._leave(path, why)

    def _take(self, path: str, status: os.stat_result) -> bool:
        if stat.S_ISREG(status.st_mode):
            mode = 0o755 if status.st_mode & 0o100 else 0o644
            self._files.append(SourceFile(path, Kind.FILE, mode))
            return True
        if not stat.S_ISLNK(status.st_mode):
            return self._leave(path, "it is not a file, directory or symbolic link")
        target = os.readlink(self._root / path)  # noqa: PTH115 - the text as it stands
        try:
            inside = (self._root / path).resolve().is_relative_to(self._root.resolve())
        except (OSError, RuntimeError):  # which of them says so depends on Python's version
            return self._leave(path, "a symbolic link that leads round in circles")
        if target.startswith("/") or not inside:
            return self._leave(path, f"a symbolic link out of the application, to {target}")
        self._files.append(SourceFile(path, Kind.SYMLINK, 0o777, target))
        return True

    def _leave(self, path: str, why: str) -> bool:
        self._left_out.append(LeftOut(path, why))
        return False

    # --- reasons ---------------------------------------------------------------------------

    def _never(self, entry: os.DirEntry[str], *, is_directory: bool) -> str:
        name = entry.name
        why = NEVER.get(name, "")
        if not why:
            why = next((NEVER[g] for g in _NEVER_GLOBS if fnmatch.fnmatchcase(name, g)), "")
        if not why and is_directory:
            if os.path.lexists(f"{entry.path}/pyvenv.cfg"):
                return "a virtual environment"
            if os.path.lexists(f"{entry.path}/oci-layout"):
                return "an image that was built before"
        return why

    def _why_left_out(self, path: str, name: str, *, is_directory: bool) -> str:
        if not self._for_back_end:
            if name in UNLESS_INCLUDED:
                return UNLESS_INCLUDED[name]
            if self._excluded(path):
                return "[app] exclude"
            if self._packages(path) or path in self._keys:
                return "[base] names it: a package, or the key of a repository"
        if self._docker is not None:
            left_out, pattern = self._docker.decides(path)
            return f".dockerignore: {pattern}" if left_out else ""
        return self._git_reason(path, is_directory=is_directory)

    def _holds_login(self, path: str) -> bool:
        """Whether the file is for the build only, since it says how to log in somewhere."""
        if self._for_back_end or not may_hold_login(path):
            return False
        if not holds_login(read_source(self._root / path)):
            return False
        emit(
            Warned(
                f"{path} stays out of the image: it holds the login of a package index",
                hint="give that to uv as UV_INDEX_NAME_USERNAME and _PASSWORD, in ~/.netrc, or "
                "with a keyring",
            )
        )
        return True

    def _dockerignore(self) -> DockerIgnore | None:
        path = self._root / ".dockerignore"
        if self._for_back_end or not path.is_file():
            return None
        return parse_dockerignore(read_source(path).decode("utf-8", "surrogateescape"))

    def _add_gitignore(self, path: Path, below: str, prefix: str = "") -> None:
        """Heed `path` for what is below; it sees such a path less `below` and after `prefix`.

        An outer file that ignores the application as a whole has nothing to say about it.
        """
        lines = read_source(path).decode("utf-8", "surrogateescape").splitlines()
        if not any(line.strip() and not line.startswith("#") for line in lines):
            return
        from pathspec import GitIgnoreSpec  # slow to load, often not needed

        patterns = GitIgnoreSpec.from_lines(lines)
        if not (prefix and patterns.match_file(prefix)):
            self._git.append(_GitIgnore(below, prefix, patterns))

    def _outer_gitignores(self) -> None:
        """The ignore files of the repository that the application is a directory of."""
        here = self._root.absolute()
        above = [here, *here.parents]
        top = next((i for i, place in enumerate(above) if (place / ".git").exists()), 0)
        for place in reversed(above[1 : top + 1]):
            if (place / ".gitignore").is_file():
                prefix = here.relative_to(place).as_posix() + "/"
                self._add_gitignore(place / ".gitignore", "", prefix)

    def _git_reason(self, path: str, *, is_directory: bool) -> str:
        """The innermost ignore file that has a pattern for `path` decides (gitignore(5))."""
        for ignore in reversed(self._git):
            subject = ignore.prefix + path.removeprefix(ignore.below)
            verdict = ignore.patterns.check_file(subject + "/" if is_directory else subject)
            if verdict.include is not None:
                return f"{ignore.below}.gitignore" if verdict.include else ""
        return ""
