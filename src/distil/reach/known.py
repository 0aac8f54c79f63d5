"""The seam between reachability and runtimes: what the evidence of a language may ask."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from distil.model.tree import Tree
from distil.reach.command import Command
from distil.reach.evidence import EvidenceProvider
from distil.reach.native import Native
from distil.reach.scripts import Scripts


class Known(msgspec.Struct, frozen=True):
    """What the evidence of a runtime can ask about the tree and about what others have found.

    `native` finds libraries as the loader would, `scripts` knows the scripts followed so far.
    What the runtime reaches goes into `modules`, by name with its path: policies ask for that.
    """

    tree: Tree
    command: Command
    native: Native
    scripts: Scripts
    modules: dict[str, str]


EvidenceSource = Callable[[Known], EvidenceProvider]
"""Makes the evidence of a runtime for one tree."""
