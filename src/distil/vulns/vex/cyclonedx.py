"""Scans as a CycloneDX VEX document, 1.6 (ECMA-424), that needs no other one to be understood.

It has the image, by its digest, and the components that vulnerabilities are of; the evidence of a
vulnerability is a property of it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from distil.formats.purl import image_purl
from distil.formats.spelling import readable
from distil.model.advisory import Rating, Severity
from distil.model.finding import Finding, Justification, Scan, Standing
from distil.model.image import timestamp
from distil.vulns.vex.cyclonedx_reader import EXACT
from distil.vulns.vex.reading import MARK
from distil.vulns.vex.told import NAMESPACE, Told, digest_of, each_once, grouped

VERSION: Final = "1.6"

_STATES: Final = {
    Standing.NOT_AFFECTED: "not_affected",
    Standing.AFFECTED: "exploitable",
    Standing.FIXED: "resolved",
    Standing.UNDER_INVESTIGATION: "in_triage",
}
_JUSTIFICATIONS: Final = {
    Justification.COMPONENT_NOT_PRESENT: "code_not_present",
    Justification.VULNERABLE_CODE_NOT_PRESENT: "code_not_present",
    Justification.NOT_IN_EXECUTE_PATH: "code_not_reachable",
    Justification.CANNOT_BE_CONTROLLED: "requires_environment",
    Justification.MITIGATED: "protected_by_mitigating_control",
}
_SEVERITIES: Final = {Severity.NEGLIGIBLE: "info"}
_METHODS: Final = (
    ("CVSS:4", "CVSSv4"),
    ("CVSS:3.1", "CVSSv31"),
    ("CVSS:3", "CVSSv3"),
    ("AV:", "CVSSv2"),
)


def write_cyclonedx(scans: Sequence[Scan], tool: str) -> bytes:
    """The document about all of `scans`, those of one image for each platform.

    `tool` is the name and version of who writes it. Raises `NothingToName`.
    """
    is_alone = len(scans) == 1
    images = [_Image(one, "" if is_alone else f"{n}/") for n, one in enumerate(scans)]
    refs = {id(one.scan): one for one in images}
    moment = timestamp(max((one.now for one in scans), default=0))
    name, _, version = tool.partition(" ")
    tools = {"components": [{"type": "application", "name": name, "version": version}]}
    metadata: dict[str, Any] = {"timestamp": moment, "tools": tools}
    if is_alone:
        metadata["component"] = images[0].component()
        components = images[0].parts()
    else:
        components = [{**one.component(), "components": one.parts()} for one in images]
    body = {
        "version": 1,
        "metadata": metadata,
        "components": components,
        "vulnerabilities": [
            _vulnerability(told, found, refs, moment) for told, found in grouped(scans).items()
        ],
    }
    known = uuid.uuid5(NAMESPACE, msgspec.json.encode(body).decode())
    document = {
        "$schema": f"http://cyclonedx.org/schema/bom-{VERSION}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": VERSION,
        "serialNumber": f"urn:uuid:{known}",
        **body,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


class _Image:
    """The part of a document that one scan is of; its references begin with `prefix`."""

    def __init__(self, scan: Scan, prefix: str) -> None:
        self.scan = scan
        self._prefix = prefix

    def component(self) -> dict[str, Any]:
        """The image."""
        subject = self.scan.subject
        digest = digest_of(subject)
        told: dict[str, Any] = {
            "bom-ref": f"{self._prefix}image",
            "type": "container",
            "name": readable(subject.name),
            "version": digest,
            "hashes": [{"alg": "SHA-256", "content": digest.removeprefix("sha256:")}],
        }
        if purl := image_purl(subject):
            told["purl"] = purl
        return told

    def parts(self) -> list[dict[str, Any]]:
        """The components that anything is found of."""
        by_ref = {one.component: one for one in self.scan.findings}
        return [self._part(ref, one) for ref, one in sorted(by_ref.items())]

    def ref(self, finding: Finding) -> str:
        """The reference of the component that `finding` is of."""
        return f"{self._prefix}{finding.component}"

    def _part(self, ref: str, finding: Finding) -> dict[str, Any]:
        told: dict[str, Any] = {
            "bom-ref": f"{self._prefix}{ref}",
            "type": "application" if finding.kind in ("binary", "application") else "library",
            "name": readable(finding.name),
            "version": readable(finding.installed),
        }
        if finding.purl:
            told["purl"] = readable(finding.purl)
        return told


def _vulnerability(
    told: Told, found: list[tuple[Scan, Finding]], images: dict[int, _Image], moment: str
) -> dict[str, Any]:
    finding = found[0][1]
    written: dict[str, Any] = {"bom-ref": f"vulnerability:{_key(told)}", "id": told.id}
    if told.aliases:
        written["references"] = [
            {"id": one, "source": {"name": one.partition("-")[0]}} for one in told.aliases
        ]
    if finding.rating is not None:
        written["ratings"] = [_rating(finding.rating)]
    if finding.summary:
        written["description"] = readable(finding.summary)
    analysis: dict[str, Any] = {"state": _STATES[told.standing]}
    if told.justification is not None:
        analysis["justification"] = _JUSTIFICATIONS[told.justification]
    if told.action:
        accepted = told.action.startswith("accepted")
        analysis["response"] = ["will_not_fix" if accepted else "update"]
    detail = "\n".join([*told.notes, *filter(None, [told.action])])
    if detail:
        analysis["detail"] = detail
    analysis["lastUpdated"] = moment
    written["analysis"] = analysis
    refs = each_once(images[id(scan)].ref(one) for scan, one in found)
    written["affects"] = [{"ref": one} for one in refs]
    if properties := list(_properties(told)):
        written["properties"] = properties
    return written


def _key(told: Told) -> str:
    """What tells one vulnerability of a document from another of the same id."""
    return uuid.uuid5(NAMESPACE, msgspec.json.encode(told).decode()).hex[:16]


def _properties(told: Told) -> Iterator[dict[str, str]]:
    if told.justification is not None:
        yield {"name": EXACT, "value": told.justification.value}
    if told.evidence:
        yield {"name": MARK, "value": told.evidence}


def _rating(rating: Rating) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if rating.by:
        told["source"] = {"name": readable(rating.by)}
    if rating.score >= 0:
        told["score"] = rating.score
    told["severity"] = _SEVERITIES.get(rating.severity, rating.severity.word)
    if rating.vector:
        method = next(
            (word for start, word in _METHODS if rating.vector.startswith(start)), "other"
        )
        told |= {"method": method, "vector": readable(rating.vector)}
    return told
