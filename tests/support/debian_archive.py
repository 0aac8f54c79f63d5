"""Small Debian archives written down in a few words, for the solver to choose from."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from distil.distros.debian.index import PackageIndex
from distil.fetch.cache import Cache
from distil.model.digest import Digest


class MemorySource:
    """One ``Packages`` file; a `PackageSource` that counts how often it is read."""

    def __init__(
        self,
        index: str | bytes,
        suite: str = "trixie",
        *,
        version: str = "13.1",
        base_url: str = "file:///archive",
    ) -> None:
        self.data = index.encode() if isinstance(index, str) else index
        self.suite = suite
        self.codename = suite
        self.version = version
        self.base_url = base_url
        self.digest = Digest.of(self.data)
        self.reads = 0

    def packages(self) -> bytes:
        self.reads += 1
        return self.data


def packages_file(archive: str) -> str:
    """``Packages`` text from lines of ``name version; Field: value; Field: value``.

    Fields that an index must have and that do not matter here are filled in.
    """
    return "\n".join(_stanza(line.strip()) for line in archive.splitlines() if line.strip())


def open_index(archive: str, directory: Path, architecture: str = "amd64") -> PackageIndex:
    """An index of the packages that `archive` describes, as for `packages_file`."""
    return PackageIndex([MemorySource(packages_file(archive))], Cache(directory), architecture)


def _stanza(line: str) -> str:
    head, *fields = [part.strip() for part in line.split(";")]
    name, version = head.split()
    given = dict(field.split(": ", 1) for field in fields)
    stanza = {
        "Package": name,
        "Version": version,
        "Architecture": "amd64",
        "Priority": "optional",
        "Filename": f"pool/{name}_{version.replace(':', '%3a')}.deb",
        "Size": "1000",
        "SHA256": "0" * 64,
        **given,
    }
    return "".join(f"{field}: {value}\n" for field, value in stanza.items())


def random_archive(seed: int, prefix: str, conflicts: float = 0.2) -> tuple[list[str], str]:
    """The names and the lines of a small archive full of awkward relations."""
    dice = random.Random(seed)
    names = [f"{prefix}p{number}" for number in range(dice.randint(4, 14))]
    dice.shuffle(names)
    virtual = [f"{prefix}v{number}" for number in range(3)]
    lines = []
    for name in names:
        for version in (1, 2) if dice.random() < 0.2 else (dice.randint(1, 3),):
            fields = _random_fields(dice, names, virtual, conflicts)
            lines.append("; ".join([f"{name} {version}", *fields]))
    return names, "\n".join(lines)


def _random_fields(
    dice: random.Random, names: Sequence[str], virtual: Sequence[str], conflicts: float
) -> list[str]:
    def relation() -> str:
        qualifier = ":any" if dice.random() < 0.05 else ""
        operator = dice.choice([">=", "<<", "=", "<=", ">>"])
        version = f" ({operator} {dice.randint(1, 3)})" if dice.random() < 0.25 else ""
        return dice.choice([*names, *virtual]) + qualifier + version

    priorities = ["required", "important", "standard", "optional", "optional", "extra"]
    fields = [f"Priority: {dice.choice(priorities)}"]
    if dice.random() < 0.03:
        fields.append("Essential: yes")
    if kind := dice.choice(["", "", "", "same", "foreign", "allowed"]):
        fields.append(f"Multi-Arch: {kind}")
    clauses = [
        " | ".join(relation() for _ in range(dice.choice([1, 1, 2, 3])))
        for _ in range(dice.choice([0, 1, 1, 2, 2, 3]))
    ]
    if clauses:
        fields.append(f"Depends: {', '.join(clauses)}")
    if dice.random() < 0.15:
        fields.append(f"Pre-Depends: {relation()}")
    if dice.random() < conflicts:
        fields.append(f"{dice.choice(['Conflicts', 'Breaks'])}: {relation()}")
    if dice.random() < 0.35:
        provided = dice.choice([*virtual, *names[:2]]) + dice.choice(["", " (= 2)"])
        fields.append(f"Provides: {provided}")
    if dice.random() < 0.15:
        fields.append(f"Recommends: {relation()}")
    return fields
