"""Whether an image is what its ledger says: every path accounted for, and nothing lost."""

from __future__ import annotations

from typing import Final

from distil.model.ledger import Ledger
from distil.model.node import ROOT
from distil.model.tree import Tree
from distil.reach.soundness import Fault

LEDGER: Final = "ledger"


def ledger_faults(tree: Tree, ledger: Ledger) -> list[Fault]:
    """Paths that only one of `tree` and `ledger` has, files of another size, empty reasons."""
    faults = []
    kept = {entry.path: entry for entry in ledger.kept}
    for node in tree:
        entry = kept.get(node.path)
        if entry is None:
            if node.path != ROOT:
                faults.append(Fault(LEDGER, node.path, "nothing accounts for it"))
        elif (entry.kind, entry.size) != (node.kind, node.size):
            what = f"the ledger has a {entry.kind.name.lower()} of {entry.size:,} bytes"
            faults.append(Fault(LEDGER, node.path, what))
        elif not entry.reasons:
            faults.append(Fault(LEDGER, node.path, "there is no reason for it"))
    lost = (path for path in kept if path not in tree)
    what = "it is in the ledger, and not in the image"
    return [*faults, *(Fault(LEDGER, path, what) for path in lost)]
