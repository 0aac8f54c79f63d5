"""What the ledger of an image says of its files, beside what its bytes say."""

from __future__ import annotations

import functools
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import unquote

import msgspec

from distil.catalog.asked import Owned
from distil.catalog.generated import LINK
from distil.catalog.verdict import verdict_of
from distil.model.digest import Digest
from distil.model.documentation import is_document
from distil.model.inventory import (
    OS_KINDS,
    Answer,
    Attribution,
    Inventory,
    InventoryComponent,
    InventoryFile,
    Remark,
    Verdict,
)
from distil.model.ledger import Kept, Ledger
from distil.model.node import Kind
from distil.model.origin import (
    ApplicationOrigin,
    GeneratedOrigin,
    LayerOrigin,
    PackageOrigin,
    StageOrigin,
)

_AFTER_NAME: Final = re.compile(r"[?#].*", re.DOTALL)
_FILES: Final = frozenset({Kind.FILE, Kind.HARDLINK})
_TOLD_BY: Final = ", says the ledger beside the image"


def owned_by(ledger: Ledger, *, is_ours: bool = True) -> Owned:
    """What of the image is the application's, was made by a stage or was written by distil.

    The rules say so where only the ledger says it and that was not written here (`is_ours`).
    """
    found: dict[str, tuple[Attribution, str]] = {}
    for kept in ledger.kept:
        origin = kept.origin
        if isinstance(origin, ApplicationOrigin):
            found[kept.path] = Attribution.APPLICATION, f"{origin.source} of the application"
        elif isinstance(origin, StageOrigin):
            found[kept.path] = Attribution.APPLICATION, f"stage {origin.stage}"
        elif isinstance(origin, GeneratedOrigin):
            rule = f"{origin.rule} ({origin.made_from})" if origin.made_from else origin.rule
            found[kept.path] = Attribution.GENERATED, rule
    if is_ours:
        return found
    return {path: (owner, f"{rule}{_TOLD_BY}") for path, (owner, rule) in found.items()}


def base_layers(ledger: Ledger | None) -> frozenset[Digest]:
    """The diff ids of the layers that were there before distil added any."""
    kept = ledger.kept if ledger is not None else ()
    return frozenset(one.origin.diff_id for one in kept if isinstance(one.origin, LayerOrigin))


def completed(inventory: Inventory, ledger: Ledger, *, is_ours: bool = True) -> Inventory:
    """`inventory` with what only `ledger` knows of its packages.

    Lists of checksums do not have links, and those of an image that was made smaller do not have
    what was left out: the first are attributed to the packages that they came with, the others
    counted as claimed.
    """
    numbers = {_named(one.purl): n for n, one in enumerate(inventory.components) if one.purl}
    origins = {
        kept.path: numbers.get(_named(kept.origin.purl))
        for kept in ledger.kept
        if isinstance(kept.origin, PackageOrigin)
    }
    more = Counter[int]()
    files = list(inventory.files)
    for at, file in enumerate(files):
        owner = origins.get(file.path)
        if owner is None or not _is_open(file, is_ours=is_ours):
            continue
        more[owner] += 1
        kind = inventory.components[owner].kind
        attribution = Attribution.PACKAGE if kind in OS_KINDS else Attribution.LANGUAGE
        files[at] = msgspec.structs.replace(
            file, attribution=attribution, owners=(owner,), rule="the image's ledger"
        )
    gone = _left_out(ledger)
    working = _with_code(files, inventory.components)
    components = tuple(
        _counted(one, more[n], gone.get(_named(one.purl), ()), is_there=n in working)
        for n, one in enumerate(inventory.components)
    )
    found = msgspec.structs.replace(inventory, components=components, files=tuple(files))
    if not found.has_files:
        return found  # Its verdict is on files that it does not list.
    return msgspec.structs.replace(found, verdict=verdict_of(found))


def _is_open(file: InventoryFile, *, is_ours: bool) -> bool:
    """Whether nobody claims `file`. A ledger of others is asked about links alone.

    Lists of checksums do not have these; a file that no list has is no package's by their word.
    """
    is_nobodys = file.attribution is Attribution.UNOWNED or file.rule.startswith(LINK)
    return is_nobodys and (is_ours or file.kind not in _FILES)


