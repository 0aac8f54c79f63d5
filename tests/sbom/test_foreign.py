"""Documents as others write them: older versions, other words, null where nothing is known."""

from __future__ import annotations

import json

from distil.model.inventory import Checksum, Inventory, Link, Place, SourcePackage
from distil.sbom.read import read_sbom

_SUM = "a" * 64


def _read(document) -> Inventory:
    found = read_sbom(json.dumps(document).encode(), "theirs.json")
    assert isinstance(found, Inventory)
    return found


def test_cyclonedx_1_4():
    found = _read(
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.4",
            "metadata": {
                "timestamp": "2023-11-14T22:13:20Z",
                "tools": [{"vendor": "v", "name": "t"}],
                "component": {"type": "container", "name": "app", "version": f"sha256:{_SUM}"},
            },
            "components": [
                {
                    "bom-ref": "a",
                    "type": "library",
                    "group": "@angular",
                    "name": "core",
                    "version": "1.0.0",
                    "purl": "pkg:npm/%40angular/core@1.0.0",
                    "hashes": [{"alg": "SHA-256", "content": _SUM}],
                    "licenses": [{"license": {"id": "MIT"}}, {"license": {"name": "Own terms"}}],
                    "cpe": None,
                    "components": [{"bom-ref": "b", "type": "library", "name": "inner"}],
                },
                {
                    "bom-ref": "c",
                    "type": "library",
                    "group": "org.example",
                    "name": "jar",
                    "purl": "pkg:maven/org.example/jar@2",
                },
                {
                    "type": "application",
                    "name": "package-lock.json",
                    "properties": [{"name": "aquasecurity:trivy:Class", "value": "lang-pkgs"}],
                },
            ],
            "dependencies": [{"ref": "a", "dependsOn": ["c", "nowhere"]}],
        }
    )
    core, inner, jar = found.components
    assert (core.name, core.kind, core.licenses) == (
        "@angular/core",
        "npm",
        ("MIT", "LicenseRef-Own-terms"),
    )
    assert core.license_texts == (("LicenseRef-Own-terms", "Own terms"),)
    assert core.checksums == (Checksum("sha256", _SUM),)
    assert (inner.name, jar.name, jar.kind) == ("inner", "jar", "java")
    assert {(one.subject, one.link, one.object) for one in found.relations} == {
        (core.ref, Link.NEEDS, jar.ref),
        (core.ref, Link.CONTAINS, inner.ref),
    }
    assert (found.subject.digest, found.subject.created) == (f"sha256:{_SUM}", 1_700_000_000)
    assert found.verdict is None


def test_spdx_2_2():
    found = _read(
        {
            "spdxVersion": "SPDX-2.2",
            "name": "theirs",
            "documentDescribes": ["SPDXRef-root"],
            "packages": [
                {"SPDXID": "SPDXRef-root", "name": "app", "versionInfo": f"sha256:{_SUM}"},
                {
                    "SPDXID": "SPDXRef-libc",
                    "name": "libc6",
                    "versionInfo": "2.36-9",
                    "supplier": "Person: A B (a@b.example)",
                    "licenseDeclared": "NOASSERTION",
                    "licenseConcluded": "(MIT OR LicenseRef-1)",
                    "sourceInfo": "built package from: glibc 2.36-9",
                    "homepage": "NONE",
                    "externalRefs": [
                        {
                            "referenceCategory": "PACKAGE_MANAGER",
                            "referenceType": "purl",
                            "referenceLocator": "pkg:deb/debian/libc6@2.36-9?distro=debian-12",
                        }
                    ],
                    "hasFiles": ["SPDXRef-file"],
                    "annotations": None,
                },
            ],
            "files": [
                {
                    "SPDXID": "SPDXRef-file",
                    "fileName": "./lib/libc.so.6",
                    "checksums": [{"algorithm": "SHA1", "checksumValue": "b" * 40}],
                }
            ],
            "relationships": None,
            "hasExtractedLicensingInfos": [
                {"licenseId": "LicenseRef-1", "extractedText": "Do it.", "name": "The other"}
            ],
        }
    )
    (libc,) = found.components
    assert (libc.kind, libc.supplier, libc.homepage) == ("deb", "A B <a@b.example>", "")
    assert libc.licenses == ("MIT OR LicenseRef-1",)
    assert libc.license_texts == (("LicenseRef-1", "Do it."),)
    assert libc.source == SourcePackage("glibc")
    assert [(one.path, one.owners, one.sha1) for one in found.files] == [
        ("/lib/libc.so.6", (0,), "b" * 40)
    ]
    assert not found.has_files
    assert found.release is not None
    assert (found.release.id, found.release.version_id) == ("debian", "12")


def test_spdx_3_with_elements_in_elements():
    found = _read(
        {
            "@context": "https://spdx.org/rdf/3.0.0/spdx-context.jsonld",
            "@graph": [
                {"type": "SpdxDocument", "spdxId": "urn:d", "name": "d", "rootElement": "urn:r"},
                {"type": "software_Package", "spdxId": "urn:r", "name": "app"},
                {
                    "type": "software_Package",
                    "spdxId": "urn:p",
                    "name": "requests",
                    "software_packageVersion": "2.0",
                    "externalIdentifier": [
                        {
                            "type": "ExternalIdentifier",
                            "externalIdentifierType": "packageUrl",
                            "identifier": "pkg:pypi/requests@2.0",
                        }
                    ],
                },
                {
                    "type": "Relationship",
                    "spdxId": "urn:l",
                    "from": {"spdxId": "urn:r"},
                    "relationshipType": "contains",
                    "to": "urn:p",
                },
            ],
        }
    )
    assert found.subject.name == "app"
    assert [(one.name, one.kind) for one in found.components] == [("requests", "python")]


def test_syft_of_an_rpm():
    found = _read(
        {
            "artifacts": [
                {
                    "id": "1",
                    "name": "bash",
                    "version": "0:5.1-2.el9",
                    "type": "rpm",
                    "licenses": ["GPLv3+"],
                    "cpes": ["cpe:2.3:a:gnu:bash:5.1:*:*:*:*:*:*:*"],
                    "locations": [{"path": "/var/lib/rpm/rpmdb.sqlite", "layerID": "sha256:x"}],
                    "purl": "pkg:rpm/redhat/bash@5.1-2.el9?arch=x86_64",
                    "metadata": {
                        "architecture": "x86_64",
                        "sourceRpm": "bash-5.1-2.el9.src.rpm",
                        "vendor": "Red Hat, Inc.",
                        "files": None,
                    },
                }
            ],
            "artifactRelationships": None,
            "source": {
                "type": "image",
                "target": {"userInput": "ubi9", "layers": [{"digest": "sha256:x"}]},
            },
            "distro": {"id": "rhel", "versionID": "9.1", "idLike": ["fedora"]},
        }
    )
    (bash,) = found.components
    assert (bash.kind, bash.supplier, bash.architecture) == ("rpm", "Red Hat, Inc.", "x86_64")
    assert bash.source == SourcePackage("bash", "5.1-2.el9")
    assert bash.places == (Place("/var/lib/rpm/rpmdb.sqlite", 0),)
    assert bash.layer == 0
    assert (found.subject.name, found.release and found.release.id) == ("ubi9", "rhel")
