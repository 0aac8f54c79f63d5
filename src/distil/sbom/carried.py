"""How each format says what an inventory has, and what it loses."""

from __future__ import annotations

from typing import Final

CARRIED: Final = {
    "components and versions": ("package", "package", "component", "artifact", "a line"),
    "package URL, CPEs": ("field", "field", "field, property", "field", "package URL only"),
    "licences": ("field", "element", "field", "field", "lost"),
    "words of licences without a name": ("field", "element", "1.7 field, property", "property", ""),
    "supplier, home page, description": ("field", "field, element", "field", "property", ""),
    "checksums": ("field", "field", "field", "property", ""),
    "source package": ("words, property", "words, property", "property", "metadata", "upstream="),
    "files that tell of it, and their layers": (
        "property",
        "property",
        "evidence",
        "locations, property",
        "",
    ),
    "“14 of 61 files”, modified files": (
        "comment, property",
        "annotation, property",
        "annotation, property",
        "property",
        "",
    ),
    "layers that brought and removed it": ("property", "property", "property", "property", ""),
    "needs": ("DEPENDS_ON", "dependsOn", "dependencies", "dependency-of", ""),
    "contains": ("CONTAINS", "contains", "property", "contains", ""),
    "ships the files of": (
        "OTHER, comment",
        "other, comment",
        "property",
        "ownership-by-file-overlap",
        "",
    ),
    "files with SHA-1 and SHA-256": ("file", "file", "component", "file", ""),
    "mode, size, layer, attribution, state": (
        "comment",
        "comment",
        "property",
        "field, relation",
        "",
    ),
    "operating system": ("package", "package", "component", "distro", "distro="),
    "verdict, coverage, remarks, base, layers": (
        "property",
        "property",
        "composition, property",
        "configuration",
        "",
    ),
    "image index": ("one document", "one document", "one document", "refused", "one list"),
}
"""What an inventory has, and where SPDX 2.3, SPDX 3.0.1, CycloneDX, Syft's JSON and a list of
package URLs have it; empty is lost."""

LOSSES: Final = (
    "Names and words that are no Unicode are made readable (`\\xff`); paths come back the same.",
    "A file that several components own has them in the order of the components.",
    "Relations do not tell apart components that are the same but for their place.",
    "A licence that is no SPDX expression becomes a `LicenseRef-…` with its words.",
    "CPEs that do not follow the specification come last; so do checksums that a format has not.",
    "Words of a licence that no expression of the component names are not written.",
)
"""What does not come back as it was from SPDX, CycloneDX and Syft's JSON; all else does."""
