"""What is asked of a lock: for which platforms, and what may change in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from distil.compose.platforms import target_platforms
from distil.errors import did_you_mean
from distil.locks.errors import UnknownUpgrade
from distil.locks.file import LOCK_FILE
from distil.locks.parts import pinned_parts
from distil.locks.stages import pinned_stages
from distil.model.lock import Lock
from distil.model.platform import Platform
from distil.model.spec import Spec
from distil.runtimes import table


def platforms_to_lock(
    asked: Sequence[str], before: Lock | None, spec: Spec
) -> tuple[Platform, ...]:
    """The platforms `asked` for, or those of the lock that is there, or those of `spec`.

    The specification's come with those that were locked. Raises `UnknownPlatform`.
    """
    if not asked and before is not None:
        asked = [*(platform.name for platform in before.platforms), *spec.image.platforms]
    return target_platforms(asked, spec)


def names_to_upgrade(
    asked: Sequence[str] | None, before: Lock | None, source: Path
) -> frozenset[str] | None:
    """The packages and components `asked` for, by the names that the lock has; None for all.

    Raises `UnknownUpgrade`.
    """
    path = str(source / LOCK_FILE)
    for name in asked or ():
        if Path(name).is_dir():
            hint = f"the directory comes first: `distil lock {name} --upgrade`"
            raise UnknownUpgrade(name, path, hint=hint)
    if asked is None or before is None:
        return None if asked is None else frozenset()
    known = {
        name
        for platform in before.platforms
        for pinned in (*pinned_parts(platform), *pinned_stages(platform))
        for name in pinned.names()
    }
    found = set()
    for name in asked:
        spellings = {name, *(runtime.locked_name(name) for runtime in table.RUNTIMES)}
        matching = spellings & known
        if not matching:
            raise UnknownUpgrade(name, path, hint=did_you_mean(name, known))
        found |= matching
    return frozenset(found)
