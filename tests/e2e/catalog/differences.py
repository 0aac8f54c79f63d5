"""Where distil sees other packages than Syft and Trivy do, and why: a table.

The page ``docs/reference/sbom-differences.md`` is made from it. `test_peers.py` fails for a
difference that no row explains.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Collection
from dataclasses import dataclass

from tests.e2e.catalog.peers import Package


class Peer(enum.Enum):
    """Whom distil is compared with, and the version that was."""

    SYFT = "Syft 1.18"
    TRIVY = "Trivy 0.76"


class Side(enum.Enum):
    """Who sees a package that the other does not, or calls otherwise."""

    THEIRS = "only there"
    OURS = "only here"
    BOTH = "both"


@dataclass(frozen=True)
class Difference:
    """Packages of `kind` that `peer` and distil do not see alike, as `reason` explains.

    `pattern` is found in the package as it is printed: kind, name, version, package URL, between
    blanks. `images` are the images in which it is met, all where there are none.
    """

    peer: Peer
    kind: str
    side: Side
    what: str
    reason: str
    pattern: str = ""
    images: tuple[str, ...] = ()

    def explains(self, side: Side, package: Package, image: str) -> bool:
        """Whether this row is about `package`, seen on `side` alone in `image`."""
        return (
            self.kind == package.kind
            and self.side in (side, Side.BOTH)
            and (not self.images or image in self.images)
            and re.search(self.pattern, str(package)) is not None
        )


DIFFERENCES: tuple[Difference, ...] = ()


def unexplained(
    peer: Peer,
    theirs: Collection[Package],
    ours: Collection[Package],
    image: str,
    optional: Collection[Package] = (),
) -> list[str]:
    """A line for each package that only one of both sees in `image`, and no row explains.

    They need not see what is `optional`.
    """
    rows = [row for row in DIFFERENCES if row.peer is peer]
    alone = {
        Side.THEIRS: set(theirs).difference(ours),
        Side.OURS: set(ours).difference(theirs, optional),
    }
    return [
        f"{side.value}: {package}"
        for side, packages in alone.items()
        for package in sorted(packages)
        if not any(row.explains(side, package, image) for row in rows)
    ]
