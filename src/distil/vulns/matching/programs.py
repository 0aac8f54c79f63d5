"""The Go programs of an image, and what is linked into those that a module is in."""

from __future__ import annotations

from distil.model.finding import Evidence, Statement
from distil.model.inventory import Inventory, InventoryComponent, InventoryFile
from distil.vulns.matching.joining import Vulnerability
from distil.vulns.matching.symbols import Linked, LinkedFunctions, judged, linked_in


class Programs:
    """What is linked into the programs of `inventory`, looked up once for each of them."""

    def __init__(self, inventory: Inventory, functions: LinkedFunctions | None) -> None:
        self._inventory = inventory
        self._functions = functions
        self._files: dict[str, InventoryFile] | None = None
        self._linked: dict[str, Linked | None] = {}

    def judged(
        self, component: InventoryComponent, found: Vulnerability
    ) -> tuple[Evidence | None, Statement | None]:
        """Whether the functions that `found` is about are linked in, as `symbols.judged` says it.

        Nothing is said where an advisory does not name any: then it is about all of the module.
        """
        imports = [one.match.entry.imports for one in found.told]
        if self._functions is None or not all(imports):
            return None, None
        programs = [self._program(place.path) for place in component.places]
        known = [one for one in programs if one is not None]
        if not known or len(known) < len(programs):
            return None, None
        return judged(component, [one for each in imports for one in each], known)

    def _program(self, path: str) -> Linked | None:
        if path not in self._linked:
            if self._files is None:
                self._files = {file.path: file for file in self._inventory.files}
            file = self._files.get(path)
            if file is None or self._functions is None:
                self._linked[path] = None
            else:
                self._linked[path] = linked_in(file, self._functions)
        return self._linked[path]
