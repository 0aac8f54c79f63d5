"""The Python application in a directory, as the table of runtimes finds it."""

from __future__ import annotations

from pathlib import Path

from distil.model.spec import Spec
from distil.runtimes.python.application import PythonApplication
from distil.runtimes.table import detect as detect_project
from distil.source.place import Place, sources_of
from distil.source.scan import Sources


def detect(
    source: Path, spec: Spec, sources: Sources | None = None, script: str = ""
) -> PythonApplication:
    """What is in `source`, by a scan of it where none is given."""
    place = Place(source, script)
    application = detect_project(place, spec, sources or sources_of(place, spec)).application
    assert isinstance(application, PythonApplication)
    return application
