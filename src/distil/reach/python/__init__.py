"""Which files of an image a Python application can import or open: see `reach_python`."""

from distil.model.ledger import Reason
from distil.reach.python.analysis import Analyses
from distil.reach.python.command import PythonCommand
from distil.reach.python.distributions import Distribution, find_distributions
from distil.reach.python.result import Dynamic, Library, PythonReach
from distil.reach.python.rules import RuleSet, load_rules, shipped_rules
from distil.reach.python.search import reach_python

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
