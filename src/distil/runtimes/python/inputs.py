"""Which of the project's files have a say in what it depends on, and what stands for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from distil.model.digest import Digest
from distil.runtimes.python.application import Dependencies, DependencySource, PythonApplication
from distil.runtimes.python.dependencies import is_requirements, with_included
from distil.runtimes.python.formats.entry_module import script_metadata
from distil.runtimes.python.project_files import read_toml
from distil.source.scan import read_source

_PROJECT_FILES: Final = ("pyproject.toml", "setup.py", "setup.cfg")
_PYPROJECT: Final = {
    "build-system": (),
    "dependency-groups": (),
    "project": (
        "name",
        "dependencies",
        "optional-dependencies",
        "requires-python",
        "dynamic",
    ),
    "tool.uv": (),
    "tool.poetry": ("dependencies", "group", "extras", "source", "dev-dependencies"),
}
"""What of a pyproject.toml is about dependencies: tables, and of some only these keys."""


def requirement_files(dependencies: Dependencies) -> list[str]:
    """Those of the files of `dependencies` that are requirements files."""
    return [file for file in dependencies.files if is_requirements(file)]


def input_files(source: Path, dependencies: Dependencies) -> list[Path]:
    """The files in `source` that decide, with those that they include.

    Raises `InvalidProjectFile`.
    """
    files = with_included(source, dependencies.files)
    files += [source / name for name in _PROJECT_FILES]
    return [path for path in dict.fromkeys(files) if path.is_file()]


def input_digests(application: PythonApplication) -> dict[str, Digest]:
    """What stands for each file that decides, by its path relative to the application.

    Of a pyproject.toml only what it says about dependencies counts, and of a script its inline
    metadata. Raises `InvalidProjectFile`, `UnreadableSource`.
    """
    source, dependencies = Path(application.source), application.dependencies
    files = [*input_files(source, dependencies), source / "uv.toml"]
    scripts = {source / name for name in dependencies.files}
    if dependencies.source is not DependencySource.SCRIPT:
        scripts.clear()
    if application.script:
        files = [path for path in files if path.name not in _PROJECT_FILES]
    return {
        path.relative_to(source).as_posix(): _digest(path, script=path in scripts)
        for path in sorted(files)
        if path.is_file() and path.is_relative_to(source)
    }


def _digest(path: Path, *, script: bool) -> Digest:
    if script:
        text = read_source(path).decode("utf-8", "replace")
        return Digest.of(_canonical(script_metadata(text, str(path))))
    if path.name == "pyproject.toml":
        return Digest.of(_canonical(_about_dependencies(read_toml(path))))
    return Digest.of(read_source(path))


def _about_dependencies(table: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for name, keys in _PYPROJECT.items():
        part: Any = table
        for word in name.split("."):
            part = part.get(word, {}) if isinstance(part, dict) else {}
        found[name] = _chosen(part, keys)
    return found


def _chosen(part: Any, keys: Sequence[str]) -> Any:  # noqa: ANN401  whatever the file holds
    return {key: part[key] for key in keys if key in part} if keys else part


def _canonical(value: object) -> bytes:
    return msgspec.json.encode(value, enc_hook=str, order="sorted")
