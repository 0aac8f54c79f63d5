"""What is said not to be affected is shown again from bytes, or it is not believed."""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from distil.formats.go_functions import GoFunctions
from distil.model.finding import Evidence
from distil.model.inventory import (
    Attribution,
    Inventory,
    InventoryComponent,
    InventoryFile,
    Place,
    SourcePackage,
)
from distil.model.node import Kind, Node
from distil.model.tree import Tree
from distil.vulns.matching.scan import Matching, scan
from distil.vulns.vex.proof import Examined, Outcome, prove
from distil.vulns.vex.read import read_vex
from distil.vulns.vex.table import FORMATS
from tests.vulns.memory import NOW, MemoryAdvisories, below
from tests.vulns.samples import IMAGE, RELEASE

COPYRIGHT = "/usr/share/doc/libssl3/copyright"
LIBRARIES = ("/usr/lib/libcrypto.so.3", "/usr/lib/libssl.so.3")
PROGRAM = "/usr/bin/shop"
OPENSSL = InventoryComponent(
    name="libssl3",
    version="3.0.11-1",
    kind="deb",
    purl="pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&distro=debian-12",
    source=SourcePackage("openssl"),
    claimed=3,
    present=1,
    missing=LIBRARIES,
)
NET = InventoryComponent(
    name="golang.org/x/net",
    version="v0.7.0",
    kind="go",
    purl="pkg:golang/golang.org/x/net@v0.7.0",
    places=(Place(PROGRAM, 0),),
)
GONE = InventoryComponent(name="gone", kind="deb", purl="pkg:deb/debian/gone@1")
LINKED = ("runtime.main", "main.main", "golang.org/x/net/idna.New")
VULNERABLE = "golang.org/x/net/http2.ConfigureServer"


def _digest(path):
    return hashlib.sha256(path.encode()).hexdigest()


def _file(path, owner=None, **more):
    return InventoryFile(
        path,
        Kind.FILE,
        0o644,
        1,
        0,
        Attribution.PACKAGE if owner is not None else Attribution.UNOWNED,
        owners=() if owner is None else (owner,),
        digest=more.get("digest", _digest(path)),
    )


def _image(*files, components=(OPENSSL, NET), linked=LINKED, links=(), subject=IMAGE):
    """An image of these files; `links` are symbolic links and where they lead."""
    files = (_file(COPYRIGHT, 0), _file(PROGRAM, 1), *files)
    inventory = Inventory(
        subject=subject, release=RELEASE, components=components, files=files, has_files=True
    )
    parents = {
        parent for path in (*(one.path for one in files), *dict(links)) for parent in _parents(path)
    } - {one for one, _ in links}
    nodes = [Node(path, Kind.DIRECTORY, 0o755) for path in parents]
    nodes += [Node(one.path, Kind.FILE, 0o644) for one in files]
    nodes += [Node(path, Kind.SYMLINK, 0o777, target=target) for path, target in links]
    block = b"\0" + b"\0".join(map(str.encode, linked)) + b"\0"
    return Examined(inventory=inventory, tree=Tree(nodes), functions=lambda _: GoFunctions(block))


def _parents(path):
    while path := path.rpartition("/")[0]:
        yield path


@pytest.fixture(scope="module")
def advisories():
    found = MemoryAdvisories()
    found.add("Debian:12", "openssl", below("", "CVE-2024-0001"))
    return found


def _openssl(**more):
    evidence = Evidence(
        rule="files-absent",
        detail="gone",
        files=((COPYRIGHT, _digest(COPYRIGHT)),),
        absent=LIBRARIES,
    )
    return msgspec.structs.replace(evidence, **more)


def _net(**more):
    evidence = Evidence(
        rule="symbols-absent",
        detail="not linked",
        files=((PROGRAM, _digest(PROGRAM)),),
        symbols=(VULNERABLE,),
    )
    return msgspec.structs.replace(evidence, **more)


def _proofs(evidence, image, *, component=OPENSSL, product=f"pkg:oci/shop@{IMAGE.digest}", **more):
    notes = f"words\ndistil-evidence/v1 {msgspec.json.encode(evidence).decode()}"
    told = {
        "vulnerability": {"name": "CVE-2024-0001"},
        "products": [{"@id": product, "subcomponents": [{"@id": component.purl}]}],
        "status": "not_affected",
        "justification": "component_not_present",
        "status_notes": notes if evidence is not None else "words",
    }
    document = {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "statements": [told | more.pop("said", {})],
    }
    read = read_vex(msgspec.json.encode(document), "x")
    return prove(read, [image], **more)


def test_what_holds_is_proven():
    (one,) = _proofs(_openssl(), _image())
    assert (one.outcome, one.why, one.rule) == (Outcome.PROVEN, (), "files-absent")
    assert one.component == "libssl3 3.0.11-1"
    (one,) = _proofs(_net(), _image(), component=NET)
    assert (one.outcome, one.why) == (Outcome.PROVEN, ())


