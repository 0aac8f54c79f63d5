"""Looks for secrets in what goes into an image: an application's files, copies, own wheels.

What the user names is taken as it is. Of the application's files, those that are beside it (tests,
examples, documentation) are left out when there is a key in them; elsewhere nothing can be left
out without a question, so it is an error or a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import msgspec

from distil.events import Warned, emit
from distil.model.node import Kind
from distil.model.spec import Spec
from distil.source.errors import SecretsFound, UnreadableSource
from distil.source.scan import LeftOut, Sources, goes_in
from distil.source.secrets import (
    MOST_TEXT,
    Answer,
    FoundSecret,
    find_secret,
    insistence,
    is_beside,
    named_secret,
)

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

_SHOWN: Final = 5
"""Files that one warning names."""


def without_secrets(sources: Sources, spec: Spec, *, packaged: bool) -> Sources:
    """`sources` less the files beside the application that hold secrets.

    Every file that is copied is read. Raises `SecretsFound`, `UnreadableSource`.
    """
    copied = goes_in(spec, packaged=packaged)
    search = _Search(insistence(spec.app.include, "[app] include"), may_leave_out=True)
    files, left_out = [], list(sources.left_out)
    for file in sources.files:
        why = ""
        if file.kind is Kind.FILE and copied(file.path):
            why = search.look(file.path, _reader(Path(sources.root) / file.path))
        if why:
            left_out.append(LeftOut(file.path, why, secret=True))
        else:
            files.append(file)
    search.report(
        "the application",
        'exclude = ["{}"] below [app] in distil.toml keeps it out, include = ["{}"] takes it along',
    )
    left_out.sort(key=lambda left: left.path)
    return msgspec.structs.replace(sources, files=tuple(files), left_out=tuple(left_out))


def check_copied(files: Iterable[tuple[str, Path]], spec: Spec) -> None:
    """Look at what ``[[copy]]`` of `spec` copies: paths in the project, and where their bytes are.

    Raises `SecretsFound`, `UnreadableSource`.
    """
    named = (*spec.app.include, *(copy.source for copy in spec.copy))
    search = _Search(insistence(named, "[[copy]]"))
    for path, place in files:
        search.look(path, _reader(place))
    search.report("[[copy]]", 'a [[copy]] from = "{}" takes it along; others, name what they need')


def check_own_archives(archives: Mapping[str, str], spec: Spec) -> None:
    """Look at what the project's own build put into zip `archives`: file URLs by name.

    Raises `SecretsFound`.
    """
    import zipfile  # slow to load; most applications have no such archive

    for name, url in archives.items():
        search = _Search(insistence(spec.app.include, "[app] include"))
        try:
            with zipfile.ZipFile(Path(unquote(urlsplit(url).path))) as archive:
                for member in archive.infolist():
                    if not member.is_dir():
                        search.look(member.filename, partial(_member, archive, member))
        except (OSError, zipfile.BadZipFile):
            continue  # What is wrong with it is said where it is unpacked.
        search.report(
            name,
            "configure the project's build back end to leave it out of the wheel, or write "
            'include = ["{}"] below [app] in distil.toml',
        )


class _Search:
    """What was found in files that go together; told at the end, all at once.

    `insists` says of a path that the user wants it as it is; `may_leave_out` whether there is a
    choice about those that only stand beside an application.
    """

    def __init__(self, insists: Callable[[str], bool], *, may_leave_out: bool = False) -> None:
        self._insists = insists
        self._may_leave_out = may_leave_out
        self._refused: list[tuple[str, FoundSecret]] = []
        self._warned: list[str] = []

    def look(self, path: str, read: Callable[[], bytes]) -> str:
        """Why the file at `path` has to be left out; empty when it need not be."""
        if self._insists(path):
            return ""
        found = find_secret(read())
        # What a scan took in was judged by the directories above it.
        ways = [path] if self._may_leave_out else _ways(path)
        name = next(filter(None, map(named_secret, ways)), None)
        if found is not None and is_beside(path):
            if self._may_leave_out:
                return f"it holds {found.kind}, and is beside the application"
            self._warned.append(_placed(path, found))
        elif found is not None and found.answer is Answer.REFUSED:
            self._refused.append((path, found))
        elif found is not None:
            self._warned.append(_placed(path, found))
        elif name is not None and not is_beside(path):
            self._warned.append(f"{path}: {name.why}")
        return ""

    def report(self, what: str, hint: str) -> None:
        """Raise `SecretsFound`, or warn; `hint` has places for the path of a file."""
        if self._refused:
            places = [_placed(path, found) for path, found in self._refused]
            first = self._refused[0][0]
            raise SecretsFound(what, places, hint.replace("{}", first))
        if self._warned:
            more = len(self._warned) - _SHOWN
            rest = [f"and {more} more"] if more > 0 else []
            listed = "; ".join([*self._warned[:_SHOWN], *rest])
            first = self._warned[0].partition(":")[0]
            emit(Warned(f"{what} may hold secrets: {listed}", hint=hint.replace("{}", first)))


def _ways(path: str) -> list[str]:
    """The directories above `path`, and it."""
    parts = path.split("/")
    return ["/".join(parts[: end + 1]) for end in range(len(parts))]


def _placed(path: str, found: FoundSecret) -> str:
    return f"{path}:{found.line}: {found.kind}" if found.line else f"{path}: {found.kind}"


def _reader(place: Path) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            with place.open("rb") as stream:
                return stream.read(MOST_TEXT)
        except OSError as error:
            raise UnreadableSource(str(place), error.strerror or "cannot be read") from None

    return read


def _member(archive: ZipFile, member: ZipInfo) -> bytes:
    with archive.open(member) as stream:
        return stream.read(MOST_TEXT)
