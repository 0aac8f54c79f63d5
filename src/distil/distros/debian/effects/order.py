"""The order in which dpkg configures packages: what one depends on comes before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from distil.distros.debian.archive import DebPack
from distil.distros.debian.formats.deb822 import parse_stanza
from distil.distros.debian.formats.dependencies import parse_relations

_FIELDS: Final = ("pre-depends", "depends")


def in_configuration_order(packs: Sequence[DebPack]) -> list[DebPack]:
    """`packs`, each behind all that it depends on, and by name where that leaves a choice.

    Where packages depend on each other in a circle, the first by name comes last, which is one
    of the orders that dpkg may take. Raises `MalformedRelation`.
    """
    by_name = {pack.name: pack for pack in sorted(packs, key=lambda pack: pack.name)}
    ordered: dict[str, DebPack] = {}
    entered: set[str] = set()
    for name in by_name:
        pending = [name]
        while pending:
            current = pending[-1]
            if current not in entered:
                entered.add(current)
                before = [one for one in _needs(by_name[current]) if one in by_name]
                pending += [one for one in reversed(before) if one not in entered]
            else:
                pending.pop()
                ordered.setdefault(current, by_name[current])
    return list(ordered.values())


def _needs(pack: DebPack) -> Iterator[str]:
    """The names in the dependencies of `pack`, alternatives among them, sorted."""
    stanza = parse_stanza(pack.control, f"control file of {pack.name}")
    texts = (stanza.get(field, "") for field in _FIELDS)
    clauses = [clause for text in texts if text for clause in parse_relations(text)]
    yield from sorted({relation.name for clause in clauses for relation in clause})
