"""apt's second attempt, for when what was marked does not fit together.

A port of ``pkgProblemResolver::ResolveInternal`` (apt 2.6, ``apt-pkg/algorithms.cc``) for a
system on which nothing is installed. Packages get scores, and from the highest to the lowest
each broken one is mended or gives way.
"""

from __future__ import annotations

import enum
from collections import Counter
from typing import Final

from distil.distros.debian.formats.dependencies import Relation
from distil.distros.debian.index_records import PackageRecord
from distil.distros.debian.relation_targets import (
    NEGATIVE_FIELDS,
    POSITIVE_FIELDS,
    Dependency,
    dependencies,
)
from distil.distros.debian.solvers.apt2_marks import Marks, State

MAX_ROUNDS: Final = 20

_PRIORITY_SCORES: Final = (0, 3, 2, 1, -1, -2)
"""By apt's number of the priority: none, required … extra."""

_FIELD_SCORES: Final = {
    "Pre-Depends": 1,
    "Depends": 1,
    "Recommends": 1,
    "Conflicts": -1,
    "Breaks": -1,
}
_ESSENTIAL: Final = 100
_ADD_PROTECTED: Final = 10_000
_ADD_ESSENTIAL: Final = 5_000


class _Fate(enum.Enum):
    """What one alternative of a broken clause came to."""

    NEXT = enum.auto()
    CHANGED = enum.auto()
    STOP = enum.auto()


class ProblemResolver:
    """Mends broken marks as far as apt would; what stays broken cannot be installed."""

    def __init__(self, marks: Marks, requested: set[str]) -> None:
        self._marks = marks
        self._requested = requested
        self._scores: Counter[str] = Counter()
        self._ranking: Counter[str] = Counter()
        self._upgradable: dict[str, bool] = {}
        self._changed = False
        self._keep_helps = False
        self._kills: list[State] = []

    def resolve(self) -> None:
        """Work until nothing changes any more, twenty rounds at most."""
        marks = self._marks
        if not marks.broken_states():
            return
        self._complete_marks()
        before = {name for name, state in marks.states.items() if state.installing}
        self._scores = _scores(marks, self._requested)
        self._ranking = self._scores.copy()
        for counter in range(MAX_ROUNDS):
            self._changed = False
            for name in self._by_score():
                state = marks.states[name]
                if marks.broken(state):
                    self._mend(state, counter)
            if not self._changed:
                break
        for state in marks.states.values():
            if state.installing and state.name not in before:
                state.automatic = True

    def _complete_marks(self) -> None:
        """Mark again what is chosen but, its candidate gone, was not to be installed any more."""
        again = True
        while again:
            again = False
            for state in self._marks.broken_states():
                if not state.installing and self._marks.install(state.name, follow=False):
                    again = state.installing

    def _by_score(self) -> list[str]:
        names = [name for name in self._marks.states if self._marks.index.candidate(name)]
        return sorted(
            names, key=lambda name: (-self._ranking[name], self._marks.index.entry(name).order)
        )

    def _mend(self, state: State, counter: int) -> None:
        record = state.chosen
        if record is None:
            return
        self._kills = []
        for dependency in self._marks.dependencies(record):
            if self._marks.holds(dependency):
                continue
            if not self._mend_clause(state, dependency):
                break
        if state.chosen is not None:
            for other in self._kills:
                self._kill(state, other, counter)

    def _mend_clause(self, state: State, dependency: Dependency) -> bool:
        """Deal with one broken clause; False when its package is not to be looked at further."""
        group = len(dependency.alternatives) > 1
        kills = len(self._kills)
        self._keep_helps = False
        for relation in dependency.alternatives:
            if self._marks.holds(dependency):
                return True
            fate = self._mend_alternative(state, relation, dependency)
            if fate is _Fate.STOP or (fate is _Fate.CHANGED and not group):
                return False
        if group and len(self._kills) == kills:
            self._give_way(state)
        return True

    def _give_way(self, state: State) -> None:
        """Unmark a package none of whose alternatives could be had."""
        if self._keep_helps:
            self._marks.keep(state)
            self._changed = True
        elif not state.protected:
            self._marks.delete(state)
            self._changed = True

    def _mend_alternative(self, state: State, relation: Relation, dependency: Dependency) -> _Fate:
        marks = self._marks
        negative = dependency.negative
        group = len(dependency.alternatives) > 1
        versions = marks.targets.versions(relation, dependency.owner, negative=negative)
        if not versions and not negative and not state.protected:
            if group:
                return _Fate.NEXT
            self._changed = True
            marks.keep(state)
            return _Fate.STOP
        for record in versions:
            other = marks.state(record.name)
            if negative and other.chosen != record:
                continue
            if negative and self._scores[state.name] > self._scores[other.name]:
                self._consider_kill(other, relation, dependency)
                continue
            if state.protected:
                if self._upgrade(other):
                    self._scores[other.name] = min(
                        self._scores[other.name], self._scores[state.name]
                    )
                    break
                continue
            self._hold_back(state, group=group)
            return _Fate.CHANGED
        return _Fate.NEXT

    def _hold_back(self, state: State, *, group: bool) -> None:
        """Unmark a package rather than change what it conflicts with or lacks."""
        installing = state.installing
        self._marks.keep(state)
        self._keep_helps = True
        if group and installing:
            self._marks.install(state.name, follow=False)
        self._changed = True

    def _consider_kill(self, other: State, relation: Relation, dependency: Dependency) -> None:
        if dependency.field == "Breaks" and self._marks.could_hold(relation, dependency):
            self._marks.install(other.name, follow=False)
        elif not other.protected:
            self._kills.append(other)

    def _kill(self, state: State, other: State, counter: int) -> None:
        """Unmark what is in the way of a package with a higher score."""
        found = self._marks.keep(other)
        if (not found or counter > 1) and self._scores[state.name] > self._scores[other.name]:
            self._scores[other.name] = self._scores[state.name]
            self._changed = True
        if found:
            self._changed = True

    # --- DoUpgrade -------------------------------------------------------------------------

    def _upgrade(self, state: State) -> bool:
        """Mark a package and what it needs, one level after another, or nothing at all."""
        marks = self._marks
        name = state.name
        if not self._upgradable.get(name, True) or state.candidate is None:
            return False
        if name in self._requested:
            return False
        self._upgradable[name] = False
        was_kept = not state.installing
        if not marks.install(name, follow=False) or state.chosen is None:
            return False
        for dependency in marks.dependencies(state.chosen):
            if not self._upgrade_clause(dependency):
                if was_kept:
                    marks.keep(state)
                else:
                    marks.delete(state)
                return False
        return True

    def _upgrade_clause(self, dependency: Dependency) -> bool:
        failed = False
        for relation in dependency.alternatives:
            if self._marks.holds(dependency):
                return not failed
            target = self._smart_target(relation, dependency.owner)
            if target.protected:
                failed = True
            elif self._marks.could_hold(relation, dependency):
                if self._upgrade(target):
                    return True
                failed = True
            elif dependency.negative:
                return not failed
            else:
                failed = True
        return not failed

    def _smart_target(self, relation: Relation, owner: str) -> State:
        """The package named, or its only provider (DepIterator::SmartTargetPkg)."""
        marks = self._marks
        real = marks.targets.real_name(relation)
        if real and marks.index.entry(real).versions:
            return marks.state(real)
        providers = [name for name in marks.targets.provider_names(relation) if name != owner]
        return marks.state(providers[0] if providers else relation.name)


