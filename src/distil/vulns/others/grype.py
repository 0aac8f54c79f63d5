"""Grype's reports (``-o json``)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from distil.model.advisory import Severity
from distil.model.image import seconds_of
from distil.model.other_report import OtherFinding, OtherPackage, OtherReport

TOOL: Final = "Grype"

_CPE: Final = "cpe-match"


class _Fix(msgspec.Struct):
    versions: tuple[str, ...] = ()
    state: str = ""


class _Vulnerability(msgspec.Struct):
    id: str
    namespace: str = ""
    severity: str = ""
    fix: _Fix = msgspec.field(default_factory=_Fix)


class _Related(msgspec.Struct):
    id: str = ""


class _Detail(msgspec.Struct):
    type: str = ""


class _Location(msgspec.Struct):
    path: str = ""


class _Artifact(msgspec.Struct):
    name: str = ""
    version: str = ""
    type: str = ""
    purl: str = ""
    locations: tuple[_Location, ...] = ()


class _RulePackage(msgspec.Struct):
    name: str = ""
    type: str = ""


class _Rule(msgspec.Struct, rename={"fix_state": "fix-state", "vex_status": "vex-status"}):
    vulnerability: str = ""
    reason: str = ""
    fix_state: str = ""
    vex_status: str = ""
    package: _RulePackage = msgspec.field(default_factory=_RulePackage)


class _Match(msgspec.Struct, rename="camel"):
    vulnerability: _Vulnerability
    artifact: _Artifact
    related_vulnerabilities: tuple[_Related, ...] = ()
    match_details: tuple[_Detail, ...] = ()
    applied_ignore_rules: tuple[_Rule, ...] = ()


_TARGET: Final = {
    "user_input": "userInput",
    "image_id": "imageID",
    "manifest_digest": "manifestDigest",
    "repo_digests": "repoDigests",
}


class _Target(msgspec.Struct, rename=_TARGET):
    """Of an image; a directory's is a text, and is not read."""

    user_input: str = ""
    image_id: str = ""
    manifest_digest: str = ""
    repo_digests: tuple[str, ...] = ()


class _Source(msgspec.Struct):
    type: str = ""
    target: _Target | str = ""


class _Distribution(msgspec.Struct):
    name: str = ""
    version: str = ""


class _DatabaseStatus(msgspec.Struct):
    built: str = ""


class _Database(msgspec.Struct):
    """Since Grype 0.88 the build is in ``status``; before that it was here."""

    built: str = ""
    status: _DatabaseStatus = msgspec.field(default_factory=_DatabaseStatus)


class _Configuration(msgspec.Struct, rename={"only_fixed": "only-fixed"}):
    only_fixed: bool = False


class _Descriptor(msgspec.Struct):
    name: str = ""
    version: str = ""
    timestamp: str = ""
    configuration: _Configuration = msgspec.field(default_factory=_Configuration)
    db: _Database = msgspec.field(default_factory=_Database)


class GrypeDocument(msgspec.Struct, rename="camel"):
    """The parts of a report that are read."""

    matches: tuple[_Match, ...]
    ignored_matches: tuple[_Match, ...] = ()
    source: _Source = msgspec.field(default_factory=_Source)
    distro: _Distribution = msgspec.field(default_factory=_Distribution)
    descriptor: _Descriptor = msgspec.field(default_factory=_Descriptor)


def report_of(document: GrypeDocument) -> OtherReport:
    """What the document says."""
    target, descriptor = document.source.target, document.descriptor
    image = _Target(user_input=target) if isinstance(target, str) else target
    digests = {
        image.image_id,
        image.manifest_digest,
        *(one.rpartition("@")[2] for one in image.repo_digests),
    }
    return OtherReport(
        tool=TOOL,
        version=descriptor.version,
        made=seconds_of(descriptor.timestamp),
        database=seconds_of(descriptor.db.status.built or descriptor.db.built),
        subject=image.user_input,
        digests=frozenset(digests - {""}),
        system=f"{document.distro.name} {document.distro.version}".strip(),
        findings=tuple(_findings(document)),
        fixed_only=descriptor.configuration.only_fixed,
    )


def _findings(document: GrypeDocument) -> Iterator[OtherFinding]:
    for one in document.matches:
        yield _finding(one, "")
    for one in document.ignored_matches:
        yield _finding(one, "; ".join(map(_rule_words, one.applied_ignore_rules)) or "ignored")


def _rule_words(rule: _Rule) -> str:
    """A rule by which a match is not counted; Grype has some of its own."""
    told = (
        rule.vulnerability,
        f"package {rule.package.name}" if rule.package.name else "",
        f"fix {rule.fix_state}" if rule.fix_state else "",
        f"VEX {rule.vex_status}" if rule.vex_status else "",
        rule.reason,
    )
    return ", ".join(filter(None, told)) or "a rule without words"


def _finding(match: _Match, left_out: str) -> OtherFinding:
    found, artifact = match.vulnerability, match.artifact
    details = [one.type for one in match.match_details]
    return OtherFinding(
        id=found.id,
        package=OtherPackage(
            name=artifact.name, version=artifact.version, kind=artifact.type, purl=artifact.purl
        ),
        aliases=tuple(
            dict.fromkeys(filter(None, (one.id for one in match.related_vulnerabilities)))
        ),
        severity=_SEVERITIES.get(found.severity.upper(), Severity.UNKNOWN),
        fixed=tuple(filter(None, found.fix.versions)),
        status=found.fix.state,
        source=found.namespace,
        is_by_cpe=bool(details) and all(one == _CPE for one in details),
        left_out=left_out,
        paths=tuple(one.path for one in artifact.locations),
    )


_SEVERITIES: Final = {one.name: one for one in Severity}
