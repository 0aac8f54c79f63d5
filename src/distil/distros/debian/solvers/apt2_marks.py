"""What apt marks for installation, from a system on which nothing is installed.

A port of ``pkgDepCache::MarkInstall`` and what it calls (apt 2.6, ``apt-pkg/depcache.cc``) for
that case and one architecture, with the same order of decisions and the same tie-breaks, since
only those give the same answers. Names of apt's functions are given where they differ.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Final

import msgspec

from distil.distros.debian.formats.dependencies import Relation
from distil.distros.debian.index import PackageIndex
from distil.distros.debian.index_records import PackageRecord
from distil.distros.debian.relation_targets import (
    NEGATIVE_FIELDS,
    POSITIVE_FIELDS,
    Dependency,
    Targets,
    dependencies,
)
from distil.distros.debian.solvers import Cut
from distil.distros.debian.solvers.solution import is_cut

MAX_DEPTH: Final = 3000
"""Recursion at which apt gives up on a package."""

Step = Generator["Step", bool, bool]
"""A call that may call others: yields each and is sent its result, so that depth costs no
Python stack."""


class State(msgspec.Struct):
    """apt's StateCache for one package that is not installed.

    `first` is the candidate to begin with; `candidate` becomes None once the package turned out
    not to be installable. `chosen` is the version to install (InstallVer); `installing` is apt's
    mode, which nearly always agrees.
    """

    name: str
    first: PackageRecord | None
    candidate: PackageRecord | None
    chosen: PackageRecord | None = None
    installing: bool = False
    protected: bool = False
    automatic: bool = False


class Marks:
    """Which packages are marked, and the operations that mark them."""

    def __init__(self, index: PackageIndex, cut: Cut) -> None:
        self.index = index
        self.targets = Targets(index)
        self.states: dict[str, State] = {}
        self._cut = cut
        self._dependencies: dict[tuple[str, str], list[Dependency]] = {}
        self._dropped: frozenset[str] = frozenset()
        self._seen_dropped: dict[str, frozenset[str]] = {}

    # --- reading ---------------------------------------------------------------------------

    def state(self, name: str) -> State:
        """The state of `name`, which need not be a real package."""
        state = self.states.get(name)
        if state is None:
            candidate = self.index.candidate(name)
            state = self.states[name] = State(name, candidate, candidate)
        return state

    def chosen(self, name: str) -> PackageRecord | None:
        """The version of `name` that is to be installed."""
        state = self.states.get(name)
        return state.chosen if state is not None else None

    def candidate(self, name: str) -> PackageRecord | None:
        """The version of `name` that could still be chosen."""
        return self.state(name).candidate

    def dependencies(self, record: PackageRecord) -> list[Dependency]:
        """The clauses of `record` that have to hold, without those that are cut."""
        key = (record.name, record.version)
        found = self._dependencies.get(key)
        if found is None:
            found = self._dependencies[key] = [
                dependency
                for dependency in dependencies(record, POSITIVE_FIELDS + NEGATIVE_FIELDS)
                if dependency.negative or not self.is_cut(dependency)
            ]
        return found

    def is_cut(self, dependency: Dependency) -> bool:
        """Whether a clause is not to be followed."""
        return is_cut(dependency, self._cut)

    def holds(self, dependency: Dependency) -> bool:
        """Whether the clause is true of what is chosen (DepGInstall)."""
        negative = dependency.negative
        hit = any(
            self._matches(relation, dependency.owner, self.chosen, negative=negative)
            for relation in dependency.alternatives
        )
        return hit != negative

    def could_hold(self, relation: Relation, dependency: Dependency) -> bool:
        """Whether a candidate satisfies `relation`, as far as apt knows (DepCVer).

        apt looks again only when the state of the package named, or of a provider, changes; a
        candidate dropped since then still counts.
        """
        known = self._seen_dropped.get(_target_key(relation), frozenset())

        def candidate(name: str) -> PackageRecord | None:
            if name in self._dropped and name not in known:
                return self.state(name).first
            return self.candidate(name)

        negative = dependency.negative
        hit = self._matches(relation, dependency.owner, candidate, negative=negative)
        return hit != negative

    def broken(self, state: State) -> bool:
        """Whether something that the chosen version of a package needs does not hold."""
        if state.chosen is None:
            return False
        return not all(self.holds(dependency) for dependency in self.dependencies(state.chosen))

    def broken_states(self) -> list[State]:
        """All packages that are chosen and broken."""
        return [state for state in self.states.values() if self.broken(state)]

    def _matches(
        self,
        relation: Relation,
        owner: str,
        pick: Callable[[str], PackageRecord | None],
        *,
        negative: bool,
    ) -> bool:
        return any(True for _ in self.targets.matching(relation, owner, pick, negative=negative))

    # --- marking ---------------------------------------------------------------------------

    def install(self, name: str, *, follow: bool, requested: bool = False, depth: int = 0) -> bool:
        """Mark `name`, and with `follow` what it needs; `requested` is for what the user names."""
        return _run(self._install(self.state(name), depth, follow=follow, requested=requested))

    def request(self, record: PackageRecord) -> State:
        """Make `record` the candidate of its package and protect it (SetCandidateVersion)."""
        state = self.state(record.name)
        state.first = state.candidate = record
        state.protected = True
        return state

    def keep(self, state: State) -> bool:
        """Unmark a package, unless it is protected (MarkKeep)."""
        if not state.installing:
            return True
        return not state.protected and self._unchoose(state)

    def delete(self, state: State) -> bool:
        """Unmark a package that nobody asked for and that is not essential (MarkDelete)."""
        entry = self.index.entry(state.name)
        if state.protected or entry.essential or entry.important:
            return False
        if state.chosen is None:
            return True
        return state.automatic and self._unchoose(state)

    def _unchoose(self, state: State) -> bool:
        state.installing = False
        state.chosen = None
        self._noticed(state)
        return True

    def _install(self, state: State, depth: int, *, follow: bool, requested: bool = False) -> Step:
        if not self._may_install(state, depth, requested=requested) or state.candidate is None:
            return False
        if not state.protected and state.installing and not self.broken(state):
            return True
        if follow and not self._installable(state):
            return False
        fail_early = not state.protected and not requested
        if requested:
            self._choose(state, requested=requested)
        pending: list[Dependency] = []
        failed = False
        if follow:
            pending, violated = self._collect(state)
            failed = not self._remove_violations(
                violated, propagate=state.protected, requested=requested
            )
            if failed and fail_early:
                return False
        if not requested:
            self._choose(state, requested=requested)
        already = state.protected
        state.protected = True
        done = yield self._install_dependencies(
            pending, depth, propagate=already, requested=requested
        )
        state.protected = already
        if not done and fail_early:
            self._discard_install(state)
        return done and not failed

    def _may_install(self, state: State, depth: int, *, requested: bool) -> bool:
        """IsModeChangeOk."""
        if depth > MAX_DEPTH or not self.index.entry(state.name).versions:
            return False
        return requested or state.installing or not state.protected

    def _installable(self, state: State) -> bool:
        """Whether every clause could hold (IsInstallOkDependenciesSatisfiableByCandidates)."""
        record = state.candidate
        if record is None:
            return True
        for dependency in self.dependencies(record):
            if dependency.negative or self.holds(dependency):
                continue
            if any(self.could_hold(named, dependency) for named in dependency.alternatives):
                continue
            if not state.protected:
                self._drop(state, None)
                state.installing = False
            return False
        return True

    def _choose(self, state: State, *, requested: bool) -> None:
        """MarkInstall_StateChange."""
        if state.protected and state.chosen == state.candidate:
            return
        state.installing = True
        state.chosen = state.candidate
        state.automatic = not requested
        self._noticed(state)

    def _collect(self, state: State) -> tuple[list[Dependency], list[Dependency]]:
        """The clauses to satisfy and those to enforce (MarkInstall_CollectDependencies)."""
        wanted: list[Dependency] = []
        unwanted: list[Dependency] = []
        record = state.candidate
        for dependency in self.dependencies(record) if record is not None else ():
            if not state.protected and self.holds(dependency):
                continue
            (unwanted if dependency.negative else wanted).append(dependency)
        return wanted, unwanted

    def _remove_violations(
        self, unwanted: Iterable[Dependency], *, propagate: bool, requested: bool
    ) -> bool:
        """Unmark what a package conflicts with (MarkInstall_RemoveConflictsIfNotUpgradeable)."""
        failed = False
        for dependency in unwanted:
            for record in self._solutions(dependency):
                other = self.state(record.name)
                if other.candidate != record:
                    continue
                if other.installing and not self.keep(other):
                    failed = True
                    if not propagate and not requested:
                        return False
                elif propagate:
                    self._drop(other, other.chosen)
                    other.protected = True
        return not failed

    def _install_dependencies(
        self, pending: list[Dependency], depth: int, *, propagate: bool, requested: bool
    ) -> Step:
        failed = False
        for dependency in pending:
            if self.holds(dependency):
                if propagate and not (yield self._propagate(dependency, depth)):
                    failed = True
                continue
            found = yield self._install_one(dependency, depth, propagate=propagate)
            if not found:
                failed = True
                if not propagate and not requested:
                    break
        return not failed

    def _propagate(self, dependency: Dependency, depth: int) -> Step:
        """Protect the only package that can satisfy a clause of a protected package."""
        possible = self._solutions(dependency, ordered=False)
        if len(possible) != 1:
            return True
        only = self.state(possible[0].name)
        if only.protected:
            return True
        only.protected = True
        return (yield self._install(only, depth + 1, follow=True))

    def _install_one(self, dependency: Dependency, depth: int, *, propagate: bool) -> Step:
        """Mark the first alternative that can be marked."""
        possible = self._solutions(dependency)
        for record in possible:
            state = self.state(record.name)
            if state.candidate != record:
                continue
            if propagate and len(possible) == 1:
                if not (yield self._install(state, depth + 1, follow=False)):
                    continue
                state.protected = True
            if (yield self._install(state, depth + 1, follow=True)):
                return True
        return False

    def _solutions(self, dependency: Dependency, *, ordered: bool = True) -> list[PackageRecord]:
        """Candidates that satisfy a clause, best first (getAllPossibleSolutions).

        Alternatives keep the order they are written in; among those of one alternative the
        order is that of `_preference`.
        """
        found: list[PackageRecord] = []
        for relation in dependency.alternatives:
            names = list(
                self.targets.matching(
                    relation, dependency.owner, self.candidate, negative=dependency.negative
                )
            )
            names.sort(key=lambda name: self._preference(name, relation))
            for name in names:
                record = self.candidate(name)
                if record is not None and (not found or found[-1] != record):
                    found.append(record)
        if not ordered:
            found = list({record.name: record for record in found}.values())
        if dependency.negative:
            return found
        return [record for record in found if not self._ruled_out(record.name)]

    def _ruled_out(self, name: str) -> bool:
        state = self.state(name)
        return state.protected and not state.installing

    def _preference(self, name: str, relation: Relation) -> tuple[bool, bool, bool, int, int]:
        """CompareProviders, as far as it can matter when nothing is installed."""
        entry = self.index.entry(name)
        state = self.state(name)
        return (
            name != self.targets.real_name(relation),
            not entry.essential,
            not entry.important,
            state.candidate.priority if state.candidate is not None else 0,
            -entry.order,
        )

    # --- bookkeeping -----------------------------------------------------------------------

    def _discard_install(self, state: State) -> None:
        state.chosen = None
        state.installing = False
        self._noticed(state)
        self._drop(state, None)

    def _drop(self, state: State, remaining: PackageRecord | None) -> None:
        state.candidate = remaining
        if remaining is None:
            self._dropped |= {state.name}

    def _noticed(self, state: State) -> None:
        """Remember what apt now knows of the names that `state` is about (Update)."""
        if not self._dropped:
            return
        self._seen_dropped[state.name] = self._dropped
        record = state.candidate
        if record is None:
            return
        for relation, *_ in record.relations("Provides"):
            self._seen_dropped[relation.name] = self._dropped
            self._seen_dropped[f"{relation.name}:any"] = self._dropped
        self._seen_dropped[f"{state.name}:any"] = self._dropped


def _target_key(relation: Relation) -> str:
    return f"{relation.name}:any" if relation.qualifier == "any" else relation.name


def _run(call: Step) -> bool:
    """Carry out a call and those it makes, on a list instead of the Python stack."""
    stack = [call]
    result: bool | None = None
    while stack:
        try:
            stack.append(stack[-1].send(result))  # type: ignore[arg-type]
            result = None
        except StopIteration as finished:
            stack.pop()
            result = finished.value
    return bool(result)
