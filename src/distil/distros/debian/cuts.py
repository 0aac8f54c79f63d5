"""What is left out of packages: the data file ``data/cuts.toml`` as values.

The file documents its own format. Three kinds of cut: dependency edges that are not followed,
packages of which only some files are taken, and files that no package brings along.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from distil.formats.patterns import name_expression, path_expression

ANY: Final = "*"
_DATA: Final = Path(__file__).with_name("data") / "cuts.toml"


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Any entry of the file: what all kinds have."""

    reason: str


class EdgeCut(_Section, frozen=True):
    """Dependencies of packages `from_` on packages `to` are not followed."""

    from_: tuple[str, ...] = msgspec.field(name="from")
    to: tuple[str, ...] = ()


class Partial(_Section, frozen=True):
    """A package of which only files that match `keep` are taken."""

    package: str
    keep: tuple[str, ...]
    with_: tuple[str, ...] = msgspec.field(name="with", default=())
    features: dict[str, tuple[str, ...]] = {}
    unless_asked: bool = False

    @property
    def rule(self) -> str:
        """The rule's name, as removed files are recorded under."""
        return f"part of {self.package}"


class FileCut(_Section, frozen=True):
    """Files that are cut from every package."""

    rule: str
    paths: tuple[str, ...]
    keep: tuple[str, ...] = ()
    unless_asked: bool = False
    unless_reached: bool = False


class _CutsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    edge: tuple[EdgeCut, ...]
    partial: tuple[Partial, ...]
    files: tuple[FileCut, ...]


class _FileRules(NamedTuple):
    """File cuts as two expressions: what to cut, by group, and what to keep nevertheless."""

    cut: re.Pattern[str]
    keep: re.Pattern[str]
    by_group: dict[str, FileCut]

    def of(self, path: str) -> FileCut | None:
        """The rule that cuts `path`, if one does."""
        found = self.cut.fullmatch(path)
        if found is None or self.keep.fullmatch(path):
            return None
        return self.by_group[str(found.lastgroup)]


class Cuts:
    """The cuts of one data file, ready to be asked; less what a search decides, if `searched`."""

    def __init__(self, document: bytes, *, searched: bool = False) -> None:
        import tomllib

        content = msgspec.convert(tomllib.loads(document.decode()), _CutsFile)
        self._document = document
        self.edges = content.edge
        self.partials = content.partial
        self.files = tuple(c for c in content.files if not (searched and c.unless_reached))
        self._edges = [
            (re.compile(name_expression(cut.from_)), re.compile(name_expression(cut.to)), cut)
            for cut in content.edge
        ]

        self._partials = [
            (re.compile(name_expression((partial.package,))), partial) for partial in self.partials
        ]

    def before_search(self) -> Cuts:
        """These, less the file cuts about which a search for what is reachable decides better."""
        return Cuts(self._document, searched=True)

    # --- dependencies ----------------------------------------------------------------------

    def edge(self, package: str, dependency: str) -> bool:
        """Whether the dependency of `package` on `dependency` is not followed."""
        return self.edge_cut(package, dependency) is not None

    def edge_cut(self, package: str, dependency: str) -> EdgeCut | None:
        """The entry that cuts the dependency of `package` on `dependency`, if one does."""
        for packages, dependencies, cut in self._edges:
            if dependencies.fullmatch(dependency) and packages.fullmatch(package):
                return cut
        return None

    def companions(self, packages: Iterable[str]) -> tuple[str, ...]:
        """Packages that join `packages` in part, without their own dependencies; sorted."""
        present = set(packages)
        found = (
            partial.package
            for partial in self.partials
            if ANY in partial.with_ or not present.isdisjoint(partial.with_)
        )
        return tuple(sorted(name for name in found if name not in present))

    def partial(self, package: str, *, asked: bool = False) -> Partial | None:
        """How much of `package` is taken, which the user `asked` for by name or has not.

        None: all but the cut files.
        """
        for expression, partial in self._partials:
            if expression.fullmatch(package):
                return None if asked and partial.unless_asked else partial
        return None

    def features(self) -> frozenset[str]:
        """The names of optional files that a build can ask for."""
        return frozenset(name for partial in self.partials for name in partial.features)

    # --- files -----------------------------------------------------------------------------

    def kept_of(self, partial: Partial, features: Collection[str]) -> re.Pattern[str]:
        """An expression for the paths that are taken of a partial package."""
        patterns = list(partial.keep)
        for name, more in partial.features.items():
            if name in features:
                patterns += more
        return re.compile(path_expression(patterns))

    def file_rules(self, *, asked: bool) -> _FileRules:
        """The file cuts for a package, which the user has `asked` for by name or has not."""
        return self._asked_rules if asked else self._other_rules

    @functools.cached_property
    def _asked_rules(self) -> _FileRules:
        return _compiled([rule for rule in self.files if not rule.unless_asked])

    @functools.cached_property
    def _other_rules(self) -> _FileRules:
        return _compiled(self.files)


def _compiled(rules: Iterable[FileCut]) -> _FileRules:
    by_group = {f"rule{number}": rule for number, rule in enumerate(rules)}
    cut = "|".join(f"(?P<{name}>{path_expression(r.paths)})" for name, r in by_group.items())
    keep = path_expression(pattern for rule in by_group.values() for pattern in rule.keep)
    return _FileRules(re.compile(cut or r"(?!)"), re.compile(keep), by_group)


@functools.cache
def default_cuts() -> Cuts:
    """The cuts that distil comes with."""
    return Cuts(_DATA.read_bytes())