LIB = LIBRARIES[1]
REFUTED = {
    "a file that is there": (_openssl(), _image(_file(LIB)), f"{LIB} is there"),
    "a file of the package that is there": (_openssl(), _image(_file(LIB, 0)), f"{LIB} is there"),
    "a file by a link": (
        _openssl(absent=("/lib/libssl.so.3", *LIBRARIES)),
        _image(_file("/usr/lib64/libssl.so.3"), links=(("/lib", "usr/lib64"),)),
        "/usr/lib64/libssl.so.3 is there",
    ),
    "a dangling link": (
        _openssl(), _image(links=((LIB, "/nowhere"),)), f"{LIB} is there",
    ),
    "a file that is left out": (
        _openssl(absent=LIBRARIES[:1]), _image(), f"the evidence leaves out {LIB}",
    ),
    "other contents": (
        _openssl(files=((COPYRIGHT, "0" * 64),)), _image(), f"{COPYRIGHT} has other contents",
    ),
    "a document that is gone": (
        _openssl(files=(("/usr/doc/x", "0" * 64),)), _image(), "/usr/doc/x is not there",
    ),
    "another file of the package": (
        _openssl(),
        _image(_file("/usr/lib/engines-3/padlock.so", 0)),
        "the files of the image do not show that libssl3 is not there",
    ),
    "a copy that nobody owns": (
        _openssl(),
        _image(_file("/opt/lib/libssl.so.3")),
        "the files of the image do not show that libssl3 is not there",
    ),
    "a package whose files nobody lists": (
        _openssl(),
        _image(components=(msgspec.structs.replace(OPENSSL, missing=()), NET)),
        "the files of the image do not show that libssl3 is not there",
    ),
    "another rule": (
        _openssl(rule="kernel-headers", absent=()), _image(), "otherwise than by kernel-headers",
    ),
    "a kernel": (
        _openssl(rule="kernel-headers", absent=("/boot/vmlinu*",)),
        _image(_file("/boot/vmlinuz-6.1")),
        "/boot/vmlinuz-6.1 is there",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("evidence", "image", "why"), REFUTED.values(), ids=REFUTED)
def test_what_does_not_hold_is_refuted(evidence, image, why):
    (one,) = _proofs(evidence, image)
    assert one.outcome is Outcome.REFUTED
    assert any(why in sentence for sentence in one.why)


GO = {
    "a function that is linked": (_net(), [*LINKED, VULNERABLE], f"{VULNERABLE} is linked into"),
    "a method by another spelling": (
        _net(symbols=("golang.org/x/net/http2.(*Server).Serve",)),
        [*LINKED, "golang.org/x/net/http2.Server.Serve"],
        "is linked into",
    ),
    "a package": (_net(symbols=("golang.org/x/net/idna.",)), LINKED, "is linked into"),
    "no function": (_net(symbols=()), LINKED, "the evidence names no function"),
    "another program": (_net(files=()), LINKED, f"the evidence leaves out {PROGRAM}"),
    "a program that is another one": (
        _net(files=((PROGRAM, "0" * 64),)), LINKED, f"{PROGRAM} has other contents",
    ),
    "a table that is no Go program's": (_net(), ["a.b"], "cannot be told"),
    "a program without the module": (_net(), LINKED[:2], "tells of no function of"),
}  # fmt: skip


@pytest.mark.parametrize(("evidence", "linked", "why"), GO.values(), ids=GO)
def test_what_is_linked_refutes(evidence, linked, why):
    (one,) = _proofs(evidence, _image(linked=tuple(linked)), component=NET)
    assert one.outcome is Outcome.REFUTED
    assert any(why in sentence for sentence in one.why)


def test_evidence_may_leave_out_no_function_that_advisories_name():
    other = "golang.org/x/net/http2.ConfigureTransport"
    for named, outcome in (((VULNERABLE,), Outcome.PROVEN), ((other,), Outcome.REFUTED)):
        asked: list = []

        def symbols(component, ids, named=named, asked=asked):
            asked.append((component.name, tuple(ids)))
            return frozenset(named)

        (one,) = _proofs(_net(), _image(), component=NET, symbols=symbols)
        assert one.outcome is outcome
        assert asked == [("golang.org/x/net", ("CVE-2024-0001",))]


@pytest.mark.parametrize(
    ("evidence", "more", "why"),
    [
        (None, {}, "it gives no evidence"),
        (_openssl(rule="trust-me"), {}, "no rule that can be shown here"),
        (_openssl(), {"component": GONE},
         "nothing in the image, or beside it, tells of the component"),
        (_openssl(), {"said": {"products": [{"@id": f"pkg:oci/shop@{IMAGE.digest}"}]}},
         "it is about the whole image"),
        (_openssl(), {"said": {"products": []}}, "it names no product"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_untold(evidence, more, why):
    (one,) = _proofs(evidence, _image(), **more)
    assert one.outcome is Outcome.UNTOLD
    assert why in one.why[0]


def test_a_statement_about_another_image_is_refuted():
    (one,) = _proofs(_openssl(), _image(), product=f"pkg:oci/shop@sha256:{'0' * 64}")
    assert one.outcome is Outcome.REFUTED
    assert "this is another image" in one.why[0]


def test_what_is_affected_needs_no_proof():
    said = {"status": "affected", "action_statement": "wait"}
    assert _proofs(_openssl(), _image(), said=said) == ()


@pytest.mark.parametrize("form", FORMATS)
def test_what_a_scan_writes_is_proven(form, advisories):
    image = _image()
    found = scan(image.inventory, advisories, Matching(now=NOW))
    document = read_vex(FORMATS[form]([found], "distil"), "ours")
    proofs = prove(document, [image])
    assert [one.outcome for one in proofs] == [Outcome.PROVEN]
