"""Reports of Trivy and Grype are read as these write them."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.model.advisory import Severity
from distil.model.other_report import OtherFinding, OtherPackage
from distil.vulns.others.errors import MalformedReport
from distil.vulns.others.reading import read_report

TRIVY: dict[str, Any] = {
    "SchemaVersion": 2,
    "Trivy": {"Version": "0.76.0"},
    "CreatedAt": "2026-11-20T12:20:30.000000005Z",
    "ArtifactName": "shop:1.4",
    "ArtifactType": "container_image",
    "Metadata": {
        "OS": {"Family": "debian", "Name": "12.5"},
        "ImageID": "sha256:" + "b2" * 32,
        "RepoDigests": ["registry.example/shop@sha256:" + "a1" * 32],
        "ImageConfig": {"architecture": "amd64"},
    },
    "Results": [
        {
            "Target": "shop:1.4 (debian 12.5)",
            "Class": "os-pkgs",
            "Type": "debian",
            "Packages": [
                {
                    "ID": "perl-base@5.36.0-7",
                    "Name": "perl-base",
                    "Identifier": {
                        "PURL": "pkg:deb/debian/perl-base@5.36.0-7?arch=amd64&distro=debian-12.5"
                    },
                    "Version": "5.36.0",
                    "Release": "7",
                    "Epoch": 1,
                    "SrcName": "perl",
                    "Layer": {"DiffID": "sha256:" + "0d" * 32},
                }
            ],
            "Vulnerabilities": [
                {
                    "VulnerabilityID": "CVE-2019-18224",
                    "VendorIDs": ["DSA-4613-1"],
                    "PkgID": "libidn2-0@2.0.5-1",
                    "PkgName": "libidn2-0",
                    "PkgIdentifier": {
                        "PURL": "pkg:deb/debian/libidn2-0@2.0.5-1?arch=amd64&distro=debian-12.5"
                    },
                    "InstalledVersion": "2.0.5-1",
                    "FixedVersion": "2.0.5-1+deb10u1, 2.1.1",
                    "Status": "fixed",
                    "SeveritySource": "nvd",
                    "DataSource": {"ID": "debian", "Name": "Debian Security Tracker"},
                    "Severity": "CRITICAL",
                    "CVSS": {"nvd": {"V3Score": 9.8}},
                }
            ],
        },
        {
            "Target": "Node.js",
            "Class": "lang-pkgs",
            "Type": "node-pkg",
            "Vulnerabilities": None,
            "ExperimentalModifiedFindings": [
                {
                    "Type": "vulnerability",
                    "Status": "not_affected",
                    "Statement": "vulnerable_code_not_in_execute_path",
                    "Source": "test.vex",
                    "Finding": {
                        "VulnerabilityID": "CVE-2020-7598",
                        "PkgName": "minimist",
                        "PkgPath": "app/node_modules/minimist/package.json",
                        "InstalledVersion": "1.2.0",
                        "Severity": "MEDIUM",
                    },
                },
                {"Type": "license", "Status": "ignored", "Finding": {"Name": "MPL-2.0"}},
            ],
        },
        {"Target": "a file without packages", "Class": "secret"},
    ],
}
"""As Trivy's own tests of its output have it, with what newer ones add."""

GRYPE: dict[str, Any] = {
    "matches": [
        {
            "vulnerability": {
                "id": "GHSA-jf85-cpcp-j695",
                "dataSource": "https://github.com/advisories/GHSA-jf85-cpcp-j695",
                "namespace": "github:language:javascript",
                "severity": "Critical",
                "cvss": [{"metrics": {"baseScore": 9.1}}],
                "fix": {"versions": ["4.17.12"], "state": "fixed"},
                "advisories": [],
                "risk": 1.68,
            },
            "relatedVulnerabilities": [{"id": "CVE-2019-10744", "namespace": "nvd:cpe"}],
            "matchDetails": [
                {
                    "type": "exact-direct-match",
                    "matcher": "javascript-matcher",
                    "searchedBy": {"language": "javascript"},
                    "found": {"versionConstraint": "<4.17.12 (unknown)"},
                }
            ],
            "artifact": {
                "id": "a246fd2054833c93",
                "name": "lodash",
                "version": "4.17.4",
                "type": "npm",
                "locations": [{"path": "/app/node_modules/lodash/package.json"}],
                "language": "javascript",
                "licenses": ["MIT"],
                "cpes": [],
                "purl": "pkg:npm/lodash@4.17.4",
                "upstreams": [],
            },
        }
    ],
    "ignoredMatches": [
        {
            "vulnerability": {"id": "CVE-2026-12345", "severity": "Negligible", "fix": None},
            "artifact": {"name": "python", "version": "3.13.1", "type": "binary"},
            "matchDetails": [{"type": "cpe-match"}],
            "appliedIgnoreRules": [
                {"vulnerability": "CVE-2026-12345", "reason": "not reachable", "namespace": ""},
                {"fix-state": "not-fixed", "package": {"name": "python"}},
                {"vex-status": "not_affected"},
                {},
            ],
        }
    ],
    "source": {
        "type": "image",
        "target": {
            "userInput": "shop:1.4",
            "imageID": "sha256:" + "b2" * 32,
            "manifestDigest": "sha256:" + "a1" * 32,
            "tags": [],
            "layers": [],
            "repoDigests": [],
        },
    },
    "distro": {"name": "debian", "version": "12", "idLike": []},
    "descriptor": {
        "name": "grype",
        "version": "0.104.0",
        "timestamp": "2026-11-20T10:00:00Z",
        "configuration": {"only-fixed": True},
        "db": {"status": {"schemaVersion": "v6.1.0", "built": "2026-11-19T00:00:00Z"}},
    },
}


