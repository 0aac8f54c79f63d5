"""The examples as build contexts: their files and a complete list of requirements."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.peers.debian import run

ROOT = Path(__file__).resolve().parents[2]
UV = Path(sys.executable).parent / "uv"
LEVEL = "packages"
"""Of distil, where only one level is measured."""
CONTAINERFILES = Path(__file__).parent / "containerfiles"


@dataclass(frozen=True)
class Example:
    """One of the examples, and the line that "a one-line change" changes."""

    name: str
    changed_file: str
    entrypoint: tuple[str, ...]
    packages: tuple[str, ...] = ()
    """Debian packages beside Python."""

    @property
    def source(self) -> Path:
        return ROOT / "examples" / self.name

    @property
    def containerfile(self) -> Path:
        return CONTAINERFILES / f"{self.name}.Containerfile"


EXAMPLES = (
    Example("flask-hello", "app.py", ("gunicorn", "--bind=0.0.0.0:8000", "app:app")),
    Example("fastapi", "src/notes_api/app.py", ("notes-api",)),
    Example(
        "django",
        "guestbook/views.py",
        ("gunicorn", "--bind=0.0.0.0:8000", "config.wsgi"),
        ("libpq5",),
    ),
    Example("data", "app.py", ("python3", "serve.py")),
)


def prepare(example: Example, target: Path) -> Path:
    """Copy the example to `target`; requirements.txt with every version, the Containerfile."""
    shutil.copytree(example.source, target, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(example.containerfile, target / "Containerfile")
    if not (target / "requirements.txt").exists():
        compile_ = (UV, "pip", "compile", "--quiet", "--python-version", "3.13", "pyproject.toml")
        run([*compile_, "--output-file", "requirements.txt"], cwd=target)
    (target / ".dockerignore").write_text("Containerfile\n.dockerignore\n")
    return target


def change_one_line(example: Example, context: Path, number: int) -> None:
    """Append a comment, different each time."""
    with (context / example.changed_file).open("a") as file:
        file.write(f"# change {number}\n")
