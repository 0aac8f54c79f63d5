"""Whether an inventory tells all that is in an image, and in sentences why it does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from distil.model.inventory import (
    OS_KINDS,
    Answer,
    Attribution,
    Inventory,
    InventoryFile,
    State,
    Verdict,
)
from distil.model.node import Kind

_FILES: Final = frozenset({Kind.FILE, Kind.HARDLINK})
_ALL_CHECKED: Final = frozenset({"deb", "apk", "alpm", "portage"})
"""Packages of which every file has a checksum."""
_CONFIGURATION: Final = "/etc/"


def verdict_of(inventory: Inventory) -> Verdict:
    """The verdict on `inventory`, which knows its files, verdicts aside.

    Unknown: no package manager's database is there, and some file is owned by nobody or nothing
    at all was found, so that what the packages were cannot be told. Partial: something is
    there that no component owns, is not what its owner says, or could not be read.
    """
    unowned = [one for one in inventory.files if one.attribution is Attribution.UNOWNED]
    reasons = tuple(_reasons(inventory, unowned))
    packages = any(one.kind in OS_KINDS for one in inventory.components)
    if not packages and (unowned or not inventory.files or not inventory.components):
        return Verdict(Answer.UNKNOWN, ("there is no package manager's database", *reasons))
    return Verdict(Answer.PARTIAL if reasons else Answer.COMPLETE, reasons)


def _reasons(inventory: Inventory, unowned: list[InventoryFile]) -> Iterator[str]:
    programs = sum(one.is_executable for one in unowned)
    if programs:
        yield f"{_counted(programs, 'executable file')} owned by no package"
    others = len(unowned) - programs
    if others:
        yield f"{_counted(others, 'other file')} owned by no package"
    unproved = sum(_is_unproved(one, inventory) for one in inventory.files)
    if unproved:
        yield f"{_counted(unproved, 'file')} of a package that has no checksum of it"
    modified = sum(one.state is State.MODIFIED for one in inventory.files)
    if modified:
        yield f"{_counted(modified, 'file')} not what the owner says"
    if not inventory.has_files:
        yield "no file was attributed, and none compared with its owner's checksum"
    if inventory.remarks:
        files = len({remark.path for remark in inventory.remarks})
        yield f"{_counted(files, 'file')} only read in part, or not at all"


def _is_unproved(file: InventoryFile, inventory: Inventory) -> bool:
    """Whether a package's file cannot be compared with what the package had.

    Package managers keep checksums of all of them, but for configuration, and rpm for what is made
    on the machine (ghosts): where one is lacking, somebody took it away.
    """
    is_packages = file.attribution is Attribution.PACKAGE and file.state is State.UNCHECKED
    if not is_packages or not inventory.has_files or file.kind not in _FILES:
        return False
    kinds = {inventory.components[owner].kind for owner in file.owners}
    is_known = kinds <= _ALL_CHECKED and not file.path.startswith(_CONFIGURATION)
    return file.is_executable or is_known


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what} is" if count == 1 else f"{count:,} {what}s are"
