"""Every path to its owner: what it is attributed to, and whether it is what its owner says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from distil.catalog.facts import Claim
from distil.catalog.join import Told
from distil.catalog.owners import Claimed
from distil.catalog.squash import RecordedFile, Squashed
from distil.model.inventory import (
    OS_KINDS,
    Attribution,
    InventoryFile,
    State,
)
from distil.model.node import Kind, Node
from distil.model.tree import Tree

_PROGRAM_KINDS: Final = frozenset({"binary", "elf", "go", "rust"})
"""The kinds of components that are read out of a program itself."""

_BYTE_CODE: Final = re.compile(
    r"(?P<directory>.*)/__pycache__/(?P<name>[^/]+)\.[a-z]+-?[0-9]+(?:\.opt-[0-9a-z]+)?\.pyc",
    re.DOTALL,
)
"""What CPython and PyPy write beside a source (PEP 3147, PEP 488)."""

Owned = Mapping[str, tuple[Attribution, str]]
"""What else is known of paths: what each is attributed to, and by which rule."""


class Attributing:
    """Attributes the files of an image. `owned` tells of those that nobody claims."""

    def __init__(self, told: Told, squashed: Squashed, claims: Claimed, owned: Owned) -> None:
        self._kinds = [joined.component.kind for joined in told.components]
        self._generated = told.generated
        self._squashed = squashed
        self._claims = claims
        self._owned = owned

    def files(self) -> Iterator[InventoryFile]:
        """Every path that is no directory, by path."""
        for node in self._squashed.tree:
            if node.kind is not Kind.DIRECTORY:
                yield self._file(node)

    def _file(self, node: Node) -> InventoryFile:
        claims = self._claims.owners.get(node.path, ())
        owners = tuple(dict.fromkeys(position for position, _ in claims))
        if not owners:
            owners = tuple(self._claims.of_tree(node.path))
        owners, compiled = (owners, "") if owners else self._byte_code(node.path)
        owners = tuple(sorted(owners, key=self._strength))
        entry = _contents(node, self._squashed.tree)
        attribution, rule = self._attribution(node.path, owners)
        if compiled:
            attribution, rule = Attribution.GENERATED, compiled
        return InventoryFile(
            node.path,
            node.kind,
            node.mode,
            node.size,
            self._squashed.layer_of[node.path],
            attribution,
            _state(claims, entry),
            owners,
            rule,
            entry.entry.sha256.hex() if entry is not None else "",
            entry.entry.sha1.hex() if entry is not None else "",
            entry is not None and entry.entry.is_program,
        )

    def _strength(self, position: int) -> tuple[int, int]:
        kind = self._kinds[position]
        return (0 if kind in OS_KINDS else 2 if kind in _PROGRAM_KINDS else 1), position

    def _attribution(self, path: str, owners: Sequence[int]) -> tuple[Attribution, str]:
        if owners:
            kind = self._kinds[owners[0]]
            if kind in OS_KINDS:
                return Attribution.PACKAGE, ""
            if kind in _PROGRAM_KINDS:
                return self._owned.get(path, (Attribution.PROGRAM, ""))
            return Attribution.LANGUAGE, ""
        known = self._owned.get(path)
        if known is not None:
            return known
        rule = self._generated.get(path)
        return (Attribution.GENERATED, rule) if rule else (Attribution.UNOWNED, "")

    def _byte_code(self, path: str) -> tuple[tuple[int, ...], str]:
        """Who owns the source that Python compiled to `path`, and that as a rule; or nobody."""
        found = _BYTE_CODE.fullmatch(path)
        if found is None:
            return (), ""
        source = f"{found['directory']}/{found['name']}.py"
        claims = self._claims.owners.get(source, ())
        owners = tuple(dict.fromkeys(position for position, _ in claims))
        owners = owners or tuple(self._claims.of_tree(source))
        return owners, f"byte code of {source}" if owners else ""


def _contents(node: Node, tree: Tree) -> RecordedFile | None:
    if node.kind is Kind.HARDLINK:
        target = tree.get(node.target)
        blob = target.blob if target is not None else None
    else:
        blob = node.blob
    return blob if isinstance(blob, RecordedFile) else None


def _state(claims: Sequence[tuple[int, Claim]], contents: RecordedFile | None) -> State:
    """What the checksums of `claims` say; who claims without one says nothing."""
    sums = [claim for _, claim in claims if claim.checksum]
    if contents is None or not sums or not contents.entry.sha256:
        return State.UNCHECKED
    entry = contents.entry
    is_configuration = any(claim.is_configuration for _, claim in claims)
    checked = False
    for claim in sums:
        algorithm, _, value = claim.checksum.partition(":")
        known = {"sha256": entry.sha256, "sha1": entry.sha1, "md5": entry.md5}.get(algorithm)
        if known is not None:
            if known.hex() == value:
                return State.VERIFIED
            checked = True
    if not checked:
        return State.UNCHECKED
    return State.CONFIGURED if is_configuration else State.MODIFIED