def _left_out(ledger: Ledger) -> dict[str, list[str]]:
    """The paths of each package that are not in the image, by its type, name and version."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for removed in ledger.removed:
        if removed.package:
            found[_named(removed.package)].append(removed.path)
    return found


def _with_code(
    files: Sequence[InventoryFile], components: Sequence[InventoryComponent]
) -> set[int]:
    """The numbers of components of which something is there that is no document."""
    found: set[int] = set()
    for file in files:
        for owner in file.owners:
            if owner not in found and not is_document(file.path, components[owner].kind):
                found.add(owner)
    return found


def _counted(
    one: InventoryComponent, more: int, left_out: Sequence[str], *, is_there: bool
) -> InventoryComponent:
    """`one` with `more` files that are there, and some that were left out."""
    if not more and not left_out:
        return one
    present = one.present + more
    claimed = max(one.claimed + more, present + len(left_out))
    missing = () if is_there else tuple(sorted({*one.missing, *left_out}))
    return msgspec.structs.replace(one, present=present, claimed=claimed, missing=missing)


def by_its_word(inventory: Inventory) -> Inventory:
    """`inventory` whose verdict tells what only a ledger says that was not written here.

    Anybody can write one, and it has no checksums: nothing else says whose these files are.
    """
    told = [one for one in inventory.files if one.rule.endswith(_TOLD_BY)]
    if not told or inventory.verdict is None:
        return inventory
    programs = sum(one.is_executable for one in told)
    count = "1 file is" if len(told) == 1 else f"{len(told):,} files are"
    reason = f"{count} attributed by the word of the ledger beside the image alone"
    reason += f", {programs:,} of them executable" if programs else ""
    verdict = Verdict(inventory.verdict.answer, (*inventory.verdict.reasons, reason))
    return msgspec.structs.replace(inventory, verdict=verdict)


def compared(inventory: Inventory, ledger: Ledger) -> Inventory:
    """`inventory` with a remark for each path of which `ledger` says something else.

    The verdict is not better than partial where there is one.
    """
    remarks = tuple(sorted(_differences(inventory, ledger)))
    verdict = inventory.verdict
    if not remarks or verdict is None:
        return inventory
    answer = Answer.PARTIAL if verdict.answer is Answer.COMPLETE else verdict.answer
    count = "1 path is" if len(remarks) == 1 else f"{len(remarks):,} paths are"
    verdict = Verdict(answer, (*verdict.reasons, f"{count} not as the image's ledger says"))
    return msgspec.structs.replace(
        inventory, remarks=(*inventory.remarks, *remarks), verdict=verdict
    )


def _differences(inventory: Inventory, ledger: Ledger) -> Iterator[Remark]:
    kept = {one.path: one for one in ledger.kept if one.kind is not Kind.DIRECTORY}
    owners = [_named(component.purl) for component in inventory.components]
    for file in inventory.files:
        entry = kept.pop(file.path, None)
        what = _difference(file, entry, owners) if entry is not None else "it does not have it"
        if what:
            yield Remark(file.path, f"the ledger says: {what}")
    for path in kept:
        yield Remark(path, "it is in the ledger, and not in the image")


def _difference(file: InventoryFile, entry: Kept, owners: Sequence[str]) -> str:
    """What `entry` says that `file` is not; nothing when they agree."""
    kinds = {file.kind, entry.kind}
    if len(kinds) > 1 and not kinds <= _FILES:
        return f"a {entry.kind.name.lower()}"
    if kinds == {Kind.FILE} and file.size != entry.size:
        return f"{entry.size:,} bytes, and it has {file.size:,}"
    origin = entry.origin
    if not isinstance(origin, PackageOrigin) or not file.owners:
        return ""
    name = _named(origin.purl)
    return "" if name in [owners[number] for number in file.owners] else f"of {origin.purl}"


@functools.lru_cache(maxsize=1 << 14)
def _named(purl: str) -> str:
    """Type, name and version of `purl`, however they are escaped."""
    return unquote(_AFTER_NAME.sub("", purl))
