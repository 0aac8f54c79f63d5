"""What a ``distil.toml`` could say about Python, each thing with where it was found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from distil.formats.spec_template import Entry, KeyPath
from distil.runtimes.python.application import DependencySource, PythonApplication

REQUIREMENTS: Final[KeyPath] = ("python", "requirements")
BASE: Final[KeyPath] = ("base", "from")


def proposal(application: PythonApplication) -> Mapping[KeyPath, Entry]:
    """Which requirements are used, and which Python the base has to have."""
    return {REQUIREMENTS: _requirements(application), BASE: _base(application)}


def _requirements(application: PythonApplication) -> Entry:
    about = [one for one in application.evidence if one.subject == "dependencies"]
    notes = tuple(f"Found {one}." for one in about[-1:])
    dependencies = application.dependencies
    if dependencies.source is DependencySource.REQUIREMENTS and len(dependencies.files) == 1:
        return Entry(notes, dependencies.files[0])
    return Entry(notes)


def _base(application: PythonApplication) -> Entry:
    wanted = application.requires_python
    if not wanted:
        return Entry(("Not found: no file says which Python the application needs.",))
    says = f"Found: the application needs Python {wanted}; each build checks that of the base."
    return Entry((says,))
