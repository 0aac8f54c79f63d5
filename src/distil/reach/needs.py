"""Packages that compiled code of the application needs, by what policies know of its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from distil.formats.elf import ElfFile
from distil.model.component import SystemNeed
from distil.model.digest import Digest
from distil.model.tree import Tree
from distil.reach.native import Strings
from distil.reach.policies import Policies, shipped_policies


def conventional_needs(
    own: Tree,
    elf: Mapping[Digest, ElfFile | None],
    has: Callable[[str], bool],
    policies: Policies | None = None,
) -> Iterator[SystemNeed]:
    """What the ELF files of `own` open by convention, and the packages that bring it.

    `has` tells of a package whether every image has it. Raises `CorruptContent`.
    """
    known = policies or shipped_policies()
    strings = Strings(known.sought)
    for node in own:
        found = elf.get(node.blob.digest) if node.blob is not None else None
        if found is None:
            continue
        texts = strings.of(node)
        for policy in known.all:
            need = policy.need
            because = need.because(texts, found.needed) if need is not None else None
            packages = tuple(name for name in need.packages if not has(name)) if need else ()
            if need is not None and because is not None and packages:
                reason = f"{need.reason} ({because})"
                yield SystemNeed(node.path, packages, reason, by_policy=True)