def read(document: object, name: str = "report.json") -> Any:
    return read_report(json.dumps(document).encode(), name)


def test_a_report_of_trivy():
    report = read(TRIVY)
    assert (report.tool, report.version) == ("Trivy", "0.76.0")
    assert (report.subject, report.system) == ("shop:1.4", "debian 12.5")
    assert report.digests == {"sha256:" + "b2" * 32, "sha256:" + "a1" * 32}
    assert report.made == report.looked == 1_795_177_230
    assert [(one.name, one.version) for one in report.packages] == [("perl-base", "1:5.36.0-7")]
    first, second = report.findings
    assert first == OtherFinding(
        id="CVE-2019-18224",
        aliases=("DSA-4613-1",),
        package=OtherPackage(
            name="libidn2-0",
            version="2.0.5-1",
            kind="debian",
            purl="pkg:deb/debian/libidn2-0@2.0.5-1?arch=amd64&distro=debian-12.5",
        ),
        severity=Severity.CRITICAL,
        fixed=("2.0.5-1+deb10u1", "2.1.1"),
        status="fixed",
        source="Debian Security Tracker",
    )
    assert second.left_out == "not_affected, vulnerable_code_not_in_execute_path, test.vex"
    assert second.paths == ("app/node_modules/minimist/package.json",)


def test_a_report_of_grype():
    report = read(GRYPE)
    assert (report.tool, report.version, report.fixed_only) == ("Grype", "0.104.0", True)
    assert report.packages is None
    assert report.digests == {"sha256:" + "b2" * 32, "sha256:" + "a1" * 32}
    assert (report.database, report.looked) == (1_795_046_400, 1_795_046_400)
    first, second = report.findings
    assert (first.id, first.aliases) == ("GHSA-jf85-cpcp-j695", ("CVE-2019-10744",))
    assert (first.severity, first.fixed) == (Severity.CRITICAL, ("4.17.12",))
    assert first.paths == ("/app/node_modules/lodash/package.json",)
    assert (first.left_out, first.is_by_cpe) == ("", False)
    assert second.is_by_cpe
    assert second.severity is Severity.NEGLIGIBLE
    assert second.left_out == (
        "CVE-2026-12345, not reachable; package python, fix not-fixed; "
        "VEX not_affected; a rule without words"
    )


def test_older_reports_of_grype_say_elsewhere_when_the_database_is_of():
    old = {**GRYPE, "descriptor": {"db": {"built": "2026-11-18T00:00:00Z"}}}
    assert read(old).database == 1_794_960_000
    directory = {**GRYPE, "source": {"type": "directory", "target": "/app"}}
    assert read(directory).subject == "/app"


def test_a_report_without_findings():
    assert read({"SchemaVersion": 2, "ArtifactName": "x"}).findings == ()
    assert read({"matches": []}).findings == ()


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ([], "no report of Trivy or Grype"),
        ({}, "no report of Trivy or Grype"),
        ({"bomFormat": "CycloneDX"}, "no report of Trivy or Grype"),
        ({"SchemaVersion": 1, "Results": []}, "Trivy's schema 1"),
        ({"SchemaVersion": 2, "Results": 3}, "Expected `array`"),
        ({"SchemaVersion": 2, "Results": [{"Vulnerabilities": [{}]}]}, "VulnerabilityID"),
        ({"matches": [{"vulnerability": {"id": 3}, "artifact": {}}]}, "Expected `str`"),
        (
            {
                "SchemaVersion": 2,
                "Results": [
                    {"ExperimentalModifiedFindings": [{"Type": "vulnerability", "Finding": {}}]}
                ],
            },
            "VulnerabilityID",
        ),
    ],
)  # fmt: skip
def test_what_is_no_report_is_told_so(document, why):
    with pytest.raises(MalformedReport, match=why) as caught:
        read(document)
    assert caught.value.exit_code == 2
    assert str(caught.value).startswith("report.json")
    assert "trivy image --format json" in caught.value.hint


@pytest.mark.parametrize("data", [b"", b"\xff\xfe{", b'{"matches": [', b"{" * 100_000, b"[]"])
def test_bytes_that_are_no_json(data):
    with pytest.raises(MalformedReport):
        read_report(data, "x")


WORDS = [
    "SchemaVersion",
    "Results",
    "Vulnerabilities",
    "VulnerabilityID",
    "Packages",
    "PkgName",
    "Metadata",
    "matches",
    "vulnerability",
    "id",
    "artifact",
    "fix",
    "source",
    "target",
    "descriptor",
    "db",
    "built",
]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "x", "CVE-2026-1"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5)
    ),
    max_leaves=12,
)


@given(_JSON)
def test_any_json_is_a_report_or_an_error(document):
    with contextlib.suppress(MalformedReport):
        assert read(document).tool in ("Trivy", "Grype")
