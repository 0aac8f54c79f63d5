"""Trivy's reports (``--format json``, schema version 2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from distil.model.advisory import Severity
from distil.model.image import seconds_of
from distil.model.other_report import OtherFinding, OtherPackage, OtherReport

TOOL: Final = "Trivy"


class _Identifier(msgspec.Struct):
    PURL: str = ""


class _DataSource(msgspec.Struct):
    ID: str = ""
    Name: str = ""


class _Vulnerability(msgspec.Struct):
    VulnerabilityID: str
    PkgName: str = ""
    PkgPath: str = ""
    PkgIdentifier: _Identifier = msgspec.field(default_factory=_Identifier)
    VendorIDs: tuple[str, ...] = ()
    InstalledVersion: str = ""
    FixedVersion: str = ""
    Status: str = ""
    Severity: str = ""
    DataSource: _DataSource = msgspec.field(default_factory=_DataSource)


class _Modified(msgspec.Struct):
    """A finding that is not counted: ``Finding`` is of any kind, licences too."""

    Type: str = ""
    Status: str = ""
    Statement: str = ""
    Source: str = ""
    Finding: dict[str, object] = msgspec.field(default_factory=dict)


class _Package(msgspec.Struct):
    Name: str = ""
    Version: str = ""
    Release: str = ""
    Epoch: int = 0
    Identifier: _Identifier = msgspec.field(default_factory=_Identifier)


class _Result(msgspec.Struct):
    Target: str = ""
    Class: str = ""
    Type: str = ""
    Packages: tuple[_Package, ...] = ()
    Vulnerabilities: tuple[_Vulnerability, ...] = ()
    ExperimentalModifiedFindings: tuple[_Modified, ...] = ()


class _System(msgspec.Struct):
    Family: str = ""
    Name: str = ""


class _Metadata(msgspec.Struct):
    OS: _System = msgspec.field(default_factory=_System)
    ImageID: str = ""
    RepoDigests: tuple[str, ...] = ()


class _Tool(msgspec.Struct):
    Version: str = ""


class TrivyDocument(msgspec.Struct):
    """The parts of a report that are read."""

    SchemaVersion: int
    CreatedAt: str = ""
    ArtifactName: str = ""
    Trivy: _Tool = msgspec.field(default_factory=_Tool)
    Metadata: _Metadata = msgspec.field(default_factory=_Metadata)
    Results: tuple[_Result, ...] = ()


def report_of(document: TrivyDocument) -> OtherReport:
    """What the document says. Raises `msgspec.ValidationError` for a finding of another shape."""
    metadata = document.Metadata
    digests = {metadata.ImageID, *(one.rpartition("@")[2] for one in metadata.RepoDigests)}
    packages = tuple(_packages(document.Results))
    return OtherReport(
        tool=TOOL,
        version=document.Trivy.Version,
        made=seconds_of(document.CreatedAt),
        subject=document.ArtifactName,
        digests=frozenset(digests - {""}),
        system=f"{metadata.OS.Family} {metadata.OS.Name}".strip(),
        findings=tuple(_findings(document.Results)),
        packages=packages or None,
    )


def _packages(results: tuple[_Result, ...]) -> Iterator[OtherPackage]:
    for result in results:
        for one in result.Packages:
            version = f"{one.Version}-{one.Release}" if one.Release else one.Version
            if one.Epoch:
                version = f"{one.Epoch}:{version}"
            yield OtherPackage(
                name=one.Name, version=version, kind=result.Type, purl=one.Identifier.PURL
            )


def _findings(results: tuple[_Result, ...]) -> Iterator[OtherFinding]:
    for result in results:
        for one in result.Vulnerabilities:
            yield _finding(one, result)
        for modified in result.ExperimentalModifiedFindings:
            if modified.Type == "vulnerability":
                told = {name: one for name, one in modified.Finding.items() if one is not None}
                found = msgspec.convert(told, _Vulnerability)
                yield _finding(found, result, _left_out(modified))


def _left_out(modified: _Modified) -> str:
    told = (modified.Status or "ignored", modified.Statement, modified.Source)
    return ", ".join(filter(None, told))


def _finding(one: _Vulnerability, result: _Result, left_out: str = "") -> OtherFinding:
    return OtherFinding(
        id=one.VulnerabilityID,
        package=OtherPackage(
            name=one.PkgName,
            version=one.InstalledVersion,
            kind=result.Type,
            purl=one.PkgIdentifier.PURL,
        ),
        aliases=one.VendorIDs,
        severity=_SEVERITIES.get(one.Severity.upper(), Severity.UNKNOWN),
        fixed=tuple(filter(None, (fix.strip() for fix in one.FixedVersion.split(",")))),
        status=one.Status,
        source=one.DataSource.Name or one.DataSource.ID,
        left_out=left_out,
        paths=(one.PkgPath,) if one.PkgPath else (),
    )


_SEVERITIES: Final = {one.name: one for one in Severity}
