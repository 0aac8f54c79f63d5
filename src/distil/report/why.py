"""Answers about single files: why they are in an image, or why they are not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from distil.explain.explain import (
    Answer,
    Explanation,
    PackageFiles,
    Step,
    component_name,
    component_version,
    origin_text,
)
from distil.model.ledger import MOST_REASONS, Reason, Removed
from distil.report.document import json_text
from distil.report.printable import printable
from distil.report.units import columns, number, size

_VERBS: Final = {
    "DT_NEEDED": "needed by",
    "PT_INTERP": "loader of",
    "#!": "interpreter of",
    "import": "imported by",
    "byte code": "byte code of",
    "link": "linked from",
    "named library": "named in",
    "declared dlopen": "opened by",
    "opened by name": "opened by",
    "whole package": "same package as",
    "dependency": "needed by package of",
    "policy": "needed with",
    "configuration": "named in",
}
_SHORTEST_TO_FOLD: Final = 5
_MOST_NAMED: Final = 3


class _Document(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    schema_version: int = 1
    image: str
    answer: Answer


def to_json(answer: Answer, image: str) -> str:
    """The whole answer about `image` as data."""
    document = _Document(image=image, answer=answer)
    return json_text(document)


def to_text(answer: Answer, *, verbose: bool = False) -> str:
    """The answer for people; `verbose` shows every step of every chain."""
    parts = [_explanation(one, verbose=verbose) for one in answer.explanations]
    parts += [_package(one) for one in answer.packages]
    if answer.removed:
        parts.append(_removed(answer.removed))
    return "\n".join(parts)


def _explanation(explained: Explanation, *, verbose: bool) -> str:
    kept = explained.kept
    head = f"{kept.path}   {origin_text(kept.origin)}   {size(kept.size)}"
    steps = list(explained.chain)
    rows = [_step(step) for step in steps]
    if len(rows) > _SHORTEST_TO_FOLD and not verbose:
        hidden = len(rows) - 4
        rows = [*rows[:2], ("…", f"{number(hidden, 'step')} (-v shows them)"), *rows[-2:]]
    rows += _also(kept.reasons, verbose=verbose)
    return f"{printable(head)}\n{columns(rows)}"


def _also(reasons: Sequence[Reason], *, verbose: bool) -> list[tuple[str, str]]:
    """The reasons besides the first, those of one kind in one row unless `verbose`."""
    further = reasons[1:]
    if verbose:
        rows = [_row(reason) for reason in further]
        return [(f"also {verb}", rest) for verb, rest in rows]
    kinds: dict[str, list[str]] = {}
    for reason in further:
        verb, rest = _row(reason)
        kinds.setdefault(verb, []).append(reason.because or rest)
    full = len(reasons) == MOST_REASONS
    return [(f"also {verb}", _several(names, full=full)) for verb, names in kinds.items()]


def _several(names: Sequence[str], *, full: bool) -> str:
    """``A, B and 3 more``; `full` says that there may be others which were not recorded."""
    if len(names) <= _MOST_NAMED:
        return " and ".join(names)
    rest = len(names) - (_MOST_NAMED - 1)
    return (
        f"{', '.join(names[: _MOST_NAMED - 1])} and {rest} {'or more others' if full else 'more'}"
    )


def _step(step: Step) -> tuple[str, str]:
    return _row(step.reason)


def _row(reason: Reason) -> tuple[str, str]:
    detail = f"   ({reason.detail})" if reason.detail else ""
    if not reason.because:
        return reason.rule, detail.strip()
    return _VERBS.get(reason.rule, f"{reason.rule}:"), f"{reason.because}{detail}"


def _package(files: PackageFiles) -> str:
    kept = sum(entry.size for entry in files.kept)
    gone = sum(entry.size for entry in files.removed)
    head = (
        f"{component_name(files.purl)} {component_version(files.purl)}   "
        f"kept {number(len(files.kept), 'path')}, {size(kept)}; "
        f"removed {number(len(files.removed), 'path')}, {size(gone)}"
    )
    rows = [("+", entry.path, size(entry.size), entry.reasons[0].rule) for entry in files.kept]
    rows += [("-", entry.path, size(entry.size), entry.rule) for entry in files.removed]
    return f"{printable(head)}\n{columns(sorted(rows, key=lambda row: row[1]))}"


def _removed(removed: Sequence[Removed]) -> str:
    total = sum(entry.size for entry in removed)
    rows = [
        (
            entry.path,
            size(entry.size),
            component_name(entry.package),
            f"{entry.rule}: {entry.reason}",
        )
        for entry in removed
    ]
    return f"{number(len(removed), 'path')} left out, {size(total)}\n{columns(rows)}"
