"""apt 2's answer: which packages ``apt-get install --no-install-recommends`` installs.

As on a system on which nothing is installed: mark what is asked for and what it needs, mend what
does not fit together, drop what turned out not to be needed. apt calls this solver ``internal``;
it is the default of apt 2 and of apt 3.0, that is up to Debian 13.
"""

from __future__ import annotations

from collections.abc import Sequence

from distil.distros.debian.index import PackageIndex
from distil.distros.debian.relation_targets import POSITIVE_FIELDS, WEAK_FIELDS, dependencies
from distil.distros.debian.solvers import Cut, Solution, Solver, never
from distil.distros.debian.solvers.apt2_explained import explain
from distil.distros.debian.solvers.apt2_marks import Marks, State
from distil.distros.debian.solvers.apt2_resolver import ProblemResolver
from distil.distros.debian.solvers.requests import requested_records
from distil.distros.debian.solvers.solution import solution_of
from distil.distros.errors import UnsatisfiableDependencies


class Apt2(Solver):
    """See the protocol; ported from apt 2.6."""

    def solve(self, wanted: Sequence[str], index: PackageIndex, cut: Cut = never) -> Solution:
        """What apt 2 would install for `wanted`."""
        marks = Marks(index, cut)
        requested = requested_records(wanted, index)
        for record in requested.values():
            marks.request(record)
            marks.install(record.name, follow=False, requested=True)
        for name in requested:
            marks.install(name, follow=True, requested=True)
        ProblemResolver(marks, set(requested)).resolve()
        if marks.broken_states():
            raise UnsatisfiableDependencies(explain(marks, list(requested)))
        _drop_needless(marks)
        chosen = {
            state.name: state.chosen for state in _installing(marks) if state.chosen is not None
        }
        return solution_of(chosen, requested, index, cut)


def _drop_needless(marks: Marks) -> None:
    """Unmark what was marked on the way but that nothing needs in the end (DoAutomaticRemove).

    Like apt, what a needed package recommends or suggests stays if it was marked already.
    """
    needed = _needed(marks)
    needless = [state for state in _installing(marks) if state.name not in needed]
    dropped = [state for state in needless if marks.delete(state)]
    while dropped:
        broken = marks.broken_states()
        saved = [state for state in dropped if _names_any(marks, broken, state)]
        if not saved:
            break
        for state in saved:
            marks.install(state.name, follow=False)
            dropped.remove(state)


def _names_any(marks: Marks, broken: list[State], state: State) -> bool:
    """Whether one of `broken` depends on `state` or on what it provides."""
    for other in broken:
        if other.chosen is None:
            continue
        for dependency in marks.dependencies(other.chosen):
            if not dependency.negative and state.name in marks.targets.satisfying(
                dependency, marks.candidate
            ):
                return True
    return False


def _installing(marks: Marks) -> list[State]:
    return [state for state in marks.states.values() if state.installing]


def _needed(marks: Marks) -> set[str]:
    """Everything that can be reached from what was asked for (MarkRequired)."""
    pending = []
    for state in _installing(marks):
        entry = marks.index.entry(state.name)
        if not state.automatic or state.protected or entry.essential or entry.important:
            pending.append(state.name)
    needed = set(pending)
    while pending:
        record = marks.chosen(pending.pop())
        if record is None:
            continue
        for dependency in dependencies(record, POSITIVE_FIELDS + WEAK_FIELDS):
            if marks.is_cut(dependency):
                continue
            for name in marks.targets.satisfying(dependency, marks.chosen):
                if name not in needed:
                    needed.add(name)
                    pending.append(name)
    return needed
