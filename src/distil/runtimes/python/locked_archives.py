"""What a lock's part of a Python application holds: versions, and archives to be kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from distil.fetch.http import Client
from distil.model.lock import BUILD, LockPart, Pinned
from distil.runtimes.protocol import FetchedFile
from distil.runtimes.python.lock_part import LockedWheel, PythonPart
from distil.runtimes.python.locked_projects import as_locked, built_wheel
from distil.runtimes.python.wheel import ECOSYSTEM, Wheel
from distil.runtimes.python.wheels import wheel_downloads

_WHEEL: Final = "application/zip"


def pinned_wheels(part: LockPart) -> Pinned:
    """Distributions, and as of kind ``build`` those that build the application's own.

    Raises `InvalidLock`.
    """
    locked = PythonPart.read(part)
    versions = {(ECOSYSTEM, wheel.name): wheel.version for wheel in locked.wheels}
    versions |= {(BUILD, w.name): w.version for p in locked.projects for w in p.requires}
    return Pinned(locked.version, versions, projects=len(locked.projects))


def locked_wheels(part: LockPart, source: Path, client: Client) -> Sequence[FetchedFile]:
    """Every wheel, those that build the application's own and these among them; fetched."""
    locked = PythonPart.read(part)
    wheels: list[Wheel] = [as_locked(wheel, source) for wheel in _wheels(locked)]
    wheels += [built_wheel(project.wheel, client) for project in locked.projects]
    blobs = client.archives(wheel_downloads(wheels, client, source))
    pairs = zip(wheels, blobs, strict=True)
    return [FetchedFile(wheel.filename, _WHEEL, blob) for wheel, blob in pairs]


def _wheels(part: PythonPart) -> Iterator[LockedWheel]:
    yield from part.wheels
    for project in part.projects:
        yield from project.requires
