"""What Syft sees in a file or an image, and how it calls what distil reports."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.support.tools import run_tool

Seen = tuple[str, str, str]
"""Type, name and version of a component."""

_TYPES = {"pkg:golang/": "go-module", "pkg:cargo/": "rust-crate"}


def seen_by_syft(what: str) -> set[Seen]:
    """The components that Syft finds in `what`, such as ``oci-dir:DIRECTORY`` or ``file:PATH``."""
    return set(all_seen_by_syft(what))


def all_seen_by_syft(what: str) -> list[Seen]:
    """The same, one for each time that it finds one."""
    syft = str(Path(sys.executable).parent / "syft")
    found = json.loads(run_tool(syft, "scan", what, "--output", "json", timeout=300))
    return [(one["type"], one["name"], one["version"]) for one in found["artifacts"]]


def in_syfts_words(built_in: dict[str, Any]) -> Seen:
    """A component of a program, as Syft has it.

    It leaves Go's own version as it is written, and has a word for modules without one.
    """
    kind = next(kind for start, kind in _TYPES.items() if built_in["purl"].startswith(start))
    version = built_in["version"]
    if kind == "go-module":
        version = f"go{version}" if built_in["name"] == "stdlib" else version or "(devel)"
    return kind, built_in["name"], version
