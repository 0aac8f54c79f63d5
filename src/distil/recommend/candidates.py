"""What is worth trying for an application: one change of its `distil.toml` at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from distil.model.image import Compression
from distil.model.spec import Level, Spec
from distil.source.specification import Overrides

_PLACES: Final = {
    "base": ("base", "from"),
    "level": ("reach", "level"),
    "bytecode": ("python", "bytecode"),
    "compression": ("image", "compression"),
}
"""The table and the key of ``distil.toml`` that say what each override says."""


class Candidate(msgspec.Struct, frozen=True):
    """A way of building the application; without changes it is as its files say."""

    changes: Overrides = Overrides()

    @property
    def title(self) -> str:
        """What people call it."""
        said = [f"{name} {value}" for name, value in self._changed()]
        return ", ".join(said) or "as it is"

    @property
    def lines(self) -> tuple[str, ...]:
        """What ``distil.toml`` has to say for it."""
        found: list[str] = []
        for name, value in self._changed():
            table, key = _PLACES[name]
            found += [f"[{table}]", f'{key} = "{value}"']
        return tuple(found)

    def _changed(self) -> Iterator[tuple[str, str]]:
        for name in _PLACES:
            value = getattr(self.changes, name)
            if value is not None:
                yield name, str(value)


def candidates(
    spec: Spec, bases: Sequence[str], variants: Sequence[Overrides]
) -> tuple[Candidate, ...]:
    """What to try for an application of this completed specification; first as it is.

    `bases` are other bases, `variants` what else its runtime can do. What the specification says
    already is no change.
    """
    changes = [Overrides(base=base) for base in dict.fromkeys(bases) if base != spec.base.source]
    changes += [Overrides(level=level.value) for level in Level if level is not spec.reach.level]
    changes += [
        Overrides(compression=kind.value)
        for kind in Compression
        if kind.value != spec.image.compression
    ]
    changes += [one for one in variants if not _is_said(one, spec)]
    return tuple(map(Candidate, [Overrides(), *changes]))


def _is_said(changes: Overrides, spec: Spec) -> bool:
    return changes.bytecode is not None and changes.bytecode == spec.python.bytecode
