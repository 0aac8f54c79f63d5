"""Saying why packages cannot be installed: who asks for what, and what there is."""

from __future__ import annotations

from typing import Final

from distil.formats.debian_dependencies import Relation
from distil.packages.apt_marks import Marks
from distil.packages.index import PackageRecord
from distil.packages.relation_targets import Dependency

MAX_CHAINS: Final = 5
"""More explanations than this would hide the first ones."""


def explain(marks: Marks, requested: list[str]) -> list[str]:
    """One line for each clause that does not hold: the chain that leads to it, and the facts."""
    lines: list[str] = []
    for name in [*requested, *(state.name for state in marks.broken_states())]:
        record = marks.chosen(name) or marks.state(name).first
        if record is not None:
            _explain_package(marks, record, [name], set(), lines)
    unique = list(dict.fromkeys(lines))
    if not unique:
        return [f"{', '.join(requested)}: no consistent set of packages was found"]
    return unique[:MAX_CHAINS]


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
        path = f"{' → '.join(chain)}: {record} has {dependency.field}: {dependency.text}"
        if dependency.negative:
            lines.append(f"{path}, but {_hit(marks, dependency)} is needed too")
            continue
        failures = [
            version
            for relation in dependency.alternatives
            for version in marks.targets.versions(relation, record.name, False)[:1]
        ]
        before = len(lines)
        for version in failures:
            _explain_package(marks, version, [*chain, version.name], seen, lines)
        if len(lines) == before:
            lines.append(f"{path}, but {_what_there_is(marks, dependency, bool(failures))}")


def _hit(marks: Marks, dependency: Dependency) -> str:
    """What a Conflicts or Breaks hits, and who needs that."""
    names = [
        name
        for relation in dependency.alternatives
        for name in marks.targets.matching(relation, dependency.owner, True, marks.chosen)
    ]
    return " and ".join(f"{marks.chosen(name)}{_needed_by(marks, name)}" for name in names)


def _needed_by(marks: Marks, name: str) -> str:
    for state in marks.states.values():
        if state.chosen is None or state.name == name:
            continue
        for dependency in marks.dependencies(state.chosen):
            if dependency.negative:
                continue
            for relation in dependency.alternatives:
                if relation.name == name:
                    return f" ({state.chosen} {dependency.field}: {dependency.text})"
    return ""


def _what_there_is(marks: Marks, dependency: Dependency, exists: bool) -> str:
    if exists:
        return f"{_in_the_way(marks, dependency)}"
    return ", and ".join(_availability(marks, relation) for relation in dependency.alternatives)


def _in_the_way(marks: Marks, dependency: Dependency) -> str:
    """Why a package that exists was not chosen: what it conflicts with, or that it is ruled out."""
    for relation in dependency.alternatives:
        for record in marks.targets.versions(relation, dependency.owner, False):
            for other in marks.dependencies(record):
                if other.negative and not marks.holds(other):
                    return f"{record} has {other.field}: {other.text}, and {_hit(marks, other)}"
            for state in marks.states.values():
                if state.chosen is None:
                    continue
                for other in marks.dependencies(state.chosen):
                    if other.negative and record in marks.targets.versions(
                        other.alternatives[0], other.owner, True
                    ):
                        return f"{state.chosen} has {other.field}: {other.text}"
    return "it was not possible to install it together with the rest"


def _availability(marks: Marks, relation: Relation) -> str:
    versions = marks.index.entry(relation.name).versions
    if versions:
        known = ", ".join(record.version for record in versions)
        return f"there is only {relation.name} {known}"
    providers = marks.index.providers(relation.name)
    if providers:
        named = ", ".join(dict.fromkeys(f"{p.owner} {p.version}".strip() for p in providers))
        return f"{relation.name} is only provided by {named}"
    return f"there is no package {relation.name}"
