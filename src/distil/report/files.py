"""Who owns the files of an image, as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from distil.model.inventory import InventoryComponent, InventoryFile
from distil.pipeline.files import OwnedFiles
from distil.report.document import json_text
from distil.report.inventory import file_document
from distil.report.units import columns

SCHEMA_VERSION: Final = 1


def to_text(found: OwnedFiles) -> str:
    """A line for each file: its path, who owns it, and whether it is what the owner says."""
    components = found.inventory.components
    return columns([_row(file, components) for file in found.files], indent="")


def to_json(image: str, found: OwnedFiles) -> str:
    """The files, and the components that own them."""
    components = found.inventory.components
    refs = [one.ref for one in components]
    used = sorted({number for file in found.files for number in file.owners})
    return json_text(
        {
            "schemaVersion": SCHEMA_VERSION,
            "image": image,
            "platform": found.inventory.subject.platform,
            "components": [
                {
                    "ref": refs[number],
                    "kind": components[number].kind,
                    "name": components[number].name,
                    "version": components[number].version,
                    "purl": components[number].purl,
                }
                for number in used
            ],
            "files": [file_document(file, refs) for file in found.files],
        }
    )


def _row(file: InventoryFile, components: Sequence[InventoryComponent]) -> tuple[str, ...]:
    owners = [components[number] for number in file.owners]
    told = ", ".join(f"{one.kind} {one.name} {one.version}".rstrip() for one in owners)
    return file.path, file.attribution, told or file.rule, file.state
