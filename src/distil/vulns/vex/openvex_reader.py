"""OpenVEX, 0.0 to 0.2 (https://github.com/openvex/spec), as claims."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

import msgspec

from distil.model.finding import Standing
from distil.vulns.vex.claims import About, Claim, Document, Thing
from distil.vulns.vex.errors import MalformedVex
from distil.vulns.vex.reading import (
    MOST_CLAIMS,
    decode,
    evidence_in,
    justified,
    moment,
    named,
    shortened,
    standing_of,
    unjustified,
    without_evidence,
)

FORM: Final = "OpenVEX"

_STANDINGS: Final = {
    one.value: one
    for one in (
        Standing.NOT_AFFECTED,
        Standing.AFFECTED,
        Standing.FIXED,
        Standing.UNDER_INVESTIGATION,
    )
}


class _Component(msgspec.Struct, gc=False, rename={"id": "@id"}):
    id: str = ""
    identifiers: dict[str, str] = {}
    hashes: dict[str, str] = {}
    subcomponents: list[_Component | str] = []


_Named: TypeAlias = _Component | str


class _Vulnerability(msgspec.Struct, gc=False, rename={"id": "@id"}):
    name: str = ""
    id: str = ""
    aliases: list[str] = []


class _Statement(msgspec.Struct, gc=False):
    vulnerability: _Vulnerability | str
    status: str
    products: list[_Named] = []
    subcomponents: list[_Named] = []
    timestamp: str = ""
    last_updated: str = ""
    justification: str = ""
    impact_statement: str = ""
    action_statement: str = ""
    status_notes: str = ""


class _Vex(msgspec.Struct, gc=False):
    statements: list[_Statement]
    author: str = ""
    timestamp: str = ""
    last_updated: str = ""


def read_openvex(data: bytes, name: str, about: str = "") -> Document:
    """What the document says. Statements without a product are of the image with digest `about`.

    Raises `MalformedVex`.
    """
    vex = decode(data, _Vex, name)
    claims: list[Claim] = []
    count, nameless = 0, 0
    for number, one in enumerate(vex.statements):
        where = f"$.statements[{number}]"
        claim = _claim(one, vex, name, where, about)
        count += sum(1 + len(each.parts) for each in claim.about)
        if count > MOST_CLAIMS:
            raise MalformedVex(name, where, f"more than {MOST_CLAIMS} things are named")
        nameless += not claim.about
        claims.append(claim)
    remarks = (f"{nameless} of its statements name no product",) if nameless else ()
    return Document(
        name=name, form=FORM, claims=tuple(claims), author=vex.author[:200], remarks=remarks
    )


def _claim(one: _Statement, vex: _Vex, name: str, where: str, about: str) -> Claim:
    standing = standing_of(one.status, _STANDINGS, name, f"{where}.status")
    justification, void = justified(one.justification)
    reason = shortened(
        "\n".join(
            filter(
                None,
                (one.impact_statement, one.action_statement, without_evidence(one.status_notes)),
            )
        )
    )
    return Claim(
        ids=_ids(one.vulnerability),
        about=tuple(_about(one, about)),
        standing=standing,
        justification=justification,
        reason=reason,
        when=moment(one.last_updated, one.timestamp, vex.last_updated, vex.timestamp),
        evidence=evidence_in(one.status_notes, name, f"{where}.status_notes"),
        void=void or unjustified(standing, justification, one.impact_statement.strip()),
        where=where,
    )


def _ids(told: _Vulnerability | str) -> tuple[str, ...]:
    if isinstance(told, str):
        return (told,)
    names = (told.name or told.id.rpartition("/")[2], *told.aliases)
    return tuple(dict.fromkeys(filter(None, names)))


def _about(one: _Statement, about: str) -> list[About]:
    products: Sequence[tuple[Thing, list[_Named]]] = [
        (_thing(product), [] if isinstance(product, str) else product.subcomponents)
        for product in one.products
    ]
    if not products and about:
        products = [(Thing(digests=(about,)), [])]
    return [
        About(thing, tuple(_thing(part) for part in (*parts, *one.subcomponents)))
        for thing, parts in products
    ]


def _thing(told: _Named) -> Thing:
    if isinstance(told, str):
        return named(told)
    sha = told.hashes.get("sha-256", told.hashes.get("sha256", ""))
    purl = told.identifiers.get("purl", "")
    thing = named(
        told.id,
        purls=(purl,) if purl else (),
        digests=(f"sha256:{sha.lower()}",) if sha else (),
    )
    cpes = (value for key, value in told.identifiers.items() if "cpe" in key)
    return msgspec.structs.replace(thing, cpes=tuple(sorted(cpes)))
