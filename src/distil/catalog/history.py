"""Which layer brought a component, and which took it away again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from distil.catalog.facts import Facts, Stated
from distil.catalog.layer_record import LayerRecord
from distil.model.node import parent_of
from distil.model.tree import OPAQUE, WHITEOUT

Identity = tuple[str, str, str, str, str]
"""What makes two statements speak of one component."""


class Stay(msgspec.Struct):
    """The layers of one component: the one that brought it, and took it, -1 while it is there.

    `stated` is the statement that was seen last, `path` of which file.
    """

    brought: int
    taken: int
    stated: Stated
    path: str


def identity(stated: Stated) -> Identity:
    """The identity of what is stated."""
    one = stated.component
    return one.kind, one.name, one.version, one.architecture, one.purl


def stays(records: Sequence[LayerRecord]) -> dict[Identity, Stay]:
    """Every component that any layer of `records` (lowest first) has told of, and its last stay.

    Files are compared by their paths as the layers write them.
    """
    found: dict[Identity, Stay] = {}
    standing: dict[str, tuple[Facts, ...]] = {}
    for number, record in enumerate(records):
        if not _applied(standing, record):
            continue
        seen: set[Identity] = set()
        for path, several in standing.items():
            for stated in (one for facts in several for one in facts.stated):
                key = identity(stated)
                seen.add(key)
                stay = found.get(key)
                if stay is None or stay.taken >= 0:
                    found[key] = Stay(number, -1, stated, path)
        for key, stay in found.items():
            if stay.taken < 0 and key not in seen:
                stay.taken = number
    return found


def _applied(standing: dict[str, tuple[Facts, ...]], record: LayerRecord) -> bool:
    """Lay `record` on `standing`; whether that changes anything."""
    before = len(standing)
    hidden = _hidden(entry.path for entry in record.entries)
    gone = [path for path in standing if hidden and _is_hidden(path, hidden)]
    written = {entry.path for entry in record.entries} if standing else frozenset[str]()
    gone += [path for path in standing if path in written]
    for path in gone:
        standing.pop(path, None)
    told = {path: facts for path, facts in record.facts.items() if _states(facts)}
    standing.update(told)
    return bool(told) or len(standing) != before or bool(gone)


def _states(several: Iterable[Facts]) -> bool:
    return any(facts.stated for facts in several)


def _hidden(paths: Iterable[str]) -> Mapping[str, bool]:
    """What whiteouts hide: a path, or (False) only what is below it."""
    hidden: dict[str, bool] = {}
    for path in paths:
        name = path.rpartition("/")[2]
        if name == OPAQUE:
            hidden.setdefault(parent_of(path), False)
        elif name.startswith(WHITEOUT):
            hidden[f"{parent_of(path).rstrip('/')}/{name[len(WHITEOUT) :]}"] = True
    return hidden


def _is_hidden(path: str, hidden: Mapping[str, bool]) -> bool:
    if hidden.get(path):
        return True
    while path != "/":
        path = parent_of(path)
        if path in hidden:
            return True
    return False
