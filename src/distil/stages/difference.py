"""What a stage leaves behind, made the same wherever and whenever it ran."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from distil.model.node import MOUNTED, ROOT, Kind, Node, parent_of
from distil.model.origin import StageOrigin
from distil.model.spec import StageSpec
from distil.model.tree import WHITEOUT, Tree
from distil.stages.errors import SecretKept, TooMuchMade
from distil.stages.secrets import Traces

_MOST: Final = 1_000_000
"""Paths that a stage may leave behind."""

_GIVEN: Final = ("/etc/hosts", "/etc/hostname", "/etc/resolv.conf")
"""Files that the sandbox puts over those of the stage."""


def difference(
    stage: StageSpec, files: Tree, changes: Iterable[Node], traces: Traces, epoch: int
) -> Iterator[Node]:
    """The entries of a layer over the stage's root and the application's `files`.

    Owners become root and dates at most `epoch`; what was mounted, and files of the application
    that are as they were, are no part of it. `files` that are gone are removed by whiteouts.
    Raises `SecretKept`, `TooMuchMade`.
    """
    found = _own_changes(stage, changes)
    for path in _gone(files, found):
        yield Node(_hidden(path), Kind.FILE, 0o644, origin=_origin(stage))
    for node in found.values():
        if _same(files.get(node.path), node):
            continue
        secret = traces.within(node.blob) if node.blob is not None else ""
        text = f"{node.path}\0{node.target}".encode("utf-8", "surrogateescape")
        if secret := secret or traces.in_text(text):
            where = traces.hidden(os.fsencode(node.path))
            raise SecretKept(stage.name, secret, where.decode("utf-8", "backslashreplace"))
        yield msgspec.structs.replace(
            node, uid=0, gid=0, mtime=min(node.mtime, epoch), origin=_origin(stage)
        )


def _own_changes(stage: StageSpec, changes: Iterable[Node]) -> dict[str, Node]:
    """The changes by path, without those that come of mounting."""
    places = [mount.at.rstrip("/") for mount in stage.mounts]
    found: dict[str, Node] = {}
    for node in changes:
        if len(found) >= _MOST:
            raise TooMuchMade(stage.name, _MOST)
        if not _is_below(node.path, (*places, *MOUNTED)):
            found[node.path] = node
    for path in _GIVEN:
        if path in found and not found[path].size:
            del found[path]
    full = {parent_of(path) for path in found}
    for place in places:
        # The directories that lead to it were made to mount it, unless something else is there.
        above = parent_of(place)
        while above in found and above not in full:
            del found[above]
            full = {parent_of(path) for path in found}
            above = parent_of(above)
    return found


def _is_below(path: str, places: Iterable[str]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)


def _gone(files: Tree, found: Mapping[str, Node]) -> Iterator[str]:
    """The topmost of the application's files that the stage has removed."""
    for node in files:
        above = parent_of(node.path)
        if node.path in found or node.path == ROOT or _hidden(node.path) in found:
            continue
        # Of a directory that is gone, or something else now, nothing more has to be said.
        if above == ROOT or (above in found and found[above].kind is Kind.DIRECTORY):
            yield node.path


def _hidden(path: str) -> str:
    """The whiteout of `path`."""
    directory, _, name = path.rpartition("/")
    return f"{directory}/{WHITEOUT}{name}"


def _same(before: Node | None, node: Node) -> bool:
    """Whether one of the application's files is as it was."""
    if before is None or (before.kind, before.mode, before.target) != (
        node.kind,
        node.mode,
        node.target,
    ):
        return False
    old, new = before.blob, node.blob
    return (old.digest if old else None) == (new.digest if new else None)


def _origin(stage: StageSpec) -> StageOrigin:
    return StageOrigin(stage.name, "")
