"""Data of packages that nothing reaches, within distributions that are used."""

from __future__ import annotations

from distil.runtimes.python.reach.patterns import matches
from distil.runtimes.python.reach.state import State


class PackageData:
    """The directories that rules tie to packages which a finished search has not reached."""

    def __init__(self, state: State) -> None:
        self._why: dict[str, str] = {}
        for file in state.rules.files:
            for rule in file.data:
                for package in _packages(state, rule.packages):
                    if package in state.modules:
                        continue
                    found = state.finder.find(package)
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


def _packages(state: State, patterns: tuple[str, ...]) -> list[str]:
    """The packages that `patterns` stand for: ``*`` is one name at the end here."""
    found = []
    for pattern in patterns:
        around = state.finder.find(pattern.rpartition(".")[0])
        if around is not None:
            names = state.finder.submodules(around)
            found += [name for name in names if matches(pattern, name)]
    return found
