"""The page about where distil sees other packages than Syft and Trivy do: a table of the tests."""

from __future__ import annotations

from typing import Final

from distil.model.inventory import KINDS
from tests.e2e.catalog.differences import DIFFERENCES, Difference, Peer
from tests.e2e.catalog.images import IMAGES

HEAD: Final = """# Packages beside Syft's and Trivy's

<!-- Made by scripts/docs from tests/e2e/catalog/differences.py. -->

`distil sbom` is held against Syft and Trivy on {images} images of real software: Debian 11 to 13
and unstable, made with docker, buildah and mmdebstrap, with Python, Node.js, Java, Go, Rust, Ruby,
PHP, R, Lua and .NET on top, and others that have no Debian. All three see the same packages there,
but for what this page lists, with the reason. A difference that no row explains fails the test.

With Syft, kind, name, version and package URL are compared, percent-encoded as purl-spec has it; a
version that Syft calls `UNKNOWN` is empty here. With Trivy, the package URL without its qualifiers
is: Trivy has an epoch as a qualifier, and calls releases otherwise. Names of Go modules are
compared in lower case there, as Trivy writes them and the text of purl-spec has it: Go itself tells
`BurntSushi` from `burntsushi`. Trivy leaves out packages of languages that a package of the system
ships; distil lists them as Syft does, with the relation that says whose they are, so that
advisories for either can be told apart.

Trivy ran without its databases, one of which names published jars by their digests.
"""

NO_ROWS: Final = "\nNone.\n"


def differences_page() -> str:
    """The page as Markdown."""
    return HEAD.format(images=len(IMAGES)) + "".join(_section(peer) for peer in Peer)


def _section(peer: Peer) -> str:
    rows = [row for row in DIFFERENCES if row.peer is peer]
    order = list(KINDS)
    rows.sort(key=lambda row: order.index(row.kind) if row.kind in KINDS else len(order))
    head = f"\n## {peer.value}\n"
    if not rows:
        return head + NO_ROWS
    return f"{head}\n| kind | what | seen | why |\n|---|---|---|---|\n" + "".join(map(_row, rows))


def _row(row: Difference) -> str:
    kind = KINDS.get(row.kind, row.kind)
    return f"| {kind} | {row.what} | {row.side.value} | {row.reason} |\n"