def _scores(marks: Marks, requested: set[str]) -> Counter[str]:
    """How much each package matters (MakeScores)."""
    scores: Counter[str] = Counter()
    chosen = [state.chosen for state in marks.states.values() if state.chosen is not None]
    for record in chosen:
        entry = marks.index.entry(record.name)
        if entry.essential or entry.important:
            scores[record.name] += _ESSENTIAL
        scores[record.name] += _PRIORITY_SCORES[record.priority]
        _score_targets(marks, record, scores)
    inherited = _inherited(marks, chosen, scores)
    for name, gain in inherited.items():
        scores[name] += gain
    for name, gain in inherited.items():
        for provider in {p.owner: p for p in marks.index.providers(name)}.values():
            picked = marks.chosen(provider.owner)
            if picked is not None and picked.version == provider.owner_version:
                scores[provider.owner] += gain
    for name in requested:
        scores[name] += _ADD_PROTECTED
    for record in chosen:
        entry = marks.index.entry(record.name)
        if entry.essential or entry.important:
            scores[record.name] += _ADD_ESSENTIAL
    return scores


def _score_targets(marks: Marks, record: PackageRecord, scores: Counter[str]) -> None:
    fields = (*POSITIVE_FIELDS, "Recommends", *NEGATIVE_FIELDS)
    for dependency in dependencies(record, fields):
        points = _FIELD_SCORES[dependency.field]
        for relation in dependency.alternatives:
            hit = set(
                marks.targets.matching(
                    relation, record.name, marks.chosen, negative=dependency.negative
                )
            )
            real = marks.targets.real_name(relation)
            if relation.operator and real not in hit:
                continue
            if real and not (dependency.negative and real == record.name):
                hit.add(real)
            for name in hit:
                scores[name] += points


def _inherited(marks: Marks, chosen: list[PackageRecord], scores: Counter[str]) -> Counter[str]:
    """What each chosen package gets from those that name it."""
    gains: Counter[str] = Counter()
    for record in chosen:
        points = scores[record.name]
        if points <= 0:
            continue
        for dependency in dependencies(record, (*POSITIVE_FIELDS, "Recommends")):
            for relation in dependency.alternatives:
                real = marks.targets.real_name(relation)
                if real and marks.chosen(real) is not None:
                    gains[real] += points
    return gains
