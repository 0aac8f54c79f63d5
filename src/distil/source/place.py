"""Where an application is: a directory, or one file that is all of it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from distil.formats.dockerignore import docker_patterns
from distil.model.node import Kind
from distil.model.spec import Spec
from distil.source.scan import SourceFile, Sources, scan


class Place(msgspec.Struct, frozen=True):
    """The directory of an application, and the script in it that is all of it, if one is."""

    directory: Path
    script: str = ""


def sources_of(place: Place, spec: Spec) -> Sources:
    """The application's files: of a script, it and what ``[app] include`` names beside it.

    Raises what `scan` raises.
    """
    if not place.script:
        return scan(place.directory, spec)
    mode = 0o755 if (place.directory / place.script).stat().st_mode & 0o100 else 0o644
    files = {place.script: SourceFile(place.script, Kind.FILE, mode)}
    if spec.app.include:
        included = docker_patterns(spec.app.include, "[app] include")
        for file in scan(place.directory, spec).files:
            if included.decides(file.path)[0]:
                files.setdefault(file.path, file)
    return Sources(str(place.directory), tuple(files[path] for path in sorted(files)), ())
