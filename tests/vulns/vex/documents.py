"""Documents as others write them, made of what differs."""

from __future__ import annotations

import json

from tests.vulns.samples import IMAGE

DIGEST = IMAGE.digest
PRODUCT = f"pkg:oci/shop@{DIGEST}"
LIBSSL = "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12"


def openvex(*statements, **more):
    """An OpenVEX document."""
    return _bytes(
        {
            "@context": "https://openvex.dev/ns/v0.2.0",
            "@id": "https://example.org/vex-1",
            "author": "Ann",
            "timestamp": "2026-11-01T00:00:00Z",
            "version": 1,
            "statements": list(statements),
            **more,
        }
    )


def statement(
    status="not_affected", *, cve="CVE-2024-5535", product=PRODUCT, parts=(LIBSSL,), **more
):
    """A statement of OpenVEX about `parts` in `product`."""
    told = {"@id": product}
    if parts:
        told["subcomponents"] = [{"@id": one} for one in parts]
    said = {"vulnerability": {"name": cve}, "products": [told], "status": status, **more}
    if status == "not_affected" and not more.keys() & {"justification", "impact_statement"}:
        said["justification"] = "vulnerable_code_not_present"
    return said


def cyclonedx(*vulnerabilities, image=PRODUCT, purl=LIBSSL, **more):
    """A CycloneDX document about an image with one component, ``lib``."""
    return _bytes(
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "version": 1,
            "metadata": {
                "timestamp": "2026-11-01T00:00:00Z",
                "component": {"bom-ref": "image", "type": "container", "name": "x", "purl": image},
            },
            "components": [{"bom-ref": "lib", "type": "library", "name": "libssl3", "purl": purl}],
            "vulnerabilities": list(vulnerabilities),
            **more,
        }
    )


def vulnerability(
    state="not_affected", *, cve="CVE-2024-5535", ref="lib", versions=None, **analysis
):
    """A vulnerability of CycloneDX that affects `ref`."""
    affects = {"ref": ref} | ({"versions": versions} if versions is not None else {})
    if state == "not_affected":
        analysis.setdefault("justification", "code_not_present")
    return {"id": cve, "analysis": {"state": state, **analysis}, "affects": [affects]}


def csaf(status, *, tree, cve="CVE-2024-5535", flags=(), threats=(), tracking=None):
    """A CSAF document with one vulnerability."""
    vulnerability = {"cve": cve, "product_status": status}
    if flags:
        vulnerability["flags"] = list(flags)
    if threats:
        vulnerability["threats"] = list(threats)
    return _bytes(
        {
            "document": {
                "category": "csaf_vex",
                "csaf_version": "2.0",
                "publisher": {"category": "vendor", "name": "Ann", "namespace": "https://a.b"},
                "tracking": tracking or {"current_release_date": "2026-11-01T00:00:00Z"},
            },
            "product_tree": tree,
            "vulnerabilities": [vulnerability],
        }
    )


def related(*, platform=None, purl=LIBSSL):
    """A tree with the component ``lib`` of the product ``os``, together ``os:lib``."""
    helper = {"purl": PRODUCT} if platform is None else platform
    return {
        "branches": [
            {
                "category": "vendor",
                "name": "Ann",
                "branches": [_leaf("os", helper), _leaf("lib", {"purl": purl})],
            }
        ],
        "relationships": [
            {
                "category": "default_component_of",
                "full_product_name": {"product_id": "os:lib", "name": "lib in os"},
                "product_reference": "lib",
                "relates_to_product_reference": "os",
            }
        ],
    }


def _leaf(name, helper):
    product = {"product_id": name, "name": name, "product_identification_helper": helper}
    return {"category": "product_version", "name": name, "product": product}


def _bytes(document):
    return json.dumps(document).encode()
