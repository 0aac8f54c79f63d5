"""Evidence of what is needed, one kind an object: what the worklist asks of each.

Every path that is kept is handed to every kind once, which keeps more paths, each with its
reason; `settle` is asked when nothing is left to hand out.
"""

from __future__ import annotations

from collections.abc import Mapping

from distil.model.node import Node
from distil.reach.keeping import Keeping


class EvidenceProvider:
    """Tells from what is kept so far what else is needed. By itself, it tells nothing."""

    def begin(self, keeping: Keeping) -> None:
        """Keep what is needed whatever else there is."""

    def follow(self, node: Node, keeping: Keeping) -> None:
        """Keep what the kept `node` needs."""

    def settle(self, keeping: Keeping) -> None:
        """Keep what shows only now that every kept node has been followed."""

    def finish(self, keeping: Keeping) -> Mapping[str, str]:  # noqa: ARG002
        """Add reasons to what is kept; for paths that are not, why, where more can be said."""
        return {}
