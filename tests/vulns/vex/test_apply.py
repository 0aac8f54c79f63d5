"""What documents say of findings, by what they name: the same image, the same component, or not."""

from __future__ import annotations

import msgspec
import pytest

from distil.model.finding import Evidence, Justification, Standing, Statement
from distil.model.inventory import (
    Inventory,
    InventoryComponent,
    Link,
    OsRelease,
    Relation,
    SourcePackage,
)
from distil.vulns.vex.apply import apply
from distil.vulns.vex.ignore import read_ignore_file
from distil.vulns.vex.match import target_of
from distil.vulns.vex.read import read_vex
from tests.vulns.samples import CLEAN, IMAGE, RELEASE, finding
from tests.vulns.vex.documents import (
    DIGEST,
    LIBSSL,
    PRODUCT,
    csaf,
    cyclonedx,
    openvex,
    related,
    statement,
    vulnerability,
)

ID = "CVE-2024-5535"
SERIAL = "3e671687-395b-41f5-a30f-a58921a69b79"


def _component(purl, kind="deb", source=None):
    name, _, version = purl.partition("?")[0].rpartition("/")[2].partition("@")
    return InventoryComponent(name=name, version=version, kind=kind, purl=purl, source=source)


LIB = _component(LIBSSL, source=SourcePackage("openssl"))
PROGRAM = _component("pkg:golang/example.org/shop@v1.4.0", "go")
MODULE = _component("pkg:golang/golang.org/x/net@v0.17.0", "go")


def _inventory(*components, relations=(), release=RELEASE):
    return Inventory(subject=IMAGE, release=release, components=components, relations=relations)


def _scanned(component, **more):
    purl, kind = component.purl, component.kind
    found = finding(
        ID, component.name, component=component.ref, kind=kind, purl=purl,
        installed=component.version, aliases=("GHSA-aaaa-bbbb-cccc",), **more,
    )  # fmt: skip
    return msgspec.structs.replace(CLEAN, findings=(found,))


def _applied(*data, component=LIB, inventory=None, attached=(), **more):
    """The finding after these documents were heard, and the scan."""
    documents = [read_vex(one, f"{number}.json") for number, one in enumerate(data)]
    for number, one in enumerate(attached):
        read = read_vex(one, f"attached {number}", DIGEST)
        documents.append(msgspec.structs.replace(read, is_attached=True))
    target = target_of(
        inventory or _inventory(LIB, PROGRAM, MODULE), serials=[f"urn:uuid:{SERIAL}"]
    )
    scan = apply(_scanned(component, **more), documents, target)
    return scan.findings[0], scan


