"""The application's own files: which of them go into the image, and why the others do not.

`.dockerignore` decides where there is one, otherwise git's ignore files do. Some things never
go in (version control, virtual environments, byte-code, build results), some only when
``[app] include`` names them.
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from distil.events import Warned, emit
from distil.formats.dockerignore import DockerIgnore, docker_patterns, parse_dockerignore
from distil.formats.gitignore import GitIgnore, parse_gitignore
from distil.model.application import Application
from distil.model.blob import FileBlob
from distil.model.node import Kind, Node
from distil.model.origin import ApplicationOrigin
from distil.model.regular_file import read_small
from distil.model.spec import Spec
from distil.model.tree import Tree
from distil.source.errors import UnreadableSource
from distil.source.logins import holds_login, may_hold_login
from distil.source.names import UNLESS_INCLUDED, never_taken
from distil.source.secrets import Answer, insistence, named_secret

DEEPEST: Final = 128
"""Directories inside one another that an application can have."""


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
    secret: bool = False


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
        return read_small(path)
    except OSError as error:
        raise UnreadableSource(str(path), error.strerror or "cannot be read") from None


def repository_of(source: Path) -> Path:
    """The top of the git repository that the directory `source` is in, or `source` itself."""
    here = source.absolute()
    return next((place for place in (here, *here.parents) if (place / ".git").exists()), here)


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

    Those that `goes_in` says. Each file is read once, for its digest. Raises `UnreadableSource`.
    """
    sources = sources or scan(Path(application.source), spec)
    return files_at(spec.image.workdir, sources, goes_in(spec, packaged=application.packaged))


def files_at(workdir: str, sources: Sources, wanted: Callable[[str], bool]) -> Tree:
    """Those of `sources` whose path is `wanted`, at `workdir`; each is read once, for its digest.

    Raises `UnreadableSource`.
    """
    top = workdir.rstrip("/")
    nodes = [_node(sources.root, top, file) for file in sources.files if wanted(file.path)]
    if top:
        nodes.append(Node(top, Kind.DIRECTORY, 0o755, origin=ApplicationOrigin(".")))
    return Tree(nodes)


def goes_in(spec: Spec, *, packaged: bool) -> Callable[[str], bool]:
    """Whether a path that a scan took in is copied into the image.

    A packaged application's code comes from its own build, so only what ``[app] include`` names is.
    """
    return _patterns(spec.app.include, "[app] include") if packaged else lambda _: True


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


class _Reason(NamedTuple):
    """Why a path is left out; `below` when that holds for a directory's contents by itself."""

    why: str
    secret: bool = False
    below: bool = False


_NO_REASON = _Reason("")


class _GitIgnore(NamedTuple):
    below: str
    prefix: str
    patterns: GitIgnore


