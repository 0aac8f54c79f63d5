"""Whether an inventory tells all that is in an image, and in sentences why it does not."""

from __future__ import annotations

from collections.abc import Iterator

from distil.model.inventory import (
    OS_KINDS,
    Answer,
    Attribution,
    Inventory,
    InventoryFile,
    State,
    Verdict,
)


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
    modified = sum(one.state is State.MODIFIED for one in inventory.files)
    if modified:
        yield f"{_counted(modified, 'file')} not what the owner says"
    if not inventory.has_files:
        yield "the contents of files were not compared with their owners' checksums"
    if inventory.remarks:
        files = len({remark.path for remark in inventory.remarks})
        yield f"{_counted(files, 'file')} only read in part, or not at all"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what} is" if count == 1 else f"{count:,} {what}s are"
