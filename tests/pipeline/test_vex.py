"""Documents about an image, from the scan that writes one to the bytes that prove it."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

import msgspec
import pytest

from distil.image.artifact import attach
from distil.model.digest import Digest
from distil.model.finding import Standing
from distil.model.image import MEDIA_CONFIG, MEDIA_INDEX, MEDIA_LAYER, MEDIA_MANIFEST, Descriptor
from distil.pipeline import Hearing, ScanRequest, VexRequest, scan, verify_vex
from distil.survey.errors import NoAttachedVex
from distil.vulns.vex.errors import MalformedVex
from distil.vulns.vex.proof import Outcome
from distil.vulns.vex.table import FORMATS
from tests.support.hand_made import Layout
from tests.support.spoken import check_text
from tests.vulns.memory import NOW, MemoryAdvisories, below

SNAPSHOTS = Path(__file__).parent / "snapshots"
CVE = "CVE-2024-0001"
LIB = "usr/lib/x86_64-linux-gnu/libssl.so.3"
COPYRIGHT = "usr/share/doc/libssl3/copyright"
STATUS = """\
Package: libssl3
Status: install ok installed
Version: 3.0.11-1
Architecture: amd64
Source: openssl
Maintainer: A <a@example.org>
Description: x
"""
FILES = {
    "etc/os-release": b'ID=debian\nVERSION_ID="12"\n',
    "var/lib/dpkg/status": STATUS.encode(),
    "var/lib/dpkg/info/libssl3.list": f"/.\n/{LIB}\n/{COPYRIGHT}\n".encode(),
    "var/lib/dpkg/info/libssl3.md5sums": b"".join(
        hashlib.md5(path.encode()).hexdigest().encode() + f"  {path}\n".encode()
        for path in (LIB, COPYRIGHT)
    ),
    COPYRIGHT: COPYRIGHT.encode(),
}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DISTIL_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("DISTIL_DB", "")


@pytest.fixture
def advisories():
    found = MemoryAdvisories()
    found.add("Debian:12", "openssl", below("", CVE))
    return found


def _tar(files):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for path, data in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return stream.getvalue()


def _platform(layout, architecture, files):
    """An entry of an index: an image of one layer with `files`."""
    layer = _tar(files)
    rootfs = {"type": "layers", "diff_ids": [Digest.of(layer)]}
    told = {"architecture": architecture, "os": "linux", "rootfs": rootfs}
    config = layout.add(told, MEDIA_CONFIG)
    manifest = layout.manifest(config, layout.add(layer, MEDIA_LAYER))
    return layout.add(manifest, platform={"architecture": architecture, "os": "linux"})


class Image:
    """An image of one layer in a layout, and what is attached to it."""

    def __init__(self, directory, files=FILES):
        self._layout = Layout(directory)
        self.name = f"oci:{directory}:1"
        layer = _tar(files)
        config = self._layout.config(Digest.of(layer))
        entry = self._layout.add(layer, MEDIA_LAYER)
        self._image = self._layout.add(self._layout.manifest(config, entry))
        self._others = []
        self._write()

    def attach(self, data, media_type="application/vnd.openvex+json"):
        """Attach a document to it."""
        subject = Descriptor(MEDIA_MANIFEST, Digest(self._image["digest"]), self._image["size"])
        artifact = attach(subject, media_type, data)
        for part in artifact.contents():
            self._layout.add(part.blob.read())
        manifest = self._layout.add(artifact.manifest.data)
        self._others.append({**manifest, "artifactType": media_type})
        self._write()

    def _write(self):
        named = {"annotations": {"org.opencontainers.image.ref.name": "1"}}
        self._layout.index({**self._image, **named}, *self._others)


@pytest.fixture
def image(tmp_path):
    return Image(tmp_path / "layout")


def _scanned(image, advisories, **hearing):
    request = ScanRequest(image=image.name, now=NOW, hearing=Hearing(**hearing))
    (found,) = scan(request, advisories).scans
    return found


def _bare(found):
    """The scan as one that knows nothing of files would have it."""
    findings = tuple(msgspec.structs.replace(one, statements=()) for one in found.findings)
    return msgspec.structs.replace(found, findings=findings)


def _said(image, advisories, status="not_affected", **more):
    """An OpenVEX document about the one finding in an image."""
    (finding,) = _scanned(image, advisories).findings
    told = json.loads(FORMATS["openvex"]([_scanned(image, advisories)], "x"))
    told["author"] = "Ann"
    (statement,) = told["statements"]
    for name in ("justification", "status_notes", "impact_statement", "action_statement"):
        statement.pop(name, None)
    statement["status"] = status
    return json.dumps({**told, "statements": [statement | more]}).encode(), finding


@pytest.mark.parametrize("form", FORMATS)
def test_what_a_scan_says_is_shown_again(form, image, advisories, tmp_path):
    found = _scanned(image, advisories)
    assert found.findings[0].settled.by == "distil"
    file = tmp_path / "vex.json"
    file.write_bytes(FORMATS[form]([found], "distil"))
    (verified,) = verify_vex(VexRequest(image=image.name, file=str(file)))
    assert [one.outcome for one in verified.proofs] == [Outcome.PROVEN]
    assert not verified.is_informed


def test_what_is_no_more_so_is_refuted(image, advisories, tmp_path):
    file = tmp_path / "vex.json"
    file.write_bytes(FORMATS["openvex"]([_scanned(image, advisories)], "distil"))
    other = Image(tmp_path / "other", {**FILES, LIB: b"\x7fELF"})
    (verified,) = verify_vex(VexRequest(image=other.name, file=str(file)))
    (proof,) = verified.proofs
    assert proof.outcome is Outcome.REFUTED
    assert "another image" in proof.why[0]

    forged = file.read_bytes()
    ours, theirs = (_digest(each, advisories) for each in (image, other))
    file.write_bytes(forged.replace(ours.encode(), theirs.encode()).replace(
        ours.removeprefix("sha256:").encode(), theirs.removeprefix("sha256:").encode()
    ))  # fmt: skip
    (verified,) = verify_vex(VexRequest(image=other.name, file=str(file)))
    assert verified.proofs[0].outcome is Outcome.REFUTED
    assert f"/{LIB} is there" in verified.proofs[0].why


def _digest(image, advisories):
    return _scanned(image, advisories).subject.digest


def test_what_is_attached_is_heard_and_told(tmp_path, advisories):
    image = Image(tmp_path / "layout", {**FILES, LIB: b"\x7fELF"})
    data, finding = _said(image, advisories, justification="inline_mitigations_already_exist")
    assert finding.settled is None
    image.attach(data)
    found = _scanned(image, advisories)
    (heard,) = found.heard
    assert (heard.author, heard.is_attached, heard.settling) == ("Ann", True, 1)
    assert found.open == ()
    assert found.findings[0].settled.by.startswith("referrer sha256:")

    silent = _scanned(image, advisories, attached=False)
    assert (len(silent.open), silent.heard) == (1, ())

    file = tmp_path / "affected.json"
    file.write_bytes(_said(image, advisories, "affected", action_statement="wait")[0])
    named = _scanned(image, advisories, vex=(str(file),))
    assert len(named.open) == 1
    assert [one.standing for one in named.findings[0].statements] == [
        Standing.AFFECTED,
        Standing.NOT_AFFECTED,
    ]

    (verified,) = verify_vex(VexRequest(image=image.name, file="attached"))
    assert [one.outcome for one in verified.proofs] == [Outcome.UNTOLD]


def test_an_sbom_beside_it_is_no_vex(image, advisories):
    image.attach(b'{"bomFormat": "CycloneDX"}', "application/vnd.cyclonedx+json")
    assert _scanned(image, advisories).heard == ()
    with pytest.raises(NoAttachedVex):
        verify_vex(VexRequest(image=image.name, file="attached"))


def test_what_is_attached_and_damaged_is_left_out(image, advisories):
    image.attach(b'{"@context": "https://openvex.dev/ns", "statements": 7}')
    assert _scanned(image, advisories).heard == ()


def test_what_is_named_and_damaged_is_an_error(image, advisories, tmp_path):
    file = tmp_path / "vex.json"
    file.write_bytes(b'{"@context": "https://openvex.dev/ns", "statements": 7}')
    with pytest.raises(MalformedVex, match=r"\$\.statements"):
        _scanned(image, advisories, vex=(str(file),))


def test_an_ignore_file(tmp_path, advisories):
    image = Image(tmp_path / "layout", {**FILES, LIB: b"\x7fELF"})
    file = tmp_path / "ignore.toml"
    file.write_text(f'[[ignore]]\nid = "{CVE}"\npackage = "openssl"\nreason = "soon"\n')
    other = tmp_path / "other.toml"
    other.write_text('[[ignore]]\nid = "CVE-1999-1"\nreason = "never"\n')
    found = _scanned(image, advisories, ignore=(str(file), str(other)))
    assert found.findings[0].settled.standing is Standing.ACCEPTED
    assert [one.form for one in found.heard] == ["ignore file", "ignore file"]


def test_what_the_command_says(tmp_path, advisories, speaker, cache):
    image = Image(tmp_path / "layout")
    other = Image(tmp_path / "other", {**FILES, LIB: b"\x7fELF"})
    ours, theirs, empty = (tmp_path / f"{name}.json" for name in ("ours", "theirs", "empty"))
    ours.write_bytes(FORMATS["openvex"]([_scanned(image, advisories)], "distil"))
    theirs.write_bytes(_said(other, advisories, justification="component_not_present")[0])
    empty.write_bytes(_said(other, advisories, "under_investigation")[0])
    told = [
        ("proven", speaker.text("vex", "verify", image.name, ours)),
        ("proven, all", speaker.text("vex", "verify", image.name, ours, "-v")),
        ("nothing to prove", speaker.text("vex", "verify", other.name, empty)),
        ("refuted", speaker.text("vex", "verify", other.name, ours, code=1)),
        ("untold", speaker.text("vex", "verify", other.name, theirs, code=3)),
    ]
    assert speaker.text("vex", "verify", other.name, theirs, "--exit-zero") == told[-1][1]
    text = "\n".join(f"# {name}\n{said}" for name, said in told)
    check_text(SNAPSHOTS / "vex-verify-text.txt", text)
    said = speaker.text("vex", "verify", other.name, ours, "--format", "json", code=1)
    check_text(SNAPSHOTS / "vex-verify-json.txt", said)


def test_what_cannot_be_read(image, tmp_path, speaker, cache):
    file = tmp_path / "vex.json"
    file.write_bytes(b"{}")
    assert "it is no VEX document" in speaker.error("vex", "verify", image.name, file)
    assert "no VEX document is attached" in speaker.error("vex", "verify", image.name, "attached")
    assert "none.json" in speaker.error("vex", "verify", image.name, tmp_path / "none.json")


def test_a_document_about_an_sbom(image, advisories, tmp_path, speaker, cache):
    sbom = tmp_path / "image.cdx.json"
    speaker.data("sbom", image.name, "--format", "cyclonedx", "-o", sbom)
    document = json.loads(sbom.read_bytes())
    serial = document["serialNumber"].removeprefix("urn:uuid:")
    (part,) = (one for one in document["components"] if one["name"] == "libssl3")
    analysis = {"state": "not_affected", "justification": "code_not_present"}
    for number, is_settled in ((serial, True), (serial[::-1], False)):
        affects = [{"ref": f"urn:cdx:{number}/1#{part['bom-ref']}"}]
        told = {"id": CVE, "analysis": analysis, "affects": affects}
        vex = tmp_path / "vex.json"
        vex.write_text(json.dumps({"bomFormat": "CycloneDX", "vulnerabilities": [told]}))
        asked = ScanRequest(image=f"sbom:{sbom}", now=NOW, hearing=Hearing(vex=(str(vex),)))
        (found,) = scan(asked, advisories).scans
        (finding,) = found.findings
        assert any(one.by == str(vex) for one in finding.statements) is is_settled


@pytest.mark.parametrize("form", FORMATS)
def test_an_index(form, tmp_path, advisories):
    layout = Layout(tmp_path / "layout")
    entries = [
        _platform(layout, "amd64", FILES),
        _platform(layout, "arm64", {**FILES, LIB: b"\x7fELF"}),
    ]
    index = layout.add({"schemaVersion": 2, "manifests": entries}, MEDIA_INDEX)
    named = {**index, "annotations": {"org.opencontainers.image.ref.name": "1"}}
    layout.index(named)
    image = f"oci:{layout.directory}:1"
    scans = scan(ScanRequest(image=image, now=NOW), advisories).scans
    assert [len(one.open) for one in scans] == [0, 1]

    file = tmp_path / "vex.json"
    file.write_bytes(FORMATS[form](scans, "distil"))
    (verified,) = verify_vex(VexRequest(image=image, file=str(file)))
    told = [(one.platform, one.outcome) for one in verified.proofs]
    assert told == [("linux/amd64", Outcome.PROVEN)]
    assert verified.others == 1

    both = {
        "@context": "https://openvex.dev/ns",
        "statements": [
            {
                "vulnerability": {"name": CVE},
                "products": [{"@id": f"pkg:oci/x@{index['digest']}"}],
                "status": "not_affected",
                "justification": "inline_mitigations_already_exist",
            }
        ],
    }
    subject = Descriptor(MEDIA_INDEX, Digest(index["digest"]), index["size"])
    artifact = attach(subject, "application/vnd.openvex+json", json.dumps(both).encode())
    for part in artifact.contents():
        layout.add(part.blob.read())
    layout.index(named, layout.add(artifact.manifest.data))
    scans = scan(ScanRequest(image=image, now=NOW), advisories).scans
    assert [len(one.open) for one in scans] == [0, 0]
    assert [one.heard[0].settling for one in scans] == [1, 1]
