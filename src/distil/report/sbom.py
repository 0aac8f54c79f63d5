"""What is in an image, as text and as JSON; what documents become of it is `sbom`'s affair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from distil.model.inventory import (
    Answer,
    Coverage,
    IndexInventory,
    Inventory,
    InventoryComponent,
    Scope,
    State,
    Verdict,
)
from distil.pipeline.sbom import Compared, SbomReport
from distil.report.document import json_text
from distil.report.inventory import document_of
from distil.report.kinds import counted_kinds
from distil.report.printable import printable
from distil.report.units import columns, number, size

SCHEMA_VERSION: Final = 1

SHOWN: Final = 10
"""Rows of a list that are shown when not all are asked for."""

_Row = tuple[str, ...]


def to_text(report: SbomReport, *, verbose: bool = False) -> str:
    """A block for each platform: what there is, how much of the image it is, and the verdict."""
    blocks = []
    for one in report.surveyed.images:
        platform = one.inventory.subject.platform
        attached = [found for found in report.attached if found.platform == platform]
        blocks.append(_block(one.inventory, attached, verbose=verbose))
    return "\n\n".join(blocks)


def to_json(report: SbomReport) -> str:
    """All that is known, as one JSON document."""
    document = document_of(report.inventory)
    attached = [_attached_document(found) for found in report.attached]
    return json_text({"schemaVersion": SCHEMA_VERSION, **document, "attached": attached})


def inventory_text(found: Inventory | IndexInventory, *, verbose: bool = False) -> str:
    """An inventory that was read from a document, as `to_text` tells one of an image."""
    whole = found.children if isinstance(found, IndexInventory) else (found,)
    return "\n\n".join(_block(one, (), verbose=verbose) for one in whole)


def inventory_json(found: Inventory | IndexInventory) -> str:
    """An inventory that was read from a document, as `to_json` tells one of an image."""
    return json_text({"schemaVersion": SCHEMA_VERSION, **document_of(found)})


def verdicts(report: SbomReport) -> str:
    """The verdicts alone, a line for each platform."""
    rows = [
        (one.inventory.subject.platform or "verdict", _verdict(one.inventory.verdict))
        for one in report.surveyed.images
    ]
    return columns(rows, indent="")


def verified_text(image: str, found: Sequence[Compared], *, verbose: bool = False) -> str:
    """A line for each document that says PASS or FAIL, and below it what differs."""
    lines = []
    for one in found:
        about = f"{printable(image)} ({one.platform})" if one.platform else printable(image)
        if one.trouble:
            lines.append(f"FAIL  {printable(one.name)}: {printable(one.trouble)}")
        elif not one.differences:
            lines.append(f"PASS  {printable(one.name)}: {about} is what it says")
        else:
            many = number(len(one.differences), "difference")
            lines.append(f"FAIL  {printable(one.name)}: {many} from {about}")
            shown = one.differences if verbose else one.differences[:SHOWN]
            lines += [f"  {printable(text)}" for text in shown]
            lines += _more(len(one.differences) - len(shown))
    return "\n".join(lines)


def verified_json(image: str, found: Sequence[Compared]) -> str:
    """The same as JSON, with every difference."""
    documents = [_attached_document(one) for one in found]
    return json_text({"schemaVersion": SCHEMA_VERSION, "image": image, "documents": documents})


def _attached_document(one: Compared) -> dict[str, object]:
    return {
        "name": one.name,
        "platform": one.platform,
        "agrees": not one.differences and not one.trouble,
        "differences": one.differences,
        "trouble": one.trouble,
    }


# --- text ----------------------------------------------------------------------------------


def _block(found: Inventory, attached: Sequence[Compared], *, verbose: bool) -> str:
    rows = [row for row in _summary(found, attached) if row[1]]
    parts = [columns(rows, indent="")]
    partial = [one for one in found.components if one.is_partial]
    tables: list[tuple[str, list[_Row]]] = [
        ("partial", [(*_named(one), _files(one)) for one in partial]),
        ("modified", [(path, *_named(one)) for one in found.components for path in one.modified]),
        ("remarks", [(remark.path, remark.what) for remark in found.remarks]),
    ]
    if verbose:
        tables.insert(0, ("components", [_component(one) for one in found.components]))
    for title, table in tables:
        if table:
            shown = table if verbose else table[:SHOWN]
            more = _more(len(table) - len(shown))
            parts.append("\n".join([title, columns(shown), *more]))
    return "\n\n".join(parts)


def _more(left: int) -> list[str]:
    return [f"  … and {left:,} more (-v shows all)"] if left > 0 else []


def _summary(found: Inventory, attached: Sequence[Compared]) -> Iterator[_Row]:
    subject, release = found.subject, found.release
    yield "image", subject.name
    yield "digest", subject.digest
    yield "platform", subject.platform
    if release is not None:
        yield "system", release.pretty_name or f"{release.name or release.id} {release.version_id}"
    yield "base", _base(found)
    if found.layers:
        yield "layers", _layers(found)
    yield "components", counted_kinds(one.kind for one in found.components)
    if found.has_files:
        yield from _owned(found)
    partial = sum(one.is_partial for one in found.components)
    if partial:
        yield "partial", f"{number(partial, 'component')} without some of the files it had"
    for one in attached:
        told = one.trouble or _differing(len(one.differences))
        yield "attached", f"{one.name}: {told}"
    yield "verdict", _verdict(found.verdict)


def _differing(count: int) -> str:
    return f"{number(count, 'difference')} from the bytes" if count else "the bytes agree"


def _base(found: Inventory) -> str:
    base = found.base
    if base is None:
        return ""
    name = base.name or base.digest or "an image that is not named"
    parts = [f"{base.layers} of {number(len(found.layers), 'layer')}"] * bool(base.layers)
    return f"{name} ({'; '.join([*parts, base.evidence])})"


def _layers(found: Inventory) -> str:
    total = size(sum(layer.size for layer in found.layers))
    scope = ", all that any of them holds" if found.scope is Scope.ALL_LAYERS else ""
    return f"{len(found.layers)}, {total} as they are stored{scope}"


def _owned(found: Inventory) -> Iterator[_Row]:
    coverage = found.coverage()
    yield "coverage", _coverage(coverage)
    states = Counter(file.state for file in found.files)
    told = [f"{states[state]:,} {state}" for state in State if states[state]]
    yield "files", ", ".join(told)


def _coverage(coverage: Coverage) -> str:
    files = _share(coverage.owned_files, coverage.files)
    whole = _share(coverage.owned_size, coverage.size)
    return f"{files} of {number(coverage.files, 'file')}, {whole} of {size(coverage.size)}"


def _share(part: int, whole: int) -> str:
    """In per cent, rounded down: 100 % is all of it."""
    if part == whole:
        return "100 %"
    return f"{part * 1000 // whole / 10:.1f} %"


def _verdict(verdict: Verdict | None) -> str:
    if verdict is None:
        return "none: this was read from a document"
    reasons = "; ".join(verdict.reasons)
    what = verdict.answer.upper() if verdict.answer is not Answer.COMPLETE else "complete"
    return f"{what}: {reasons}" if reasons else what


def _named(one: InventoryComponent) -> tuple[str, str, str]:
    return one.kind, one.name, one.version


def _files(one: InventoryComponent) -> str:
    return f"{one.present:,} of {number(one.claimed, 'file')}"


def _component(one: InventoryComponent) -> _Row:
    gone = f"removed by layer {one.removed_by + 1}" if one.removed_by >= 0 else ""
    files = _files(one) if one.claimed else ""
    return (*_named(one), files, " AND ".join(one.licenses), gone)
