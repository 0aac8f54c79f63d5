"""Reading package relationship fields: Depends, Conflicts, Provides and their kind.

The grammar is that of Debian Policy 7.1 and deb-control(5), architecture restrictions and
build profiles included; binary packages have neither, but a reader must not trip over them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import msgspec

from distil.distros.debian.errors import MalformedRelation

MAX_FIELD: Final = 1 << 20
"""Characters of one field; the longest in the archive has a few ten thousand."""

_OPERATORS: Final = {"<": "<=", ">": ">="}
"""The deprecated operators and what they mean."""

_RELATION: Final = re.compile(
    r"\s*(?P<name>[A-Za-z0-9][A-Za-z0-9+.-]*)"
    r"(?::(?P<qualifier>[a-z0-9][a-z0-9-]*))?"
    r"\s*(?:\(\s*(?P<operator><<|<=|>=|>>|=|<|>)\s*(?P<version>[^\s()<>=][^\s()]*)\s*\)\s*)?"
    r"(?:\[(?P<architectures>[^\][]*)\]\s*)?"
    r"(?P<profiles>(?:<[^<>]*>\s*)*)"
)


class Relation(msgspec.Struct, frozen=True, gc=False):
    """One package named by a relationship field, and which versions of it are meant.

    `operator` is one of ``<<``, ``<=``, ``=``, ``>=``, ``>>``, or empty when any version will
    do. `qualifier` is what follows the colon: ``any``, ``native``, an architecture, or nothing.
    """

    name: str
    operator: str = ""
    version: str = ""
    qualifier: str = ""

    def __str__(self) -> str:
        qualified = f"{self.name}:{self.qualifier}" if self.qualifier else self.name
        return f"{qualified} ({self.operator} {self.version})" if self.operator else qualified


Clause = tuple[Relation, ...]
"""Alternatives in order of preference, of which one is enough."""


def clause_text(clause: Clause) -> str:
    """`clause` as a relationship field writes it."""
    return " | ".join(map(str, clause))


@lru_cache(maxsize=1 << 14)
def parse_relations(field: str, architecture: str = "") -> tuple[Clause, ...]:
    """The clauses of a relationship field, in order.

    With `architecture`, alternatives restricted to other architectures are left out, and a
    clause that loses all of them too. Build profiles are read over: they say nothing about a
    package that has been built. Empty elements, as after a last comma, are allowed. Raises
    `MalformedRelation`.
    """
    if len(field) > MAX_FIELD:
        raise MalformedRelation(field, f"it is longer than {MAX_FIELD} characters")
    clauses = []
    for element in field.split(","):
        if element.isspace() or not element:
            continue
        parsed = [_parse_relation(text, architecture) for text in element.split("|")]
        clause = tuple(relation for relation in parsed if relation is not None)
        if clause:
            clauses.append(clause)
    return tuple(clauses)


def _parse_relation(text: str, architecture: str) -> Relation | None:
    found = _RELATION.fullmatch(text)
    if found is None:
        raise MalformedRelation(text.strip(), "it should read 'name (operator version)'")
    name, qualifier, operator, version, architectures, _ = found.groups(default="")
    if architectures and architecture and not _applies(architectures, architecture):
        return None
    return Relation(name, _OPERATORS.get(operator, operator), version, qualifier)


def _applies(restriction: str, architecture: str) -> bool:
    """Whether ``amd64 arm64`` or ``!hurd-any`` includes `architecture` (Debian Policy 7.1)."""
    listed = restriction.split()
    negated = bool(listed) and listed[0].startswith("!")
    names = {f"{architecture}", "any", f"linux-{architecture}", f"any-{architecture}", "linux-any"}
    matches = any(name.removeprefix("!") in names for name in listed)
    return matches != negated
