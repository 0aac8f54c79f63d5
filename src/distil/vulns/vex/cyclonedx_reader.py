"""Vulnerabilities of CycloneDX JSON, 1.4 to 1.7 (ECMA-424), as claims.

What a vulnerability affects is a component of the document, which is in the product that the
document is of, or one of another document by its BOM-Link.
"""

from __future__ import annotations

from typing import Final

import msgspec

from distil.formats.purl import Purl
from distil.model.finding import Evidence, Justification, Standing
from distil.vulns.vex.claims import About, Claim, Document, Thing
from distil.vulns.vex.errors import MalformedVex
from distil.vulns.vex.reading import (
    MARK,
    MOST_CLAIMS,
    decode,
    evidence_of,
    moment,
    named,
    shortened,
)

FORM: Final = "CycloneDX"
EXACT: Final = "distil:justification"
"""The property with the justification in the words of OpenVEX, which are finer."""

_STANDINGS: Final = {
    "resolved": Standing.FIXED,
    "resolved_with_pedigree": Standing.FIXED,
    "exploitable": Standing.AFFECTED,
    "in_triage": Standing.UNDER_INVESTIGATION,
    "false_positive": Standing.NOT_AFFECTED,
    "not_affected": Standing.NOT_AFFECTED,
}
_JUSTIFICATIONS: Final = {
    "code_not_present": Justification.VULNERABLE_CODE_NOT_PRESENT,
    "code_not_reachable": Justification.NOT_IN_EXECUTE_PATH,
    "requires_configuration": Justification.CANNOT_BE_CONTROLLED,
    "requires_dependency": Justification.CANNOT_BE_CONTROLLED,
    "requires_environment": Justification.CANNOT_BE_CONTROLLED,
    "protected_by_compiler": Justification.MITIGATED,
    "protected_at_runtime": Justification.MITIGATED,
    "protected_at_perimeter": Justification.MITIGATED,
    "protected_by_mitigating_control": Justification.MITIGATED,
}
_DEEPEST: Final = 32
_LINK: Final = "urn:cdx:"
_IMAGES: Final = frozenset({"oci", "docker"})


class _Property(msgspec.Struct, gc=False):
    name: str = ""
    value: str = ""


class _Hash(msgspec.Struct, gc=False):
    alg: str = ""
    content: str = ""


class _Component(msgspec.Struct, gc=False, rename={"bom_ref": "bom-ref"}):
    type: str = "library"
    name: str = ""
    version: str = ""
    bom_ref: str = ""
    purl: str = ""
    cpe: str = ""
    hashes: list[_Hash] = []
    components: list[_Component] = []


class _Metadata(msgspec.Struct, gc=False):
    timestamp: str = ""
    component: _Component | None = None
    manufacturer: dict[str, object] = {}


class _Version(msgspec.Struct, gc=False):
    version: str = ""
    range: str = ""
    status: str = "affected"


class _Affected(msgspec.Struct, gc=False):
    ref: str = ""
    versions: list[_Version] = []


class _Analysis(msgspec.Struct, gc=False, rename="camel"):
    state: str = ""
    justification: str = ""
    detail: str = ""
    first_issued: str = ""
    last_updated: str = ""


class _Reference(msgspec.Struct, gc=False):
    id: str = ""


class _Vulnerability(msgspec.Struct, gc=False):
    id: str = ""
    references: list[_Reference] = []
    updated: str = ""
    published: str = ""
    analysis: _Analysis | None = None
    affects: list[_Affected] = []
    properties: list[_Property] = []


class _Bom(msgspec.Struct, gc=False, rename={"serial": "serialNumber"}):
    serial: str = ""
    version: int = 1
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)
    components: list[_Component] = []
    vulnerabilities: list[_Vulnerability] = []


def read_cyclonedx(data: bytes, name: str, about: str = "") -> Document:
    """What the document says of vulnerabilities that were analysed. Raises `MalformedVex`.

    A product that the document does not identify is what it was named for: the image with the
    digest `about`, or whatever the user has it held against.
    """
    bom = decode(data, _Bom, name)
    things = _Things(bom, name, about)
    claims: list[Claim] = []
    silent = 0
    for number, one in enumerate(bom.vulnerabilities):
        if one.analysis is None or not one.analysis.state:
            silent += 1
            continue
        claims += _claims(one, one.analysis, bom, things, f"$.vulnerabilities[{number}]")
        if len(claims) > MOST_CLAIMS:
            raise MalformedVex(name, "$.vulnerabilities", f"more than {MOST_CLAIMS} are affected")
    remarks = [f"{silent} of its vulnerabilities have no analysis"] * bool(silent)
    return Document(name=name, form=FORM, claims=tuple(claims), remarks=(*remarks, *things.remarks))


