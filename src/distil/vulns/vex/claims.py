"""What a document of any format says, in one form: claims about things."""

from __future__ import annotations

import msgspec

from distil.model.finding import Evidence, Justification, Standing


class Thing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that a document names, by all that identifies it.

    `purls` are package URLs, `digests` those of its bytes (``sha256:…``), `cpes` names by CPE.
    `serial` and `ref` are those of a component in an SBOM, `ref` alone that of a component of
    distil's own. `name` is what people call it, and identifies an image alone. `versions` are
    the only ones that are meant, where any are.
    """

    purls: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    cpes: tuple[str, ...] = ()
    serial: str = ""
    ref: str = ""
    name: str = ""
    versions: tuple[str, ...] = ()

    def __str__(self) -> str:
        """What messages call it."""
        return (*self.purls, *self.digests, *self.cpes, self.name, self.ref, "nothing")[0]


class About(msgspec.Struct, frozen=True, array_like=True):
    """A product, as a whole or only in so far as these `parts` are in it."""

    product: Thing
    parts: tuple[Thing, ...] = ()


class Claim(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one vulnerability, by all its names, stands to things.

    `when` is in seconds since 1970, 0 where it is not said. `void` is why it settles nothing
    although it would. `where` is its place in the document.
    """

    ids: tuple[str, ...]
    about: tuple[About, ...]
    standing: Standing
    justification: Justification | None = None
    reason: str = ""
    when: int = 0
    until: str = ""
    evidence: Evidence | None = None
    void: str = ""
    where: str = ""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """All that one document says. `is_attached`: it was found beside the image, unasked."""

    name: str
    form: str
    claims: tuple[Claim, ...]
    author: str = ""
    is_attached: bool = False
    remarks: tuple[str, ...] = ()
