"""Data of packages that nothing reaches, within distributions that are used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from distil.runtimes.python.reach.patterns import matches

if TYPE_CHECKING:
    from distil.runtimes.python.reach.search import Search


class PackageData:
    """The directories that rules tie to packages which a finished search has not reached."""

    def __init__(self, search: Search) -> None:
        self._why: dict[str, str] = {}
        for file in search.rules.files:
            for rule in file.data:
                for package in _packages(search, rule.packages):
                    if package in search.modules:
                        continue
                    found = search.finder.find(package)
                    for place in found.search if found is not None else ():
                        for name in rule.directories:
                            self._why[f"{place}/{name}"] = f"{package} is not used: {rule.why}"

    def cut(self, path: str) -> str:
        """Why the file `path` goes; empty if it stays."""
        if not self._why:
            return ""
        directory = path.rpartition("/")[0]
        while directory:
            if directory in self._why:
                return self._why[directory]
            directory = directory.rpartition("/")[0]
        return ""


def _packages(search: Search, patterns: tuple[str, ...]) -> list[str]:
    """The packages that `patterns` stand for: ``*`` is one name at the end here."""
    found = []
    for pattern in patterns:
        around = search.finder.find(pattern.rpartition(".")[0])
        if around is not None:
            names = search.finder.submodules(around)
            found += [name for name in names if matches(pattern, name)]
    return found
