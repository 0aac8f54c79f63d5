"""Which files of an image a Python application can import or open: see `reach_python`."""

from distil.model.ledger import Reason
from distil.runtimes.python.reach.analysis import Analyses
from distil.runtimes.python.reach.command import PythonCommand
from distil.runtimes.python.reach.distributions import Distribution, find_distributions
from distil.runtimes.python.reach.result import Dynamic, Library, PythonReach
from distil.runtimes.python.reach.rules import RuleSet, load_rules, shipped_rules
from distil.runtimes.python.reach.search import reach_python

__all__ = [
    "Analyses",
    "Distribution",
    "Dynamic",
    "Library",
    "PythonCommand",
    "PythonReach",
    "Reason",
    "RuleSet",
    "find_distributions",
    "load_rules",
    "reach_python",
    "shipped_rules",
]