OPENVEX = {
    "the image and the package": (statement(), True),
    "the image by another name of the vulnerability": (
        statement() | {"vulnerability": {"name": "X-1", "aliases": ["ghsa-AAAA-bbbb-cccc"]}},
        True,
    ),
    "the image, whatever is in it": (statement(parts=()), True),
    "the image by its hash": (
        statement() | {"products": [{"hashes": {"sha-256": DIGEST.removeprefix("sha256:")}}]},
        True,
    ),
    "the image by its configuration": (
        statement(product=f"pkg:oci/x@{IMAGE.config_digest}"), True,
    ),
    "the image by a name with its digest": (statement(product=f"example.org/shop@{DIGEST}"), True),
    "the image by its name": (statement(product=IMAGE.name), True),
    "any image of the name": (statement(product="pkg:oci/shop"), True),
    "any image of the name and tag": (statement(product="pkg:oci/shop?tag=1.4"), True),
    "the package anywhere": (statement(product=LIBSSL, parts=()), True),
    "any version of the package": (
        statement(product="pkg:deb/debian/libssl3", parts=()), True,
    ),
    "the package of a point release": (
        statement(parts=(LIBSSL.replace("debian-12", "debian-12.5"),)), True,
    ),
    "the package by codename": (statement(parts=(LIBSSL.replace("debian-12", "bookworm"),)), True),
    "the source package": (
        statement(parts=("pkg:deb/debian/openssl@3.0.11-1~deb12u2?arch=source",)), True,
    ),
    "the package with its origin": (statement(parts=(f"{LIBSSL}&upstream=openssl",)), True),
    "another image": (statement(product=f"pkg:oci/shop@sha256:{'0' * 64}"), False),
    "another image by its hash": (
        statement() | {"products": [{"@id": "pkg:oci/shop", "hashes": {"sha-256": "0" * 64}}]},
        False,
    ),
    "an image of another name": (statement(product="pkg:oci/other"), False),
    "an image of another tag": (statement(product="pkg:oci/shop?tag=1.5"), False),
    "an image of another repository": (
        statement(product="pkg:oci/shop?repository_url=example.org/shop"), False,
    ),
    "another package of the image": (
        statement(parts=("pkg:deb/debian/openssl@3.0.11-1~deb12u2?arch=amd64",)), False,
    ),
    "another version": (statement(parts=("pkg:deb/debian/libssl3@3.0.15-1~deb12u1",)), False),
    "another architecture": (statement(parts=(LIBSSL.replace("amd64", "arm64"),)), False),
    "another release": (statement(parts=(LIBSSL.replace("debian-12", "debian-1"),)), False),
    "another distribution": (statement(parts=(LIBSSL.replace("/debian/", "/ubuntu/"),)), False),
    "no namespace": (statement(parts=("pkg:deb/libssl3",)), False),
    "another ecosystem": (statement(parts=("pkg:apk/debian/libssl3",)), False),
    "a part of the package": (statement(parts=(f"{LIBSSL}#usr/lib",)), False),
    "another checksum": (statement(parts=(f"{LIBSSL}&checksum=sha256:00",)), False),
    "fixed, and which version": (statement("fixed", product=LIBSSL, parts=()), True),
    "fixed in the image": (statement("fixed", parts=("pkg:deb/debian/libssl3",)), True),
    "another vulnerability": (statement(cve="CVE-2024-5536"), False),
    "the package by CPE": (
        statement() | {"products": [{"identifiers": {"cpe23": "cpe:2.3:a:openssl:openssl:*"}}]},
        False,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("told", "is_about"), OPENVEX.values(), ids=OPENVEX)
def test_what_openvex_is_about(told, is_about):
    found, scan = _applied(openvex(told))
    assert (found.settled is not None) == is_about
    assert scan.heard[0].settling == scan.heard[0].applied == is_about
    if is_about and told["status"] == "not_affected":
        assert found.settled.justification is Justification.VULNERABLE_CODE_NOT_PRESENT
        assert found.settled.by == "0.json"


def test_fixed_without_a_version_settles_nothing():
    found, _ = _applied(openvex(statement("fixed", product="pkg:deb/debian/libssl3", parts=())))
    assert found.statements[0].void == "it names no version that is fixed"
    assert found.settled is None


def test_a_statement_about_another_product_is_told():
    _, scan = _applied(openvex(statement(product="pkg:oci/other")))
    assert scan.heard[0].remarks == (
        f"{ID} is found here, but the statement is about {LIBSSL} in pkg:oci/other",
    )


OLD = {
    "0.0.1": {
        "vulnerability": ID,
        "products": [PRODUCT],
        "subcomponents": [LIBSSL],
        "status": "not_affected",
        "justification": "component_not_present",
    },
    "identifiers": {
        "vulnerability": {"@id": f"https://nvd.nist.gov/vuln/detail/{ID}"},
        "products": [{"identifiers": {"purl": LIBSSL}}],
        "status": "not_affected",
        "impact_statement": "it is patched",
    },
}


@pytest.mark.parametrize("told", OLD.values(), ids=OLD)
def test_openvex_as_it_was_and_may_be(told):
    found, _ = _applied(openvex(told))
    assert found.settled is not None


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"justification": "because"}, "there is no justification 'because'"),
        ({"justification": ""}, "it gives neither a justification nor a reason"),
        ({"impact_statement": " "}, "it gives neither a justification nor a reason"),
    ],
)
def test_not_affected_without_a_reason_settles_nothing(more, why):
    found, scan = _applied(openvex(statement(**more)))
    assert found.settled is None
    assert found.statements[0].void == why
    assert scan.open == (found,)
    (heard,) = scan.heard
    assert heard.remarks[0].endswith(f": {why}")


UNAFFECTED = {"version": LIB.version, "status": "unaffected"}
RANGE = {"range": "vers:deb/>=1", "status": "unaffected"}


def _of(purl):
    return {"component": {"type": "application", "name": "Shop", "purl": purl}}