class _Things:
    """The components of a document by their references, each with the image it is in."""

    def __init__(self, bom: _Bom, name: str, about: str) -> None:
        self.name = name
        self.unknown = 0
        self.ranges = 0
        self._found: dict[str, About] = {}
        main = bom.metadata.component
        image = Thing(digests=(about,)) if about else None
        if main is not None:
            image = self._add(main, image, 0) or _other_product(main) or image
        for one in bom.components:
            self._add(one, image, 0)

    @property
    def remarks(self) -> list[str]:
        """What was named and is not there, or cannot be told."""
        found = []
        if self.unknown:
            found.append(f"{self.unknown} of its references lead to no component of it")
        if self.ranges:
            found.append(f"{self.ranges} of its ranges of versions were not compared")
        return found

    def about(self, ref: str) -> About | None:
        """What `ref` leads to: a component in its product, or a product."""
        if ref.startswith(_LINK):
            serial, _, inner = ref.removeprefix(_LINK).partition("#")
            thing = Thing(serial=serial.partition("/")[0].lower(), ref=inner)
            return About(thing)
        found = self._found.get(ref)
        if found is None and ref.startswith("pkg:"):
            return About(named(ref))
        self.unknown += found is None
        return found

    def _add(self, one: _Component, image: Thing | None, depth: int) -> Thing | None:
        """Note a component and those in it; the image that they are in if it is one."""
        if depth > _DEEPEST:
            raise MalformedVex(self.name, "$.components", "components lie too deep in each other")
        thing = _thing(one)
        inside = thing if _is_product(one, thing) else image
        if one.bom_ref:
            is_part = image is not None and inside is not thing
            about = About(image, (thing,)) if image is not None and is_part else About(thing)
            self._found.setdefault(one.bom_ref, about)
        for inner in one.components:
            self._add(inner, inside, depth + 1)
        return inside


def _thing(one: _Component) -> Thing:
    digests = tuple(
        f"sha256:{each.content.lower()}" for each in one.hashes if each.alg == "SHA-256"
    )
    is_ours = one.type != "container" and len(one.bom_ref.rpartition("/")[2]) == len("0" * 16)
    thing = named(one.purl or one.version, purls=(), digests=digests)
    return msgspec.structs.replace(
        thing,
        cpes=(one.cpe,) if one.cpe else (),
        name=one.name,
        ref=one.bom_ref.rpartition("/")[2] if is_ours and not one.purl else "",
    )


def _is_product(one: _Component, thing: Thing) -> bool:
    """Whether it is an image that can be told from others."""
    if any(Purl.read(purl).type in _IMAGES for purl in thing.purls):
        return True
    return one.type == "container" and bool(thing.digests or one.name)


def _other_product(main: _Component) -> Thing | None:
    """What the document is of, where that can be told from other things and is no image."""
    thing = _thing(main)
    return thing if thing.purls or thing.digests else None


def _claims(
    one: _Vulnerability, analysis: _Analysis, bom: _Bom, things: _Things, where: str
) -> list[Claim]:
    try:
        standing = _STANDINGS[analysis.state]
    except KeyError:
        why = f"{analysis.state[:100]!r} is none of {', '.join(_STANDINGS)}"
        raise MalformedVex(things.name, f"{where}.analysis.state", why) from None
    told = {each.name: each.value for each in one.properties}
    reason = shortened(analysis.detail)
    justification = _justification(analysis.justification, told.get(EXACT, ""))
    void = ""
    if standing is Standing.NOT_AFFECTED and justification is None and not reason:
        void = "it gives neither a justification nor a detail"
    claim = Claim(
        ids=tuple(dict.fromkeys(filter(None, (one.id, *(each.id for each in one.references))))),
        about=(),
        standing=standing,
        justification=justification,
        reason=reason,
        when=moment(
            analysis.last_updated,
            analysis.first_issued,
            one.updated,
            bom.metadata.timestamp,
            one.published,
        ),
        evidence=_evidence(told, things.name, where),
        void=void,
        where=where,
    )
    whole: list[About] = []
    found: list[Claim] = []
    for affected in one.affects:
        about = things.about(affected.ref)
        if about is None:
            continue
        if not affected.versions:
            whole.append(about)
            continue
        found += _of_versions(claim, about, affected.versions, things)
    if whole:
        found.append(msgspec.structs.replace(claim, about=tuple(whole)))
    return found


def _of_versions(
    claim: Claim, about: About, versions: list[_Version], things: _Things
) -> list[Claim]:
    """The claim for the versions that it names: what is unaffected is said beside the analysis."""
    things.ranges += sum(bool(each.range) for each in versions)
    found = []
    for status in ("affected", "unknown", "unaffected"):
        exact = tuple(each.version for each in versions if each.status == status and each.version)
        if not exact:
            continue
        one = msgspec.structs.replace(claim, about=(_limited(about, exact),))
        found.append(_unaffected(one) if status == "unaffected" else one)
    return found


def _unaffected(claim: Claim) -> Claim:
    return msgspec.structs.replace(
        claim,
        standing=Standing.NOT_AFFECTED,
        justification=None,
        reason="the document lists this version as unaffected",
        void="",
    )


def _limited(about: About, versions: tuple[str, ...]) -> About:
    """The same for these versions of the part, or of the product where there is none."""
    if about.parts:
        parts = tuple(msgspec.structs.replace(one, versions=versions) for one in about.parts)
        return About(about.product, parts)
    return About(msgspec.structs.replace(about.product, versions=versions))


def _justification(word: str, exact: str) -> Justification | None:
    if exact in set(Justification):
        return Justification(exact)
    return _JUSTIFICATIONS.get(word)


def _evidence(told: dict[str, str], name: str, where: str) -> Evidence | None:
    text = told.get(MARK, "")
    return evidence_of(text, name, f"{where}.properties") if text else None
