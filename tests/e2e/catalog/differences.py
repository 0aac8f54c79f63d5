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


_OPKG = "packages of opkg, as OpenWrt has them"
_CHISEL = "packages that chisel cut, of which only its manifest tells"
_NOTE = "programs without a package whose ELF note names one"
_MACROS = "crates whose macros made a part of a program in a wheel"
_NO_RELEASE = "packages of dpkg in an image without os-release"
_NO_MODULES = "Go's standard library in programs that were built without modules"

DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        Peer.SYFT,
        "deb",
        Side.THEIRS,
        _OPKG,
        "They are no packages of Debian: advisories for Debian are not about them. Syft gives "
        "them no package URL; they are `opkg` here, with one.",
        images=("opkg",),
    ),
    Difference(
        Peer.SYFT,
        "opkg",
        Side.OURS,
        _OPKG,
        "Syft has them as packages of Debian.",
        images=("opkg",),
    ),
    Difference(
        Peer.SYFT,
        "deb",
        Side.OURS,
        _CHISEL,
        "Syft 1.18 does not read the manifest, and reports an image without packages.",
        images=("chiseled",),
    ),
    Difference(
        Peer.SYFT,
        "go",
        Side.OURS,
        _NO_MODULES,
        "The version of Go is in the program all the same, and advisories about the standard "
        "library are about it. Debian builds its programs so.",
        pattern="^go stdlib ",
    ),
    Difference(
        Peer.SYFT,
        "r",
        Side.THEIRS,
        "packages below `/usr/share/doc`",
        "Data of a test-suite in the documentation: a package that R installed says in its "
        "DESCRIPTION when it was `Built`.",
        pattern="^r rlanglibtest ",
    ),
    Difference(
        Peer.SYFT,
        "conda",
        Side.OURS,
        "packages of conda",
        "Syft 1.18 does not read `conda-meta`.",
    ),
    Difference(
        Peer.SYFT,
        "binary",
        Side.OURS,
        "C libraries, zlib, SQLite, and interpreters and servers as other builders name them",
        "No package owns them, and the version stands in their bytes: Syft has no row for them, "
        "or one that only knows how the project's own image is built.",
        pattern="^binary (glibc|zlib|sqlite|haproxy|php-cli|ruby) ",
    ),
    Difference(
        Peer.SYFT,
        "deb",
        Side.THEIRS,
        _NOTE,
        "The note says what the program was built as, not that dpkg installed it here: in that "
        "image there is no dpkg. It is of the kind `elf`, with the same name and version.",
        pattern="^deb systemd ",
        images=("programs-12",),
    ),
    Difference(
        Peer.SYFT,
        "elf",
        Side.OURS,
        _NOTE,
        "Syft has it as a package of Debian. The package URL names the distribution that the "
        "note names.",
        pattern="^elf systemd ",
    ),
    Difference(
        Peer.SYFT,
        "dotnet",
        Side.THEIRS,
        "assemblies and Windows programs by their version resource",
        "Syft 1.18 calls every such file a NuGet package: the starters that pip carries are six "
        "of them. What is published of an application says what its packages are.",
    ),
    Difference(
        Peer.SYFT,
        "dotnet",
        Side.OURS,
        "the packages of `deps.json`",
        "Syft 1.18 does not read it in images; later ones do.",
        images=("lua-dotnet",),
    ),
    Difference(
        Peer.SYFT,
        "rust",
        Side.OURS,
        _MACROS,
        "A wheel's own SBOM (PEP 770) names them as parts of what was built, the list in the "
        "program (cargo-auditable) does not. Syft 1.18 reads the second alone.",
        images=("rust-13-wheels",),
    ),
    Difference(
        Peer.SYFT,
        "deb",
        Side.THEIRS,
        "packages of which settings are left, or nothing",
        "`config-files` and `not-installed` in dpkg's database say that the package is not there: "
        "no program and no library of it is.",
        pattern="^deb (never|settings-left|settings-alone) ",
        images=("corners",),
    ),
    Difference(
        Peer.SYFT,
        "npm",
        Side.THEIRS,
        "a `package.json` without a version inside another package",
        "It says how Node.js loads the files of a directory, and is no package.",
        pattern="^npm whole-es6 ",
    ),
    Difference(
        Peer.SYFT,
        "deb",
        Side.BOTH,
        _NO_RELEASE,
        "It is the same package, but Syft gives it no package URL. Name, version and architecture "
        "make one that can be looked up; the distribution is what is missing.",
        images=("no-release",),
    ),
    Difference(
        Peer.TRIVY,
        "none",
        Side.THEIRS,
        _NO_RELEASE,
        "Here it is a Debian package, with a package URL.",
        images=("no-release",),
    ),
    Difference(
        Peer.TRIVY,
        "deb",
        Side.OURS,
        _NO_RELEASE,
        "Trivy has it without type and package URL.",
        images=("no-release",),
    ),
    Difference(
        Peer.TRIVY,
        "deb",
        Side.THEIRS,
        "packages of which settings are left, or nothing",
        "As with Syft.",
        pattern="^deb debian/(never|settings-alone) ",
        images=("corners",),
    ),
    Difference(
        Peer.TRIVY,
        "deb",
        Side.OURS,
        "packages that are to be removed and are still there",
        "Trivy goes by what was wanted (`deinstall`), not by what dpkg says there is "
        "(`installed`).",
        pattern="^deb debian/unwanted ",
        images=("corners",),
    ),
    Difference(
        Peer.TRIVY,
        "rust",
        Side.OURS,
        _MACROS,
        "As with Syft.",
        images=("rust-13-wheels",),
    ),
    Difference(
        Peer.TRIVY,
        "java",
        Side.OURS,
        "archives without `pom.properties`",
        "Trivy names them by its database of published archives alone; their manifest and file "
        "name say the same name and version here and with Syft.",
        pattern="^java (spring3-|org.springframework.boot.loader.launch.JarLauncher/shop )",
    ),
    Difference(
        Peer.TRIVY,
        "lua",
        Side.OURS,
        "rocks",
        "Trivy does not read LuaRocks' tree; Syft does.",
    ),
    Difference(
        Peer.TRIVY,
        "binary",
        Side.OURS,
        "programs that no package owns",
        "Trivy knows no program by its bytes.",
    ),
    Difference(
        Peer.TRIVY,
        "elf",
        Side.OURS,
        _NOTE,
        "Trivy does not read them.",
    ),
    Difference(
        Peer.TRIVY,
        "conda",
        Side.OURS,
        "packages of conda outside `envs/`",
        "Trivy reads `conda-meta` of named environments alone; the root of conda is one too.",
    ),
    Difference(
        Peer.TRIVY,
        "opkg",
        Side.OURS,
        _OPKG,
        "Trivy does not read opkg's database.",
        images=("opkg",),
    ),
    Difference(
        Peer.TRIVY,
        "deb",
        Side.OURS,
        _CHISEL,
        "Trivy does not read the manifest.",
        images=("chiseled",),
    ),
    Difference(
        Peer.TRIVY,
        "go",
        Side.OURS,
        _NO_MODULES,
        "As with Syft.",
        pattern="^go stdlib ",
    ),
)


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