CYCLONEDX = {
    "a component of the image": (cyclonedx(vulnerability()), True),
    "the image": (cyclonedx(vulnerability(ref="image")), True),
    "resolved": (cyclonedx(vulnerability("resolved")), True),
    "a false positive": (cyclonedx(vulnerability("false_positive", detail="not ours")), True),
    "this version": (cyclonedx(vulnerability(versions=[{"version": LIB.version}])), True),
    "a version that is unaffected": (
        cyclonedx(vulnerability("exploitable", versions=[UNAFFECTED])),
        True,
    ),
    "another SBOM of the image": (
        cyclonedx(vulnerability(ref=f"urn:cdx:{SERIAL}/1#{LIB.ref}"), metadata={}), True,
    ),
    "another SBOM by package URL": (
        cyclonedx(vulnerability(ref=f"urn:cdx:{SERIAL}/1#{LIBSSL}"), metadata={}), True,
    ),
    "an SBOM as a whole": (cyclonedx(vulnerability(ref=f"urn:cdx:{SERIAL}/1"), metadata={}), True),
    "a component of a product without a name": (
        cyclonedx(vulnerability(), metadata={"component": {"type": "application", "name": "Shop"}}),
        True,
    ),
    "a package URL alone": (cyclonedx(vulnerability(ref=LIBSSL), components=[]), True),
    "a package of another product": (
        cyclonedx(vulnerability(), metadata=_of("pkg:npm/shop@1")), False,
    ),
    "another image": (cyclonedx(vulnerability(), image=f"pkg:oci/shop@sha256:{'0' * 64}"), False),
    "a component of another version": (
        cyclonedx(vulnerability(), purl="pkg:deb/debian/libssl3@1"), False,
    ),
    "another version": (cyclonedx(vulnerability(versions=[{"version": "1"}])), False),
    "a range": (
        cyclonedx(vulnerability(versions=[RANGE])), False,
    ),
    "an SBOM of something else": (
        cyclonedx(vulnerability(ref=f"urn:cdx:{'0' * 8}{SERIAL[8:]}/1#{LIB.ref}")), False,
    ),
    "exploitable": (cyclonedx(vulnerability("exploitable")), False),
    "no state": (cyclonedx(vulnerability("")), False),
    "no reason": (cyclonedx(vulnerability(justification="")), False),
    "no such component": (cyclonedx(vulnerability(ref="nothing")), False),
}  # fmt: skip


@pytest.mark.parametrize(("data", "is_settled"), CYCLONEDX.values(), ids=CYCLONEDX)
def test_what_cyclonedx_is_about(data, is_settled):
    found, _ = _applied(data)
    assert (found.settled is not None) == is_settled


RHEL = OsRelease("rhel", "9.4", cpe="cpe:/o:redhat:enterprise_linux:9::baseos")
FLAG = {"label": "vulnerable_code_not_present", "product_ids": ["os:lib", "lib"]}
NOT = {"known_not_affected": ["os:lib"]}
IMPACT = {"category": "impact", "details": "no", "product_ids": ["os:lib"]}
RHEL_8 = {"cpe": "cpe:/o:redhat:enterprise_linux:8"}
RHEL_9 = {"cpe": "cpe:/o:redhat:enterprise_linux:9"}
ANOTHER = {"cpe": "cpe:/a:redhat:enterprise_linux:9"}
CSAF = {
    "a component of the image": (csaf(NOT, tree=related(), flags=[FLAG]), True),
    "with words": (
        csaf(NOT, tree=related(), threats=[IMPACT]),
        True,
    ),
    "by group": (
        csaf(
            NOT,
            tree={**related(), "product_groups": [{"group_id": "g", "product_ids": ["os:lib"]}]},
            flags=[{"label": "component_not_present", "group_ids": ["g"]}],
        ),
        True,
    ),
    "the system": (
        csaf(NOT, tree=related(platform=RHEL_9), flags=[FLAG]), True,
    ),
    "fixed": (csaf({"fixed": ["os:lib"]}, tree=related()), True),
    "the package anywhere": (
        csaf({"known_not_affected": ["lib"]}, tree=related(), flags=[FLAG]), True,
    ),
    "another system": (
        csaf(NOT, tree=related(platform=RHEL_8), flags=[FLAG]), False,
    ),
    "another product of the vendor": (
        csaf(NOT, tree=related(platform=ANOTHER), flags=[FLAG]), False,
    ),
    "another image": (csaf(NOT, tree=related(platform={"purl": "pkg:oci/x"}), flags=[FLAG]), False),
    "a product that nothing tells from others": (
        csaf(NOT, tree=related(platform={}), flags=[FLAG]), False,
    ),
    "no such product": (csaf({"known_not_affected": ["x"]}, tree=related(), flags=[FLAG]), False),
    "no reason": (csaf(NOT, tree=related()), False),
    "affected": (csaf({"known_affected": ["os:lib"]}, tree=related()), False),
    "recommended": (csaf({"recommended": ["os:lib"]}, tree=related()), False),
    "a draft": (csaf(NOT, tree=related(), flags=[FLAG], tracking={"status": "draft"}), False),
}  # fmt: skip


@pytest.mark.parametrize(("data", "is_settled"), CSAF.values(), ids=CSAF)
def test_what_csaf_is_about(data, is_settled):
    found, _ = _applied(data, inventory=_inventory(LIB, release=RHEL))
    assert (found.settled is not None) == is_settled


@pytest.mark.parametrize(
    ("within", "is_settled"), [((PROGRAM,), True), ((PROGRAM, LIB), False), ((), False)]
)
def test_a_product_speaks_for_what_is_in_it_alone(within, is_settled):
    relations = tuple(Relation(one.ref, Link.CONTAINS, MODULE.ref) for one in within)
    inventory = _inventory(LIB, PROGRAM, MODULE, relations=relations)
    for parts in ((), ("pkg:golang/golang.org/x/net",)):
        told = openvex(statement(product="pkg:golang/example.org/shop@1.4.0", parts=parts))
        found, _ = _applied(told, component=MODULE, inventory=inventory)
        assert (found.settled is not None) == is_settled


