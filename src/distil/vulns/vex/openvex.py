"""Scans as an OpenVEX document, 0.2 (https://github.com/openvex/spec).

The product is the image by its digest, the subcomponents are the components that a vulnerability
is of. OpenVEX has no field for evidence: it is a line of ``status_notes`` that begins with
``distil-evidence/v1``, and `distil vex verify` proves it again.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from distil.model.finding import Finding, Scan, Standing
from distil.model.image import timestamp
from distil.model.inventory import Subject
from distil.vulns.vex.reading import MARK, REF
from distil.vulns.vex.told import NAMESPACE, Told, digest_of, each_once, grouped, image_id

_KEPT: Final = frozenset({"arch", "epoch", "classifier", "type"})
"""Qualifiers that tell one component from another in the same image."""

CONTEXT: Final = "https://openvex.dev/ns/v0.2.0"


def write_openvex(scans: Sequence[Scan], tool: str) -> bytes:
    """The document about all of `scans`, those of one image for each platform.

    `tool` is the name and version of who writes it. Raises `NothingToName`.
    """
    statements = [_statement(told, found) for told, found in grouped(scans).items()]
    moment = timestamp(max((one.now for one in scans), default=0))
    body = {
        "author": "distil",
        "role": "scanner",
        "timestamp": moment,
        "version": 1,
        "tooling": tool,
        "statements": statements,
    }
    products = [image_id(one.subject) for one in scans]
    known = msgspec.json.encode([products, body])
    name = uuid.uuid5(NAMESPACE, known.decode())
    document = {"@context": CONTEXT, "@id": f"urn:uuid:{name}", **body}
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _statement(told: Told, found: list[tuple[Scan, Finding]]) -> dict[str, Any]:
    vulnerability: dict[str, Any] = {"name": told.id}
    if told.aliases:
        vulnerability["aliases"] = told.aliases
    statement: dict[str, Any] = {
        "vulnerability": vulnerability,
        "products": _products(found),
        "status": told.standing.value,
    }
    notes = list(told.notes)
    if told.evidence:
        notes.append(f"{MARK} {told.evidence}")
    if notes:
        statement["status_notes"] = "\n".join(notes)
    if told.standing is Standing.NOT_AFFECTED:
        # The schema wants one of both, and not the two.
        if told.justification is not None:
            statement["justification"] = told.justification.value
        else:
            statement["impact_statement"] = told.notes[-1] if told.notes else "not affected"
    if told.standing is Standing.AFFECTED:
        statement["action_statement"] = told.action
    return statement


def _products(found: list[tuple[Scan, Finding]]) -> list[dict[str, Any]]:
    by_image: dict[str, tuple[Subject, list[str]]] = {}
    for scan, finding in found:
        _, parts = by_image.setdefault(image_id(scan.subject), (scan.subject, []))
        parts.append(finding.purl or f"{REF}{finding.component}")
    return [
        {
            **_named(name),
            "hashes": {"sha-256": digest_of(subject).removeprefix("sha256:")},
            "subcomponents": [_named(one) for one in each_once(parts)],
        }
        for name, (subject, parts) in by_image.items()
    ]


def _named(name: str) -> dict[str, Any]:
    """An identifier without what others spell otherwise, and the whole package URL beside it.

    Scanners compare every qualifier that a document has. The product's digest says which image it
    is, and so which distribution.
    """
    if not name.startswith("pkg:"):
        return {"@id": name}
    return {"@id": _short(name), "identifiers": {"purl": name}}


def _short(purl: str) -> str:
    head, _, query = purl.partition("?")
    if head.startswith("pkg:oci/"):
        return head
    query, _, subpath = query.partition("#")
    kept = "&".join(one for one in query.split("&") if one.partition("=")[0] in _KEPT)
    return f"{head}{'?' if kept else ''}{kept}{'#' if subpath else ''}{subpath}"
