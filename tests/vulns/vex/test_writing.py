"""Documents that we write: valid, the same each time, and understood when they are read again."""

from __future__ import annotations

import json

import msgspec
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from distil.model.finding import Standing
from distil.model.inventory import Inventory, Subject
from distil.report.scan import VEX, Telling, render
from distil.vulns.vex.apply import apply
from distil.vulns.vex.errors import NothingToName
from distil.vulns.vex.match import target_of
from distil.vulns.vex.read import read_vex
from distil.vulns.vex.table import FORMATS
from tests.vulns.samples import CLEAN, FULL, HOSTILE, IMAGE

TOOL = "distil 1.2"
ARM = msgspec.structs.replace(
    FULL,
    subject=msgspec.structs.replace(IMAGE, digest="sha256:" + "c3" * 32, platform="linux/arm64"),
)
NAMED = msgspec.structs.replace(
    HOSTILE, subject=msgspec.structs.replace(HOSTILE.subject, digest=IMAGE.digest)
)
SCANS = {"one": [FULL], "two": [FULL, ARM], "none found": [CLEAN], "hostile": [NAMED]}
STATUSES = {"affected", "not_affected", "fixed", "under_investigation"}


def _faults_of_openvex(document):
    """What the specification asks for, section by section."""
    needed = ("@context", "@id", "author", "timestamp", "version")
    faults = [key for key in needed if not document.get(key)]
    for one in document["statements"]:
        if one["status"] not in STATUSES or not one["vulnerability"]["name"] or not one["products"]:
            faults.append(one)
        if (
            one["status"] == "not_affected"
            and len(one.keys() & {"justification", "impact_statement"}) != 1
        ):
            faults.append(one)
        if one["status"] == "affected" and not one.get("action_statement"):
            faults.append(one)
    return faults


@pytest.mark.parametrize("scans", SCANS.values(), ids=SCANS)
def test_openvex_follows_its_specification(scans):
    document = json.loads(FORMATS["openvex"](scans, TOOL))
    assert _faults_of_openvex(document) == []
    assert document["tooling"] == TOOL


@pytest.mark.parametrize("scans", SCANS.values(), ids=SCANS)
def test_cyclonedx_follows_its_schema(scans):
    data = FORMATS["cyclonedx-vex"](scans, TOOL)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(data.decode()) is None


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_scan_is_the_same_document(form):
    assert FORMATS[form]([FULL], TOOL) == FORMATS[form]([FULL], TOOL)
    assert FORMATS[form]([FULL], TOOL) != FORMATS[form]([ARM], TOOL)


def _bare(scan):
    """The scan without what anybody says."""
    findings = tuple(msgspec.structs.replace(one, statements=()) for one in scan.findings)
    return msgspec.structs.replace(scan, findings=findings)


@pytest.mark.parametrize("scans", [[FULL], [FULL, ARM]], ids=["one", "two"])
@pytest.mark.parametrize("form", FORMATS)
def test_what_we_wrote_is_understood(form, scans):
    document = read_vex(FORMATS[form](scans, TOOL), "ours.json")
    for scan in scans:
        again = apply(_bare(scan), [document], target_of(Inventory(subject=scan.subject)))
        found = {(one.id, one.component): one for one in again.findings}
        assert len(found) == len(scan.findings)
        for before in scan.findings:
            was, after = before.settled, found[before.id, before.component]
            if was is None or was.standing is Standing.ACCEPTED:
                assert after.settled is None
                continue
            assert after.settled is not None
            assert after.settled.standing is was.standing
            assert after.settled.justification is was.justification
            assert after.settled.evidence == was.evidence


@pytest.mark.parametrize("form", FORMATS)
def test_it_is_about_this_image_alone(form):
    document = read_vex(FORMATS[form]([FULL], TOOL), "ours.json")
    again = apply(_bare(ARM), [document], target_of(Inventory(subject=ARM.subject)))
    assert all(one.statements == () for one in again.findings)


@pytest.mark.parametrize("form", FORMATS)
def test_an_image_without_digests_cannot_be_named(form):
    scan = msgspec.structs.replace(FULL, subject=Subject(name="docker-archive:x.tar"))
    with pytest.raises(NothingToName):
        FORMATS[form]([scan], TOOL)


@pytest.mark.parametrize("form", FORMATS)
def test_an_image_of_an_archive_is_named_by_its_configuration(form):
    subject = msgspec.structs.replace(IMAGE, digest="")
    scan = msgspec.structs.replace(FULL, subject=subject)
    document = read_vex(FORMATS[form]([scan], TOOL), "ours.json")
    again = apply(_bare(scan), [document], target_of(Inventory(subject=subject)))
    assert any(one.settled for one in again.findings)


@pytest.mark.parametrize("form", VEX)
def test_a_scan_is_rendered_in_each_form(form):
    text = render([FULL], form, Telling(version="1.2"))
    assert f"{text}\n".encode() == FORMATS[form]([FULL], TOOL)
    assert set(VEX) == set(FORMATS)


def test_other_scanners_find_the_same_package():
    """They compare all qualifiers of an identifier, and have other ones."""
    document = json.loads(FORMATS["openvex"]([FULL], TOOL))
    (product,) = document["statements"][0]["products"]
    assert product["@id"] == f"pkg:oci/shop@{IMAGE.digest}"
    part = product["subcomponents"][0]
    assert part["@id"] == "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64"
    assert part["identifiers"]["purl"] == f"{part['@id']}&distro=debian-12"
