"""Questions to a ledger: why a path is there, what costs most, what was left out."""

from __future__ import annotations

import functools
import itertools
import posixpath
from collections.abc import Iterable
from urllib.parse import unquote

import msgspec

from distil.errors import DistilError, did_you_mean, nearest
from distil.model.ledger import Kept, Ledger, Reason, Removed
from distil.model.origin import (
    ApplicationOrigin,
    GeneratedOrigin,
    Origin,
    PackageOrigin,
    StageOrigin,
)

LONGEST_CHAIN = 200
"""Steps after which a chain of reasons is not followed further."""

_MOST_COMPARED = 2000
_MERGED = ("bin", "sbin", "lib", "lib64")


class NothingKnown(DistilError):
    """A path or package that a ledger does not speak of."""

    exit_code = 1

    def __init__(self, what: str, image: str, *, hint: str = "") -> None:
        super().__init__(f"{what} is not in {image}, and nothing would have brought it", hint=hint)


class NothingAsked(DistilError):
    """A question about an image without an object."""

    def __init__(self) -> None:
        super().__init__("why what?", hint="name a path, or use --package, --largest or --removed")


class Step(msgspec.Struct, frozen=True):
    """One link of a chain: `path` is there for `reason`."""

    path: str
    reason: Reason


class Explanation(msgspec.Struct, frozen=True):
    """A kept path, and the chain of reasons from it to what the image is for."""

    kept: Kept
    chain: tuple[Step, ...]


class PackageFiles(msgspec.Struct, frozen=True):
    """What was kept and what was removed of one package, under its package URL."""

    purl: str
    kept: tuple[Kept, ...]
    removed: tuple[Removed, ...]


class Question(msgspec.Struct, frozen=True):
    """What is asked about an image: a path, a package, the largest files, what was left out.

    With `removed`, `package` narrows the question down to one package.
    """

    path: str = ""
    package: str = ""
    largest: int = 0
    removed: bool = False


class Answer(msgspec.Struct, frozen=True):
    """What a ledger says; the parts that were not asked for are empty."""

    explanations: tuple[Explanation, ...] = ()
    packages: tuple[PackageFiles, ...] = ()
    removed: tuple[Removed, ...] = ()


def ask(ledger: Ledger, question: Question, image: str) -> Answer:
    """Answer `question`; `image` is how errors call it. Raises `NothingAsked`, `NothingKnown`."""
    book = Ledgerbook(ledger)
    if question.package and question.package not in book.names():
        hint = did_you_mean(question.package, book.names())
        raise NothingKnown(f"package {question.package}", image, hint=hint)
    if question.removed:
        return Answer(removed=tuple(book.removed(question.package)))
    if question.package:
        return Answer(packages=tuple(book.package(question.package)))
    if question.largest:
        return Answer(explanations=tuple(book.largest(question.largest)))
    if question.path:
        return _about_path(book, question.path, image)
    raise NothingAsked


def _about_path(book: Ledgerbook, asked: str, image: str) -> Answer:
    for path in _spellings(asked):
        explained = book.explain(path)
        removals = tuple(book.removals(path))
        if explained is not None or removals:
            return Answer(() if explained is None else (explained,), removed=removals)
    near = book.near(_spellings(asked)[0])
    hint = f"did you mean {' or '.join(near)}?" if near else ""
    raise NothingKnown(asked, image, hint=hint)


def _spellings(path: str) -> list[str]:
    """The paths that `path` may stand for: itself, and where Debian's links at the root lead."""
    normal = posixpath.normpath("/" + path.lstrip("/"))
    first = normal.split("/")[1]
    return [normal, f"/usr{normal}"] if first in _MERGED else [normal]


class Ledgerbook:
    """A ledger with the look-ups that questions need."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    @functools.cached_property
    def kept(self) -> dict[str, Kept]:
        """The kept paths by path."""
        return {entry.path: entry for entry in self.ledger.kept}

    def explain(self, path: str) -> Explanation | None:
        """Why `path` is in the image; None when it is not."""
        entry = self.kept.get(path)
        return None if entry is None else Explanation(entry, tuple(self._chain(path)))

    def removals(self, path: str) -> list[Removed]:
        """The records of `path` having been left out: one for each package that has it."""
        return [entry for entry in self.ledger.removed if entry.path == path]

    def near(self, path: str) -> list[str]:
        """At most three paths that `path` may be a slip of: of that name, or beside it."""
        same_name = [p for p in self.kept if p.rpartition("/")[2] == path.rpartition("/")[2]]
        if same_name:
            return same_name[:3]
        directory = path
        while directory and directory not in self.kept:
            directory = directory.rpartition("/")[0]
        # Comparing with every path would take minutes for a large image.
        beside = (p for p in self.kept if p.rpartition("/")[0] == directory)
        return nearest(path, itertools.islice(beside, _MOST_COMPARED))

    def package(self, name: str) -> list[PackageFiles]:
        """What of the package or distribution called `name` is there and what is not."""
        purls = {purl for purl in self._purls() if component_name(purl) == name}
        return [
            PackageFiles(
                purl,
                tuple(e for e in self.ledger.kept if _purl(e.origin) == purl),
                tuple(e for e in self.ledger.removed if e.package == purl),
            )
            for purl in sorted(purls)
        ]

    def names(self) -> set[str]:
        """The names of all packages and distributions the ledger knows."""
        return {component_name(purl) for purl in self._purls()}

    def largest(self, count: int) -> list[Explanation]:
        """The `count` largest files, largest first."""
        by_size = sorted(self.ledger.kept, key=lambda entry: (-entry.size, entry.path))
        return [Explanation(e, tuple(self._chain(e.path))) for e in by_size[:count]]

    def removed(self, package: str = "") -> list[Removed]:
        """Everything that was left out, or that of one package, largest first."""
        found: Iterable[Removed] = self.ledger.removed
        if package:
            found = (entry for entry in found if component_name(entry.package) == package)
        return sorted(found, key=lambda entry: (-entry.size, entry.path))

    def _purls(self) -> set[str]:
        kept = {_purl(entry.origin) for entry in self.ledger.kept}
        return (kept | {entry.package for entry in self.ledger.removed}) - {""}

    def _chain(self, path: str) -> Iterable[Step]:
        seen: set[str] = set()
        while path and path not in seen and len(seen) < LONGEST_CHAIN:
            seen.add(path)
            entry = self.kept.get(path)
            if entry is None or not entry.reasons:
                return
            yield Step(path, entry.reasons[0])
            path = entry.reasons[0].because


def component_name(purl: str) -> str:
    """The name in a package URL: ``libssl3t64``, ``flask``."""
    return unquote(purl.split("@", 1)[0].rpartition("/")[2])


def component_version(purl: str) -> str:
    """The version in a package URL, empty when it has none."""
    return unquote(purl.partition("@")[2].split("?", 1)[0])


def origin_text(origin: Origin) -> str:
    """Where something came from, in a few words."""
    if isinstance(origin, PackageOrigin):
        return f"{component_name(origin.purl)} {component_version(origin.purl)}"
    if isinstance(origin, ApplicationOrigin):
        return f"application: {origin.source}"
    if isinstance(origin, StageOrigin):
        return f"stage {origin.stage}: {origin.source}"
    if isinstance(origin, GeneratedOrigin):
        return f"written by distil: {origin.rule}"
    return f"layer {origin.diff_id}"


def _purl(origin: Origin) -> str:
    return origin.purl if isinstance(origin, PackageOrigin) else ""
