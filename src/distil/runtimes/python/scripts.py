"""Scripts: single Python files, which may say themselves what they depend on (PEP 723)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from distil.model.node import Kind
from distil.runtimes.python.formats.entry_module import has_script_metadata
from distil.source.scan import Sources, read_source

_SUFFIXES: Final = (".py", ".pyw")
_INTERPRETERS: Final = (b"python", b"uv run", b"pypy")


def is_script(path: Path) -> bool:
    """Whether the file at `path` is a Python script. Raises `UnreadableSource`."""
    if path.name.endswith(_SUFFIXES):
        return True
    text = read_source(path)
    first = text[:256].partition(b"\n")[0]
    runs_python = first.startswith(b"#!") and any(name in first for name in _INTERPRETERS)
    return runs_python or has_script_metadata(text)


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
