"""Scripts: single Python files, which may say themselves what they depend on (PEP 723)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from distil.errors import UnreadableSource
from distil.formats.dockerignore import docker_patterns
from distil.model.node import Kind
from distil.model.spec import Spec
from distil.runtimes.python.formats.entry_module import has_script_metadata
from distil.source.scan import SourceFile, Sources, read_source, scan

_SUFFIXES: Final = (".py", ".pyw")
_INTERPRETERS: Final = (b"python", b"uv run", b"pypy")


class Place(msgspec.Struct, frozen=True):
    """Where an application is: its directory, and the script in it that is all of it, if one is."""

    directory: Path
    script: str = ""


def find_place(source: Path) -> Place:
    """The place of the application that `source`, a directory or a script, names.

    Raises `UnreadableSource` for a file that is no Python script; whether a directory is there
    is found out when it is read.
    """
    if not source.is_file():
        return Place(source)
    if not source.name.endswith(_SUFFIXES):
        text = read_source(source)
        first = text[:256].partition(b"\n")[0]
        runs_python = first.startswith(b"#!") and any(name in first for name in _INTERPRETERS)
        if not runs_python and not has_script_metadata(text):
            raise UnreadableSource(str(source), "it is neither a directory nor a Python script")
    return Place(source.parent, source.name)


def script_sources(place: Place, spec: Spec) -> Sources:
    """The script at `place`, and what ``[app] include`` names beside it.

    Raises what `scan` raises.
    """
    mode = 0o755 if (place.directory / place.script).stat().st_mode & 0o100 else 0o644
    files = {place.script: SourceFile(place.script, Kind.FILE, mode)}
    if spec.app.include:
        included = docker_patterns(spec.app.include, "[app] include")
        for file in scan(place.directory, spec).files:
            if included.decides(file.path)[0]:
                files.setdefault(file.path, file)
    return Sources(str(place.directory), tuple(files[path] for path in sorted(files)), ())


def described_scripts(sources: Sources) -> list[str]:
    """The files at the top of an application that have inline script metadata, sorted."""
    return [
        file.path
        for file in sources.files
        if file.kind is Kind.FILE
        and "/" not in file.path
        and file.path.endswith(_SUFFIXES)
        and has_script_metadata(sources.read(file.path))
    ]


def started_script(words: Sequence[str], workdir: str, sources: Sources) -> str:
    """The file of the application with inline script metadata that a command starts, or "".

    It is named by its path, or by its module: ``python3 job.py``, ``-m job``, ``job:app``.
    """
    inside = workdir.rstrip("/") + "/"
    for word in words:
        path = word.removeprefix(inside).removeprefix("./")
        for name in (path, f"{word.partition(':')[0].replace('.', '/')}.py"):
            if sources.named(name) and has_script_metadata(sources.read(name)):
                return name
    return ""
