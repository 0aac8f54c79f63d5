"""Saying why packages cannot be installed: who asks for what, and what there is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from distil.distros.debian.formats.dependencies import Relation
from distil.distros.debian.index_records import PackageRecord
from distil.distros.debian.relation_targets import Dependency
from distil.distros.debian.solvers.apt2_marks import Marks

MAX_CHAINS: Final = 5
"""More explanations than this would hide the first ones."""


def explain(marks: Marks, requested: list[str]) -> list[str]:
    """One line for each clause that does not hold: the chain that leads to it, and the facts."""
    chains = _chains(marks, requested)
    lines: list[str] = []
    seen: set[str] = set()
    for state in marks.broken_states():
        if state.chosen is not None:
            chain = chains.get(state.name, [state.name])
            _explain_package(marks, state.chosen, chain, seen, lines)
    unique = list(dict.fromkeys(lines))
    return unique[:MAX_CHAINS]


def _chains(marks: Marks, requested: list[str]) -> dict[str, list[str]]:
    """For every chosen package the shortest way to it from something that was asked for."""
    chains = {name: [name] for name in requested}
    pending = list(requested)
    for name in pending:
        record = marks.chosen(name)
        for dependency in marks.dependencies(record) if record is not None else ():
            for target in () if dependency.negative else _chosen_targets(marks, dependency):
                if target not in chains:
                    chains[target] = [*chains[name], target]
                    pending.append(target)
    return chains


def _explain_package(
    marks: Marks, record: PackageRecord, chain: list[str], seen: set[str], lines: list[str]
) -> None:
    """Follow the clauses of `record` that do not hold down to what cannot be had."""
    if record.name in seen:
        return
    seen.add(record.name)
    for dependency in marks.dependencies(record):
        if marks.holds(dependency):
            continue
        told = len(lines)
        if not dependency.negative:
            for candidate in _unchosen_candidates(marks, dependency):
                _explain_package(marks, candidate, [*chain, candidate.name], seen, lines)
        if len(lines) == told:
            why = "".join(f"{name} → " for name in chain[:-1])
            fact = _fact(marks, dependency)
            lines.append(f"{why}{record} has {dependency.field}: {dependency.text}, but {fact}")


def _unchosen_candidates(marks: Marks, dependency: Dependency) -> Iterator[PackageRecord]:
    for relation in dependency.alternatives:
        for record in marks.targets.versions(relation, dependency.owner, negative=False):
            if marks.state(record.name).first == record and marks.chosen(record.name) is None:
                yield record


def _fact(marks: Marks, dependency: Dependency) -> str:
    if dependency.negative:
        hit = " and ".join(map(str, map(marks.chosen, _chosen_targets(marks, dependency))))
        return f"{hit} is needed too"
    facts = (_availability(marks, dependency, named) for named in dependency.alternatives)
    return ", and ".join(dict.fromkeys(facts))


def _availability(marks: Marks, dependency: Dependency, relation: Relation) -> str:
    """Why what a relation names is not installed."""
    fitting = marks.targets.versions(relation, dependency.owner, negative=False)
    for record in fitting:
        first = marks.state(record.name).first
        if first == record:
            return _in_the_way(marks, record)
        if first is not None:
            return f"{first} is the version of {record.name} to install"
    versions = marks.index.entry(relation.name).versions
    if versions and relation.qualifier == "any" and not relation.operator:
        return f"{versions[0]} is not Multi-Arch: allowed"
    if versions:
        return f"there is only {relation.name} {', '.join(v.version for v in versions)}"
    providers = marks.index.providers(relation.name)
    if providers:
        named = dict.fromkeys(f"{p.owner} ({p.version or 'no version'})" for p in providers)
        return f"{relation.name} is only provided by {', '.join(named)}"
    return f"there is no package {relation.name}"


def _in_the_way(marks: Marks, record: PackageRecord) -> str:
    """What excludes a package that could be had by itself."""
    for dependency in marks.dependencies(record):
        if dependency.negative and not marks.holds(dependency):
            return f"{record} has {dependency.field}: {dependency.text}"
    for state in marks.states.values():
        for dependency in marks.dependencies(state.chosen) if state.chosen is not None else ():
            if dependency.negative and record in marks.targets.versions(
                dependency.alternatives[0], dependency.owner, negative=True
            ):
                return f"{state.chosen} has {dependency.field}: {dependency.text}"
    return f"{record} cannot be installed together with the rest"


def _chosen_targets(marks: Marks, dependency: Dependency) -> list[str]:
    return [
        name
        for relation in dependency.alternatives
        for name in marks.targets.matching(
            relation, dependency.owner, marks.chosen, negative=dependency.negative
        )
    ]
