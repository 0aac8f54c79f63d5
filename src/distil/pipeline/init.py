"""`init` and `schema`: a ``distil.toml`` to begin with, and what editors know of it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from distil.formats.spec_template import schema_text, spec_template
from distil.model.application import Evidence
from distil.runtimes.errors import NoEntrypoint
from distil.runtimes.table import find_place
from distil.userfiles.propose import propose, spec_place, write_spec


class InitialSpec(msgspec.Struct, frozen=True):
    """A ``distil.toml`` to begin with: its place, its text, and the evidence for what it says.

    `missing` is why the entrypoint is not in it, None when it is.
    """

    path: Path
    text: str
    evidence: tuple[Evidence, ...]
    missing: NoEntrypoint | None = None


def init(source: Path, *, write: bool = True, force: bool = False) -> InitialSpec:
    """Write a ``distil.toml`` for the application `source`, from its files alone.

    A file that is there already is replaced only with `force`. Raises `SpecExists`, `DiskFull`,
    `OutputFailed`, and what `propose` raises.
    """
    place = find_place(source)
    path = spec_place(place.directory, replace=force or not write)
    proposal = propose(place)
    text = spec_template(proposal.entries)
    if write:
        write_spec(path, text)
    return InitialSpec(path, text, proposal.evidence, proposal.missing)


def schema() -> str:
    """The JSON schema of ``distil.toml``, for editors."""
    return schema_text()
