"""A report of any scanner that distil reads, known by its content."""

from __future__ import annotations

from typing import Final

import msgspec

from distil.formats.json_document import NotTheDocument, decoded
from distil.model.other_report import OtherReport
from distil.vulns.others import grype, trivy
from distil.vulns.others.errors import MalformedReport

LARGEST: Final = 512 << 20
"""Bytes. Reports of images with thousands of packages are some ten million."""

MOST_FINDINGS: Final = 1_000_000

_NONE: Final = msgspec.Raw()
_KNOWN_SCHEMA: Final = 2
"""Of Trivy. Reports of the first, until 2021, are a list."""


class _Sniffed(msgspec.Struct):
    """What tells reports apart, whatever it holds."""

    SchemaVersion: msgspec.Raw = _NONE
    Results: msgspec.Raw = _NONE
    ArtifactName: msgspec.Raw = _NONE
    matches: msgspec.Raw = _NONE


def read_report(data: bytes, name: str) -> OtherReport:
    """The report that `data` is; `name` is what errors call it. Raises `MalformedReport`."""
    if len(data) > LARGEST:
        raise MalformedReport(name, "", f"more than {LARGEST >> 20} MiB, which no report needs")
    try:
        report = _report(data.removeprefix(b"\xef\xbb\xbf"), name)
    except NotTheDocument as error:
        raise MalformedReport(name, error.where, error.why) from error
    except msgspec.MsgspecError as error:
        raise MalformedReport(name, "", str(error)[:300]) from error
    if len(report.findings) > MOST_FINDINGS:
        raise MalformedReport(name, "", f"more than {MOST_FINDINGS:,} findings")
    return report


def _report(data: bytes, name: str) -> OtherReport:
    if not data[:64].lstrip().startswith(b"{"):
        raise MalformedReport(name, "", "it is no report of Trivy or Grype")
    sniffed = decoded(data, _Sniffed)
    if bytes(sniffed.matches):
        return grype.report_of(decoded(data, grype.GrypeDocument))
    if bytes(sniffed.SchemaVersion) and (bytes(sniffed.Results) or bytes(sniffed.ArtifactName)):
        document = decoded(data, trivy.TrivyDocument)
        if document.SchemaVersion != _KNOWN_SCHEMA:
            why = f"Trivy's schema {document.SchemaVersion}, of which nothing is known"
            raise MalformedReport(name, "$.SchemaVersion", why)
        return trivy.report_of(document)
    raise MalformedReport(name, "", "it is no report of Trivy or Grype")
