"""What was found out about an application, and why it is believed."""

from __future__ import annotations

import enum
import re

import msgspec


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


class Evidence(msgspec.Struct, frozen=True):
    """One thing that was inferred: what it is about, what was found, and where."""

    subject: str
    finding: str
    because: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.finding} ({self.because})"


class Application(msgspec.Struct, frozen=True):
    """A Python application in a directory of this machine.

    `source` is that directory. `packaged` says that the project has a build back end: its
    code comes from the wheel this makes, otherwise its files are copied. `requires_python`
    is a version specifier, empty when there is none. `server` is the distribution that the
    entrypoint needs, empty when it needs none. `ports` are TCP unless they say ``53/udp``.
    """

    source: str
    name: str
    version: str
    requires_python: str
    dependencies: Dependencies
    packaged: bool
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: dict[str, str] = {}
    ports: tuple[int | str, ...] = ()
    server: str = ""
    evidence: tuple[Evidence, ...] = ()
    script: str = ""
    """The file of `source` that is all of the application, where it is a script alone."""

    @property
    def argument(self) -> str:
        """What names the application on the command line."""
        return f"{self.source}/{self.script}" if self.script else self.source


class SystemNeed(msgspec.Struct, frozen=True):
    """Debian packages that a Python distribution loads at run time without saying so.

    `library_search` says that it looks libraries up by name (``ctypes.util.find_library``),
    which needs ldconfig in the image. `distribution` names who needs it, `reason` why.
    """

    distribution: str
    packages: tuple[str, ...]
    reason: str
    library_search: bool = False


def normalised(name: str) -> str:
    """A distribution's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