class _Scan:
    """One walk over the application's directory."""

    def __init__(self, source: Path, spec: Spec, *, for_back_end: bool = False) -> None:
        if not source.is_dir():
            why = "it is not a directory" if source.exists() else "there is no such directory"
            raise UnreadableSource(str(source), why)
        self._root = source
        self._for_back_end = for_back_end
        self._included = _patterns(spec.app.include, "[app] include")
        self._insisted = insistence(spec.app.include, "[app] include")
        self._may_include = spec.app.include != ()
        self._excluded = _patterns(spec.app.exclude, "[app] exclude")
        self._packages = _patterns(spec.base.debs, "[base] debs")
        self._keys = {posixpath.normpath(one.key) for one in spec.base.repositories}
        self._docker = self._dockerignore()
        self._git: list[_GitIgnore] = []
        self._inherited = _NO_REASON
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
        if directory.count("/") >= DEEPEST:
            raise UnreadableSource(str(place), f"it is more than {DEEPEST} directories deep")
        try:
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError as error:
            raise UnreadableSource(str(place), error.strerror or "cannot be listed") from None
        outer = len(self._git)
        names = {entry.name for entry in entries}
        if self._docker is None and ".gitignore" in names and not self._inherited.why:
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
            return self._leave(path, _Reason(why))
        reason = self._reason(path, entry.name, is_directory=is_directory)
        if is_directory:
            return self._enter(path, reason)
        if reason.why and not self._takes_back(path, reason):
            return self._leave(path, reason)
        if stat.S_ISREG(status.st_mode) and self._holds_login(path):
            return self._leave(path, _Reason("it holds the login of a package index", secret=True))
        return self._take(path, status)

    def _enter(self, path: str, reason: _Reason) -> bool:
        """A directory that is left out is looked through for what is taken back in."""
        outer = self._inherited
        if not reason.why or self._takes_back(path, reason):
            self._inherited = _NO_REASON
            self._files.append(SourceFile(path, Kind.DIRECTORY, 0o755))
            self._directory(path)
            self._inherited = outer
            return True
        by_docker = self._docker is not None and self._docker.takes_back
        if not (self._may_include or (by_docker and reason.why.startswith(".dockerignore"))):
            return self._leave(path, reason)
        before, already = len(self._files), len(self._left_out)
        self._inherited = reason if reason.below else outer
        taken = self._directory(path)
        self._inherited = outer
        if taken:
            self._files.insert(before, SourceFile(path, Kind.DIRECTORY, 0o755))
            return True
        del self._left_out[already:]
        return self._leave(path, reason)

    def _take(self, path: str, status: os.stat_result) -> bool:
        if stat.S_ISREG(status.st_mode):
            mode = 0o755 if status.st_mode & 0o100 else 0o644
            self._files.append(SourceFile(path, Kind.FILE, mode))
            return True
        if not stat.S_ISLNK(status.st_mode):
            return self._leave(path, _Reason("it is not a file, directory or symbolic link"))
        target = os.readlink(self._root / path)  # noqa: PTH115 - the text as it stands
        try:
            inside = (self._root / path).resolve().is_relative_to(self._root.resolve())
        except (OSError, RuntimeError):  # which of them says so depends on Python's version
            return self._leave(path, _Reason("a symbolic link that leads round in circles"))
        if target.startswith("/") or not inside:
            why = f"a symbolic link out of the application, to {target}"
            return self._leave(path, _Reason(why))
        self._files.append(SourceFile(path, Kind.SYMLINK, 0o777, target))
        return True

    def _leave(self, path: str, reason: _Reason) -> bool:
        self._left_out.append(LeftOut(path, reason.why, reason.secret))
        return False

    # --- reasons ---------------------------------------------------------------------------

    def _never(self, entry: os.DirEntry[str], *, is_directory: bool) -> str:
        why = never_taken(entry.name)
        if not why and is_directory:
            if os.path.lexists(f"{entry.path}/pyvenv.cfg"):
                return "a virtual environment"
            if os.path.lexists(f"{entry.path}/oci-layout"):
                return "an image that was built before"
        return why

    def _takes_back(self, path: str, reason: _Reason) -> bool:
        """Whether the user wants `path` all the same; a secret has to be named itself."""
        return self._included(path) and (not reason.secret or self._insisted(path))

    def _reason(self, path: str, name: str, *, is_directory: bool) -> _Reason:
        if not self._for_back_end:
            secret = named_secret(path)
            if secret is not None and secret.answer is Answer.LEFT_OUT:
                return _Reason(secret.why, secret=True, below=True)
            if name in UNLESS_INCLUDED:
                return _Reason(UNLESS_INCLUDED[name], below=True)
        why = self._why_left_out(path, is_directory=is_directory)
        if not why:
            return self._inherited
        # Docker asks its patterns again for what is below, git looks at nothing in there.
        return _Reason(why, below=not why.startswith(".dockerignore"))

    def _why_left_out(self, path: str, *, is_directory: bool) -> str:
        if not self._for_back_end:
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
        patterns = parse_gitignore(read_source(path))
        ends = [at for at, character in enumerate(prefix) if character == "/"]
        if not any(patterns.decides(prefix[:end], directory=True) for end in ends):
            self._git.append(_GitIgnore(below, prefix, patterns))

    def _outer_gitignores(self) -> None:
        """The ignore files of the repository that the application is a directory of."""
        here = self._root.absolute()
        depth = len(here.relative_to(repository_of(here)).parts)
        for place in reversed(here.parents[:depth]):
            if (place / ".gitignore").is_file():
                prefix = here.relative_to(place).as_posix() + "/"
                self._add_gitignore(place / ".gitignore", "", prefix)

    def _git_reason(self, path: str, *, is_directory: bool) -> str:
        """The innermost ignore file that has a pattern for `path` decides (gitignore(5))."""
        for ignore in reversed(self._git):
            subject = ignore.prefix + path.removeprefix(ignore.below)
            verdict = ignore.patterns.decides(subject, directory=is_directory)
            if verdict is not None:
                return f"{ignore.below}.gitignore" if verdict else ""
        return ""
