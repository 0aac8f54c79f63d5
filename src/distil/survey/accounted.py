"""What the ledger of an image adds to what is found in it: what leads there, what was left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from distil.formats.purl import Purl
from distil.model.documentation import is_document
from distil.model.finding import Scan
from distil.model.inventory import Inventory, InventoryComponent, SourcePackage
from distil.model.ledger import Kept, Ledger
from distil.model.origin import PackageOrigin

_LONGEST: Final = 64
"""Steps that are followed."""
_SHOWN: Final = 5
"""Steps that are told; of more, those at both ends."""
_ASIDE: Final = frozenset({"metadata", "licence", "directory of what is kept", "package closure"})
"""Rules by which a file is kept whether or not something needs it."""
_KINDS: Final = {"deb": "deb", "apk": "apk", "rpm": "rpm", "pypi": "python", "npm": "npm"}
"""The kinds of what distil lays out, by the types of their package URLs."""


def with_reasons(scan: Scan, inventory: Inventory, ledger: Ledger) -> Scan:
    """`scan` with what leads to each component that is found fault with, as `ledger` knows it."""
    wanted = {one.component for one in scan.findings}
    if not wanted:
        return scan
    kept = {one.path: one for one in ledger.kept}
    reached = {
        ref: words
        for ref, paths in _paths(inventory, wanted).items()
        if (words := _shortest(paths, kept))
    }
    findings = tuple(
        msgspec.structs.replace(one, reached=reached[one.component])
        if one.component in reached
        else one
        for one in scan.findings
    )
    return msgspec.structs.replace(scan, findings=findings)


def _paths(inventory: Inventory, wanted: set[str]) -> dict[str, list[str]]:
    """The files of the components with these refs, but for documents."""
    refs = {
        number: ref for number, one in enumerate(inventory.components) if (ref := one.ref) in wanted
    }
    found: defaultdict[str, list[str]] = defaultdict(list)
    for file in inventory.files:
        for owner in file.owners:
            if owner in refs and not is_document(file.path, inventory.components[owner].kind):
                found[refs[owner]].append(file.path)
    return found


def _shortest(paths: Iterable[str], kept: Mapping[str, Kept]) -> str:
    """The shortest way to any of `paths`, in words; empty where none is known."""
    ways = [way for path in paths if (way := _way(path, kept))]
    if not ways:
        return ""
    *steps, first = min(ways, key=lambda way: (len(way), way[0].startswith("/etc/"), way))
    names = [first, *reversed(steps)]
    if len(names) > _SHOWN:
        names = [*names[:2], f"… {len(names) - _SHOWN + 1} more …", *names[-(_SHOWN - 3) :]]
    return " → ".join(names)


def _way(path: str, kept: Mapping[str, Kept]) -> list[str]:
    """`path`, what it is kept because of, and so on, up to the rule that it all begins with.

    Empty where it leads nowhere.
    """
    way: list[str] = []
    while len(way) < _LONGEST:
        entry = kept.get(path)
        if entry is None or not entry.reasons or entry.reasons[0].rule in _ASIDE:
            break
        way.append(path)
        reason = entry.reasons[0]
        if not reason.because:
            return [*way, reason.rule]
        path = reason.because
    return []


def left_out(ledger: Ledger, inventory: Inventory) -> tuple[InventoryComponent, ...]:
    """The packages that belong to the image's making, and of which it has no file at all."""
    kept = {one.origin.purl for one in ledger.kept if isinstance(one.origin, PackageOrigin)}
    gone: defaultdict[str, list[str]] = defaultdict(list)
    for removed in ledger.removed:
        if removed.package and removed.package not in kept:
            gone[removed.package].append(removed.path)
    known = {(one.kind, one.name) for one in inventory.components}
    found = (_component(purl, paths) for purl, paths in sorted(gone.items()))
    return tuple(one for one in found if one is not None and (one.kind, one.name) not in known)


def _component(purl: str, paths: list[str]) -> InventoryComponent | None:
    told = Purl.read(purl)
    kind = _KINDS.get(told.type)
    if kind is None or not told.name or not told.version:
        return None
    source, _, version = told.qualifiers.get("upstream", "").partition("@")
    return InventoryComponent(
        name=told.name,
        version=told.version,
        kind=kind,
        purl=purl,
        source=SourcePackage(source, version) if source else None,
        claimed=len(paths),
        missing=tuple(sorted(paths)),
    )
