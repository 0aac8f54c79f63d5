"""What the scripts of used distributions need to start, though nothing is seen to run them.

A distribution is kept whole, its console scripts with it: a person in the container may start
one. So what such a script imports on its way, whatever happens, stays as well. What it imports
later, in functions, does not stay for its sake.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from distil.model.ledger import Reason
from distil.runtimes.python.reach.command import is_python
from distil.runtimes.python.reach.imports import with_parents
from distil.runtimes.python.reach.modules import Module
from distil.runtimes.python.reach.patterns import absolute

if TYPE_CHECKING:
    from distil.runtimes.python.reach.search import Search

STARTS: Final = "script starts"


class Startable:
    """Keeps, for one search, what scripts of used distributions import when they start."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._followed: set[str] = set()
        self._scripts: set[str] = set()

    def keep(self) -> None:
        """Follow every script of every used distribution, those that this brings included."""
        used: set[str] = set()
        while used != self._search.used.keys():
            used = set(self._search.used)
            for name in sorted(used):
                for path in self._search.world.by_name[name].files:
                    if path.rpartition("/")[0].endswith("/bin") and path not in self._scripts:
                        self._scripts.add(path)
                        self._follow_script(path)

    def _follow_script(self, script: str) -> None:
        node = self._search.world.tree.get(script)
        if node is None or node.blob is None or not node.mode & 0o111 or not is_python(node):
            return
        queue = deque([Module("", script)])
        while queue:
            module = queue.popleft()
            if module.path in self._followed or not module.path.endswith((".py", script)):
                continue
            self._followed.add(module.path)
            file = self._search.world.tree.resolve(module.path)
            source = self._search.analyses.of(file) if file is not None else None
            for statement in source.imports if source is not None and source.complete else ():
                if statement.certain:
                    name = absolute(statement.module, module.name, module.package)
                    names = [*with_parents(name), *(f"{name}.{one}" for one in statement.names)]
                    queue.extend(self._kept(names, module.path, script))

    def _kept(self, names: list[str], importer: str, script: str) -> list[Module]:
        """The modules of `names` that exist, kept."""
        found = []
        for name in names:
            module = self._search.finder.find(name)
            if module is not None and module.path:
                reason = Reason(STARTS, importer, f"imports {name}; {script} needs it to start")
                self._search.keep_module(module.path, reason)
                found.append(module)
        return found