EARLY, LATE = {"timestamp": "2026-01-01T00:00:00Z"}, {"timestamp": "2026-02-01T00:00:00Z"}
GENERAL = {"product": LIBSSL, "parts": ()}
CONTRADICTIONS = {
    "the later affected": ([statement(**EARLY), statement("affected", **LATE)], [], False),
    "the earlier affected": ([statement(**LATE), statement("affected", **EARLY)], [], True),
    "both at once": ([statement(), statement("affected")], [], False),
    "the image outweighs": (
        [statement(**EARLY), statement("affected", **GENERAL, **LATE)], [], True,
    ),
    "a package does not": (
        [statement(**GENERAL, **LATE), statement("affected", **EARLY)], [], False,
    ),
    "what is named outweighs": (
        [statement(**GENERAL, **EARLY)], [statement("affected", **LATE)], True,
    ),
    "what is attached does not": (
        [statement("affected", **GENERAL, **EARLY)], [statement(**LATE)], False,
    ),
    "the same author knows no more": (
        [statement(**EARLY), statement("under_investigation", **LATE)], [], False,
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("named", "attached", "is_settled"), CONTRADICTIONS.values(), ids=CONTRADICTIONS
)
def test_contradictions(named, attached, is_settled):
    beside = [openvex(*attached)] if attached else []
    found, scan = _applied(openvex(*named), attached=beside)
    assert (found.settled is not None) == is_settled
    assert len(found.statements) == 2
    assert sum(one.settling for one in scan.heard) == is_settled
    assert sum(one.applied for one in scan.heard) == 2
    if not is_settled:
        assert any("outweighs this" in one.void for one in found.statements)


def test_another_author_who_does_not_know_contradicts_nobody():
    later = openvex(statement("under_investigation", **LATE), author="Bob")
    found, _ = _applied(openvex(statement(**EARLY)), later)
    assert found.settled is not None


OURS = Statement(
    standing=Standing.NOT_AFFECTED,
    by="distil",
    justification=Justification.COMPONENT_NOT_PRESENT,
    evidence=Evidence(rule="files-absent", detail="none of its files is there"),
)


@pytest.mark.parametrize(
    ("named", "attached", "is_settled"),
    [
        ([statement("affected")], [], False),
        ([statement("affected", **GENERAL)], [], True),
        ([statement("under_investigation")], [], True),
        ([], [statement("affected")], True),
    ],
)
def test_evidence_is_outweighed_by_a_person_alone(named, attached, is_settled):
    data = [openvex(*named)] if named else []
    beside = [openvex(*attached)] if attached else []
    found, _ = _applied(*data, attached=beside, statements=(OURS,))
    assert (found.settled is not None) == is_settled


def _ignored(text, **more):
    document = read_ignore_file(text.encode(), "ignore.toml")
    scan = apply(_scanned(LIB, **more), [document], target_of(_inventory(LIB)))
    return scan.findings[0], scan.heard[0]


ENTRY = f'[[ignore]]\nid = "{ID}"\nreason = "we do not parse certificates"\n'


@pytest.mark.parametrize(
    ("more", "is_settled"),
    [
        ("", True),
        ('package = "libssl3"', True),
        ('package = "openssl"', True),
        ('package = "pkg:deb/debian/libssl3"', True),
        ("until = 2026-11-28", True),
        ("until = 2026-11-27", False),
        ('package = "libssl"', False),
        ('package = "pkg:deb/ubuntu/libssl3"', False),
    ],
)
def test_the_ignore_file(more, is_settled):
    found, heard = _ignored(ENTRY + more)
    assert (found.settled is not None) == is_settled
    if is_settled:
        assert found.settled.standing is Standing.ACCEPTED
        assert found.settled.reason == "we do not parse certificates"
    if "until = 2026-11-27" in more:
        assert found.statements[0].void == "it expired on 2026-11-27"
        assert heard.remarks == (f"{ID} of any package: it expired on 2026-11-27",)


def test_what_is_accepted_stays_so_whatever_others_say():
    document = read_ignore_file(ENTRY.encode(), "ignore.toml")
    affected = read_vex(openvex(statement("affected")), "vex.json")
    scan = apply(_scanned(LIB), [document, affected], target_of(_inventory(LIB)))
    assert scan.findings[0].settled.by == "ignore.toml"


def test_without_documents_nothing_changes():
    scan = _scanned(LIB)
    assert apply(scan, [], target_of(_inventory(LIB))) is scan
