"""What the ranges of an advisory say about a version (OSV schema 1.7, "Evaluation")."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from distil.model.advisory import AffectedPackage, Event, EventKind
from distil.vulns.versions.ordering import InvalidVersion, Key, Ordering

_START: Final = "0"
"""What `INTRODUCED` says for "from the first version on", whatever the ecosystem."""


def sorted_events(events: Iterable[Event], ordering: Ordering) -> tuple[Event, ...]:
    """The events of one range, going up; those at the same version as the advisory has them.

    Raises `InvalidVersion` where one cannot be ordered.
    """

    def place(event: Event) -> tuple[bool, Key]:
        if _is_start(event):
            return (False, ())
        return (True, ordering.key(event.version))

    return tuple(sorted(events, key=place))


def is_affected(entry: AffectedPackage, version: str, ordering: Ordering) -> bool:
    """Whether `version` is in a range of `entry`, or among its versions.

    Raises `InvalidVersion` where that depends on a version that cannot be ordered: then nobody
    knows, and it must be said.
    """
    if version in entry.versions:
        return True
    if not entry.ranges:
        return _is_listed(entry.versions, version, ordering)
    here = ordering.key(version)
    unordered: InvalidVersion | None = None
    for events in entry.ranges:
        try:
            if _is_within(events, here, ordering.key):
                return True
        except InvalidVersion as error:
            unordered = error
    if unordered is not None:
        raise unordered
    return False


def fixed_versions(entry: AffectedPackage, version: str, ordering: Ordering) -> tuple[str, ...]:
    """The versions above `version` that have the fix, the nearest first.

    One that another range says is affected is none. Raises `InvalidVersion` for `version`; fixes
    that cannot be ordered are left out, since nobody can say that they are above it.
    """
    here = ordering.key(version)
    found: dict[Key, str] = {}
    for event in (event for events in entry.ranges for event in events):
        if event.kind is not EventKind.FIXED:
            continue
        try:
            key = ordering.key(event.version)
            if key > here and not is_affected(entry, event.version, ordering):
                found.setdefault(key, event.version)
        except InvalidVersion:
            continue
    return tuple(found[key] for key in sorted(found))


def _is_start(event: Event) -> bool:
    return event.kind is EventKind.INTRODUCED and event.version == _START


def _is_within(events: tuple[Event, ...], here: Key, key: Callable[[str], Key]) -> bool:
    """Whether a version is in the range of these sorted events."""
    affected = False
    limits: list[Key] = []
    for event in events:
        kind = event.kind
        if kind is EventKind.INTRODUCED:
            affected = affected or event.version == _START or here >= key(event.version)
        elif kind is EventKind.FIXED:
            # Even where nothing is affected yet: what cannot be ordered is to be told.
            affected = here < key(event.version) and affected
        elif kind is EventKind.LAST_AFFECTED:
            affected = here <= key(event.version) and affected
        else:
            limits.append(key(event.version))
    return affected and (not limits or any(here < limit for limit in limits))


def _is_listed(versions: tuple[str, ...], version: str, ordering: Ordering) -> bool:
    """Whether one of `versions` is the same, written otherwise."""
    if not versions:
        return False
    here = ordering.key(version)
    for one in versions:
        try:
            if ordering.key(one) == here:
                return True
        except InvalidVersion:
            continue
    return False
