"""All files that are made from the code, by their path in the repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from scripts.reference.boms import boms_page
from scripts.reference.commands import commands_page
from scripts.reference.differences import differences_page
from scripts.reference.exits import exits_page
from scripts.reference.limits import limits_page
from scripts.reference.schema import spec_schema
from scripts.reference.secrets import secrets_page
from scripts.reference.settings import settings_page

ROOT: Final = Path(__file__).resolve().parents[2]


def outputs() -> dict[str, str]:
    """The text of each file. Raises what `spec_schema` raises."""
    schema = spec_schema()
    return {
        "src/distil/formats/distil.schema.json": json.dumps(schema, indent=2) + "\n",
        "docs/reference/distil-toml.md": settings_page(schema),
        "docs/reference/commands.md": commands_page(),
        "docs/reference/errors.md": exits_page(),
        "docs/reference/limits.md": limits_page(),
        "docs/reference/sbom.md": boms_page(),
        "docs/reference/secrets.md": secrets_page(),
        "docs/reference/sbom-differences.md": differences_page(),
    }
