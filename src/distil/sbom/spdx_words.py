"""How SPDX 2.3 writes what an inventory has otherwise: people, checksums, properties as lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from distil.formats.spelling import spelled
from distil.model.inventory import Checksum, Place
from distil.sbom.properties import Property

NOTHING: Final = "NOASSERTION"
NO_SHA1: Final = "0" * 40
"""The SHA-1 of what has no contents: a file has to have one. Syft writes the same."""

OVERLAP: Final = "ownership-by-file-overlap"
"""Syft's word for a package that ships the files of another, in the comment of a relation."""

DIGITS: Final = {
    "sha1": 40,
    "sha224": 56,
    "sha256": 64,
    "sha384": 96,
    "sha512": 128,
    "sha3-256": 64,
    "sha3-384": 96,
    "sha3-512": 128,
    "blake2b-256": 64,
    "blake2b-384": 96,
    "blake2b-512": 128,
    "md5": 32,
}
"""Algorithms that SPDX has, and the digits of their values."""

_HEX: Final = re.compile(r"[0-9a-f]+")
_ADDRESSED: Final = re.compile(r"([^<>()\n]+) <([^<>()\s]+@[^<>()\s]+)>")
_ACTOR: Final = re.compile(r"(?:Person|Organization|Tool): ?(.*?)(?: ?\(([^()]*)\))?", re.DOTALL)
_LONGEST: Final = 1000
"""Characters of a supplier that is taken apart."""

_GROUP: Final = re.compile(
    r"\b(?:maintainers?|team|group|developers|project|foundation|inc|ltd|gmbh|llc|packagers|"
    r"corporation|community|org)\b",
    re.IGNORECASE,
)


def split_supplier(supplier: str) -> tuple[str, str, str]:
    """``Organization`` or ``Person``, the name and the address, empty where there is none."""
    found = _ADDRESSED.fullmatch(supplier) if len(supplier) <= _LONGEST else None
    kind = "Organization" if not found or _GROUP.search(supplier) else "Person"
    return (kind, found[1], found[2]) if found else (kind, supplier, "")


def actor_of(supplier: str) -> str:
    """A supplier as SPDX names people, empty where that cannot be read back the same."""
    kind, name, address = split_supplier(supplier)
    actor = f"{kind}: {name} ({address})" if address else f"{kind}: {name}"
    # Readers take an actor for one line, and spaces around it for none of the name.
    is_plain = supplier.isprintable() and supplier.strip() == supplier != ""
    return actor if is_plain and supplier_of(actor) == supplier else ""


def supplier_of(actor: str) -> str:
    """The supplier that an actor of SPDX is, empty for none."""
    found = _ACTOR.fullmatch(actor)
    if found is None:
        return "" if actor in {NOTHING, "NONE"} else actor
    return f"{found[1]} <{found[2]}>" if found[2] else found[1]


def is_known(checksum: Checksum) -> bool:
    """Whether SPDX has the algorithm, and the value looks like one of it."""
    digits = DIGITS.get(checksum.algorithm)
    return digits == len(checksum.value) and _HEX.fullmatch(checksum.value) is not None


def spdx2_algorithm(algorithm: str) -> str:
    """An algorithm as SPDX 2.3 writes it."""
    return "BLAKE2b" + algorithm[7:] if algorithm.startswith("blake2b") else algorithm.upper()


def spdx3_algorithm(algorithm: str) -> str:
    """An algorithm as SPDX 3 writes it."""
    joint = "" if algorithm.startswith("blake2b") else "_"
    return algorithm.replace("-", joint)


ALGORITHMS: Final = {spdx3_algorithm(one): one for one in DIGITS}
"""Algorithms as SPDX 3 writes them, and as distil has them."""


def place_of(place: Place) -> Property:
    """A place of a component as a property."""
    return Property("distil:place", f"{spelled(place.path)}\t{place.layer}")


def lines_of(properties: Iterable[Property]) -> str:
    """Properties as lines, ``name: value``; a value of several lines is JSON."""
    return "\n".join([f"{one.name}: {_line(one.value)}" for one in properties])


def properties_in(lines: str) -> Iterator[Property]:
    """The properties that were written as lines. Raises `ValueError` for nonsense."""
    for line in lines.split("\n"):
        name, colon, value = line.partition(": ")
        if colon:
            is_json = value.startswith('"')
            yield Property(name, msgspec.json.decode(value, type=str) if is_json else value)


def _line(value: str) -> str:
    if "\n" in value or value.startswith('"'):
        return msgspec.json.encode(value).decode()
    return value
