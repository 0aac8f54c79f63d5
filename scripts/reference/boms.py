"""The page about software bills of materials: formats, what each carries, and the properties."""

from __future__ import annotations

from typing import Final

from distil.sbom.carried import CARRIED, LOSSES
from distil.sbom.properties import MEANINGS
from distil.sbom.table import FORMATS

HEAD: Final = """# Formats of SBOMs

<!-- Made by scripts/docs from src/distil/sbom/. -->

distil writes what it finds in these formats, and reads them; it also reads SPDX 2.2, SPDX 3.0.0,
CycloneDX 1.2 to 1.5, and all of these as Syft, Trivy and others write them. The same image and date
give the same bytes: the date is the image's or `SOURCE_DATE_EPOCH`, and names of documents are made
of digests.

| `--format` | what | media type | file |
|---|---|---|---|
"""

CARRIED_HEAD: Final = """
## What a format carries

“Property” is what a format has no field for: a property in CycloneDX, an extension
in SPDX 3, a line of an annotation in SPDX 2.3, metadata of a relation in Syft's JSON (which
`syft convert` keeps).

| | SPDX 2.3 | SPDX 3.0.1 | CycloneDX | Syft's JSON | package URLs |
|---|---|---|---|---|---|
"""

LOSSES_HEAD: Final = """
What is written comes back the same, but for this:

"""

SCANNERS: Final = """
## Scanners

Documents have the words by which Syft, Grype and Trivy know packages, their sources and the
operating system. Syft 1.18 and Trivy 0.76 read SPDX 2.3 and CycloneDX 1.6, Syft its own JSON;
neither reads SPDX 3. The operating system is a package in SPDX, which Trivy needs; Syft counts
it as one. Of an index, Syft sees the packages of all images, and Trivy those of SPDX alone,
neither with the system of each: give scanners a document for each platform.

## Properties

| name | what |
|---|---|
"""


def boms_page() -> str:
    """The page as Markdown."""
    formats = (
        f"| `{one.name}` | {one.title} | `{one.media_type}` | `{one.suffix}` |\n"
        for one in FORMATS.values()
    )
    carried = (f"| {what} | {' | '.join(how)} |\n" for what, how in CARRIED.items())
    losses = (f"- {one}\n" for one in LOSSES)
    meanings = (f"| `{name}` | {what} |\n" for name, what in MEANINGS.items())
    return "".join(
        (HEAD, *formats, CARRIED_HEAD, *carried, LOSSES_HEAD, *losses, SCANNERS, *meanings)
    )
