"""Whether a search that goes on comes to the same as one from nothing."""

from __future__ import annotations

from collections.abc import Sequence

from distil.model.tree import Tree
from distil.runtimes.python.reach import PythonCommand, PythonReach, RuleSet
from distil.runtimes.python.reach.search import PythonSearch, reach_python
from tests.support.python_tree import INTERPRETER


def grown(tree: Tree, steps: Sequence[PythonCommand], rules: RuleSet) -> PythonSearch:
    """A search for each of `steps`, after each of which it has to have found what is there."""
    search = PythonSearch(tree, INTERPRETER, rules=rules)
    for command in steps:
        found = search.run(command)
        assert outcome(found) == outcome(reach_python(tree, command, INTERPRETER, rules=rules))
    return search


def outcome(found: PythonReach) -> dict[str, object]:
    """What a search finds, without the reasons: their order is that in which things are met."""
    return {
        "kept": set(found.kept),
        "removed": found.removed,
        "modules": found.modules,
        "unresolved": found.unresolved,
        "resolved": found.resolved,
        "libraries": found.libraries,
        "missing": set(found.missing),
        "held": found.held,
        "rules": found.rules,
    }
