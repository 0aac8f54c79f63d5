"""Level ``reachable``: what static evidence reaches from the entrypoint, and nothing else.

One worklist, one set of what is kept. Evidence is gathered to a fixpoint: what compiled code is
linked with and names, the interpreters of scripts, policies for what is opened by convention,
whole packages where nothing finer is known, and what the runtime of the language tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from distil.formats.elf import ElfFile
from distil.model.digest import Digest
from distil.model.ledger import Reason
from distil.model.tree import Tree
from distil.reach.configuration import ConfigurationSearch
from distil.reach.documents import Documents
from distil.reach.evidence import EvidenceProvider
from distil.reach.keeping import Keeping
from distil.reach.known import EvidenceSource, Known
from distil.reach.native import Native, Strings
from distil.reach.packages import WholePackages
from distil.reach.policies import Policies, Policy, PolicyFacts, shipped_policies
from distil.reach.roots import Beginning, Roots
from distil.reach.scripts import Scripts
from distil.reach.soundness import search_path

POLICY: Final = "policy"


class Reached(msgspec.Struct, frozen=True):
    """The paths that are kept, each with a reason, some with `further` ones; why others are not."""

    kept: dict[str, Reason]
    further: dict[str, list[Reason]]
    removed: dict[str, str]


def reach(
    tree: Tree,
    elf: Mapping[Digest, ElfFile | None],
    roots: Roots,
    runtimes: Sequence[EvidenceSource] = (),
    documents: Documents | None = None,
) -> Reached:
    """What of `tree` is needed. `elf` says of each file's digest what it is as ELF.

    `runtimes` give the evidence of languages; without one, what is linked, named or opened by
    convention counts. Analyses are remembered in `documents`. Raises `CorruptContent`,
    `LinkLoop`.
    """
    policies = shipped_policies()
    strings = Strings(policies.sought, documents)
    native = Native(tree, elf, roots.platform, roots.program, strings)
    scripts = Scripts(tree, elf, search_path(roots.command.environment))
    known = Known(tree, roots.command, native, scripts, {})
    packages = WholePackages(tree, elf, roots.packages, policies.covers)
    languages = [source(known) for source in runtimes]
    reached = _fixpoint(
        Keeping(tree),
        [Beginning(tree, roots, policies.covers), packages, *languages],
        [native, scripts, packages, *languages],
        [_Conventions(known, policies), *languages],
    )
    strings.save()
    return reached


def _fixpoint(
    keeping: Keeping,
    first: Sequence[EvidenceProvider],
    following: Sequence[EvidenceProvider],
    settling: Sequence[EvidenceProvider],
) -> Reached:
    """Ask all evidence until none keeps anything more."""
    for evidence in first:
        evidence.begin(keeping)
    while True:
        while (node := keeping.next()) is not None:
            for evidence in following:
                evidence.follow(node, keeping)
        for evidence in settling:
            evidence.settle(keeping)
            if keeping.has_fresh:
                break
        else:
            break
    removed: dict[str, str] = {}
    for evidence in settling:
        removed |= evidence.finish(keeping)
    return Reached(keeping.reasons.first, keeping.reasons.further, removed)


class _Conventions(EvidenceProvider):
    """Applies the policies that have a cause in what is known so far, each once."""

    def __init__(self, known: Known, policies: Policies) -> None:
        self._known = known
        self._pending = list(policies.all)
        self._applied: list[Policy] = []
        self._searches: list[ConfigurationSearch] = []

    def settle(self, keeping: Keeping) -> None:
        """Keep what the policies with a cause name, and what configuration names then."""
        known, native = self._known, self._known.native
        found = PolicyFacts(
            kept=keeping.kept,
            functions=native.functions,
            texts=native.texts,
            modules=known.modules,
            go_functions=native.go_functions,
        )
        pending = []
        for policy in self._pending:
            because = policy.because(found)
            if because is None:
                pending.append(policy)
                continue
            self._applied.append(policy)
            for node in known.tree:
                if policy.keeps(node.path):
                    keeping.keep(node.path, Reason(POLICY, because, policy.name))
            if policy.configuration is not None:
                search = ConfigurationSearch(policy.configuration, known.tree, known.command)
                self._searches.append(search)
        self._pending = pending
        for search in self._searches:
            search.settle(keeping)

    def finish(self, keeping: Keeping) -> Mapping[str, str]:
        """Why the policies that apply leave out what is theirs, where they say so."""
        telling = [policy for policy in self._applied if policy.without_reason]
        return {
            node.path: policy.without_reason
            for node in (self._known.tree if telling else ())
            for policy in telling
            if node.path not in keeping.kept and policy.leaves(node.path)
        }
