"""CSAF 2.0 and 2.1 (OASIS), the profiles ``csaf_vex`` and ``csaf_security_advisory``, as claims."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from distil.model.finding import Justification, Standing
from distil.vulns.vex.claims import About, Claim, Document, Thing
from distil.vulns.vex.errors import MalformedVex
from distil.vulns.vex.reading import MOST_CLAIMS, decode, justified, moment, named, shortened

FORM: Final = "CSAF"

_STANDINGS: Final = {
    "known_not_affected": Standing.NOT_AFFECTED,
    "fixed": Standing.FIXED,
    "first_fixed": Standing.FIXED,
    "known_affected": Standing.AFFECTED,
    "first_affected": Standing.AFFECTED,
    "last_affected": Standing.AFFECTED,
    "under_investigation": Standing.UNDER_INVESTIGATION,
    "unknown": Standing.UNDER_INVESTIGATION,
}
"""The lists of ``product_status``; ``recommended`` says nothing of vulnerabilities."""

_DEEPEST: Final = 64
_MOST_PRODUCTS: Final = 500_000


class _FileHash(msgspec.Struct, gc=False):
    algorithm: str = ""
    value: str = ""


class _FileHashes(msgspec.Struct, gc=False):
    file_hashes: list[_FileHash] = []


class _Helper(msgspec.Struct, gc=False):
    purl: str = ""
    purls: list[str] = []
    cpe: str = ""
    hashes: list[_FileHashes] = []


class _Product(msgspec.Struct, gc=False):
    product_id: str
    name: str = ""
    helper: _Helper = msgspec.field(default_factory=_Helper, name="product_identification_helper")


class _Branch(msgspec.Struct, gc=False):
    branches: list[_Branch] = []
    product: _Product | None = None


class _Relationship(msgspec.Struct, gc=False):
    full_product_name: _Product
    product_reference: str = ""
    relates_to_product_reference: str = ""


class _Group(msgspec.Struct, gc=False):
    group_id: str = ""
    product_ids: list[str] = []


class _Tree(msgspec.Struct, gc=False):
    branches: list[_Branch] = []
    full_product_names: list[_Product] = []
    relationships: list[_Relationship] = []
    product_groups: list[_Group] = []


class _Flag(msgspec.Struct, gc=False):
    label: str = ""
    date: str = ""
    product_ids: list[str] = []
    group_ids: list[str] = []


class _Threat(msgspec.Struct, gc=False):
    category: str = ""
    details: str = ""
    date: str = ""
    product_ids: list[str] = []
    group_ids: list[str] = []


class _Id(msgspec.Struct, gc=False):
    text: str = ""


class _Vulnerability(msgspec.Struct, gc=False):
    cve: str = ""
    ids: list[_Id] = []
    product_status: dict[str, list[str]] = {}
    flags: list[_Flag] = []
    threats: list[_Threat] = []


class _Publisher(msgspec.Struct, gc=False):
    name: str = ""


class _Tracking(msgspec.Struct, gc=False):
    status: str = ""
    current_release_date: str = ""


class _About(msgspec.Struct, gc=False):
    publisher: _Publisher = msgspec.field(default_factory=_Publisher)
    tracking: _Tracking = msgspec.field(default_factory=_Tracking)


class _Csaf(msgspec.Struct, gc=False):
    document: _About
    product_tree: _Tree = msgspec.field(default_factory=_Tree)
    vulnerabilities: list[_Vulnerability] = []


def read_csaf(data: bytes, name: str, about: str = "") -> Document:
    """What the document says; `about` is not needed: its products are always named.

    Raises `MalformedVex`.
    """
    del about
    csaf = decode(data, _Csaf, name)
    products = _Products(csaf.product_tree, name)
    date = csaf.document.tracking.current_release_date
    claims: list[Claim] = []
    for number, one in enumerate(csaf.vulnerabilities):
        claims += _claims(one, products, date, f"$.vulnerabilities[{number}]")
        if len(claims) > MOST_CLAIMS:
            raise MalformedVex(name, "$.vulnerabilities", f"more than {MOST_CLAIMS} products")
    remarks = []
    if products.unknown:
        remarks.append(f"{products.unknown} of its products are not in its product tree")
    if products.unidentified:
        remarks.append(f"{products.unidentified} of its products have nothing to know them by")
    if csaf.document.tracking.status == "draft":
        claims = [msgspec.structs.replace(one, void=one.void or _DRAFT) for one in claims]
        remarks.append(_DRAFT)
    return Document(
        name=name,
        form=FORM,
        claims=tuple(claims),
        author=csaf.document.publisher.name[:200],
        remarks=tuple(remarks),
    )


_DRAFT: Final = "it is a draft"


class _Products:
    """The products of a document by their ids: what each is, and what it is a part of."""

    def __init__(self, tree: _Tree, name: str) -> None:
        self.unknown = 0
        self.unidentified = 0
        self._name = name
        self._known: set[str] = set()
        self._things: dict[str, Thing] = {}
        self._parts: dict[str, tuple[str, str]] = {}
        for product in tree.full_product_names:
            self._add(product)
        self._branches(tree.branches, 0)
        for one in tree.relationships:
            self._add(one.full_product_name)
            ids = (one.relates_to_product_reference, one.product_reference)
            self._parts[one.full_product_name.product_id] = ids
        self._groups = {one.group_id: one.product_ids for one in tree.product_groups}

    def members(self, products: list[str], groups: list[str]) -> frozenset[str]:
        """The ids of products that are named, by themselves or by group."""
        return frozenset(products).union(*(self._groups.get(one, ()) for one in groups))

    def about(self, product: str) -> About | None:
        """What an id means; None where nothing tells one product from another."""
        if product not in self._known:
            self.unknown += 1
            return None
        found = self._related(product) if product in self._parts else self._alone(product)
        self.unidentified += found is None
        return found

    def _alone(self, product: str) -> About | None:
        thing = self._things.get(product)
        return About(thing) if thing is not None else None

    def _related(self, product: str) -> About | None:
        """A component in a product, which may be in a product itself."""
        outer, inner = self._parts[product]
        seen = {product}
        while outer in self._parts and outer not in seen:
            seen.add(outer)
            outer = self._parts[outer][0]
        while inner in self._parts and inner not in seen:
            seen.add(inner)
            inner = self._parts[inner][1]
        platform = self._things.get(outer)
        part = self._things.get(inner) or self._things.get(product)
        if platform is None or part is None:
            return None
        return About(platform, (part,))

    def _branches(self, branches: list[_Branch], depth: int) -> None:
        if depth > _DEEPEST:
            raise MalformedVex(self._name, "$.product_tree", "branches lie too deep in each other")
        for one in branches:
            if one.product is not None:
                self._add(one.product)
            self._branches(one.branches, depth + 1)

    def _add(self, product: _Product) -> None:
        if len(self._known) >= _MOST_PRODUCTS:
            raise MalformedVex(self._name, "$.product_tree", f"more than {_MOST_PRODUCTS} products")
        self._known.add(product.product_id)
        helper = product.helper
        purls = (*([helper.purl] if helper.purl else ()), *helper.purls)
        digests = tuple(
            f"sha256:{each.value.lower()}"
            for group in helper.hashes
            for each in group.file_hashes
            if each.algorithm.lower() in {"sha256", "sha-256"}
        )
        if purls or digests or helper.cpe:
            thing = named(purls[0] if purls else "", purls=purls[1:], digests=digests)
            cpes = (helper.cpe,) if helper.cpe else ()
            self._things[product.product_id] = msgspec.structs.replace(thing, cpes=cpes)


def _claims(one: _Vulnerability, products: _Products, date: str, where: str) -> Iterator[Claim]:
    ids = tuple(dict.fromkeys(filter(None, (one.cve, *(each.text for each in one.ids)))))
    flags = [(products.members(each.product_ids, each.group_ids), each) for each in one.flags]
    impacts = [
        (products.members(each.product_ids, each.group_ids), each)
        for each in one.threats
        if each.category == "impact"
    ]
    for word, standing in _STANDINGS.items():
        for product in one.product_status.get(word, ()):
            about = products.about(product)
            if about is None:
                continue
            flag = next((each for members, each in flags if product in members), _Flag())
            impact = next((each for members, each in impacts if product in members), _Threat())
            justification, void = justified(flag.label)
            yield Claim(
                ids=ids,
                about=(about,),
                standing=standing,
                justification=justification,
                reason=shortened(impact.details),
                when=moment(flag.date, impact.date, date),
                void=void or _unfounded(standing, justification, impact.details),
                where=f"{where}.product_status.{word}",
            )


def _unfounded(standing: Standing, justification: Justification | None, details: str) -> str:
    if standing is Standing.NOT_AFFECTED and justification is None and not details.strip():
        return "it gives neither a flag nor an impact"
    return ""
