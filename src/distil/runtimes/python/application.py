"""A Python application, as far as its own files tell."""

from __future__ import annotations

import enum
import re

import msgspec

from distil.model.application import Application


class DependencySource(enum.StrEnum):
    """Which of a project's files says what it depends on."""

    UV_LOCK = "uv.lock"
    POETRY_LOCK = "poetry.lock"
    PYLOCK = "pylock.toml"
    REQUIREMENTS = "requirements"
    PROJECT = "pyproject.toml"
    METADATA = "metadata"
    """Only the project's build back end knows: they are read from its wheel."""
    SCRIPT = "script"
    """Inline script metadata (PEP 723)."""
    NONE = "none"

    @property
    def locked(self) -> bool:
        """Whether every version and hash is written down, so resolving never changes."""
        return self in (self.UV_LOCK, self.POETRY_LOCK, self.PYLOCK, self.NONE)


class Dependencies(msgspec.Struct, frozen=True):
    """What the application depends on, as its own files say it; nothing is resolved yet.

    `files` are relative to the application's directory, the deciding one first. `names` are
    the distributions asked for or locked, normalised by PEP 503. `requirements` are PEP 508
    strings when no file of the resolver's own kind holds them.
    """

    source: DependencySource
    files: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


class PythonApplication(Application, frozen=True):
    """A Python application in a directory of this machine.

    `packaged` says that the project has a build back end, whose wheel has its code.
    `requires_python` is a version specifier, empty when there is none. `server` is the
    distribution that the entrypoint needs, empty when it needs none.
    """

    dependencies: Dependencies = Dependencies(DependencySource.NONE)
    requires_python: str = ""
    server: str = ""


def normalised(name: str) -> str:
    """A distribution's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
